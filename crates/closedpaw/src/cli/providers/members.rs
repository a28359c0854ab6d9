//! The members of a provider as options of a command.

use clap::Args;
use serde_json::{Map, Value, json};

use crate::{cli::secret_input, failure::Failure};

/// What can be said of a provider when it is added or changed.
#[derive(Args)]
pub struct Members {
    /// Where it is, version segment included [default: the vendor's own address]
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,

    /// The model of chats that name none
    #[arg(long, value_name = "MODEL")]
    default_model: Option<String>,

    /// The only models to list; may be given many times [default: all of the provider's]
    #[arg(long = "model", value_name = "MODEL")]
    models: Vec<String>,

    /// Where it may live: public, or local for loopback and private addresses
    #[arg(long, value_name = "CLASS")]
    network: Option<String>,

    /// A known vendor, for a custom provider
    #[arg(long, value_name = "VENDOR")]
    pub preset: Option<String>,

    /// Chats that may start in any 60 seconds [default: no limit]
    #[arg(long, value_name = "N")]
    rate_limit: Option<String>,

    /// How long a request may take in all
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<String>,

    /// How much may be used of it: any of requests_per_minute, tokens_per_minute and concurrency
    #[arg(long, value_name = "NAME=N,...")]
    limits: Option<String>,

    /// The same of its models that a pattern means, together; may be given many times
    #[arg(long = "model-limits", value_name = "PATTERN:NAME=N,...")]
    model_limits: Vec<String>,

    /// How long single phases may take: any of connect, first_token and idle, in seconds
    #[arg(long, value_name = "NAME=SECONDS,...")]
    timeouts: Option<String>,

    /// Who may wait where the concurrency is reached: any of length, and wait in seconds
    #[arg(long, value_name = "NAME=N,...")]
    queue: Option<String>,

    /// That many further keys, used where another is refused or has reached its rate. Each is asked for, or a line of
    /// stdin
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=15))]
    more_keys: Option<u8>,

    /// A header to send along; may be given many times. Its value is asked for, or a line of stdin
    #[arg(long = "header", value_name = "NAME")]
    headers: Vec<String>,

    /// Read the key from stdin, or ask for it on a terminal
    #[arg(long)]
    pub api_key_stdin: bool,
}

impl Members {
    /// The members that were named and are no secrets.
    pub fn to_json(&self) -> Result<Map<String, Value>, Failure> {
        let text = |value: &Option<String>| value.as_ref().map(|text| or_none(text, json!(text)));
        let settings =
            self.preset.as_ref().map(|preset| or_none(preset, json!({ "preset": preset })));
        let models = match self.models.as_slice() {
            [] => None,
            [only] if only == "none" => Some(Value::Null),
            many => Some(json!(many)),
        };
        let members = [
            ("base_url", text(&self.base_url)),
            ("default_model", text(&self.default_model)),
            ("models", models),
            ("network", text(&self.network)),
            ("settings", settings),
            ("rate_limit", number("--rate-limit", self.rate_limit.as_deref())?),
            ("timeout", number("--timeout", self.timeout.as_deref())?),
            ("limits", pairs("--limits", self.limits.as_deref())?),
            ("model_limits", patterns(&self.model_limits)?),
            ("timeouts", pairs("--timeouts", self.timeouts.as_deref())?),
            ("queue", pairs("--queue", self.queue.as_deref())?),
        ];
        let named = |(name, value): (&str, Option<Value>)| Some((name.to_owned(), value?));
        Ok(members.into_iter().filter_map(named).collect())
    }

    /// Reads the further keys and the headers' values, and adds them to `body` beside the other members.
    pub fn read_secrets(&self, body: &mut Map<String, Value>) -> Result<(), Failure> {
        if let Some(number) = self.more_keys {
            let keys = (1..=number).map(|further| {
                let key = secret_input::read(&format!("further key {further} of {number}"))?;
                let key = key.ok_or_else(|| {
                    Failure::usage(format!("there is no further key {further} of {number}"))
                })?;
                Ok(json!(key.expose()))
            });
            let keys = keys.collect::<Result<Vec<_>, Failure>>()?;
            body.insert("api_keys".to_owned(), json!(keys));
        }
        self.read_headers(body)
    }

    fn read_headers(&self, body: &mut Map<String, Value>) -> Result<(), Failure> {
        let mut headers = Map::new();
        for name in &self.headers {
            let value = secret_input::read(&format!("value of {name}"))?.ok_or_else(|| {
                Failure::usage(format!("there is no value for the header {name}"))
            })?;
            headers.insert(name.clone(), json!(value.expose()));
        }
        if !headers.is_empty() {
            body.insert("headers".to_owned(), headers.into());
        }
        Ok(())
    }
}

fn or_none(text: &str, value: Value) -> Value {
    if text == "none" { Value::Null } else { value }
}

/// Named numbers as an object; names and bounds are the gateway's to check.
fn pairs(flag: &str, text: Option<&str>) -> Result<Option<Value>, Failure> {
    let Some(text) = text.filter(|text| *text != "none") else {
        return Ok(text.map(|_| Value::Null));
    };
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            Failure::usage(format!("{flag}: expected NAME=NUMBER or none, found `{pair}`"))
        })?;
        Ok((name.trim().to_owned(), number(flag, Some(value.trim()))?.unwrap_or_default()))
    };
    let members = text.split(',').map(pair).collect::<Result<Map<_, _>, Failure>>()?;
    Ok(Some(members.into()))
}

/// Limits by pattern. A pattern may hold colons, as models' tags do; what follows the last one holds none.
fn patterns(all: &[String]) -> Result<Option<Value>, Failure> {
    if all.is_empty() || all == ["none"] {
        return Ok(all.first().map(|_| Value::Null));
    }
    let limits = |text: &String| {
        let (pattern, limits) = text.rsplit_once(':').ok_or_else(|| {
            Failure::usage(format!(
                "--model-limits: expected PATTERN:NAME=N or none, found `{text}`"
            ))
        })?;
        Ok((pattern.to_owned(), pairs("--model-limits", Some(limits))?.unwrap_or_default()))
    };
    Ok(Some(all.iter().map(limits).collect::<Result<Map<_, _>, Failure>>()?.into()))
}

/// A number as JSON; its bounds are the gateway's to check.
fn number(flag: &str, text: Option<&str>) -> Result<Option<Value>, Failure> {
    let Some(text) = text else { return Ok(None) };
    match text.parse::<serde_json::Number>() {
        Ok(number) => Ok(Some(Value::Number(number))),
        Err(_) if text == "none" => Ok(Some(Value::Null)),
        Err(_) => Err(Failure::usage(format!("{flag}: expected a number or none, found `{text}`"))),
    }
}
