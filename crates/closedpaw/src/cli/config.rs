//! `closedpaw config`: what the settings are, where each comes from, and what is wrong with them.

use clap::Subcommand;
use config::{Directories, ServerFlags, Settings};
use serde::Serialize;
use serde_json::Value;
use upstream::Egress;

use crate::{
    cli::{
        screen::{Rows, print_line},
        session::Session,
    },
    failure::Failure,
    serve::configuration::Configuration,
};

/// Checks and shows the settings
#[derive(Subcommand)]
pub enum Verb {
    /// Names every mistake in the config file, in what it declares and refers to, and in the environment
    #[command(after_help = "Example:\n  closedpaw config check && systemctl reload closedpaw")]
    Check,
    /// Prints each setting and where it comes from
    #[command(after_help = "Example:\n  closedpaw config show --output json")]
    Show,
    /// Prints the reference of all settings in Markdown
    #[command(hide = true, after_help = "Example:\n  closedpaw config reference > settings.md")]
    Reference,
}

/// Does what the verb says.
pub fn run(session: &Session, verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::Check => check(session),
        Verb::Show => show(session),
        Verb::Reference => print_line(config::reference().trim_end()),
    }
}

fn check(session: &Session) -> Result<(), Failure> {
    let places = session.directories()?;
    let flags = ServerFlags::default();
    Configuration::load(&places, &session.environment, &flags, &Egress::new())?;
    let sentence =
        format!("the settings are sound; the config file is {}", places.config.display());
    session.screen().tell(&serde_json::json!({ "status": "ok" }), &sentence)
}

fn show(session: &Session) -> Result<(), Failure> {
    let places = session.directories()?;
    let settings = config::load(&places, &session.environment, &ServerFlags::default())?;
    let shown = serde_json::to_value(Shown { places: &places, settings: &settings })
        .map_err(|error| Failure::failed(format!("cannot print the settings: {error}")))?;
    session.screen().show(&shown, &["setting", "value", "from"], || {
        let mut rows = Rows::new();
        collect("", &shown, &mut rows);
        rows
    })
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    places: &'a Directories,
    #[serde(flatten)]
    settings: &'a Settings,
}

/// Makes a row of each `{value, origin}` below `node`.
fn collect(path: &str, node: &Value, rows: &mut Rows) {
    let Some(members) = node.as_object() else { return };
    if let (Some(value), Some(origin)) = (members.get("value"), members.get("origin")) {
        rows.push(vec![path.to_owned(), text(value), text(origin)]);
        return;
    }
    for (name, member) in members {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        collect(&path, member, rows);
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}
