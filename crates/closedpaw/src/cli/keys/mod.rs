//! `closedpaw keys`: virtual keys, from the command line.

mod create;
mod list;

use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Value, json};

use crate::{
    cli::{
        cell,
        gateway::Gateway,
        period,
        screen::{note, print_json, print_line},
        session::Session,
    },
    failure::Failure,
};

const PATH: &str = "/api/keys";

/// Makes, lists, shows, rotates and revokes keys
#[derive(Subcommand)]
pub enum Verb {
    Create(create::Options),
    /// Lists the keys that you may see, revoked ones too
    #[command(after_help = "Example:\n  closedpaw keys list --output json")]
    List,
    /// Shows one key and what it has used of its limits
    #[command(after_help = "Example:\n  closedpaw keys show 3kfi7q2mzabc")]
    Show(Id),
    Rotate(Rotation),
    /// Takes a key back, and with it all that were made with it
    #[command(after_help = "Example:\n  closedpaw keys revoke 3kfi7q2mzabc")]
    Revoke(Id),
}

/// A key by its id.
#[derive(Args)]
pub struct Id {
    /// The key's id, which stands in it: sk-cp-ID-SECRET
    #[arg(value_name = "ID", value_parser = id_argument)]
    id: String,
}

/// Gives a key a new secret
///
/// The new key is printed this once. The old one ends at once, or after `--overlap`.
#[derive(Args)]
#[command(after_help = "Examples:
  closedpaw keys rotate 3kfi7q2mzabc
  closedpaw keys rotate 3kfi7q2mzabc --overlap 1d --output table > new-key.txt")]
pub struct Rotation {
    #[command(flatten)]
    key: Id,

    /// How long the old key works beside the new one, as in 12h or 7d [default: 0s]
    #[arg(long, value_name = "DURATION", value_parser = period::argument)]
    overlap: Option<std::time::Duration>,
}

/// Does what the verb says.
pub async fn run(session: &Session, verb: Verb) -> Result<(), Failure> {
    let gateway = Gateway::find(session)?;
    match verb {
        Verb::Create(options) => create::run(session, &gateway, &options).await,
        Verb::List => list::run(session, &gateway).await,
        Verb::Show(Id { id }) => {
            let answer = gateway.get(&path_of(&id)).await?;
            session.screen().show(&answer, &["", &id], || cell::rows(&answer))
        }
        Verb::Rotate(Rotation { key: Id { id }, overlap }) => {
            let body = json!({ "overlap_s": overlap.unwrap_or_default().as_secs() });
            let path = format!("{}/rotate", path_of(&id));
            show_once(session, &gateway.send(Method::POST, &path, &body).await?)
        }
        Verb::Revoke(Id { id }) => {
            let answer = gateway.send(Method::DELETE, &path_of(&id), &json!({})).await?;
            session.screen().tell(&answer, &format!("revoked {id}"))
        }
    }
}

/// Prints a key that was just made: for people alone on stdout, so that `--output table` keeps just that in a file.
fn show_once(session: &Session, made: &Value) -> Result<(), Failure> {
    if !session.screen().is_for_people() {
        return print_json(made);
    }
    let text = |member| made.get(member).and_then(Value::as_str).unwrap_or_default();
    note(&format!("The key {} ({}), shown this once:", text("id"), text("name")));
    print_line(text("key"))
}

/// The path of one key; a checked id needs no escaping.
fn path_of(id: &str) -> String {
    format!("{PATH}/{id}")
}

/// Parses a key's id where the command line gives one.
fn id_argument(text: &str) -> Result<String, String> {
    if text.starts_with("sk-cp-") {
        return Err("give the key's id, not the key: ID in sk-cp-ID-SECRET".to_owned());
    }
    let is_one = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_one { Ok(text.to_owned()) } else { Err("an id has letters and digits only".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::id_argument;

    #[test]
    fn ids_are_told_from_keys() {
        assert_eq!(id_argument("3kfi7q2mzabc").as_deref(), Ok("3kfi7q2mzabc"));
        assert!(id_argument("sk-cp-3kfi7q2mzabc-0123").unwrap_err().contains("not the key"));
        for text in ["", "a/b", "..", "a b", "ä"] {
            assert!(id_argument(text).is_err(), "{text}");
        }
    }
}
