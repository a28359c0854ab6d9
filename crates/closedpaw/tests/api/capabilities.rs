//! What is told beforehand of calls, held to what then happens to them.

use serde_json::{Value, json};

use crate::harness::{Gateway, VENDORS, vendor};

#[test]
fn what_is_told_to_get_lost_gets_lost_and_nothing_else() {
    let gateway = Gateway::start();
    let providers: Vec<_> = VENDORS.iter().map(|vendor| (vendor, vendor.start())).collect();
    for (vendor, provider) in &providers {
        gateway.register(&vendor.registration(&format!("my-{}", vendor.provider_type), provider));
    }
    let told = gateway.get("/v1/capabilities").expect(200);
    assert_eq!(told.get("model"), None);
    let asks = [
        ("logprobs", json!({ "logprobs": true, "top_logprobs": 2 })),
        ("seed", json!({ "seed": 7 })),
        ("n", json!({ "n": 2 })),
        ("stop", json!({ "stop": ["END"] })),
        ("user", json!({ "user": "somebody" })),
        ("json", json!({ "response_format": { "type": "json_object" } })),
        ("reasoning_effort", json!({ "reasoning_effort": "medium" })),
        ("presence_penalty", json!({ "presence_penalty": 0.5 })),
    ];
    for (vendor, _) in &providers {
        let name = format!("my-{}", vendor.provider_type);
        let provider = &told["providers"][&name];
        assert_eq!(provider["type"], vendor.provider_type);
        let lane = provider["endpoints"]["/v1/chat/completions"].as_str().unwrap();
        for (feature, members) in &asks {
            let feature = &provider["features"][feature];
            let lost: Vec<_> =
                feature["lost"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert_eq!(feature["supported"], json!(lost.is_empty()));
            let mut body = members.clone();
            body["model"] = json!(format!("{name}/alpha"));
            body["messages"] = json!([{ "role": "user", "content": "hello" }]);
            let answer = gateway.post("/v1/chat/completions", &body);
            assert_eq!(answer.status, 200, "{name} {members}: {}", answer.text());
            let expected =
                Some(lost.join(", ")).filter(|lost| lane == "translate" && !lost.is_empty());
            let dropped = answer.header("x-closedpaw-dropped").map(str::to_owned);
            assert_eq!(dropped, expected, "{name} {members}");
        }
    }
}

#[test]
fn every_endpoint_is_there_and_takes_the_lane_that_is_told() {
    let gateway = Gateway::start();
    let told = gateway.get("/v1/capabilities?provider=ollama").expect(200);
    let endpoints = told["providers"]["ollama"]["endpoints"].as_object().unwrap();
    for path in endpoints.keys() {
        let path = path.replace("{model}", "nobody/m");
        let answer = gateway.post(&path, &json!({ "model": "" }));
        assert!(![404, 405].contains(&answer.status) || path.contains("nobody"), "{path}");
        assert!(!answer.text().contains("nothing at this path"), "{path}: {}", answer.text());
    }
    for (provider_type, path, lane) in [
        ("ollama", "/api/chat", "bytes"),
        ("ollama", "/v1/messages", "translate"),
        ("ollama", "/v1/embeddings", "translate"),
        ("ollama", "/mistral/v1/fim/completions", "refused"),
        ("mistral", "/mistral/v1/fim/completions", "bytes"),
        ("openai", "/v1/responses", "bytes"),
        ("custom", "/v1/responses", "translate"),
        ("anthropic", "/v1/messages", "bytes"),
        ("anthropic", "/v1/embeddings", "refused"),
        ("anthropic", "/v1/messages/count_tokens", "bytes"),
        ("google", "/v1/messages/count_tokens", "translate"),
        ("google", "/v1beta/models/{model}:embedContent", "bytes"),
    ] {
        if provider_type != "ollama" {
            gateway.try_register(&vendor(provider_type).smallest(provider_type));
        }
        let told = gateway.get(&format!("/v1/capabilities?provider={provider_type}")).expect(200);
        let provider = &told["providers"][provider_type];
        assert_eq!(provider["endpoints"][path], lane, "{provider_type} {path}");
        assert_eq!(provider["embeddings"], json!(provider_type != "anthropic"));
        assert_eq!(provider["fim"], json!(provider_type == "mistral"));
        let counts = ["anthropic", "google"].contains(&provider_type);
        assert_eq!(provider["count_tokens"], json!(counts), "{provider_type}");
    }
}

#[test]
fn a_model_is_told_of_with_its_facts() {
    let gateway = Gateway::start();
    gateway.register(&vendor("google").smallest("g"));
    let told = gateway.get("/v1/capabilities?model=g/gemini-2.5-flash").expect(200);
    assert_eq!(told["providers"].as_object().unwrap().keys().collect::<Vec<_>>(), ["g"]);
    assert_eq!(told["model"]["context_window"], 1_048_576);
    assert_eq!(told["model"]["id"], "g/gemini-2.5-flash");
    // Only its older models can be told not to think.
    assert_eq!(told["providers"]["g"]["features"]["reasoning_off"]["supported"], true);
    let newer = gateway.get("/v1/capabilities?provider=g&model=gemini-3-pro-preview").expect(200);
    assert_eq!(
        newer["providers"]["g"]["features"]["reasoning_off"]["lost"],
        json!(["reasoning.effort"])
    );

    for (query, status, part) in [
        ("provider=nobody", 404, "nobody"),
        ("modle=x", 400, "unknown parameter `modle`"),
        ("provider=g&model=", 400, "No model given"),
    ] {
        let answer = gateway.get(&format!("/v1/capabilities?{query}"));
        let error = answer.expect(status)["error"]["message"].as_str().unwrap().to_owned();
        assert!(error.contains(part), "{query}: {error}");
    }
    assert_eq!(gateway.ask_without_key("GET", "/v1/capabilities").send().status, 401);
    gateway.patch("g", &json!({ "enabled": false })).expect(200);
    assert_eq!(gateway.get("/v1/capabilities?provider=g").status, 400);
    assert_eq!(gateway.get("/v1/capabilities").expect(200)["providers"].get("g"), None);
}
