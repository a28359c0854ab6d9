//! From checked settings to bound listeners, and the URLs that lead to them.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use config::{Faults, Server};
use server::{Door, HostName, Limits, Listen, Tls};

use crate::failure::Failure;

/// The bound door and the certificate that it shows.
pub struct Listeners {
    /// The door.
    pub door: Door,
    /// The certificate, for reloading.
    pub tls: Option<Arc<Tls>>,
}

/// Reads the certificate and binds every address.
pub async fn bind(server: &Server) -> Result<Listeners, Failure> {
    let tls = match &server.tls {
        Some(files) => Some(load(files)?),
        None => None,
    };
    let listen = |address: &SocketAddr| Listen { address: *address, tls: tls.clone() };
    let settings = server::Settings {
        listen: server.listen.iter().map(listen).collect(),
        hosts: hosts(server)?,
        limits: Limits::default(),
    };
    let door = Door::bind(settings).await.map_err(|error| Failure::failed(error.to_string()))?;
    Ok(Listeners { door, tls })
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
