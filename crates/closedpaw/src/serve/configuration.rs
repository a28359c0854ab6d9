//! Everything that is configured, read and checked at once: nothing of it is taken over unless all of it is sound.

use catalog::Catalog;
use config::{Directories, Environment, Faults, ServerFlags, Settings};
use server::HostName;
use upstream::Egress;

use crate::serve::{
    declared::{self, Declared},
    facts, listeners,
    traces::{self, Prepared},
};

/// A sound configuration.
pub struct Configuration {
    /// The settings of the process.
    pub settings: Settings,
    /// What is known of models.
    pub catalog: Catalog,
    /// Further names that requests may carry in `Host`.
    pub hosts: Vec<HostName>,
    /// What the file declares.
    pub declared: Declared,
    /// Where traces go, if anywhere.
    pub traced: Option<Prepared>,
}

impl Configuration {
    /// Reads the config file and whatever it names, the environment and the flags.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with any of them.
    pub fn load(
        directories: &Directories,
        environment: &Environment,
        flags: &ServerFlags,
        egress: &Egress,
    ) -> Result<Self, Faults> {
        let (settings, (catalog, hosts, traced, declared)) =
            config::load_with(directories, environment, flags, |settings| {
                let catalog = facts::read(&settings.models).map_err(|faults| faults.0);
                let hosts = listeners::hosts(&settings.server).map_err(|faults| faults.0);
                let traced = traces::prepare(&settings.telemetry, environment);
                let traced = traced.map_err(|faults| faults.0);
                match (catalog, hosts, traced, declared::check(settings, egress)) {
                    (Ok(catalog), Ok(hosts), Ok(traced), Ok(declared)) => {
                        Ok((catalog, hosts, traced, declared))
                    }
                    (catalog, hosts, traced, declared) => {
                        let faults = [catalog.err(), hosts.err(), traced.err(), declared.err()];
                        Err(faults.into_iter().flatten().flatten().collect())
                    }
                }
            })?;
        Ok(Self { settings, catalog, hosts, declared, traced })
    }
}
