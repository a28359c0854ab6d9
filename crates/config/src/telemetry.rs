//! `[telemetry]`: where traces are sent, if anywhere.

use serde::Serialize;

use crate::{
    Environment, Fault, Value,
    layers::Layers,
    setting::{Kind, Setting},
};

pub(crate) static SETTINGS: [&Setting; 3] = [&OTLP_ENDPOINT, &OTLP_HEADERS, &SERVICE_NAME];

static OTLP_ENDPOINT: Setting = Setting {
    name: "otlp_endpoint",
    variable: "CLOSEDPAW_OTLP_ENDPOINT",
    flag: None,
    kind: Kind::Text,
    default: &[],
    meaning: "A collector that takes OTLP over HTTP in JSON, as `http://127.0.0.1:4318`; traces are off without.",
};

static OTLP_HEADERS: Setting = Setting {
    name: "otlp_headers",
    variable: "CLOSEDPAW_OTLP_HEADERS",
    flag: None,
    kind: Kind::List,
    default: &[],
    meaning: "Headers for the collector, each as `NAME=VARIABLE`: the value is that of the environment variable.",
};

static SERVICE_NAME: Setting = Setting {
    name: "service_name",
    variable: "CLOSEDPAW_SERVICE_NAME",
    flag: None,
    kind: Kind::Text,
    default: &["closedpaw"],
    meaning: "What the gateway is called in traces.",
};

/// The checked `[telemetry]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Telemetry {
    /// The collector's base URL, as it was written; traces are off without.
    pub otlp_endpoint: Option<Value<String>>,
    /// What the collector is sent beside, credentials for example.
    pub otlp_headers: Value<Vec<HeaderFrom>>,
    /// What the gateway is called in traces.
    pub service_name: Value<String>,
}

/// A header whose value is that of an environment variable. The value itself is never a setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeaderFrom {
    /// The header's name, in lower case.
    pub name: String,
    /// The variable that holds its value.
    pub variable: String,
}

pub(crate) fn check(layers: &Layers<'_>, faults: &mut Vec<Fault>) -> Telemetry {
    let endpoint = layers.all(&OTLP_ENDPOINT, endpoint, faults);
    let header = |text: &str| header(text, layers.environment);
    Telemetry {
        otlp_endpoint: endpoint
            .value
            .into_iter()
            .next()
            .map(|value| Value::new(value, endpoint.origin)),
        otlp_headers: layers.all(&OTLP_HEADERS, header, faults),
        service_name: layers.one(&SERVICE_NAME, service_name, faults),
    }
}

/// Checks what can be checked here; the rest is said where the URL is read.
fn endpoint(text: &str) -> Result<String, String> {
    // A URL with a password in it would stand in every fault and in `config show`.
    if text.contains('@') {
        return Err("a user name or password may not stand in the URL: send it as one of \
                    otlp_headers"
            .to_owned());
    }
    if text.starts_with("http://") || text.starts_with("https://") {
        return Ok(text.to_owned());
    }
    Err(format!("expected a URL such as http://127.0.0.1:4318, found `{text}`"))
}

/// Reads `NAME=VARIABLE`. What was written is never repeated: it may be the secret itself.
fn header(text: &str, environment: &Environment) -> Result<HeaderFrom, String> {
    let malformed = || {
        "expected NAME=VARIABLE, such as authorization=OTLP_AUTHORIZATION: the secret itself stands in \
         the environment variable"
            .to_owned()
    };
    let (name, variable) = text.split_once('=').ok_or_else(malformed)?;
    let (name, variable) = (name.trim().to_ascii_lowercase(), variable.trim().to_owned());
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let is_variable = variable.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && variable.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if !is_name || !is_variable {
        return Err(malformed());
    }
    match environment.text(&variable) {
        Some(_) => Ok(HeaderFrom { name, variable }),
        None => Err(format!("the value of {name} is to be that of a variable that is not set")),
    }
}

fn service_name(text: &str) -> Result<String, String> {
    match text {
        "" => Err("expected a name".to_owned()),
        name => Ok(name.to_owned()),
    }
}
