//! The listeners' addresses: ours already, free, or somebody else's.

use std::{
    io::ErrorKind,
    net::{SocketAddr, TcpListener},
    path::Path,
};

use config::Server;

use super::Finding;
use crate::instance::{self, Found};

const CHECK: &str = "listener";

/// Checks whether the gateway runs or could.
pub(super) fn check(data_dir: &Path, server: &Server) -> Vec<Finding> {
    match instance::find(data_dir) {
        Ok(Found::Running(instance)) => {
            let found = format!("the gateway runs as process {} at {}", instance.pid, instance.url);
            vec![Finding::ok(CHECK, found)]
        }
        Ok(Found::Starting) => vec![Finding::ok(CHECK, "the gateway is starting")],
        Ok(Found::Nothing) => server.listen.iter().copied().map(free).collect(),
        Err(error) => vec![Finding::failed(
            CHECK,
            format!("cannot tell whether a gateway runs on {}: {error}", data_dir.display()),
        )],
    }
}

fn free(address: SocketAddr) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Finding::ok(CHECK, format!("{address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Finding::failed(
            CHECK,
            format!(
                "{address} is taken by another program: stop it, or choose another by --listen"
            ),
        ),
        Err(error) => Finding::failed(CHECK, format!("cannot listen on {address}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::free;
    use crate::cli::doctor::Outcome;

    #[test]
    fn a_taken_port_is_told_from_a_free_one() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        assert_eq!(free(taken.local_addr().unwrap()).outcome, Outcome::Failed);
        assert_eq!(free("127.0.0.1:0".parse().unwrap()).outcome, Outcome::Ok);
    }
}
