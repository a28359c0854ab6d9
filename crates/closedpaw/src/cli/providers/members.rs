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
        ];
        let named = |(name, value): (&str, Option<Value>)| Some((name.to_owned(), value?));
        Ok(members.into_iter().filter_map(named).collect())
    }

    /// Reads the headers' values, and adds them to `body` beside the other members.
    pub fn read_headers(&self, body: &mut Map<String, Value>) -> Result<(), Failure> {
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

/// A number as JSON; its bounds are the gateway's to check.
fn number(flag: &str, text: Option<&str>) -> Result<Option<Value>, Failure> {
    let Some(text) = text else { return Ok(None) };
    match text.parse::<serde_json::Number>() {
        Ok(number) => Ok(Some(Value::Number(number))),
        Err(_) if text == "none" => Ok(Some(Value::Null)),
        Err(_) => Err(Failure::usage(format!("{flag}: expected a number or none, found `{text}`"))),
    }
}
