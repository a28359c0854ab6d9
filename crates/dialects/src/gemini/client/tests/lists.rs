//! Lists of models.

use canonical::{Ability, Modality, ModelCard, Price};
use serde_json::{Value, json};

use crate::{ModelsEndpoint, gemini::client::Models};

fn cards(count: usize) -> Vec<ModelCard> {
    let card = |n| ModelCard { id: format!("lab/m:{n}"), ..ModelCard::default() };
    (0..count).map(card).collect()
}

#[test]
fn what_is_known_is_told() {
    let known = ModelCard {
        display_name: Some("M".to_owned()),
        context_window_tokens: Some(1000),
        max_output_tokens: Some(100),
        abilities: vec![Ability::Reasoning],
        price: Price { input_micro_usd: Some(1_250_000), ..Price::default() },
        ..cards(1).remove(0)
    };
    let methods = json!(["generateContent", "streamGenerateContent", "countTokens"]);
    let embedder = ModelCard { output_modalities: vec![Modality::Embedding], ..cards(1).remove(0) };
    for (card, expected) in [
        (
            known,
            json!({"name": "models/lab/m:0", "displayName": "M", "inputTokenLimit": 1000,
                   "outputTokenLimit": 100, "supportedGenerationMethods": methods,
                   "thinking": true, "pricing": {"input_per_million_usd": 1.25}}),
        ),
        (
            cards(1).remove(0),
            json!({"name": "models/lab/m:0", "supportedGenerationMethods": methods}),
        ),
        (
            embedder,
            json!({"name": "models/lab/m:0",
                   "supportedGenerationMethods": ["embedContent", "batchEmbedContents"],
                   "output_modalities": ["embedding"]}),
        ),
    ] {
        let body = Models.encode_model(&card);
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), expected);
    }
}

#[test]
fn pages_follow_each_other() {
    let models = cards(1200);
    for (query, first, count, next) in [
        (None, 0, 50, Some("50")),
        (Some("pageSize=0&key=x"), 0, 50, Some("50")),
        (Some("page_size=5"), 0, 5, Some("5")),
        (Some("pageSize=5000&pageToken="), 0, 1000, Some("1000")),
        (Some("pageToken=%31000&pageSize=1000"), 1000, 200, None),
        (Some("pageToken=1200"), 1200, 0, None),
    ] {
        let page = Models.encode_models(&models, query).unwrap();
        let page: Value = serde_json::from_slice(&page).unwrap();
        let listed = page["models"].as_array().unwrap();
        assert_eq!(listed.len(), count, "{query:?}");
        if let Some(model) = listed.first() {
            assert_eq!(model["name"], format!("models/lab/m:{first}"));
        }
        assert_eq!(page.get("nextPageToken").and_then(Value::as_str), next, "{query:?}");
    }
    for query in ["pageSize=-1", "pageSize=a", "pageToken=a", "pageToken=1201"] {
        assert!(Models.encode_models(&models, Some(query)).is_err(), "{query}");
    }
}
