//! What lists of models tell beside the members that a vendor has: facts for which no dialect has a name of its own.

use canonical::{Modality, ModelCard};
use serde_json::{Map, Value, json};

use crate::object::object;

/// Adds what a model reads and writes, and what it costs, to its entry in a list; what nobody knows is left out.
pub(crate) fn add_unnamed_facts(card: &ModelCard, entry: &mut Value) {
    let facts = object([
        ("input_modalities", modalities(&card.input_modalities)),
        ("output_modalities", modalities(&card.output_modalities)),
        ("pricing", pricing(card)),
    ]);
    if let (Some(entry), Value::Object(facts)) = (entry.as_object_mut(), facts) {
        entry.extend(facts);
    }
}

fn modalities(modalities: &[Modality]) -> Value {
    let names: Vec<&str> = modalities.iter().map(|modality| modality.as_str()).collect();
    if names.is_empty() { Value::Null } else { json!(names) }
}

/// Writes prices in US dollars for a million tokens.
fn pricing(card: &ModelCard) -> Value {
    let dollars = |micro: Option<u64>| json!(micro.map(|micro| micro as f64 / 1e6));
    let pricing = object([
        ("input_per_million_usd", dollars(card.price.input_micro_usd)),
        ("output_per_million_usd", dollars(card.price.output_micro_usd)),
        ("cache_read_per_million_usd", dollars(card.price.cache_read_micro_usd)),
        ("cache_write_per_million_usd", dollars(card.price.cache_write_micro_usd)),
    ]);
    if pricing.as_object().is_some_and(Map::is_empty) { Value::Null } else { pricing }
}
