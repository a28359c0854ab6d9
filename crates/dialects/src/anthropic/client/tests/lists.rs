//! How models are listed.

use canonical::{Ability, Modality, ModelCard};
use serde_json::{Value, json};

use super::{Models, ModelsEndpoint};

fn models(count: usize) -> Vec<ModelCard> {
    (0..count).map(|n| ModelCard { id: format!("a/{n}"), ..ModelCard::default() }).collect()
}

#[test]
fn pages_are_cut_as_asked() {
    let all = models(25);
    for (query, first, last, has_more) in [
        (None, Some("a/0"), Some("a/19"), true),
        (Some("beta=true&limit=25"), Some("a/0"), Some("a/24"), false),
        (Some("limit=2"), Some("a/0"), Some("a/1"), true),
        (Some("limit=2&after_id=a%2F1"), Some("a/2"), Some("a/3"), true),
        (Some("after_id=a/19"), Some("a/20"), Some("a/24"), false),
        (Some("after_id=a/24"), None, None, false),
        (Some("limit=2&before_id=a/20"), Some("a/18"), Some("a/19"), true),
        (Some("before_id=a/3&after_id="), Some("a/0"), Some("a/2"), false),
    ] {
        let page = Models.encode_models(&all, query).unwrap();
        let page: Value = serde_json::from_slice(&page).unwrap();
        let ids = page["data"].as_array().unwrap();
        assert_eq!(page["first_id"].as_str(), first, "{query:?}");
        assert_eq!(page["last_id"].as_str(), last, "{query:?}");
        assert_eq!(page["has_more"], has_more, "{query:?}");
        assert_eq!(ids.first().and_then(|model| model["id"].as_str()), first);
        assert_eq!(ids.last().and_then(|model| model["id"].as_str()), last);
    }
}

#[test]
fn queries_that_make_no_sense_are_refused() {
    for (query, expected) in [
        ("limit=0", "`limit` must be a number from 1 to 1000"),
        ("limit=1001", "`limit` must be a number from 1 to 1000"),
        ("limit=x", "`limit` must be a number from 1 to 1000"),
        ("after_id=b", "`after_id` must be the id of a listed model"),
        ("before_id=b", "`before_id` must be the id of a listed model"),
        (
            "before_id=a/1&after_id=a/0",
            "`after_id` and `before_id` exclude each other: send one of them",
        ),
    ] {
        let fault = Models.encode_models(&models(2), Some(query)).unwrap_err();
        assert_eq!((fault.status(), fault.public.as_str()), (400, expected));
    }
}

#[test]
fn what_is_known_of_a_model_is_told_and_nothing_else() {
    let encoded = |card: &ModelCard| {
        let model: Value = serde_json::from_slice(&Models.encode_model(card)).unwrap();
        model
    };
    let unknown = json!({
        "type": "model", "id": "a/0", "display_name": "a/0",
        "created_at": "1970-01-01T00:00:00Z", "lifecycle": "active",
        "max_input_tokens": null, "max_tokens": null, "capabilities": null,
    });
    assert_eq!(encoded(&models(1)[0]), unknown);

    let known = encoded(&ModelCard {
        display_name: Some("Heron".to_owned()),
        created_s: Some(1_700_000_000),
        context_window_tokens: Some(9000),
        max_output_tokens: Some(800),
        input_modalities: vec![Modality::Text, Modality::Image],
        abilities: vec![Ability::Reasoning],
        ..models(1)[0].clone()
    });
    assert_eq!(known["display_name"], "Heron");
    assert!(known["created_at"].as_str().unwrap().starts_with("2023-11-14T22:13:20"));
    assert_eq!((&known["max_input_tokens"], &known["max_tokens"]), (&json!(9000), &json!(800)));
    let supported = |name: &str| known["capabilities"][name]["supported"] == true;
    let names = ["image_input", "thinking", "pdf_input", "structured_outputs", "batch"];
    assert_eq!(names.map(supported), [true, true, false, false, false]);
}
