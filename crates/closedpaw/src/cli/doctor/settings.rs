//! The config file and the environment, and the certificate and the catalog that they name.

use config::{Directories, ServerFlags, Settings};
use server::Tls;
use upstream::Egress;

use super::Finding;
use crate::{
    cli::session::Session,
    serve::{declared, facts},
};

const CHECK: &str = "settings";

/// The settings and that they are sound, or a finding for each fault.
pub(super) fn check(
    session: &Session,
    directories: &Directories,
) -> Result<(Settings, Finding), Vec<Finding>> {
    let egress = Egress::new();
    let check = |settings: &Settings| declared::check(settings, &egress);
    let flags = ServerFlags::default();
    let (settings, _) = config::load_with(directories, &session.environment, &flags, check)
        .map_err(|faults| {
            let failed = |fault: &config::Fault| Finding::failed(CHECK, fault.to_string());
            faults.0.iter().map(failed).collect::<Vec<_>>()
        })?;
    let file = &directories.config;
    let found = if file.exists() {
        format!("{} is sound", file.display())
    } else {
        format!("defaults and the environment are sound; there is no {}", file.display())
    };
    Ok((settings, Finding::ok(CHECK, found)))
}

/// Whether the certificate can be shown, if there is to be one.
pub(super) fn check_certificate(settings: &Settings) -> Option<Finding> {
    const CHECK: &str = "certificate";
    let config::Tls { cert, key } = settings.server.tls.as_ref()?;
    Some(match Tls::load(cert.value.clone(), key.value.clone()) {
        Ok(_) => Finding::ok(CHECK, format!("{} and its key fit", cert.display())),
        Err(error) => Finding::failed(CHECK, error.to_string()),
    })
}

/// Whether the catalog is sound, if there is to be one.
pub(super) fn check_catalog(settings: &Settings) -> Option<Finding> {
    const CHECK: &str = "catalog";
    let path = settings.models.catalog.as_ref()?;
    Some(match facts::read(&settings.models) {
        Ok(_) => Finding::ok(CHECK, format!("{} is sound", path.display())),
        Err(faults) => Finding::failed(CHECK, faults.to_string()),
    })
}
