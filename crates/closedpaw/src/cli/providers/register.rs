//! `closedpaw providers add` and `update`: the members of a provider as options, its secrets by prompt.

use ::providers::{ProviderName, ProviderType};
use clap::{Args, ValueEnum, builder::PossibleValue};
use http::Method;
use serde_json::{Map, Value, json};

use crate::{
    cli::{
        gateway::Gateway,
        providers::{name_argument, path_of, with_suggestion},
        secret_input,
        session::Session,
    },
    failure::Failure,
};

/// Registers a provider
///
/// On a terminal the key is asked for. In a script `--api-key-stdin` reads it from the first line of stdin;
/// the value of each `--header` follows on a line of its own.
#[derive(Args)]
#[command(after_help = "Examples:
  closedpaw providers add --type openai --name work
  closedpaw providers add --type custom --name groq --preset groq --api-key-stdin < key.txt
  closedpaw providers add --type custom --name rack --base-url http://10.0.0.5:8080/v1 --network local")]
pub struct AddOptions {
    /// The type
    #[arg(long = "type", value_name = "TYPE")]
    provider_type: TypeArgument,

    /// A unique name
    #[arg(long, value_parser = name_argument)]
    name: ProviderName,

    #[command(flatten)]
    members: Members,

    /// Register it without letting it take part in chats
    #[arg(long)]
    disabled: bool,
}

/// Changes a provider; what is not named stays
///
/// `none` takes a member back to its default. A base URL on another host needs the key and the headers again.
#[derive(Args)]
#[command(after_help = "Examples:
  closedpaw providers update work --default-model gpt-4o --rate-limit 60
  closedpaw providers update work --api-key-stdin < new-key.txt
  closedpaw providers update work --disable")]
pub struct UpdateOptions {
    /// The provider's name
    #[arg(value_parser = name_argument)]
    name: ProviderName,

    #[command(flatten)]
    members: Members,

    /// Let it take part in chats
    #[arg(long, conflicts_with = "disable")]
    enable: bool,

    /// Take it out of chats, models and health
    #[arg(long)]
    disable: bool,
}

/// What both verbs can say of a provider.
#[derive(Args)]
struct Members {
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
    preset: Option<String>,

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
    api_key_stdin: bool,
}

/// A provider type on the command line.
#[derive(Clone, Copy)]
struct TypeArgument(ProviderType);

impl ValueEnum for TypeArgument {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [TypeArgument; ProviderType::ALL.len()] = [
            TypeArgument(ProviderType::Ollama),
            TypeArgument(ProviderType::OpenAi),
            TypeArgument(ProviderType::Anthropic),
            TypeArgument(ProviderType::Google),
            TypeArgument(ProviderType::Mistral),
            TypeArgument(ProviderType::Custom),
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.as_str()))
    }
}

/// Registers the provider that the options describe.
pub async fn add(
    session: &Session,
    gateway: &Gateway,
    options: &AddOptions,
) -> Result<(), Failure> {
    let AddOptions { provider_type: TypeArgument(provider_type), name, members, disabled } =
        options;
    let mut body = members.to_json()?;
    body.insert("provider_type".to_owned(), json!(provider_type.as_str()));
    body.insert("name".to_owned(), json!(name.as_str()));
    if *disabled {
        body.insert("enabled".to_owned(), json!(false));
    }
    let offer_prompt = match provider_type {
        ProviderType::Ollama => false,
        ProviderType::OpenAi
        | ProviderType::Anthropic
        | ProviderType::Google
        | ProviderType::Mistral
        | ProviderType::Custom => secret_input::can_prompt(),
    };
    if members.api_key_stdin || offer_prompt {
        let optional = if provider_type.needs_api_key() { "" } else { " (Enter for none)" };
        if let Some(key) = secret_input::read(&format!("API key of {name}{optional}"))? {
            body.insert("api_key".to_owned(), json!(key.expose()));
        }
    }
    members.read_headers(&mut body)?;
    let answer = gateway.send(Method::POST, "/api/providers/register", &body.into()).await?;
    session.screen().tell(&answer, &format!("registered {name}"))
}

/// Changes what the options name.
pub async fn update(
    session: &Session,
    gateway: &Gateway,
    options: &UpdateOptions,
) -> Result<(), Failure> {
    let UpdateOptions { name, members, enable, disable } = options;
    let mut body = members.to_json()?;
    if *enable || *disable {
        body.insert("enabled".to_owned(), json!(enable));
    }
    if members.api_key_stdin {
        let key = secret_input::read(&format!("API key of {name}"))?
            .ok_or_else(|| Failure::usage("there is no key on stdin: give it on the first line"))?;
        body.insert("api_key".to_owned(), json!(key.expose()));
    }
    members.read_headers(&mut body)?;
    if body.is_empty() {
        return Err(Failure::usage(
            "there is nothing to change: see `closedpaw providers update --help`",
        ));
    }
    let outcome = gateway.send(Method::PATCH, &path_of(name), &body.into()).await;
    let answer = with_suggestion(gateway, name, outcome).await?;
    session.screen().tell(&answer, &format!("changed {name}"))
}

impl Members {
    /// The members that were named and are no secrets.
    fn to_json(&self) -> Result<Map<String, Value>, Failure> {
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

/// A number as JSON; its bounds are the gateway's to check.
fn number(flag: &str, text: Option<&str>) -> Result<Option<Value>, Failure> {
    let Some(text) = text else { return Ok(None) };
    match text.parse::<serde_json::Number>() {
        Ok(number) => Ok(Some(Value::Number(number))),
        Err(_) if text == "none" => Ok(Some(Value::Null)),
        Err(_) => Err(Failure::usage(format!("{flag}: expected a number or none, found `{text}`"))),
    }
}
