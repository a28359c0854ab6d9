//! Which addresses a provider may be reached at: the check that stands before every connection.

use std::net::{IpAddr, SocketAddr};

use crate::{
    Egress, Network,
    address::{AddressClass, classify},
};

/// An address that passed the guard. Nothing else can be dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admitted(SocketAddr);

impl Admitted {
    pub(crate) fn address(self) -> SocketAddr {
        self.0
    }
}

/// Why an address did not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Barred {
    #[error("{0} is a local address and the provider's network is public")]
    NeedsLocal(IpAddr),
    #[error("{0} is never reachable")]
    Never(IpAddr),
    #[error("{0} is our own listener")]
    Own(SocketAddr),
}

/// Admits `answers`, all that a name resolved to. One bad answer refuses them all: a name that mixes classes is
/// either an attack or a mistake.
pub(crate) fn admit(
    answers: &[SocketAddr],
    network: Network,
    egress: &Egress,
) -> Result<Vec<Admitted>, Barred> {
    answers.iter().map(|answer| admit_one(*answer, network, egress)).collect()
}

fn admit_one(answer: SocketAddr, network: Network, egress: &Egress) -> Result<Admitted, Barred> {
    if egress.is_own(answer) {
        return Err(Barred::Own(answer));
    }
    match (classify(answer.ip()), network) {
        (AddressClass::Public, Network::Public | Network::Local)
        | (AddressClass::Private, Network::Local) => Ok(Admitted(answer)),
        (AddressClass::Private, Network::Public) => Err(Barred::NeedsLocal(answer.ip())),
        (AddressClass::Never, Network::Public | Network::Local) => Err(Barred::Never(answer.ip())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(network: Network, answers: &[&str]) -> Result<usize, Barred> {
        let answers = answers.iter().map(|answer| answer.parse().unwrap()).collect::<Vec<_>>();
        let egress = Egress::new();
        egress.set_listeners(vec!["192.168.7.7:8000".parse().unwrap()]);
        admit(&answers, network, &egress).map(|admitted| admitted.len())
    }

    #[test]
    fn every_answer_must_be_of_the_class() {
        let private = Barred::NeedsLocal(IpAddr::from([10, 0, 0, 1]));
        assert_eq!(check(Network::Public, &["8.8.8.8:443", "[2606:4700::1]:443"]), Ok(2));
        assert_eq!(check(Network::Public, &["8.8.8.8:443", "10.0.0.1:443"]), Err(private));
        assert_eq!(check(Network::Local, &["8.8.8.8:443", "10.0.0.1:443"]), Ok(2));
    }

    #[test]
    fn never_is_never() {
        let metadata = Barred::Never(IpAddr::from([169, 254, 169, 254]));
        for network in Network::ALL {
            assert_eq!(check(network, &["8.8.8.8:80", "169.254.169.254:80"]), Err(metadata));
        }
    }

    #[test]
    fn our_own_listener_is_never_reached() {
        let own = "192.168.7.7:8000".parse().unwrap();
        for network in Network::ALL {
            assert_eq!(check(network, &["192.168.7.7:8000"]), Err(Barred::Own(own)));
        }
        assert_eq!(check(Network::Local, &["192.168.7.7:8001"]), Ok(1));
    }
}
