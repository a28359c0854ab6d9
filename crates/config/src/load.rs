//! From the four layers to checked settings.

use serde::Serialize;

use crate::{
    DeclaredSections, Directories, Environment, Fault, Faults, Log, Models, Origin, Records,
    Server, ServerFlags, Telemetry, file::File, layers::Layers, log, models, records, server,
    setting::Setting, telemetry, text_file::read_text,
};

/// The longest config file that is read.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// The sections of the config file. A new one is a file beside `log.rs`, a row here and a field below.
pub(crate) static SECTIONS: [(&str, &[&Setting]); 5] = [
    ("server", &server::SETTINGS),
    ("models", &models::SETTINGS),
    ("records", &records::SETTINGS),
    ("log", &log::SETTINGS),
    ("telemetry", &telemetry::SETTINGS),
];

/// Everything that the process is told from outside, checked.
#[derive(Clone, Debug, Serialize)]
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
    /// Providers, routes, keys and projects that the file declares.
    #[serde(flatten)]
    pub declared: DeclaredSections,
}

/// Reads the config file and the environment, puts the flags on top and checks the outcome, but for what is declared.
///
/// # Errors
///
/// Every fault of every layer, even one in a value that a higher layer replaces.
pub fn load(
    directories: &Directories,
    environment: &Environment,
    flags: &ServerFlags,
) -> Result<Settings, Faults> {
    load_with(directories, environment, flags, |_| Ok(())).map(|(settings, ())| settings)
}

/// Does what [`load`] does, and has what is declared checked by whoever knows the rules.
///
/// `check` is asked even when something is wrong already, so that every fault is told at once; it sees the settings
/// without what was faulty.
///
/// # Errors
///
/// Every fault of every layer, and those that `check` finds.
pub fn load_with<T>(
    directories: &Directories,
    environment: &Environment,
    flags: &ServerFlags,
    check: impl FnOnce(&Settings) -> Result<T, Vec<Fault>>,
) -> Result<(Settings, T), Faults> {
    let mut faults = Vec::new();
    let File { layer, declared } = read_file(directories, environment, &mut faults);
    let layers = Layers { file: layer, environment, flags: flags.layer() };
    let settings = Settings {
        server: server::check(&layers, &mut faults),
        models: models::check(&layers),
        records: records::check(&layers, &mut faults),
        log: log::check(&layers, &mut faults),
        telemetry: telemetry::check(&layers, &mut faults),
        declared,
    };
    match check(&settings) {
        Ok(checked) if faults.is_empty() => Ok((settings, checked)),
        checked => {
            faults.extend(checked.err().into_iter().flatten());
            Err(Faults(faults))
        }
    }
}

fn read_file(
    directories: &Directories,
    environment: &Environment,
    faults: &mut Vec<Fault>,
) -> File {
    let path = &directories.config;
    match read_text(&path.value, MOST_BYTES) {
        Ok(text) => crate::file::parse(&path.value, &text, environment, faults),
        Err(error)
            if error.kind() == std::io::ErrorKind::NotFound && path.origin == Origin::Default =>
        {
            File::default()
        }
        Err(error) => {
            let message = format!("cannot read the config file {}: {error}", path.display());
            faults.push(Fault::new(&path.origin, message));
            File::default()
        }
    }
}
