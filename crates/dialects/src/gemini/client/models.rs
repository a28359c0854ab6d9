//! Lists models to callers.
//!
//! Source: <https://ai.google.dev/api/models>

use canonical::{Ability, Fault, Modality, ModelCard};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::spelling::camel_case;
use crate::{fields::invalid, model_facts::add_unnamed_facts, object::object};

/// How many models a page has where the caller does not say.
const USUAL_PAGE: usize = 50;
/// How many it has at most.
const LARGEST_PAGE: usize = 1000;

/// Writes a page; the token of the next one says how many models stand before it.
pub(super) fn list(models: &[ModelCard], query: Option<&str>) -> Result<Vec<u8>, Fault> {
    let size = match number(query, "pageSize")? {
        None | Some(0) => USUAL_PAGE,
        Some(size) => size.min(LARGEST_PAGE),
    };
    let start = number(query, "pageToken")?.unwrap_or(0);
    let later = models.get(start..).ok_or_else(|| wrong("pageToken"))?;
    let next = (later.len() > size).then(|| (start + size).to_string());
    let page = object([
        ("models", later.iter().take(size).map(card).collect()),
        ("nextPageToken", json!(next)),
    ]);
    Ok(page.to_string().into_bytes())
}

/// Writes one model; what nobody knows is left out.
pub(super) fn card(model: &ModelCard) -> Value {
    let methods = if model.output_modalities == [Modality::Embedding] {
        json!(["embedContent", "batchEmbedContents"])
    } else {
        json!(["generateContent", "streamGenerateContent", "countTokens"])
    };
    let thinks = model.abilities.contains(&Ability::Reasoning).then_some(true);
    let mut entry = object([
        ("name", json!(format!("models/{}", model.id))),
        ("displayName", json!(model.display_name)),
        ("inputTokenLimit", json!(model.context_window_tokens)),
        ("outputTokenLimit", json!(model.max_output_tokens)),
        ("supportedGenerationMethods", methods),
        ("thinking", json!(thinks)),
    ]);
    add_unnamed_facts(model, &mut entry);
    entry
}

/// Reads a parameter of the query; an empty one counts as absent.
fn number(query: Option<&str>, name: &str) -> Result<Option<usize>, Fault> {
    let pairs = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(key, value)| camel_case(key) == name && !value.is_empty());
    let Some((_, value)) = values.next() else { return Ok(None) };
    let value = percent_decode_str(value).decode_utf8_lossy();
    value.parse().map(Some).map_err(|_| wrong(name))
}

fn wrong(name: &str) -> Fault {
    invalid(match name {
        "pageToken" => "`pageToken` must be the `nextPageToken` of the page before",
        _ => "`pageSize` must be a whole number of at least 0",
    })
}
