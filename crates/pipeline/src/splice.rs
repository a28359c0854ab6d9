//! Splice: the caller's bytes with another name for the model, and nothing else changed.

use bytes::Bytes;
use canonical::Fault;
use dialects::renamed;
use wire::{Edit, find_strings, json_string, splice};

/// Puts `model` in every place where the body says `named`, and makes a `further` edit.
///
/// # Errors
///
/// Fails when the body is not JSON.
pub(crate) fn spliced(
    body: &Bytes,
    places: &[&[&str]],
    named: &str,
    model: &str,
    further: Option<Edit>,
) -> Result<Bytes, Fault> {
    let mut edits = renames(body, places, named, model)?;
    edits.extend(further);
    Ok(if edits.is_empty() { body.clone() } else { splice(body, &edits).into() })
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
            if let Some(name) = renamed(&said, named, model) {
                edits.push(Edit { span, text: json_string(&name) });
            }
        }
    }
    Ok(edits)
}
