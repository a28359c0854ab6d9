//! `closedpaw providers add` and `update`: secrets by prompt or stdin, everything else by option.

use ::providers::{ProviderName, ProviderType};
use clap::{Args, ValueEnum, builder::PossibleValue};
use http::Method;
use serde_json::json;
use vault::Secret;

use crate::{
    cli::{
        gateway::Gateway,
        providers::{members::Members, name_argument, path_of, with_suggestion},
        secret_input,
        session::Session,
    },
    failure::Failure,
};

/// Registers a provider
///
/// On a terminal the key is asked for. In a script it is the first line of stdin, which is read with
/// `--api-key-stdin`, and without where the type or preset needs a key; the further keys of `--more-keys` follow on
/// lines of their own, and then the value of each `--header`.
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
  closedpaw providers update ollama --limits concurrency=2 --queue length=8,wait=30
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

/// What a new provider's key is to the registration.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Unused,
    Optional,
    Needed,
}

impl Key {
    fn of(provider_type: ProviderType, members: &Members) -> Self {
        let preset = members.preset.as_deref().and_then(::providers::presets::preset);
        match (provider_type, preset) {
            (ProviderType::Ollama, _) => Self::Unused,
            (ProviderType::Custom, Some(preset)) if preset.needs_key => Self::Needed,
            (ProviderType::Custom, _) => Self::Optional,
            (
                ProviderType::OpenAi
                | ProviderType::Anthropic
                | ProviderType::Google
                | ProviderType::Mistral,
                _,
            ) => Self::Needed,
        }
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
    if let Some(key) = read_key(*provider_type, name, members)? {
        body.insert("api_key".to_owned(), json!(key.expose()));
    }
    members.read_secrets(&mut body)?;
    let answer = gateway.send(Method::POST, "/api/providers/register", &body.into()).await?;
    session.screen().tell(&answer, &format!("registered {name}"))
}

/// Reads the key from where there may be one: stdin when it was named or must hold one, or whoever sits there.
fn read_key(
    provider_type: ProviderType,
    name: &ProviderName,
    members: &Members,
) -> Result<Option<Secret>, Failure> {
    let (is_read, hint) = match Key::of(provider_type, members) {
        Key::Unused => (members.api_key_stdin, ""),
        Key::Optional => (members.api_key_stdin || secret_input::can_prompt(), " (Enter for none)"),
        Key::Needed => (true, ""),
    };
    if !is_read {
        return Ok(None);
    }
    let key = secret_input::read(&format!("API key of {name}{hint}"))?;
    if key.is_none() && Key::of(provider_type, members) == Key::Needed {
        return Err(Failure::usage(
            "this provider needs a key and there is none on stdin: give it on the first line, as \
             in `--api-key-stdin < key.txt`",
        ));
    }
    Ok(key)
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
    members.read_secrets(&mut body)?;
    if body.is_empty() {
        return Err(Failure::usage(
            "there is nothing to change: see `closedpaw providers update --help`",
        ));
    }
    let outcome = gateway.send(Method::PATCH, &path_of(name), &body.into()).await;
    let answer = with_suggestion(gateway, name, outcome).await?;
    session.screen().tell(&answer, &format!("changed {name}"))
}
