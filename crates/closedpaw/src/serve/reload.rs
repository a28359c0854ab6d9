//! Taking over changed settings while running: all of them or none.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use config::{Directories, Environment, ServerFlags, Settings};
use providers::ProviderManager;
use records::Recorder;
use server::{Hosts, Tls};

use crate::serve::{facts, listeners, logging::LogLevel, traces};

/// What a reload reads from, and what it changes.
pub struct Reloader {
    pub environment: Environment,
    pub directories: Directories,
    pub flags: ServerFlags,
    pub hosts: Arc<Hosts>,
    pub manager: Arc<ProviderManager>,
    pub recorder: Arc<Recorder>,
    pub tls: Option<Arc<Tls>>,
    pub log_level: LogLevel,
    /// The settings of the start, which hold where a change needs another one.
    pub started_with: Settings,
    pub generation: AtomicU64,
}

impl Reloader {
    /// Reads the settings again and takes them over; on any fault everything stays as it was.
    ///
    /// # Errors
    ///
    /// Every fault of the new settings.
    pub fn reload(&self) -> Result<u64, Vec<String>> {
        let settings =
            config::load(&self.directories, &self.environment, &self.flags).map_err(sentences)?;
        let hosts = listeners::hosts(&settings.server).map_err(sentences)?;
        let catalog = facts::read(&settings.models).map_err(sentences)?;
        traces::prepare(&settings.telemetry, &self.environment).map_err(sentences)?;
        if let Some(tls) = &self.tls {
            tls.reload().map_err(|error| vec![error.to_string()])?;
        }
        self.hosts.replace(&hosts);
        self.manager.set_catalog(catalog);
        self.recorder.set_retention(*settings.records.retention_days);
        self.log_level.set(*settings.log.level);
        for setting in needs_restart(&self.started_with, &settings) {
            tracing::warn!(setting, "this change takes effect at the next start");
        }
        let generation = 1 + self.generation.fetch_add(1, Ordering::Relaxed);
        tracing::info!(config.generation = generation, "settings reloaded");
        Ok(generation)
    }

    /// How many configurations this process has had.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
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

fn sentences(faults: config::Faults) -> Vec<String> {
    faults.0.iter().map(ToString::to_string).collect()
}
