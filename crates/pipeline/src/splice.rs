//! Splice: the caller's bytes with another name for the model, and nothing else changed.

use bytes::Bytes;
use canonical::{ErrorKind, Fault};
use wire::{BodyError, Edit, Envelope, find_strings, json_string, splice};

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
    if named == model {
        return Ok(body.clone());
    }
    let edits = renames(body, places, named, model).map_err(|error| invalid(&error))?;
    Ok(apply(body, edits))
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
    let envelope = Envelope::read(body).map_err(|error| invalid(&error))?;
    let mut edits = if named == model {
        Vec::new()
    } else {
        renames(body, places, named, model).map_err(|error| invalid(&error))?
    };
    edits.extend(envelope.ask_for_usage());
    Ok(apply(body, edits))
}

fn renames(
    body: &Bytes,
    places: &[&[&str]],
    named: &str,
    model: &str,
) -> Result<Vec<Edit>, BodyError> {
    let mut edits = Vec::new();
    for place in places {
        for span in find_strings(body, place)? {
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

/// What may stand before a model's name without being part of it.
const PREFIX: &str = "models/";

fn apply(body: &Bytes, mut edits: Vec<Edit>) -> Bytes {
    if edits.is_empty() {
        return body.clone();
    }
    edits.sort_by_key(|edit| edit.span.start);
    splice(body, &edits).into()
}

fn invalid(error: &BodyError) -> Fault {
    Fault::new(ErrorKind::InvalidRequest, error.to_string())
}
