//! The hosts that requests may be meant for.
//!
//! A web page can have its own name resolve to our address (DNS rebinding), but it cannot choose the
//! Host header that its browser sends. So the set is exact: no suffixes, no patterns.

use std::collections::HashSet;
use std::net::SocketAddr;

use arc_swap::ArcSwap;
use http::header::HOST;
use http::{HeaderMap, Uri};

use crate::HostName;
use crate::refusal::Refusal;

/// The names that we answer to. Replaced as a whole when the configuration is reloaded.
#[derive(Debug)]
pub struct Hosts {
    listening: Vec<SocketAddr>,
    served: ArcSwap<HashSet<(String, u16)>>,
}

/// The ports that a client leaves out of a Host header: those of http and https.
const DEFAULT_PORTS: [u16; 2] = [80, 443];

impl Hosts {
    /// Serves each address in `listening` (for a loopback or wildcard one also `localhost`,
    /// `127.0.0.1` and `[::1]`) and each of `names`. A name without a port is served at the ports
    /// listened on and, as behind a reverse proxy, at 80 and 443.
    pub fn new(listening: Vec<SocketAddr>, names: &[HostName]) -> Self {
        let served = ArcSwap::from_pointee(served(&listening, names));
        Self { listening, served }
    }

    /// Replaces the names beside the listening addresses.
    pub fn replace(&self, names: &[HostName]) {
        self.served.store(served(&self.listening, names).into());
    }

    /// Whether a host, as a client writes it, is one of ours.
    pub(crate) fn serve(&self, host: &HostName) -> bool {
        let served = self.served.load();
        let ports = host.port.as_ref().map_or(&DEFAULT_PORTS[..], std::slice::from_ref);
        ports.iter().any(|port| served.contains(&(host.name.clone(), *port)))
    }

    /// Checks the Host header, and that an absolute target agrees with it.
    pub(crate) fn check(&self, headers: &HeaderMap, target: &Uri) -> Result<(), Refusal> {
        let mut values = headers.get_all(HOST).iter();
        let value = values.next().ok_or(Refusal::HostMissing)?;
        if values.next().is_some() {
            return Err(Refusal::HostRepeated);
        }
        let host = value.to_str().ok().and_then(|text| text.parse::<HostName>().ok());
        let host = host.ok_or(Refusal::HostMalformed)?;
        if let Some(authority) = target.authority()
            && authority.as_str().parse().as_ref() != Ok(&host)
        {
            return Err(Refusal::HostContradicted);
        }
        if self.serve(&host) { Ok(()) } else { Err(Refusal::HostUnknown) }
    }
}

fn served(listening: &[SocketAddr], names: &[HostName]) -> HashSet<(String, u16)> {
    let mut served = HashSet::new();
    for address in listening {
        let port = address.port();
        served.insert((HostName::from(*address).name, port));
        if address.ip().is_loopback() || address.ip().is_unspecified() {
            served.extend(["localhost", "127.0.0.1", "[::1]"].map(|name| (name.to_owned(), port)));
        }
    }
    let listening_ports = listening.iter().map(SocketAddr::port);
    let any_port: Vec<u16> = listening_ports.chain(DEFAULT_PORTS).collect();
    for HostName { name, port } in names {
        let ports = port.as_ref().map_or(any_port.as_slice(), std::slice::from_ref);
        served.extend(ports.iter().map(|port| (name.clone(), *port)));
    }
    served
}
