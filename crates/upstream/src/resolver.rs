//! One lookup of a name per connection, a few at a time per provider.

use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    sync::Arc,
};

use tokio::sync::Semaphore;
use url::Host;

/// The operating system's resolver blocks a thread for as long as it likes. A provider whose name server hangs
/// may hold this many, and no other provider waits for them.
const MAX_LOOKUPS: usize = 4;

/// Resolves the host of one provider.
#[derive(Debug)]
pub(crate) struct Resolver {
    lookups: Arc<Semaphore>,
}

impl Resolver {
    pub(crate) fn new() -> Self {
        Self { lookups: Arc::new(Semaphore::new(MAX_LOOKUPS)) }
    }

    /// All addresses of `host`, in the order the operating system prefers. A literal is its own answer.
    pub(crate) async fn resolve(
        &self,
        host: &Host<String>,
        port: u16,
    ) -> io::Result<Vec<SocketAddr>> {
        let name = match host {
            Host::Ipv4(address) => return Ok(vec![(IpAddr::V4(*address), port).into()]),
            Host::Ipv6(address) => return Ok(vec![(IpAddr::V6(*address), port).into()]),
            Host::Domain(name) => name.clone(),
        };
        let permit = Arc::clone(&self.lookups).acquire_owned().await.map_err(io::Error::other)?;
        // The permit goes with the thread, so that a caller who stops waiting does not free it early.
        let lookup = tokio::task::spawn_blocking(move || {
            let answers = (name.as_str(), port).to_socket_addrs().map(Iterator::collect);
            drop(permit);
            answers
        });
        lookup.await.map_err(io::Error::other)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_literal_is_its_own_answer() {
        let resolver = Resolver::new();
        let answers = resolver.resolve(&Host::parse("[::1]").unwrap(), 80).await.unwrap();
        assert_eq!(answers, ["[::1]:80".parse().unwrap()]);
    }

    #[tokio::test]
    async fn a_name_is_looked_up() {
        let resolver = Resolver::new();
        let answers = resolver.resolve(&Host::parse("localhost").unwrap(), 80).await.unwrap();
        assert!(!answers.is_empty());
        assert!(answers.iter().all(|answer| answer.ip().is_loopback()), "{answers:?}");
    }
}
