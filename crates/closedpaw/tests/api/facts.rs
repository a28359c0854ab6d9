//! What is known of models: in every dialect's list, from the program or from the operator's file.

use serde_json::{Value, json};
use testkit::scripted::{Answer, ScriptedProvider};

use crate::harness::{Gateway, Home, vendor};

/// A provider that lists exactly these models in OpenAI's shape, which Anthropic's fits too.
fn listing(ids: &[&str]) -> ScriptedProvider {
    let data: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
    ScriptedProvider::always(Answer::json(
        200,
        json!({ "data": data, "has_more": false }).to_string(),
    ))
}

/// Finds the member of a list whose `member` is `value`.
fn find(list: &Value, member: &str, value: &str) -> Value {
    let mut found = list.as_array().unwrap().iter().filter(|one| one[member] == value);
    found.next().unwrap_or_else(|| panic!("no {value} in {list}")).clone()
}

#[test]
fn every_dialects_list_tells_limits_and_abilities() {
    let provider = listing(&["claude-sonnet-4-5-20250929", "nobody-knows-it"]);
    let gateway = Gateway::start();
    gateway.delete("ollama").expect(200);
    gateway.register(&vendor("anthropic").registration("a", &provider));
    let (known, id) = ("claude-sonnet-4-5-20250929", "a/claude-sonnet-4-5-20250929");
    let get = |target: &str| gateway.get(target).expect(200);

    let model = find(&get("/v1/models")["data"], "id", id);
    assert_eq!((&model["context_window"], &model["owned_by"]), (&json!(1_000_000), &json!("a")));
    assert_eq!(model["max_output_tokens"], 64_000);
    assert_eq!(model["pricing"]["output_per_million_usd"], 15.0);
    assert!(model["abilities"].as_array().unwrap().contains(&json!("tools")));
    let unknown = find(&get("/v1/models")["data"], "id", "a/nobody-knows-it");
    assert_eq!(
        unknown,
        json!({ "id": "a/nobody-knows-it", "object": "model", "created": 0, "owned_by": "a" })
    );
    assert_eq!(get(&format!("/v1/models/{id}")), model);
    assert_eq!(get(&format!("/v1/models/{known}"))["context_window"], 1_000_000);

    let list = gateway.ask("GET", "/v1/models").header("anthropic-version", "2023-06-01").send();
    let model = find(&list.expect(200)["data"], "id", id);
    assert_eq!(
        (&model["max_input_tokens"], &model["max_tokens"]),
        (&json!(1_000_000), &json!(64_000))
    );
    assert_eq!(model["capabilities"]["image_input"]["supported"], true);

    let name = format!("models/{id}");
    let model = find(&get("/v1beta/models")["models"], "name", &name);
    assert_eq!((&model["inputTokenLimit"], &model["thinking"]), (&json!(1_000_000), &json!(true)));

    let model = find(&get("/mistral/v1/models")["data"], "id", id);
    assert_eq!(model["max_context_length"], 1_000_000);
    assert_eq!(model["capabilities"]["function_calling"], true);

    let model = find(&get("/api/tags")["models"], "name", id);
    assert_eq!(model["capabilities"], json!(["completion", "tools", "vision", "thinking"]));
    let shown = gateway.post("/api/show", &json!({ "model": id })).expect(200);
    assert_eq!(shown["model_info"]["a.context_length"], 1_000_000);
}

#[test]
fn a_custom_providers_price_is_the_operators_to_know() {
    let home = Home::new();
    let (config, catalog) = (home.path("config.toml"), home.path("facts.json"));
    let write = |price: &str| {
        let entry = format!(
            r#"{{"vendor":"openai","id":"gpt-4o","context":7,"price":{{"input":{price}}}}}"#
        );
        std::fs::write(&catalog, format!(r#"{{"models":[{entry}]}}"#)).unwrap();
    };
    std::fs::write(&config, "").unwrap();
    let arguments = ["--listen", "127.0.0.1:0", "--config", config.to_str().unwrap()];
    let gateway = home.serve_with(&arguments);
    let provider = listing(&["openai/gpt-4o", "anthropic/claude-sonnet-4.5"]);
    gateway.register(&vendor("custom").registration("router", &provider));
    let model = |id: &str| gateway.get(&format!("/v1/models/router/{id}")).expect(200);
    let reload = || gateway.ask("POST", "/api/config/reload").send();

    assert_eq!(model("anthropic/claude-sonnet-4.5")["context_window"], 1_000_000);
    assert_eq!(model("openai/gpt-4o")["context_window"], 128_000);
    assert_eq!(model("openai/gpt-4o").get("pricing"), None);

    std::fs::write(&config, "[models]\ncatalog = \"facts.json\"\n").unwrap();
    write("1500000");
    reload().expect(200);
    assert_eq!(model("openai/gpt-4o")["context_window"], 7);
    assert_eq!(model("openai/gpt-4o")["pricing"], json!({ "input_per_million_usd": 1.5 }));
    assert_eq!(model("anthropic/claude-sonnet-4.5")["context_window"], 1_000_000);

    write("-1");
    let refused = reload();
    refused.refused_with(400, "config.toml:2: the catalog");
    std::fs::remove_file(&catalog).unwrap();
    reload().refused_with(400, "it can't be read");
    assert_eq!(model("openai/gpt-4o")["context_window"], 7, "the old one stays");

    // A change of the registry keeps what is known.
    gateway.patch("router", &json!({ "rate_limit": 9 })).expect(200);
    assert_eq!(model("openai/gpt-4o")["context_window"], 7);
}

#[test]
fn a_faulty_catalog_ends_the_start_with_every_fault() {
    let home = Home::new();
    let config = home.path("config.toml");
    std::fs::write(&config, "[models]\ncatalog = \"facts.json\"\n").unwrap();
    let arguments = ["--listen", "127.0.0.1:0", "--config", config.to_str().unwrap()];
    let failed = home.fail_to_serve(&arguments);
    assert_eq!(failed.exit_code, Some(2), "{}", failed.stderr);
    assert!(failed.stderr.contains("facts.json: it can't be read"), "{}", failed.stderr);

    let facts = r#"{"models":[{"vendor":"acme","id":"a"},{"vendor":"openai","id":""}]}"#;
    std::fs::write(home.path("facts.json"), facts).unwrap();
    let failed = home.fail_to_serve(&arguments);
    for part in ["config.toml:2", "models[0]: vendor: `acme`", "models[1]: id: must not be empty"] {
        assert!(failed.stderr.contains(part), "{part}: {}", failed.stderr);
    }
}

#[test]
fn an_answer_without_a_bound_is_as_long_as_the_models_may_be() {
    let provider = vendor("anthropic").start();
    let gateway = Gateway::start();
    gateway.register(&vendor("anthropic").registration("a", &provider));
    for (model, expected) in [("claude-sonnet-4-5", 32_000), ("nobody-knows-it", 4096)] {
        let messages = json!([{ "role": "user", "content": "hi" }]);
        let body = json!({ "model": format!("a/{model}"), "messages": messages });
        gateway.post("/v1/chat/completions", &body).expect(200);
        let asked = provider.requests().pop().unwrap();
        assert_eq!(asked.json()["max_tokens"], expected, "{model}");
    }
}

#[test]
fn no_window_is_larger_than_what_an_ollama_server_is_asked_for() {
    let models = r#"{"models":[{"name":"codegemma:7b"}]}"#;
    let provider = ScriptedProvider::always(Answer::json(200, models));
    let gateway = Gateway::start();
    let mut registration = vendor("ollama").registration("o", &provider);
    gateway.register(&registration);
    let window = |name: &str| {
        gateway.get(&format!("/v1/models/{name}/codegemma:7b")).expect(200)["context_window"]
            .clone()
    };
    assert_eq!(window("o"), 8192);
    registration["name"] = json!("small");
    registration["settings"] = json!({ "num_ctx": 5000 });
    gateway.register(&registration);
    assert_eq!(window("small"), 5000);
}
