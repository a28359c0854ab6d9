//! `[server]`: where the gateway listens, under which names, and with which certificate.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
};

use serde::Serialize;

use crate::{
    Fault, Origin, Value,
    layers::{Layer, Layers, switch},
    setting::{Kind, Setting},
};

pub(crate) static SETTINGS: [&Setting; 5] = [&LISTEN, &HOSTS, &TLS_CERT, &TLS_KEY, &INSECURE_HTTP];

static LISTEN: Setting = Setting {
    name: "listen",
    variable: "CLOSEDPAW_LISTEN",
    flag: Some("--listen"),
    kind: Kind::List,
    default: &["127.0.0.1:8000"],
    meaning: "Addresses to listen on, as `IP:PORT`; port 0 takes any free one.",
};

static HOSTS: Setting = Setting {
    name: "hosts",
    variable: "CLOSEDPAW_HOSTS",
    flag: Some("--host"),
    kind: Kind::List,
    default: &[],
    meaning: "Further names, as `NAME[:PORT]`, that requests may carry in `Host`.",
};

static TLS_CERT: Setting = Setting {
    name: "tls_cert",
    variable: "CLOSEDPAW_TLS_CERT",
    flag: Some("--tls-cert"),
    kind: Kind::Path,
    default: &[],
    meaning: "Certificate chain in PEM; with `tls_key`, every listener speaks HTTPS.",
};

static TLS_KEY: Setting = Setting {
    name: "tls_key",
    variable: "CLOSEDPAW_TLS_KEY",
    flag: Some("--tls-key"),
    kind: Kind::Path,
    default: &[],
    meaning: "Private key of `tls_cert` in PEM.",
};

static INSECURE_HTTP: Setting = Setting {
    name: "insecure_http",
    variable: "CLOSEDPAW_INSECURE_HTTP",
    flag: Some("--insecure-http"),
    kind: Kind::Switch,
    default: &["false"],
    meaning: "Lets a listener that is not on loopback go without TLS, behind a proxy that adds it.",
};

/// The checked `[server]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Server {
    /// Where to listen; never empty.
    pub listen: Value<Vec<SocketAddr>>,
    /// Accepted `Host` names beyond the listeners' own, as `name` or `name:port`.
    pub hosts: Value<Vec<String>>,
    /// The certificate and its key, when the listeners speak HTTPS.
    pub tls: Option<Tls>,
    /// Whether plain HTTP is accepted beyond loopback.
    pub insecure_http: Value<bool>,
}

/// The two PEM files of HTTPS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tls {
    /// The certificate chain.
    pub cert: Value<PathBuf>,
    /// Its private key.
    pub key: Value<PathBuf>,
}

/// The flags of `closedpaw serve`.
#[derive(Clone, Debug, Default)]
pub struct ServerFlags {
    /// `--listen`, each time it was given.
    pub listen: Vec<String>,
    /// `--host`, each time it was given.
    pub hosts: Vec<String>,
    /// `--tls-cert`.
    pub tls_cert: Option<String>,
    /// `--tls-key`.
    pub tls_key: Option<String>,
    /// `--insecure-http`.
    pub insecure_http: bool,
}

impl ServerFlags {
    pub(crate) fn layer(&self) -> Layer {
        let insecure_http = self.insecure_http.then(|| "true".to_owned());
        [
            (&LISTEN, self.listen.clone()),
            (&HOSTS, self.hosts.clone()),
            (&TLS_CERT, self.tls_cert.iter().cloned().collect()),
            (&TLS_KEY, self.tls_key.iter().cloned().collect()),
            (&INSECURE_HTTP, insecure_http.into_iter().collect()),
        ]
        .into_iter()
        .filter(|(_, values)| !values.is_empty())
        .filter_map(|(setting, values)| {
            Some((setting, Value::new(values, Origin::Flag(setting.flag?))))
        })
        .collect()
    }
}

/// Checks the section's values, each for itself and then together.
pub(crate) fn check(layers: &Layers<'_>, faults: &mut Vec<Fault>) -> Server {
    let listen = layers.all(&LISTEN, listen_address, faults);
    let hosts = layers.all(&HOSTS, host, faults);
    let (cert, key) = (layers.path(&TLS_CERT), layers.path(&TLS_KEY));
    let insecure_http = layers.one(&INSECURE_HTTP, switch, faults);

    if listen.is_empty() && !faults.iter().any(|fault| fault.origin == listen.origin) {
        faults.push(Fault::in_value(&listen.origin, "listen", "expected at least one address"));
    }
    refuse_duplicates(&listen, faults);
    let tls = match (cert, key) {
        (Some(cert), Some(key)) => Some(Tls { cert, key }),
        (Some(cert), None) => {
            faults.push(Fault::new(
                &cert.origin,
                "a certificate needs its private key: give tls_key (--tls-key) too",
            ));
            None
        }
        (None, Some(key)) => {
            faults.push(Fault::new(
                &key.origin,
                "a private key needs its certificate: give tls_cert (--tls-cert) too",
            ));
            None
        }
        (None, None) => {
            refuse_plain_http_beyond_loopback(&listen, *insecure_http, faults);
            None
        }
    };
    Server { listen, hosts, tls, insecure_http }
}

fn refuse_duplicates(listen: &Value<Vec<SocketAddr>>, faults: &mut Vec<Fault>) {
    for (index, address) in listen.iter().enumerate() {
        // Port 0 means another free port each time.
        if address.port() != 0 && listen.iter().take(index).any(|earlier| earlier == address) {
            let message = format!("{address} is listed twice");
            faults.push(Fault::in_value(&listen.origin, "listen", &message));
        }
    }
}

fn refuse_plain_http_beyond_loopback(
    listen: &Value<Vec<SocketAddr>>,
    insecure_http: bool,
    faults: &mut Vec<Fault>,
) {
    if insecure_http {
        return;
    }
    for address in listen.iter().filter(|address| !address.ip().to_canonical().is_loopback()) {
        faults.push(Fault::new(
            &listen.origin,
            format!(
                "{address} is not a loopback address: give --tls-cert and --tls-key, or \
                 --insecure-http when a proxy in front adds TLS"
            ),
        ));
    }
}

fn listen_address(text: &str) -> Result<SocketAddr, String> {
    if let Some(port) = text.strip_prefix("localhost:").and_then(|port| port.parse().ok()) {
        return Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    }
    text.parse().map_err(|_| {
        format!("expected IP:PORT, such as 127.0.0.1:8000 or [::1]:8000, found `{text}`")
    })
}

/// Checks `NAME[:PORT]`. Names compare without case, so they are kept in lower case.
fn host(text: &str) -> Result<String, String> {
    let (name, port) = match text.rsplit_once(':') {
        // The last colon of a bracketed IPv6 address is part of the address.
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    };
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    let known_form = match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => name.split('.').all(is_label),
    };
    let is_port = |port: &str| !port.starts_with(['0', '+']) && port.parse::<u16>().is_ok();
    if known_form && port.is_none_or(is_port) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(format!("expected NAME or NAME:PORT, such as gateway.lan:8000, found `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::{host, listen_address};

    #[test]
    fn listen_addresses() {
        for good in ["127.0.0.1:8000", "[::1]:0", "localhost:8000", "0.0.0.0:65535"] {
            assert!(listen_address(good).is_ok(), "{good}");
        }
        for bad in ["", "8000", ":8000", "127.0.0.1", "example.com:80", "localhost:99999", "::1:80"]
        {
            assert!(listen_address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hosts() {
        for good in
            ["gateway", "Gateway.lan", "gateway.lan:8000", "[::1]", "[fd00::1]:80", "10.0.0.1:1"]
        {
            assert!(host(good).is_ok(), "{good}");
        }
        for bad in [
            "", ":80", "http://x", "x/", "a b", "x:port", "x:99999", "::1", "[::1", "a..b", "x:+1",
            "x:01", "*", "é",
        ] {
            assert!(host(bad).is_err(), "{bad}");
        }
    }
}
