//! The collector that the settings name for traces.

use std::sync::Arc;

use config::{Environment, Fault, Faults, HeaderFrom};
use http::{HeaderMap, HeaderName, HeaderValue};
use telemetry::Collector;
use upstream::{BaseUrl, Egress, Network, parse_base_url};

/// The collector's URL and headers, checked.
pub struct Prepared {
    endpoint: BaseUrl,
    headers: HeaderMap,
    service: String,
}

/// Reads what the settings say of traces; `None` where they are off.
///
/// # Errors
///
/// Fails when the collector's URL can't be one, or with each header that can't be sent.
pub fn prepare(
    settings: &config::Telemetry,
    environment: &Environment,
) -> Result<Option<Prepared>, Faults> {
    let Some(endpoint) = &settings.otlp_endpoint else { return Ok(None) };
    let mut faults = Vec::new();
    let url = parse_base_url(endpoint, Network::Local).map_err(|error| {
        let message = error.to_string().replace("base_url", "otlp_endpoint");
        faults.push(Fault { origin: endpoint.origin.clone(), message });
    });
    let mut headers = HeaderMap::new();
    for header in settings.otlp_headers.iter() {
        match read(header, environment) {
            Some((name, value)) => drop(headers.append(name, value)),
            None => {
                let HeaderFrom { name, variable } = header;
                let message = format!(
                    "otlp_headers: {name} can't be sent: {variable} must be set, without line breaks"
                );
                faults.push(Fault { origin: settings.otlp_headers.origin.clone(), message });
            }
        }
    }
    match url {
        Ok(endpoint) if faults.is_empty() => {
            Ok(Some(Prepared { endpoint, headers, service: settings.service_name.value.clone() }))
        }
        Ok(_) | Err(()) => Err(Faults(faults)),
    }
}

impl Prepared {
    /// The collector, reached through `egress`.
    pub fn collector(self, egress: &Arc<Egress>) -> Collector {
        let Self { endpoint, headers, service } = self;
        let version = env!("CARGO_PKG_VERSION");
        Collector::new(&endpoint, headers, service, version, Arc::clone(egress))
    }
}

fn read(header: &HeaderFrom, environment: &Environment) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::try_from(&header.name).ok()?;
    let mut value = HeaderValue::try_from(environment.text(&header.variable)?).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}
