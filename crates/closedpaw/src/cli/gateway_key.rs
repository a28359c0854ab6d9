//! The key that a client verb presents, and where it may be sent.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use upstream::{BaseUrl, Network};
use vault::{AdminKey, Secret};

use crate::{
    cli::{secret_input, session::Session},
    failure::Failure,
    instance::{self, Found, Instance},
};

/// Finds the key: `--key-file`, `CLOSEDPAW_KEY`, `CLOSEDPAW_ADMIN_KEY`, and for the gateway that runs on the data
/// dir the admin key in the keys dir. That file goes to nobody else, whatever `--url` says.
pub fn find(session: &Session, url: &BaseUrl) -> Result<Secret, Failure> {
    if let Some(path) = session.key_file() {
        return from_file(path);
    }
    if let Some((_, key)) = from_variable(session) {
        return Ok(key);
    }
    AdminKey::read_text(&own_keys_dir(session, url)?)
        .map_err(|error| Failure::unauthorized(error.to_string()))
}

/// Where another program finds the key whenever it starts.
pub enum Place {
    /// A file, by its absolute path.
    File(PathBuf),
    /// A variable of the environment.
    Variable(&'static str),
}

/// Finds where the key is kept, looking where [`find`] looks.
pub fn find_place(session: &Session, url: &BaseUrl) -> Result<Place, Failure> {
    match from_variable(session) {
        Some((name, _)) if session.key_file().is_none() => Ok(Place::Variable(name)),
        Some(_) | None => find_file(session, url).map(Place::File),
    }
}

fn find_file(session: &Session, url: &BaseUrl) -> Result<PathBuf, Failure> {
    let path = match session.key_file() {
        Some(path) if path == Path::new("-") => {
            return Err(Failure::usage(
                "other programs can't read our stdin: name a file with --key-file",
            ));
        }
        Some(path) => path.clone(),
        None => AdminKey::path(&own_keys_dir(session, url)?),
    };
    if session.key_file().is_none() && !path.exists() {
        return Err(Failure::unauthorized(format!(
            "the gateway's key is not in {}: put it into CLOSEDPAW_KEY, or into a file and name that with --key-file",
            path.display()
        )));
    }
    from_file(&path)?;
    std::path::absolute(&path).map_err(|error| {
        Failure::failed(format!("cannot tell where {} is: {error}", path.display()))
    })
}

/// The keys dir, if `url` is the gateway that runs on the data dir.
fn own_keys_dir(session: &Session, url: &BaseUrl) -> Result<PathBuf, Failure> {
    let directories = session.directories()?;
    match instance::find(&directories.data) {
        Ok(Found::Running(instance)) if listens_at(&instance, url) => Ok(directories.keys.value),
        Ok(Found::Running(_) | Found::Starting | Found::Nothing) | Err(_) => {
            Err(Failure::unauthorized(format!(
                "{} is not the gateway that runs on {}: give its key with --key-file or CLOSEDPAW_KEY",
                url.as_str(),
                directories.data.display()
            )))
        }
    }
}

/// The key that the environment holds, and the variable's name.
fn from_variable(session: &Session) -> Option<(&'static str, Secret)> {
    ["CLOSEDPAW_KEY", "CLOSEDPAW_ADMIN_KEY"]
        .into_iter()
        .find_map(|name| Some((name, Secret::new(session.environment.text(name)?))))
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

fn listens_at(instance: &Instance, url: &BaseUrl) -> bool {
    let own = [&instance.url].into_iter().chain(&instance.listeners);
    own.filter_map(|own| upstream::parse_base_url(own, Network::Local).ok())
        .any(|own| own.origin() == url.origin())
}

#[cfg(test)]
mod tests {
    use upstream::{Network, parse_base_url};

    use super::listens_at;
    use crate::instance::Instance;

    #[test]
    fn the_admin_key_goes_to_our_own_gateway_alone() {
        let instance = Instance {
            url: "http://127.0.0.1:8000".to_owned(),
            pid: 7,
            listeners: vec!["http://0.0.0.0:8000".to_owned(), "http://[::1]:9000".to_owned()],
            insecure_http: true,
            certificate: None,
        };
        let check = |url: &str, expected| {
            let parsed = parse_base_url(url, Network::Local).unwrap();
            assert_eq!(listens_at(&instance, &parsed), expected, "{url}");
        };
        check("http://127.0.0.1:8000", true);
        check("http://127.1:8000/", true);
        check("http://[::1]:9000", true);
        check("https://127.0.0.1:8000", false);
        check("http://127.0.0.1:8001", false);
        check("http://127.0.0.2:8000", false);
        // Another program may listen there, on the address that the name has in IPv6.
        check("http://localhost:8000", false);
        check("http://gateway.example.com:8000", false);
    }
}
