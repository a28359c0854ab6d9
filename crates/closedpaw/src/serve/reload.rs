//! Taking over a changed configuration while running: all of it or none.

use std::sync::{Arc, Mutex, PoisonError};

use config::{Directories, Environment, ServerFlags, Settings};
use keys::KeyManager;
use providers::ProviderManager;
use records::Recorder;
use server::{Hosts, Tls};
use upstream::Egress;

use crate::serve::{configuration::Configuration, logging::LogLevel};

/// What a reload reads from, and what it changes.
pub struct Reloader {
    pub environment: Environment,
    pub directories: Directories,
    pub flags: ServerFlags,
    pub hosts: Arc<Hosts>,
    pub manager: Arc<ProviderManager>,
    pub recorder: Arc<Recorder>,
    pub keys: Arc<KeyManager>,
    pub egress: Arc<Egress>,
    pub tls: Option<Arc<Tls>>,
    pub log_level: LogLevel,
    /// The settings of the start, which hold where a change needs another one.
    pub started_with: Settings,
    /// What was read first is taken over first.
    pub one_at_a_time: Mutex<()>,
}

impl Reloader {
    /// Reads the configuration again and takes it over; on any fault everything stays as it was. Waits for the disk.
    ///
    /// # Errors
    ///
    /// Every fault of the new configuration.
    pub fn reload(&self) -> Result<u64, Vec<String>> {
        let _one_at_a_time = self.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
        let read =
            Configuration::load(&self.directories, &self.environment, &self.flags, &self.egress);
        let tls = self.tls.as_ref().map(|tls| Ok((tls, tls.read_again()?))).transpose();
        let tls = tls.map_err(|error: server::TlsError| error.to_string());
        let (Configuration { settings, catalog, hosts, declared, traced: _ }, tls) =
            match (read, tls) {
                (Ok(read), Ok(tls)) => (read, tls),
                (read, tls) => {
                    let faults = read.err().into_iter().flat_map(|faults| faults.0);
                    return Err(faults.map(|fault| fault.to_string()).chain(tls.err()).collect());
                }
            };
        // What can fail comes first, and is the last that can.
        let generation = declared.take_over(catalog, &self.manager, &self.keys)?;
        if let Some((tls, read)) = tls {
            tls.take_over(read);
        }
        self.hosts.replace(&hosts);
        self.recorder.set_retention(*settings.records.retention_days);
        self.log_level.set(*settings.log.level);
        for setting in needs_restart(&self.started_with, &settings) {
            tracing::warn!(setting, "this change takes effect at the next start");
        }
        tracing::info!(config.generation = generation, "settings reloaded");
        Ok(generation)
    }

    /// How many configurations this process has had.
    pub fn generation(&self) -> u64 {
        self.manager.snapshot().generation()
    }

    /// Reloads and logs what is wrong, where nobody waits for the answer.
    pub fn reload_and_log(&self) {
        for fault in self.reload().err().into_iter().flatten() {
            tracing::error!(fault, "settings not reloaded; the old ones stay");
        }
    }
}

/// The reload as the management API calls it.
pub fn as_function(
    reloader: &Arc<Reloader>,
) -> Box<dyn Fn() -> Result<u64, Vec<String>> + Send + Sync> {
    let reloader = Arc::clone(reloader);
    Box::new(move || reloader.reload())
}

/// The changed settings that only a start can take over.
fn needs_restart(old: &Settings, new: &Settings) -> Vec<&'static str> {
    let tls = |settings: &Settings| {
        settings.server.tls.as_ref().map(|tls| (tls.cert.value.clone(), tls.key.value.clone()))
    };
    let traced = |settings: &Settings| {
        let config::Telemetry { otlp_endpoint, otlp_headers, service_name } = &settings.telemetry;
        let endpoint = otlp_endpoint.as_ref().map(|endpoint| endpoint.value.clone());
        (endpoint, otlp_headers.value.clone(), service_name.value.clone())
    };
    [
        ("server.listen", *old.server.listen != *new.server.listen),
        ("server.tls_cert, server.tls_key", tls(old) != tls(new)),
        ("server.insecure_http", *old.server.insecure_http != *new.server.insecure_http),
        ("log.format", *old.log.format != *new.log.format),
        ("telemetry", traced(old) != traced(new)),
    ]
    .into_iter()
    .filter_map(|(setting, changed)| changed.then_some(setting))
    .collect()
}
