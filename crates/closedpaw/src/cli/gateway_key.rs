//! The key that a client verb presents, and where it may be sent.

use std::{fs, io, net::IpAddr, path::Path};

use upstream::BaseUrl;
use vault::{AdminKey, Secret};

use crate::{
    cli::{secret_input, session::Session},
    failure::Failure,
};

/// Finds the key: `--key-file`, `CLOSEDPAW_KEY`, `CLOSEDPAW_ADMIN_KEY`, and for a gateway on this machine
/// the admin key in the keys dir. That file never leaves the machine, whatever `CLOSEDPAW_URL` says.
pub fn find(session: &Session, url: &BaseUrl) -> Result<Secret, Failure> {
    if let Some(path) = session.key_file() {
        return from_file(path);
    }
    let variable = |name| session.environment.text(name).map(Secret::new);
    if let Some(key) = variable("CLOSEDPAW_KEY").or_else(|| variable("CLOSEDPAW_ADMIN_KEY")) {
        return Ok(key);
    }
    if !is_on_this_machine(url) {
        return Err(Failure::unauthorized(format!(
            "{} is not on this machine: give its key with --key-file or CLOSEDPAW_KEY",
            url.as_str()
        )));
    }
    AdminKey::read_text(&session.directories()?.keys)
        .map_err(|error| Failure::unauthorized(error.to_string()))
}

fn from_file(path: &Path) -> Result<Secret, Failure> {
    if path == Path::new("-") {
        return secret_input::read("key")?
            .ok_or_else(|| Failure::unauthorized("stdin holds no key: give it on the first line"));
    }
    let text = fs::read_to_string(path).map(Secret::new).map_err(|error: io::Error| {
        Failure::unauthorized(format!("cannot read the key file {}: {error}", path.display()))
    })?;
    match text.expose().trim() {
        "" => Err(Failure::unauthorized(format!("the key file {} is empty", path.display()))),
        key => Ok(Secret::new(key)),
    }
}

fn is_on_this_machine(url: &BaseUrl) -> bool {
    let host = url.host().trim_start_matches('[').trim_end_matches(']');
    host.parse().map_or(host == "localhost", |address: IpAddr| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use upstream::{Network, parse_base_url};

    use super::is_on_this_machine;

    #[test]
    fn the_admin_key_stays_on_the_machine() {
        let check = |url: &str, expected| {
            let parsed = parse_base_url(url, Network::Local).unwrap();
            assert_eq!(is_on_this_machine(&parsed), expected, "{url}");
        };
        check("http://127.0.0.1:8000", true);
        check("http://127.1:8000", true);
        check("http://localhost:8000", true);
        check("https://[::1]:8443", true);
        check("http://192.168.0.7:8000", false);
        check("https://localhost.example.com", false);
        check("https://gateway.example.com", false);
    }
}
