//! Splice: the caller's bytes with another name for the model, and nothing else changed.

use bytes::Bytes;
use canonical::Fault;
use wire::{Edit, find_strings, json_string, splice};

use crate::open;

/// What may stand before a model's name without being part of it.
const PREFIX: &str = "models/";

/// Puts `model` in every place where the body says `named`; Gemini's `models/` before a name stays.
///
/// # Errors
///
/// Fails when the body is not JSON.
pub(crate) fn spliced(
    body: &Bytes,
    places: &[&[&str]],
    named: &str,
    model: &str,
) -> Result<Bytes, Fault> {
    Ok(apply(body, &renames(body, places, named, model)?))
}

/// As [`spliced`], and asks for usage in the stream.
///
/// # Errors
///
/// Fails when the body is not JSON.
pub(crate) fn spliced_with_usage(
    body: &Bytes,
    places: &[&[&str]],
    named: &str,
    model: &str,
) -> Result<Bytes, Fault> {
    let mut edits = renames(body, places, named, model)?;
    edits.extend(open::read(body)?.ask_for_usage());
    Ok(apply(body, &edits))
}

fn renames(body: &[u8], places: &[&[&str]], named: &str, model: &str) -> Result<Vec<Edit>, Fault> {
    let mut edits = Vec::new();
    if named == model {
        return Ok(edits);
    }
    for place in places {
        let spans = find_strings(body, place);
        for span in spans.map_err(|error| Fault::invalid_request(error.to_string()))? {
            let said = body.get(span.clone()).and_then(|said| serde_json::from_slice(said).ok());
            let said: String = said.unwrap_or_default();
            let prefix = if said.starts_with(PREFIX) { PREFIX } else { "" };
            if said.strip_prefix(prefix) == Some(named) {
                edits.push(Edit { span, text: json_string(&format!("{prefix}{model}")) });
            }
        }
    }
    Ok(edits)
}

fn apply(body: &Bytes, edits: &[Edit]) -> Bytes {
    if edits.is_empty() { body.clone() } else { splice(body, edits).into() }
}
