//! `POST /api/providers/register`, and what `GET /api/providers` shows of it.

use serde_json::{Value, json};

use crate::harness::{Gateway, VENDORS, openai, vendor};

#[test]
fn a_fresh_gateway_has_ollama_as_its_default() {
    let gateway = Gateway::start();
    let list = gateway.get("/api/providers").expect(200);
    assert_eq!(list["default_provider"], "ollama");
    assert_eq!(gateway.names(), ["ollama"]);
    let ollama = &list["providers"]["ollama"];
    assert_eq!(ollama["type"], "ollama");
    assert_eq!(ollama["enabled"], true);
    assert_eq!(ollama["default_model"], "llama3.2:3b");
    assert_eq!(ollama["base_url"], "http://127.0.0.1:11434");
    assert_eq!(ollama["network"], "local");
}

#[test]
fn each_type_has_its_defaults() {
    let gateway = Gateway::start();
    for vendor in &VENDORS {
        let name = format!("my-{}", vendor.provider_type);
        gateway.register(&vendor.smallest(&name));
        let shown = gateway.show(&name);
        let base_url = match vendor.provider_type {
            "ollama" => "http://127.0.0.1:11434",
            "openai" => "https://api.openai.com/v1",
            "anthropic" => "https://api.anthropic.com/v1",
            "google" => "https://generativelanguage.googleapis.com/v1beta",
            "mistral" => "https://api.mistral.ai/v1",
            _ => "https://models.example.com/v1",
        };
        assert_eq!(shown["base_url"], base_url);
        assert_eq!(shown["type"], vendor.provider_type);
        assert_eq!(shown["enabled"], true);
        assert_eq!(shown["is_default"], false);
        let network = if vendor.provider_type == "ollama" { "local" } else { "public" };
        assert_eq!(shown["network"], network);
        for unset in ["default_model", "rate_limit", "timeout"] {
            assert_eq!(shown[unset], Value::Null, "{unset}");
        }
    }
    assert_eq!(gateway.names().len(), 7, "in the order of registration: {:?}", gateway.names());
    assert_eq!(gateway.names()[1], "my-ollama");
}

#[test]
fn every_member_is_kept_and_shown() {
    let gateway = Gateway::start();
    let described = json!({
        "provider_type": "custom", "name": "every.Member_1", "api_key": "k", "base_url": "http://10.1.2.3:8080/x/v1/",
        "default_model": "m", "models": ["m", "n/o:p"], "enabled": false, "rate_limit": 5, "timeout": 2.5,
        "network": "local", "settings": { "preset": "vllm" }, "headers": { "X-Team": "blue", "x-org": "paw" },
    });
    gateway.register(&described);
    let shown = gateway.show("every.Member_1");
    for member in
        ["default_model", "models", "enabled", "rate_limit", "timeout", "network", "settings"]
    {
        assert_eq!(shown[member], described[member], "{member}");
    }
    assert_eq!(shown["base_url"], "http://10.1.2.3:8080/x/v1");
    assert_eq!(shown["headers"], json!(["x-org", "x-team"]));
    assert_eq!(shown["has_api_key"], true);
    assert_eq!(gateway.get("/api/providers").expect(200)["providers"]["every.Member_1"], shown);
}

#[test]
fn an_unknown_type_is_named() {
    let gateway = Gateway::start();
    for provider_type in ["azure", "OpenAI", ""] {
        let body = json!({ "provider_type": provider_type, "name": "x", "api_key": "k" });
        let sentence = format!("Invalid provider type: {provider_type}");
        gateway.try_register(&body).refused(400, &sentence);
    }
    assert_eq!(gateway.names(), ["ollama"]);
}

#[test]
fn the_cloud_types_need_a_key() {
    let gateway = Gateway::start();
    for (provider_type, title) in [
        ("openai", "OpenAI"),
        ("anthropic", "Anthropic"),
        ("google", "Google"),
        ("mistral", "Mistral"),
    ] {
        let sentence = format!("api_key is required for {title} providers: send it in the body");
        for key in [json!(null), json!("")] {
            let body = json!({ "provider_type": provider_type, "name": "x", "api_key": key });
            gateway.try_register(&body).refused(400, &sentence);
        }
    }
    assert_eq!(gateway.names(), ["ollama"]);
}

#[test]
fn a_key_that_fits_no_header_is_refused_and_not_repeated() {
    let gateway = Gateway::start();
    for key in ["two words", "line\r\nx-evil: 1", "schlüssel", &"k".repeat(4097)] {
        let body = json!({ "provider_type": "openai", "name": "x", "api_key": key });
        let detail = gateway.try_register(&body).refused_with(400, "Invalid api_key");
        assert!(!detail.contains(key), "{detail}");
    }
}

#[test]
fn names_follow_the_rule() {
    let gateway = Gateway::start();
    let longest = "n".repeat(64);
    for name in ["a", "0", "A.b_c-9", "Health", "default", &longest] {
        gateway.register(&openai().smallest(name));
        assert_eq!(gateway.show(name)["name"], name);
    }
    let too_long = "n".repeat(65);
    let rule =
        "Invalid provider name: use 1 to 64 of A-Z a-z 0-9 . _ - and start with a letter or digit";
    for name in ["", ".a", "-a", "_a", "a b", "a/b", "a%2fb", "ä", "a\n", "a\0", &too_long] {
        gateway.try_register(&openai().smallest(name)).refused(400, rule);
    }
    for name in ["health", "models", "register"] {
        gateway.try_register(&openai().smallest(name)).refused_with(400, name);
    }
}

#[test]
fn a_taken_name_is_a_conflict_and_changes_nothing() {
    let gateway = Gateway::start();
    gateway.register(&openai().smallest("work"));
    let before = gateway.get("/api/providers").expect(200);
    let taken = "Provider name 'work' is taken: choose another, or change the registered provider";
    gateway.try_register(&vendor("mistral").smallest("work")).refused(409, taken);
    assert_eq!(gateway.get("/api/providers").expect(200), before);
}

#[test]
fn each_preset_of_the_issue_is_known() {
    let gateway = Gateway::start();
    for preset in [
        "openrouter",
        "groq",
        "deepseek",
        "xai",
        "together",
        "fireworks",
        "cerebras",
        "perplexity",
        "cohere",
        "nvidia",
        "lmstudio",
        "vllm",
        "llamacpp",
        "localai",
        "jan",
    ] {
        let settings = json!({ "preset": preset });
        gateway.register(&json!({
            "provider_type": "custom", "name": preset, "api_key": "k", "settings": settings,
        }));
        let shown = gateway.show(preset);
        let scheme = if shown["network"] == "local" { "http://" } else { "https://" };
        assert!(shown["base_url"].as_str().unwrap().starts_with(scheme), "{shown}");
    }
}

#[test]
fn a_key_is_shown_by_its_last_characters_only_when_it_is_long() {
    let gateway = Gateway::start();
    for (name, key, last4) in [
        ("long", "sk-0123456789abcdefXYZW", json!("XYZW")),
        ("just", "01234567890123456789", json!("6789")),
        ("short", "0123456789012345678", json!(null)),
    ] {
        gateway.register(&json!({ "provider_type": "openai", "name": name, "api_key": key }));
        let answer = gateway.get(&format!("/api/providers/{name}"));
        assert!(!answer.text().contains(key));
        let shown = answer.expect(200);
        assert_eq!(shown["has_api_key"], true);
        assert_eq!(shown["api_key_last4"], last4, "{name}");
    }
    assert_eq!(gateway.show("ollama")["has_api_key"], false);
}

#[test]
fn headers_are_sent_and_shown_by_name_only() {
    let provider = vendor("custom").start();
    let gateway = Gateway::start();
    let mut body = vendor("custom").registration("x", &provider);
    body["headers"] = json!({ "X-Team": "blue-canary", "anthropic-beta": "one,two" });
    gateway.register(&body);
    let list = gateway.get("/api/providers");
    assert!(!list.text().contains("blue-canary"));
    assert_eq!(gateway.show("x")["headers"], json!(["anthropic-beta", "x-team"]));
    gateway.chat(&json!({ "message": "hi", "provider": "x" })).expect(200);
    let request = &provider.requests()[0];
    assert_eq!(request.header("x-team"), Some("blue-canary"));
    assert_eq!(request.header("anthropic-beta"), Some("one,two"));
}

#[test]
fn headers_that_are_ours_to_set_are_refused() {
    let gateway = Gateway::start();
    for name in [
        "Host",
        "Content-Length",
        "content-type",
        "Transfer-Encoding",
        "Connection",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Upgrade",
        "Proxy-Authorization",
        "x-closedpaw-provider",
        "bad name",
        "",
    ] {
        let mut body = openai().smallest("x");
        body["headers"] = json!({ name: "hush-hush" });
        let detail = gateway.try_register(&body).refused_with(400, "");
        assert!(!detail.contains("hush"), "{detail}");
    }
    let mut body = openai().smallest("x");
    body["headers"] = json!({ "x-a": "1\r\nx-b: 2" });
    gateway.try_register(&body).refused_with(400, "x-a");
}

#[test]
fn the_first_registered_is_the_default_while_there_is_none() {
    let gateway = Gateway::start();
    let removed = gateway.delete("ollama").expect(200);
    assert_eq!(removed, json!({ "status": "success", "default_provider": null }));
    assert_eq!(gateway.get("/api/providers").expect(200)["default_provider"], Value::Null);
    gateway.register(&openai().smallest("first"));
    gateway.register(&openai().smallest("second"));
    assert_eq!(gateway.get("/api/providers").expect(200)["default_provider"], "first");
}
