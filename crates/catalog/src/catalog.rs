//! The facts of all models, and the search for one.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use thiserror::Error;

use crate::entry;
use crate::lookup::readings;
use crate::{Facts, Vendor};

const EMBEDDED: &str = include_str!("../models.json");

/// The facts of many models.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    vendors: BTreeMap<Vendor, BTreeMap<String, Facts>>,
}

/// A file that is no file of facts.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{}", faults.join("\n"))]
pub struct CatalogError {
    /// A line for each thing that is wrong, with the index of its entry.
    pub faults: Vec<String>,
}

/// A file of facts. `about` and `as_of` are for its readers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "as_of")]
    _as_of: Option<IgnoredAny>,
    #[serde(rename = "about")]
    _about: Option<IgnoredAny>,
    models: Vec<Value>,
}

impl Catalog {
    /// Returns the facts that come with the program.
    #[must_use]
    pub fn embedded() -> &'static Self {
        // A test holds that the file has no fault.
        static CATALOG: LazyLock<Catalog> =
            LazyLock::new(|| Catalog::read(EMBEDDED).unwrap_or_default());
        &CATALOG
    }

    /// Returns the facts that come with the program, with those of a file over them. An entry of the file
    /// takes the whole place of the embedded one with its vendor and id.
    ///
    /// # Errors
    ///
    /// Fails with everything that is wrong with the file's `contents`.
    pub fn from_file(contents: &str) -> Result<Self, CatalogError> {
        let mut catalog = Self::embedded().clone();
        for (vendor, models) in Self::read(contents)?.vendors {
            let own =
                models.into_iter().map(|(id, facts)| (id, Facts { is_operators: true, ..facts }));
            catalog.vendors.entry(vendor).or_default().extend(own);
        }
        Ok(catalog)
    }

    /// Finds what is known of the model that somebody calls `id`: under that id, else without its date,
    /// without the path before it, without its tag, and at last with dashes for the dots that routers write
    /// (`anthropic/claude-sonnet-4.5`). Without a vendor all are searched; the price that is found is then that
    /// of the model's vendor, not of whoever serves it.
    #[must_use]
    pub fn find(&self, vendor: Option<Vendor>, id: &str) -> Option<&Facts> {
        let known = |id: &str| {
            let mut searched =
                Vendor::ALL.into_iter().filter(|one| vendor.is_none_or(|vendor| vendor == *one));
            searched.find_map(|vendor| self.vendors.get(&vendor)?.get(id))
        };
        let dashed = id.replace('.', "-");
        readings(id).into_iter().chain(readings(&dashed)).find_map(known)
    }

    fn read(contents: &str) -> Result<Self, CatalogError> {
        let file: File = serde_json::from_str(contents)
            .map_err(|error| CatalogError { faults: vec![error.to_string()] })?;
        let (mut catalog, mut faults) = (Self::default(), Vec::new());
        for (index, value) in file.models.into_iter().enumerate() {
            match entry::read(value) {
                Ok(facts) => {
                    let models = catalog.vendors.entry(facts.vendor).or_default();
                    if let Some(earlier) = models.insert(facts.id.clone(), facts) {
                        let (vendor, id) = (earlier.vendor.as_str(), earlier.id);
                        faults.push(format!("models[{index}]: {vendor} `{id}` is there twice"));
                    }
                }
                Err(wrong) => {
                    faults.extend(wrong.iter().map(|fault| format!("models[{index}]: {fault}")));
                }
            }
        }
        if faults.is_empty() { Ok(catalog) } else { Err(CatalogError { faults }) }
    }
}

#[cfg(test)]
mod tests {
    use canonical::{Ability, Modality, Price};

    use super::{Catalog, EMBEDDED};
    use crate::Vendor;

    #[test]
    fn the_embedded_file_has_no_fault_and_one_order() {
        let catalog = Catalog::read(EMBEDDED).unwrap();
        assert!(EMBEDDED.len() < 120_000);
        let lines: Vec<&str> =
            EMBEDDED.lines().filter(|line| line.starts_with("    {\"vendor\"")).collect();
        let count: usize = catalog.vendors.values().map(|models| models.len()).sum();
        assert_eq!(lines.len(), count, "one line each");
        let of_line = |line: &str| line.split('"').skip(3).step_by(4).take(2).collect::<String>();
        assert!(lines.is_sorted_by_key(|line| of_line(line)), "sorted");
        for facts in catalog.vendors.values().flat_map(|models| models.values()) {
            let successor = facts.successor.as_deref();
            assert!(successor.is_none_or(|id| catalog.find(Some(facts.vendor), id).is_some()));
            let price = facts.price;
            // A price in another unit would be off by thousands.
            for micro_usd in [price.input_micro_usd, price.output_micro_usd].into_iter().flatten() {
                assert!(
                    micro_usd == 0 || (5_000..=1_000_000_000).contains(&micro_usd),
                    "{}",
                    facts.id
                );
            }
        }
    }

    #[test]
    fn finds_models_by_what_people_call_them() {
        for (vendor, id, expected) in [
            (Some(Vendor::OpenAi), "gpt-4o", Some("gpt-4o")),
            (Some(Vendor::OpenAi), "gpt-4o-2024-08-06", Some("gpt-4o")),
            (Some(Vendor::OpenAi), "gpt-4o-2024-05-13", Some("gpt-4o-2024-05-13")),
            (None, "openai/gpt-4o", Some("gpt-4o")),
            (None, "openai/gpt-4o-2024-08-06", Some("gpt-4o")),
            (None, "claude-sonnet-4-5-20250929", Some("claude-sonnet-4-5")),
            (None, "anthropic/claude-sonnet-4.5", Some("claude-sonnet-4-5")),
            (None, "anthropic/claude-opus-4.1:beta", Some("claude-opus-4-1")),
            (Some(Vendor::Mistral), "mistral-medium-3.5", Some("mistral-medium-3.5")),
            (Some(Vendor::Google), "models/gemini-2.0-flash-001", Some("gemini-2.0-flash")),
            (Some(Vendor::Ollama), "llama3.2:3b", Some("llama3.2")),
            (Some(Vendor::Ollama), "gpt-oss:120b-cloud", Some("gpt-oss:120b-cloud")),
            (Some(Vendor::Anthropic), "gpt-4o", None),
            (None, "nobody-knows-it", None),
            (None, "", None),
        ] {
            let found = Catalog::embedded().find(vendor, id);
            assert_eq!(found.map(|facts| facts.id.as_str()), expected, "{id}");
        }
    }

    #[test]
    fn a_card_says_what_is_known() {
        let catalog = Catalog::from_file(
            r#"{"models":[{"vendor":"openai","id":"m","name":"M","released":"1970-01-02",
            "context":9,"max_output":3,"input":["text","image"],"output":["text"],
            "abilities":["json_schema"],"price":{"input":1,"cache_read":0}}]}"#,
        );
        let card = catalog.unwrap().find(None, "m").unwrap().card("x/m", "mine");
        assert_eq!((card.id.as_str(), card.provider.as_str()), ("x/m", "mine"));
        assert_eq!(card.display_name.as_deref(), Some("M"));
        assert_eq!(card.created_s, Some(86_400));
        assert_eq!((card.context_window_tokens, card.max_output_tokens), (Some(9), Some(3)));
        assert_eq!(card.input_modalities, [Modality::Text, Modality::Image]);
        assert_eq!(card.output_modalities, [Modality::Text]);
        assert_eq!(card.abilities, [Ability::JsonSchema]);
        let price = Price {
            input_micro_usd: Some(1),
            output_micro_usd: None,
            cache_read_micro_usd: Some(0),
            cache_write_micro_usd: None,
        };
        assert_eq!(card.price, price);
    }

    #[test]
    fn a_file_goes_before_what_is_embedded() {
        let file =
            r#"{"as_of":"2027-01-01","models":[{"vendor":"openai","id":"gpt-4o","context":7}]}"#;
        let catalog = Catalog::from_file(file).unwrap();
        let facts = catalog.find(None, "gpt-4o").unwrap();
        assert_eq!(facts.context_window_tokens, Some(7));
        assert_eq!(facts.price, Price::default());
        assert!(facts.is_operators);
        assert!(catalog.find(None, "gpt-4o-mini").is_some_and(|facts| !facts.is_operators));
    }

    #[test]
    fn every_fault_is_told() {
        let file = r#"{"models":[
            {"vendor":"openai","id":"a"},
            {"vendor":"acme","id":"","input":["smell"],"released":"soon"},
            {"vendor":"openai","id":"b","price":{"input":-1}},
            {"vendor":"openai","id":"a"},
            {"vendor":"openai","id":"c","retires":"2026-02-30","abilities":["tools","flies"]}]}"#;
        let faults = Catalog::from_file(file).unwrap_err().faults;
        let starts: Vec<String> = faults
            .iter()
            .map(|fault| fault.split(' ').take(2).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            starts,
            [
                "models[1]: vendor:",
                "models[1]: id:",
                "models[1]: input:",
                "models[1]: released:",
                "models[2]: invalid",
                "models[3]: openai",
                "models[4]: abilities:",
                "models[4]: retires:",
            ]
        );
        assert_eq!(
            faults[2],
            "models[1]: input: `smell` is none of text, image, audio, video, document, embedding"
        );
        assert_eq!(Catalog::from_file("[]").unwrap_err().faults.len(), 1);
    }
}
