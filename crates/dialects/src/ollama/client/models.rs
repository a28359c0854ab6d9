//! Models towards callers: `/api/tags`, `/api/show`, `/api/ps`, and the version that clients ask for first.

use canonical::{Ability, Fault, Modality, ModelCard};
use serde_json::{Value, json};

use crate::{ModelsEndpoint, object::object, rfc3339::rfc3339_of_seconds};

/// The release of Ollama whose API is spoken here. Clients refuse servers that are older than what they need.
/// Source: <https://github.com/ollama/ollama/releases>
const VERSION: &str = "0.32.15";

/// What stands for the hash of a model's weights. Ollama's own client cuts it to twelve characters unseen.
const DIGEST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// `GET /api/tags` and `POST /api/show`.
#[derive(Debug)]
pub(crate) struct Tags;

impl ModelsEndpoint for Tags {
    fn encode_models(&self, models: &[ModelCard], _query: Option<&str>) -> Result<Vec<u8>, Fault> {
        let models: Vec<_> = models.iter().map(tag).collect();
        Ok(json!({ "models": models }).to_string().into_bytes())
    }

    fn encode_model(&self, model: &ModelCard) -> Vec<u8> {
        // Clients look for the window under the name of the model's architecture.
        let architecture = model.provider.as_str();
        let window = format!("{architecture}.context_length");
        let info = object([
            ("general.architecture", json!(architecture)),
            ("general.basename", json!(model.display_name.as_ref().unwrap_or(&model.id))),
            (window.as_str(), json!(model.context_window_tokens)),
        ]);
        let body = json!({
            "modelfile": "",
            "parameters": "",
            "template": "",
            "details": details(),
            "model_info": info,
            "capabilities": capabilities(model),
            "modified_at": modified_at(model),
        });
        body.to_string().into_bytes()
    }
}

/// Writes the answer to `GET /api/ps`: which models are loaded is nobody's to know but each provider's own.
#[must_use]
pub fn encode_running() -> Vec<u8> {
    json!({ "models": [] }).to_string().into_bytes()
}

/// Writes the answer to `GET /api/version`.
#[must_use]
pub fn encode_version() -> Vec<u8> {
    json!({ "version": VERSION }).to_string().into_bytes()
}

fn tag(model: &ModelCard) -> Value {
    json!({
        "name": model.id,
        "model": model.id,
        "modified_at": modified_at(model),
        "size": 0,
        "digest": DIGEST,
        "details": details(),
        "capabilities": capabilities(model),
    })
}

/// What is known of the file that a model lies in: nothing.
fn details() -> Value {
    json!({
        "parent_model": "",
        "format": "",
        "family": "",
        "families": [],
        "parameter_size": "",
        "quantization_level": "",
    })
}

fn modified_at(model: &ModelCard) -> String {
    rfc3339_of_seconds(model.created_s.unwrap_or(0))
}

/// Source: <https://github.com/ollama/ollama/blob/main/types/model/capability.go>
fn capabilities(model: &ModelCard) -> Vec<&'static str> {
    let reads = |modality| model.input_modalities.contains(&modality);
    let can = |ability| model.abilities.contains(&ability);
    let embeds = model.output_modalities.contains(&Modality::Embedding);
    [
        ("completion", !embeds),
        ("embedding", embeds),
        ("tools", can(Ability::Tools)),
        ("vision", reads(Modality::Image)),
        ("audio", reads(Modality::Audio)),
        ("thinking", can(Ability::Reasoning)),
    ]
    .into_iter()
    .filter_map(|(name, has)| has.then_some(name))
    .collect()
}

#[cfg(test)]
mod tests {
    use canonical::{Ability, Modality, ModelCard};
    use serde_json::{Value, json};

    use super::{Tags, encode_version};
    use crate::ModelsEndpoint;

    fn card() -> ModelCard {
        ModelCard {
            id: "harbour/heron-1".to_owned(),
            provider: "harbour".to_owned(),
            display_name: Some("Heron 1".to_owned()),
            created_s: Some(1_700_000_000),
            context_window_tokens: Some(65_536),
            input_modalities: vec![Modality::Text, Modality::Image],
            abilities: vec![Ability::Tools, Ability::Reasoning],
            ..ModelCard::default()
        }
    }

    fn json_of(body: &[u8]) -> Value {
        serde_json::from_slice(body).unwrap()
    }

    #[test]
    fn a_list_can_be_read_by_our_own_codec() {
        let body = Tags.encode_models(&[card(), ModelCard::default()], None).unwrap();
        let page = crate::codec(canonical::Dialect::Ollama).decode_models(&body).unwrap();
        assert_eq!(page.ids, ["harbour/heron-1"]);
        let first = &json_of(&body)["models"][0];
        assert_eq!(first["modified_at"], "2023-11-14T22:13:20.000000000Z");
        assert_eq!(first["digest"].as_str().map(str::len), Some(64));
        assert_eq!(json_of(&Tags.encode_models(&[], None).unwrap()), json!({ "models": [] }));
    }

    #[test]
    fn a_model_shows_its_window_and_what_it_can_do() {
        let shown = json_of(&Tags.encode_model(&card()));
        let info = json!({ "general.architecture": "harbour", "general.basename": "Heron 1",
            "harbour.context_length": 65_536 });
        assert_eq!(shown["model_info"], info);
        assert_eq!(shown["capabilities"], json!(["completion", "tools", "vision", "thinking"]));
        let embedder =
            ModelCard { output_modalities: vec![Modality::Embedding], ..ModelCard::default() };
        assert_eq!(json_of(&Tags.encode_model(&embedder))["capabilities"], json!(["embedding"]));
        let unknown = json_of(&Tags.encode_model(&ModelCard::default()));
        assert_eq!(unknown["capabilities"], json!(["completion"]));
        assert_eq!(unknown["model_info"].get(".context_length"), None);
    }

    #[test]
    fn the_version_is_one() {
        let version = json_of(&encode_version())["version"].as_str().map(str::to_owned).unwrap();
        let numbers: Vec<u32> = version.split('.').map(|number| number.parse().unwrap()).collect();
        assert!(numbers >= vec![0, 12, 0]);
    }
}
