//! From checked settings to what the door is made of, and the address that leads to it.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use config::{Faults, Server};
use server::{HostName, Limits, Listen, Tls};

use crate::failure::Failure;

/// Reads the certificate and describes the door; makes and binds nothing.
pub fn prepare(server: &Server) -> Result<server::Settings, Failure> {
    let tls = match &server.tls {
        Some(files) => Some(load(files)?),
        None => None,
    };
    let listen = |address: &SocketAddr| Listen { address: *address, tls: tls.clone() };
    Ok(server::Settings {
        listen: server.listen.iter().map(listen).collect(),
        hosts: hosts(server)?,
        limits: Limits::default(),
    })
}

/// The names of `Host` that were configured.
pub fn hosts(server: &Server) -> Result<Vec<HostName>, Faults> {
    let parse = |name: &String| {
        name.parse::<HostName>().map_err(|error| {
            config::Fault { origin: server.hosts.origin.clone(), message: error.to_string() }.into()
        })
    };
    server.hosts.iter().map(parse).collect()
}

/// The address by which a client on this machine reaches the first listener.
pub fn reached_locally(addresses: &[SocketAddr]) -> Option<SocketAddr> {
    let first = addresses.first()?;
    let ip = match first.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    Some(SocketAddr::new(ip, first.port()))
}

fn load(files: &config::Tls) -> Result<Arc<Tls>, Failure> {
    let tls = Tls::load(files.cert.value.clone(), files.key.value.clone());
    tls.map(Arc::new).map_err(|error| Failure::usage(error.to_string()))
}
