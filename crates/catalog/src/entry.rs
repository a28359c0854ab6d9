//! One line of a file of facts, and what may be wrong with it.

use std::time::UNIX_EPOCH;

use canonical::{Ability, Modality, Price};
use serde::Deserialize;
use serde_json::Value;

use crate::{Facts, Vendor};

const MODALITIES: [Modality; 6] = [
    Modality::Text,
    Modality::Image,
    Modality::Audio,
    Modality::Video,
    Modality::Document,
    Modality::Embedding,
];

const ABILITIES: [Ability; 3] = [Ability::Tools, Ability::Reasoning, Ability::JsonSchema];

/// The members of an entry, as they are written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    vendor: String,
    id: String,
    name: Option<String>,
    released: Option<String>,
    context: Option<u64>,
    max_output: Option<u64>,
    #[serde(default)]
    input: Vec<String>,
    #[serde(default)]
    output: Vec<String>,
    #[serde(default)]
    abilities: Vec<String>,
    #[serde(default)]
    efforts: Vec<String>,
    adaptive_thinking: Option<bool>,
    budget_thinking: Option<bool>,
    always_thinks: Option<bool>,
    sampling: Option<bool>,
    #[serde(default)]
    price: EntryPrice,
    #[serde(default)]
    deprecated: bool,
    retires: Option<String>,
    successor: Option<String>,
}

/// Millionths of a US dollar for a million tokens.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryPrice {
    input: Option<u64>,
    output: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
}

/// Reads one entry.
///
/// # Errors
///
/// Fails with a sentence for each thing that is wrong.
pub(crate) fn read(value: Value) -> Result<Facts, Vec<String>> {
    let entry = Entry::deserialize(value).map_err(|error| vec![error.to_string()])?;
    let mut faults = Vec::new();
    let vendor = Vendor::parse(&entry.vendor);
    if vendor.is_none() {
        let known = Vendor::ALL.map(Vendor::as_str);
        faults.push(unknown("vendor", &entry.vendor, &known));
    }
    if entry.id.is_empty() {
        faults.push("id: must not be empty".to_owned());
    }
    let input_modalities = named("input", &entry.input, &MODALITIES, Modality::as_str, &mut faults);
    let output_modalities =
        named("output", &entry.output, &MODALITIES, Modality::as_str, &mut faults);
    let abilities = named("abilities", &entry.abilities, &ABILITIES, Ability::as_str, &mut faults);
    let released_s = day("released", entry.released.as_deref(), &mut faults);
    day("retires", entry.retires.as_deref(), &mut faults);
    match vendor {
        Some(vendor) if faults.is_empty() => Ok(Facts {
            vendor,
            id: entry.id,
            display_name: entry.name,
            released_s,
            context_window_tokens: entry.context,
            max_output_tokens: entry.max_output,
            input_modalities,
            output_modalities,
            abilities,
            reasoning_efforts: entry.efforts,
            adaptive_thinking: entry.adaptive_thinking,
            budget_thinking: entry.budget_thinking,
            always_thinks: entry.always_thinks,
            sampling_params: entry.sampling.unwrap_or(true),
            price: Price {
                input_micro_usd: entry.price.input,
                output_micro_usd: entry.price.output,
                cache_read_micro_usd: entry.price.cache_read,
                cache_write_micro_usd: entry.price.cache_write,
            },
            deprecated: entry.deprecated,
            retires_on: entry.retires,
            successor: entry.successor,
            is_operators: false,
        }),
        _ => Err(faults),
    }
}

/// Finds what each of `names` names in `all`.
fn named<T: Copy>(
    member: &str,
    names: &[String],
    all: &[T],
    name_of: fn(T) -> &'static str,
    faults: &mut Vec<String>,
) -> Vec<T> {
    let mut found = Vec::new();
    for name in names {
        match all.iter().find(|one| name_of(**one) == name) {
            Some(one) => found.push(*one),
            None => {
                let known: Vec<_> = all.iter().map(|one| name_of(*one)).collect();
                faults.push(unknown(member, name, &known));
            }
        }
    }
    found
}

fn unknown(member: &str, name: &str, known: &[&str]) -> String {
    format!("{member}: `{name}` is none of {}", known.join(", "))
}

/// Returns when a day begins, in seconds since 1970.
fn day(member: &str, text: Option<&str>, faults: &mut Vec<String>) -> Option<u64> {
    let text = text?;
    let start = humantime::parse_rfc3339(&format!("{text}T00:00:00Z")).ok();
    let since_s = start.and_then(|start| start.duration_since(UNIX_EPOCH).ok());
    if since_s.is_none() {
        faults.push(format!("{member}: `{text}` is no day such as 2026-11-30"));
    }
    since_s.map(|since| since.as_secs())
}
