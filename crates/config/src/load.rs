//! From the four layers to checked settings.

use std::fs;

use serde::Serialize;

use crate::{
    Directories, Environment, Fault, Faults, Log, Models, Origin, Records, Server, ServerFlags,
    Telemetry,
    layers::{Layer, Layers},
    log, models, records, server,
    setting::Setting,
    telemetry,
};

/// The sections of the config file. A new one is a file beside `log.rs`, a row here and a field below.
pub(crate) static SECTIONS: [(&str, &[&Setting]); 5] = [
    ("server", &server::SETTINGS),
    ("models", &models::SETTINGS),
    ("records", &records::SETTINGS),
    ("log", &log::SETTINGS),
    ("telemetry", &telemetry::SETTINGS),
];

/// Everything that the process is told from outside, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// Listeners, names and certificate.
    pub server: Server,
    /// What is known of models.
    pub models: Models,
    /// What is remembered of requests.
    pub records: Records,
    /// Level and form of the log.
    pub log: Log,
    /// Where traces are sent.
    pub telemetry: Telemetry,
}

/// Reads the config file and the environment, puts the flags on top and checks the outcome.
///
/// # Errors
///
/// Every fault of every layer, even one in a value that a higher layer replaces.
pub fn load(
    directories: &Directories,
    environment: &Environment,
    flags: &ServerFlags,
) -> Result<Settings, Faults> {
    let mut faults = Vec::new();
    let file = read_file(directories, &mut faults);
    let layers = Layers { file, environment, flags: flags.layer() };
    let settings = Settings {
        server: server::check(&layers, &mut faults),
        models: models::check(&layers),
        records: records::check(&layers, &mut faults),
        log: log::check(&layers, &mut faults),
        telemetry: telemetry::check(&layers, &mut faults),
    };
    if faults.is_empty() { Ok(settings) } else { Err(Faults(faults)) }
}

fn read_file(directories: &Directories, faults: &mut Vec<Fault>) -> Layer {
    let path = &directories.config;
    match fs::read_to_string(&path.value) {
        Ok(text) => crate::file::parse(&path.value, &text, faults),
        Err(error)
            if error.kind() == std::io::ErrorKind::NotFound && path.origin == Origin::Default =>
        {
            Layer::new()
        }
        Err(error) => {
            let message = format!("cannot read the config file {}: {error}", path.display());
            faults.push(Fault::new(&path.origin, message));
            Layer::new()
        }
    }
}
