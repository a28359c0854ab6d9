//! Lists models as OpenAI does, with what else is known of them beside it.

use canonical::{Ability, Fault, ModelCard};
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
    let abilities: Vec<&str> = card.abilities.iter().copied().map(Ability::as_str).collect();
    let mut model = object([
        ("id", json!(card.id)),
        ("object", json!("model")),
        // Required, so 0 where nobody knows.
        ("created", json!(card.created_s.unwrap_or(0))),
        ("owned_by", json!(card.provider)),
        ("name", json!(card.display_name)),
        ("context_window", json!(card.context_window_tokens)),
        ("max_output_tokens", json!(card.max_output_tokens)),
        ("abilities", if abilities.is_empty() { Value::Null } else { json!(abilities) }),
    ]);
    add_unnamed_facts(card, &mut model);
    model
}

#[cfg(test)]
mod tests {
    use canonical::{Ability, Modality, ModelCard, Price};
    use serde_json::{Value, json};

    use super::Models;
    use crate::ModelsEndpoint;

    #[test]
    fn what_nobody_knows_is_left_out() {
        let bare = ModelCard { id: "a/b".into(), provider: "a".into(), ..ModelCard::default() };
        let known = ModelCard {
            created_s: Some(7),
            context_window_tokens: Some(8192),
            input_modalities: vec![Modality::Text, Modality::Image],
            abilities: vec![Ability::Tools],
            price: Price { input_micro_usd: Some(250_000), ..Price::default() },
            ..bare.clone()
        };
        let list = Models.encode_models(&[bare, known], None).unwrap();
        let list: Value = serde_json::from_slice(&list).unwrap();
        let expected = json!({ "object": "list", "data": [
            { "id": "a/b", "object": "model", "created": 0, "owned_by": "a" },
            { "id": "a/b", "object": "model", "created": 7, "owned_by": "a", "context_window": 8192,
              "input_modalities": ["text", "image"], "abilities": ["tools"],
              "pricing": { "input_per_million_usd": 0.25 } },
        ] });
        assert_eq!(list, expected);
    }
}
