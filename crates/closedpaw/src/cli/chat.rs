//! `closedpaw chat`: one question, and its answer as it comes.

use std::io::{self, IsTerminal as _, Read as _};

use clap::Args;
use http::Method;
use serde_json::{Value, json};
use wire::SseDecoder;

use crate::{
    cli::{
        gateway::Gateway,
        screen::{note, print_json, print_piece},
        session::{Output, Session},
    },
    failure::Failure,
};

const PATH: &str = "/api/chat/multi";
/// The largest piece of an answer.
const MOST_EVENT_BYTES: usize = 1024 * 1024;

/// Asks a model and prints its answer
///
/// The message is the arguments, then what stdin holds. Only the answer's text is printed, unless
/// `--output json` asks for the whole answer.
#[derive(Args)]
#[command(after_help = "Examples:
  closedpaw chat \"Why is the sky blue?\"
  closedpaw chat -m ollama/llama3.2:3b \"Say hello\"
  git diff | closedpaw chat -m work/gpt-4o \"Review this change\"")]
pub struct Options {
    /// The model; what stands before the first slash may be a provider's name
    #[arg(short, long, value_name = "[PROVIDER/]MODEL")]
    model: Option<String>,

    /// The provider [default: the default provider]
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,

    /// What to ask
    message: Vec<String>,
}

/// Asks, and prints the answer.
pub async fn run(session: &Session, options: &Options) -> Result<(), Failure> {
    let message = message(&options.message)?;
    let gateway = Gateway::find(session)?;
    let target = target(&gateway, options).await?;
    let mut body = json!({ "message": message });
    if let Some(members) = body.as_object_mut() {
        members.extend(target.provider.map(|name| ("provider".to_owned(), Value::from(name))));
        members.extend(target.model.map(|model| ("model".to_owned(), Value::from(model))));
    }
    if session.asked_output() == Some(Output::Json) {
        return print_json(&gateway.send(Method::POST, PATH, &body).await?);
    }
    if let Some(members) = body.as_object_mut() {
        members.insert("stream".to_owned(), Value::Bool(true));
    }
    stream(&gateway, &body).await
}

/// The message: the arguments and what is piped in, or what a person types.
fn message(arguments: &[String]) -> Result<String, Failure> {
    // A lone dash is how other programs name stdin, which is read anyway.
    let arguments = if arguments == ["-"] { String::new() } else { arguments.join(" ") };
    let typed = io::stdin().is_terminal();
    if typed && arguments.is_empty() {
        note("Type your message, then Ctrl-D:");
    }
    let mut piped = String::new();
    if !typed || arguments.is_empty() {
        io::stdin()
            .read_to_string(&mut piped)
            .map_err(|error| Failure::usage(format!("cannot read the message: {error}")))?;
    }
    let parts = [arguments.trim(), piped.trim()];
    let message = parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>();
    if message.is_empty() {
        return Err(Failure::usage("there is no message: give one, or pipe one in"));
    }
    Ok(message.join("\n\n"))
}

/// Who is asked.
struct Target {
    provider: Option<String>,
    model: Option<String>,
}

/// Splits `-m provider/model` where a provider of that name is registered.
async fn target(gateway: &Gateway, options: &Options) -> Result<Target, Failure> {
    let whole = Target { provider: options.provider.clone(), model: options.model.clone() };
    let Some((before, after)) = options.model.as_deref().and_then(|model| model.split_once('/'))
    else {
        return Ok(whole);
    };
    if whole.provider.is_some() || after.is_empty() {
        return Ok(whole);
    }
    let listed = gateway.get("/api/providers").await?;
    if listed.get("providers").and_then(|providers| providers.get(before)).is_none() {
        return Ok(whole);
    }
    Ok(Target { provider: Some(before.to_owned()), model: Some(after.to_owned()) })
}

/// Prints each piece of the answer as it comes. An answer that just stops is a failure.
async fn stream(gateway: &Gateway, body: &Value) -> Result<(), Failure> {
    let mut reply = gateway.stream(PATH, body).await?;
    let mut decoder = SseDecoder::new(MOST_EVENT_BYTES);
    let mut line_is_open = false;
    let outcome = loop {
        match decoder.next() {
            Ok(Some(event)) => match read_event(event.event, event.data) {
                Ok(Progress::Piece(text)) => {
                    print_piece(&text)?;
                    line_is_open =
                        if text.is_empty() { line_is_open } else { !text.ends_with('\n') };
                }
                Ok(Progress::Done) => break Ok(()),
                Err(failure) => break Err(failure),
            },
            Ok(None) => match reply.chunk().await {
                Some(Ok(bytes)) => decoder.feed(&bytes),
                Some(Err(fault)) => break Err(gateway.broken(&fault)),
                None => break Err(Failure::failed("the answer was cut off before its end")),
            },
            Err(error) => break Err(Failure::failed(format!("cannot read the answer: {error}"))),
        }
    };
    if line_is_open {
        print_piece("\n")?;
    }
    outcome
}

/// What an event of the stream says.
enum Progress {
    Piece(String),
    Done,
}

fn read_event(name: Option<&str>, data: &str) -> Result<Progress, Failure> {
    let data: Value = serde_json::from_str(data)
        .map_err(|error| Failure::failed(format!("cannot read the answer: {error}")))?;
    let text = |member: &str| data.get(member).and_then(Value::as_str).unwrap_or_default();
    match name {
        None => Ok(Progress::Piece(text("delta").to_owned())),
        Some("done") => Ok(Progress::Done),
        Some("error") => {
            let status = data.get("status").and_then(Value::as_u64);
            let status = status.and_then(|status| u16::try_from(status).ok()).unwrap_or(500);
            Err(Failure::Refused { status, detail: text("detail").to_owned() })
        }
        Some(_) => Ok(Progress::Piece(String::new())),
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, Progress, read_event};

    #[test]
    fn events_of_the_stream() {
        let piece = read_event(None, r#"{"delta":"Hi"}"#);
        assert!(matches!(piece, Ok(Progress::Piece(text)) if text == "Hi"));
        assert!(matches!(read_event(Some("done"), r#"{"tokens":3}"#), Ok(Progress::Done)));
        let error = read_event(Some("error"), r#"{"detail":"no","status":504}"#);
        assert!(matches!(error, Err(Failure::Refused { status: 504, detail }) if detail == "no"));
        assert!(read_event(None, "{").is_err());
    }
}
