//! `closedpaw keys create`: what a new key may do, by option.

use clap::{Args, builder::PossibleValuesParser};
use grants::Scope;
use http::Method;
use serde_json::{Map, Value, json};

use crate::{
    cli::{
        gateway::Gateway,
        keys::{PATH, show_once},
        limits::Limits,
        period,
        session::Session,
    },
    failure::Failure,
};

/// Makes a key
///
/// The key is printed this once: in JSON with all else, or alone on stdout with `--output table`. It can do at most what
/// the key that you present can; what is not named is as there, but for the scopes: a key is good for `inference` unless
/// more is named.
#[derive(Args)]
#[command(after_help = "Examples:
  closedpaw keys create --name laptop
  closedpaw keys create --name ci --project web --model 'llama*' --expires 30d
  closedpaw keys create --name backup --output table > key.txt
  closedpaw keys create --name grafana --scope metrics --scope usage --requests-per-minute 60")]
pub struct Options {
    /// What to call it
    #[arg(long)]
    name: String,

    /// The project that it belongs to
    #[arg(long, value_name = "NAME")]
    project: Option<String>,

    /// What it is good for; may be given many times [default: inference]
    #[arg(long = "scope", value_name = "SCOPE", value_parser = PossibleValuesParser::new(Scope::ALL.map(Scope::as_str)))]
    scopes: Vec<String>,

    /// A pattern of providers that it may see and call, as in work or local-*; may be given many times
    #[arg(long = "provider", value_name = "PATTERN")]
    providers: Vec<String>,

    /// A pattern of models or routes that it may call, as in gpt-4o or ollama/*; may be given many times
    #[arg(long = "model", value_name = "PATTERN")]
    models: Vec<String>,

    /// Keep its requests on this machine and its network
    #[arg(long)]
    local_only: bool,

    #[command(flatten)]
    limits: Limits,

    /// When it ends: after a time as in 12h or 30d, or at one as in 2030-01-31T12:00:00Z [default: never]
    #[arg(long, value_name = "WHEN", value_parser = period::end_argument)]
    expires: Option<String>,
}

impl Options {
    fn to_json(&self) -> Map<String, Value> {
        let list = |items: &[String]| (!items.is_empty()).then(|| json!(items));
        let members = [
            ("name", Some(json!(self.name))),
            ("project", self.project.as_ref().map(|project| json!(project))),
            ("scopes", list(&self.scopes)),
            ("providers", list(&self.providers)),
            ("models", list(&self.models)),
            ("local_only", self.local_only.then_some(json!(true))),
            ("limits", self.limits.to_json()),
            ("expires_at", self.expires.as_ref().map(|end| json!(end))),
        ];
        let named = |(name, value): (&str, Option<Value>)| Some((name.to_owned(), value?));
        members.into_iter().filter_map(named).collect()
    }
}

/// Makes the key that the options describe.
pub async fn run(session: &Session, gateway: &Gateway, options: &Options) -> Result<(), Failure> {
    let made = gateway.send(Method::POST, PATH, &options.to_json().into()).await?;
    show_once(session, &made)
}
