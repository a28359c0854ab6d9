//! Lists models as Mistral does.

use canonical::{Ability, Fault, Modality, ModelCard};
use serde_json::{Value, json};

use crate::{ModelsEndpoint, model_facts::add_unnamed_facts, object::object};

/// `GET /v1/models`, in one page.
#[derive(Debug)]
pub(crate) struct Models;

impl ModelsEndpoint for Models {
    fn encode_models(&self, models: &[ModelCard], _query: Option<&str>) -> Result<Vec<u8>, Fault> {
        let data: Vec<Value> = models.iter().map(model).collect();
        Ok(json!({ "object": "list", "data": data }).to_string().into_bytes())
    }

    fn encode_model(&self, card: &ModelCard) -> Vec<u8> {
        model(card).to_string().into_bytes()
    }
}

fn model(card: &ModelCard) -> Value {
    let reads = |form: Modality| card.input_modalities.contains(&form);
    let embeds = card.output_modalities.contains(&Modality::Embedding);
    let capabilities = json!({
        "completion_chat": !embeds,
        "completion_fim": false,
        "function_calling": card.abilities.contains(&Ability::Tools),
        "fine_tuning": false,
        "reasoning": card.abilities.contains(&Ability::Reasoning),
        "vision": reads(Modality::Image),
        "audio": reads(Modality::Audio),
        "classification": false,
        "moderation": false,
        "ocr": false,
    });
    let mut model = object([
        ("id", json!(card.id)),
        ("object", json!("model")),
        ("created", json!(card.created_s.unwrap_or(0))),
        ("owned_by", json!(card.provider)),
        ("capabilities", capabilities),
        ("name", json!(card.display_name.as_ref().unwrap_or(&card.id))),
        ("max_context_length", json!(card.context_window_tokens)),
        ("aliases", json!([])),
        ("type", json!("base")),
        ("max_output_tokens", json!(card.max_output_tokens)),
    ]);
    add_unnamed_facts(card, &mut model);
    model
}

#[cfg(test)]
mod tests {
    use canonical::{Ability, Modality, ModelCard};
    use serde_json::{Value, json};

    use super::Models;
    use crate::ModelsEndpoint;

    #[test]
    fn capabilities_are_told() {
        let card = ModelCard {
            id: "tern-2".into(),
            provider: "marsh".into(),
            context_window_tokens: Some(4096),
            input_modalities: vec![Modality::Image],
            abilities: vec![Ability::Tools],
            ..ModelCard::default()
        };
        let model: Value = serde_json::from_slice(&Models.encode_model(&card)).unwrap();
        assert_eq!(model["max_context_length"], 4096);
        for (name, expected) in [
            ("completion_chat", true),
            ("function_calling", true),
            ("vision", true),
            ("reasoning", false),
        ] {
            assert_eq!(model["capabilities"][name], json!(expected), "{name}");
        }
        let list: Value =
            serde_json::from_slice(&Models.encode_models(&[card], None).unwrap()).unwrap();
        assert_eq!(list["data"], json!([model]));
    }
}
