//! The bugs of the original, by name, and the calls of its clients, which still work.

use serde_json::json;
use testkit::scripted::{Answer, ScriptedProvider};

use crate::harness::{Gateway, Home, VENDORS, openai, vendor};

#[test]
fn it_kept_everything_in_memory() {
    let home = Home::new();
    let gateway = home.serve();
    gateway.register(&json!({ "provider_type": "openai", "name": "work", "api_key": "k" }));
    gateway.kill();
    drop(gateway);
    assert_eq!(home.serve().names(), ["ollama", "work"]);
}

#[test]
fn it_took_keys_in_urls() {
    let gateway = Gateway::start();
    let target = "/api/providers/register?provider_type=openai&name=work&api_key=sk-1";
    gateway.ask("POST", target).send().refused_with(400, "send it in the body");
    assert_eq!(gateway.names(), ["ollama"]);
}

#[test]
fn it_hard_coded_the_clouds_model_lists() {
    let gateway = Gateway::start();
    for provider_type in ["openai", "anthropic", "google", "mistral"] {
        let provider = vendor(provider_type).start();
        gateway.register(&vendor(provider_type).registration(provider_type, &provider));
        let models = gateway.get(&format!("/api/providers/{provider_type}/models")).expect(200);
        assert_eq!(models["models"], json!(["alpha", "beta"]));
        assert_eq!(provider.calls(), 1);
    }
}

#[test]
fn it_called_a_keys_presence_healthy() {
    let gateway = Gateway::start();
    for provider_type in ["openai", "anthropic", "google", "mistral"] {
        let answer = Answer::json(401, r#"{"error":{"message":"bad key"}}"#);
        let provider = ScriptedProvider::always(answer);
        gateway.register(&vendor(provider_type).registration(provider_type, &provider));
        let health = gateway.get(&format!("/api/providers/{provider_type}/health")).expect(200);
        assert_eq!(health["healthy"], false);
    }
    gateway.delete("ollama").expect(200);
    let all = gateway.get("/api/providers/health").expect(200);
    assert_eq!(
        all,
        json!({ "openai": false, "anthropic": false, "google": false, "mistral": false })
    );
}

#[test]
fn it_flattened_ollama_chats_into_a_prompt() {
    let gateway = Gateway::start();
    let provider = vendor("ollama").start();
    gateway.register(&vendor("ollama").registration("x", &provider));
    let messages = json!([
        { "role": "system", "content": "Be brief." },
        { "role": "user", "content": "One?" },
        { "role": "assistant", "content": "Two." },
        { "role": "user", "content": "Three?" },
    ]);
    gateway.chat(&json!({ "messages": messages, "provider": "x" })).expect(200);
    let request = &provider.requests()[0];
    assert_eq!(request.target, "/api/chat");
    let sent = request.json();
    assert_eq!(sent["messages"], messages);
    assert_eq!(sent.get("prompt"), None);
}

#[test]
fn it_sent_geminis_system_prompt_as_a_user_turn_and_its_key_in_the_url() {
    let gateway = Gateway::start();
    let google = vendor("google");
    let provider = google.start();
    gateway.register(&google.registration("x", &provider));
    for stream in [false, true] {
        let messages = json!([
            { "role": "system", "content": "Be brief." }, { "role": "user", "content": "Hi." },
        ]);
        let chat = json!({ "messages": messages, "provider": "x", "stream": stream });
        assert_eq!(gateway.chat(&chat).status, 200);
    }
    gateway.get("/api/providers/x/models").expect(200);
    gateway.get("/api/providers/x/health").expect(200);
    for request in provider.requests() {
        assert!(!request.target.contains("key"), "{}", request.target);
        assert_eq!(request.header("x-goog-api-key"), Some(google.key().as_str()));
        if request.method == "POST" {
            let sent = request.json();
            assert_eq!(sent["systemInstruction"]["parts"], json!([{ "text": "Be brief." }]));
            assert_eq!(sent["contents"], json!([{ "role": "user", "parts": [{ "text": "Hi." }] }]));
        }
    }
}

#[test]
fn it_broke_on_custom() {
    let gateway = Gateway::start();
    let provider = vendor("custom").start();
    gateway.register(&vendor("custom").registration("x", &provider));
    let answer = gateway.chat(&json!({ "message": "hi", "provider": "x" })).expect(200);
    assert_eq!(answer["response"], "Hello world!");
    assert_eq!(gateway.get("/api/providers/x/health").expect(200)["healthy"], true);
}

#[test]
fn it_did_not_enforce_enabled() {
    let gateway = Gateway::start();
    let provider = openai().start();
    gateway.register(&openai().registration("x", &provider));
    gateway.patch("x", &json!({ "enabled": false })).expect(200);
    gateway.chat(&json!({ "message": "hi", "provider": "x" })).refused_with(400, "disabled");
    assert_eq!(provider.calls(), 0);
}

#[test]
fn it_did_not_enforce_rate_limit() {
    let gateway = Gateway::start();
    let provider = openai().start();
    let mut body = openai().registration("x", &provider);
    body["rate_limit"] = json!(1);
    gateway.register(&body);
    let status = || gateway.chat(&json!({ "message": "hi", "provider": "x" })).status;
    assert_eq!((status(), status()), (200, 429));
}

#[test]
fn it_did_not_enforce_unique_names() {
    let gateway = Gateway::start();
    let again = json!({ "provider_type": "ollama", "name": "ollama", "default_model": "other" });
    assert_eq!(gateway.try_register(&again).status, 409);
    assert_eq!(gateway.show("ollama")["default_model"], "llama3.2:3b");
}

#[test]
fn its_clients_register_and_chat_by_query_parameters() {
    let gateway = Gateway::start();
    let provider = vendor("ollama").start();
    let base_url = provider.url().replace(':', "%3A").replace('/', "%2F");
    let target = format!(
        "/api/providers/register?provider_type=ollama&name=second&base_url={base_url}&default_model=alpha"
    );
    let registered = gateway.ask("POST", &target).send().expect(200);
    assert_eq!(registered, json!({ "status": "success", "provider": "second" }));

    let chosen = gateway.ask("POST", "/api/providers/second/default").send().expect(200);
    assert_eq!(chosen, json!({ "status": "success", "default_provider": "second" }));

    for target in [
        "/api/chat/multi?message=Good+morning%21",
        "/api/chat/multi?message=Good%20morning%21&provider=second&model=beta",
    ] {
        let answer = gateway.ask("POST", target).send().expect(200);
        assert_eq!(answer["response"], "Hello world!");
        assert_eq!(answer["provider"], "second");
        assert_eq!(answer["tokens"], 10);
    }
    let sent: Vec<_> = provider.requests().iter().map(|request| request.json()).collect();
    assert_eq!(sent[0]["messages"], json!([{ "role": "user", "content": "Good morning!" }]));
    assert_eq!((&sent[0]["model"], &sent[1]["model"]), (&json!("alpha"), &json!("beta")));
}

#[test]
fn its_clients_read_these_shapes() {
    let gateway = Gateway::start();
    gateway.delete("ollama").expect(200);
    let providers: Vec<_> = VENDORS.iter().map(|vendor| (vendor, vendor.start())).collect();
    for (vendor, provider) in &providers {
        gateway.register(&vendor.registration(vendor.provider_type, provider));
    }
    let list = gateway.get("/api/providers").expect(200);
    for (vendor, _) in &providers {
        let provider = &list["providers"][vendor.provider_type];
        assert!(provider["type"].is_string() && provider["enabled"].is_boolean());
        assert!(provider["default_model"].is_string() && provider["base_url"].is_string());
    }
    let models = gateway.get("/api/providers/models").expect(200);
    let health = gateway.get("/api/providers/health").expect(200);
    for (vendor, _) in &providers {
        assert_eq!(models[vendor.provider_type], json!(["alpha", "beta"]));
        assert_eq!(health[vendor.provider_type], true);
    }
}
