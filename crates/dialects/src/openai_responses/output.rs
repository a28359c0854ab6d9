//! Reads the items of an answer.

use canonical::{Delta, Dialect, Fault, Media, MediaKind, MediaSource, Opaque, PartKind, Seal};
use serde_json::Value;

use super::{
    answer::{Answer, Place},
    logprobs, namespace,
};
use crate::{
    assembly::malformed,
    freeform::arguments_of,
    json::{filled, list, text, typed},
};

/// Takes an item that begins; of a call, the names are known by then.
pub(super) fn open(index: u64, item: &Value, answer: &mut Answer) -> Result<(), Fault> {
    match text(item, "type") {
        Some("function_call") => answer.open((index, 0), call(item)),
        _ => Ok(()),
    }
}

/// Takes a complete item: what was not told of it in pieces is told now.
pub(super) fn close(index: u64, item: &Value, answer: &mut Answer) -> Result<(), Fault> {
    let place = (index, 0);
    match text(item, "type") {
        Some("message") => message(index, item, answer)?,
        Some("reasoning") => reasoning(place, item, answer)?,
        Some("function_call") => {
            answer.open(place, call(item))?;
            let arguments = said(item, "arguments")?;
            tell(place, arguments, Delta::Arguments, answer);
        }
        Some("custom_tool_call") => {
            answer.open(place, call(item))?;
            let arguments = arguments_of(said(item, "input")?);
            tell(place, &arguments, Delta::Arguments, answer);
        }
        Some("image_generation_call") if filled(item, "result").is_some() => {
            answer.open(place, PartKind::Media(picture(item)))?;
        }
        Some(_) => {
            let opaque = Opaque { dialect: Dialect::OpenAiResponses, json: item.clone() };
            answer.open(place, PartKind::Opaque(opaque))?;
        }
        None => return Err(malformed("an item of the answer has no type")),
    }
    answer.close_item(index);
    Ok(())
}

fn message(index: u64, item: &Value, answer: &mut Answer) -> Result<(), Fault> {
    let content = typed(item, "content", Value::as_array)?;
    for (position, content) in (0..).zip(content.into_iter().flatten()) {
        let place = (index, position);
        let text = match text(content, "type") {
            Some("output_text") => said(content, "text")?,
            Some("refusal") => {
                answer.refuse();
                said(content, "refusal")?
            }
            Some(_) | None => continue,
        };
        answer.open(place, PartKind::Text)?;
        tell(place, text, Delta::Text, answer);
        if !answer.has_logprobs(place) {
            answer.logprobs(place, logprobs::read(list(content, "logprobs")));
        }
    }
    Ok(())
}

/// Takes thoughts, of which OpenAI tells a summary and open models the thoughts themselves. The seal counts as it
/// is at the end; at the beginning it holds nothing yet.
fn reasoning(place: Place, item: &Value, answer: &mut Answer) -> Result<(), Fault> {
    let thoughts = list(item, "summary").iter().chain(list(item, "content"));
    let thoughts: Vec<_> = thoughts.filter_map(|thought| filled(thought, "text")).collect();
    let seal = filled(item, "encrypted_content");
    if thoughts.is_empty() && seal.is_none() {
        return Ok(());
    }
    answer.open(place, PartKind::Reasoning)?;
    tell(place, &thoughts.join(BETWEEN_THOUGHTS), Delta::Text, answer);
    if let Some(data) = seal {
        let (dialect, data) = (Dialect::OpenAiResponses, data.to_owned());
        answer.grow(place, Delta::Seal(Seal { dialect, data }));
    }
    Ok(())
}

/// What stands between the parts of a summary.
pub(super) const BETWEEN_THOUGHTS: &str = "\n\n";

/// Takes all of a part's text, of which some servers told but the beginning in pieces, and some nothing.
fn tell(place: Place, all: &str, delta: fn(String) -> Delta, answer: &mut Answer) {
    let rest = all.get(answer.told_bytes(place)..).unwrap_or_default();
    if !rest.is_empty() {
        answer.grow(place, delta(rest.to_owned()));
    }
}

/// Returns a text that may be absent, but nothing else.
fn said<'a>(value: &'a Value, name: &str) -> Result<&'a str, Fault> {
    Ok(typed(value, name, Value::as_str)?.unwrap_or_default())
}

fn call(item: &Value) -> PartKind {
    let id = filled(item, "call_id").or(filled(item, "id")).unwrap_or_default().to_owned();
    let name = text(item, "name").unwrap_or_default();
    PartKind::ToolCall { id, name: namespace::joined(filled(item, "namespace"), name) }
}

fn picture(item: &Value) -> Media {
    let format = filled(item, "output_format").unwrap_or("png");
    Media {
        kind: MediaKind::Image,
        mime: Some(format!("image/{format}")),
        source: MediaSource::Base64(text(item, "result").unwrap_or_default().to_owned()),
        detail: None,
        name: None,
    }
}
