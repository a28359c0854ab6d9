//! Changing and removing providers, and choosing the default.

use serde_json::{Value, json};

use crate::harness::{Gateway, VENDORS, openai, vendor};

#[test]
fn any_member_can_be_changed_and_the_rest_stays() {
    let gateway = Gateway::start();
    gateway.register(
        &json!({ "provider_type": "openai", "name": "work", "api_key": "k-0123456789-0123456789" }),
    );
    let mut expected = gateway.show("work");
    for (member, value) in [
        ("default_model", json!("gpt-x")),
        ("models", json!(["gpt-x", "gpt-y"])),
        ("enabled", json!(false)),
        ("rate_limit", json!(3)),
        ("timeout", json!(12.5)),
        ("base_url", json!("https://api.openai.com/v2")),
    ] {
        let answer = gateway.patch("work", &json!({ member: value })).expect(200);
        expected[member] = value;
        assert_eq!(answer, expected);
        assert_eq!(gateway.show("work"), expected);
    }
    gateway.patch("work", &json!({ "api_key": "another-key-0123456-wxyz" })).expect(200);
    assert_eq!(gateway.show("work")["api_key_last4"], "wxyz");
    gateway.patch("work", &json!({ "headers": { "X-A": "1" } })).expect(200);
    assert_eq!(gateway.show("work")["headers"], json!(["x-a"]));
}

#[test]
fn null_takes_a_member_back_to_its_default() {
    let gateway = Gateway::start();
    gateway.register(&json!({
        "provider_type": "ollama", "name": "x", "api_key": "k", "base_url": "http://127.0.0.1:1", "default_model": "m",
        "models": ["m"], "enabled": false, "rate_limit": 1, "timeout": 1, "headers": { "x-a": "1" },
    }));
    let all = json!({
        "api_key": null, "base_url": null, "default_model": null, "models": null, "enabled": null,
        "rate_limit": null, "timeout": null, "network": null, "settings": null, "headers": null,
    });
    let shown = gateway.patch("x", &all).expect(200);
    gateway.register(&json!({ "provider_type": "ollama", "name": "plain" }));
    let mut plain = gateway.show("plain");
    plain["name"] = shown["name"].clone();
    plain["created_at"] = shown["created_at"].clone();
    assert_eq!(shown, plain);
}

#[test]
fn a_new_origin_needs_the_key_again() {
    let gateway = Gateway::start();
    let (old, new) = (openai().start(), openai().start());
    gateway.register(&openai().registration("x", &old));
    let move_to = json!({ "base_url": format!("{}/v1", new.url()) });
    gateway.patch("x", &move_to).refused_with(400, "another origin: send api_key again");
    assert_eq!(gateway.show("x")["base_url"], format!("{}/v1", old.url()));

    let mut with_key = move_to;
    with_key["api_key"] = json!("key-for-the-new-origin");
    gateway.patch("x", &with_key).expect(200);
    gateway.chat(&json!({ "message": "hi", "provider": "x" })).expect(200);
    assert_eq!(old.calls(), 0);
    assert_eq!(new.requests()[0].header("authorization"), Some("Bearer key-for-the-new-origin"));

    let same_origin = json!({ "base_url": format!("{}/v1/", new.url()) });
    gateway.patch("x", &same_origin).expect(200);
}

#[test]
fn a_new_origin_needs_the_headers_again() {
    let gateway = Gateway::start();
    gateway.register(&json!({
        "provider_type": "ollama", "name": "x", "base_url": "http://127.0.0.1:1", "headers": { "x-a": "1" },
    }));
    let base_url = json!("http://127.0.0.1:2");
    gateway.patch("x", &json!({ "base_url": base_url })).refused_with(400, "another origin");
    gateway.patch("x", &json!({ "base_url": base_url, "headers": {} })).expect(200);
    assert_eq!(gateway.show("x")["headers"], json!([]));
}

#[test]
fn a_change_is_held_to_the_rules_of_a_registration() {
    let gateway = Gateway::start();
    gateway.register(&json!({ "provider_type": "openai", "name": "x", "api_key": "k" }));
    let before = gateway.show("x");
    gateway
        .patch("x", &json!({ "base_url": "http://127.0.0.1/v1" }))
        .refused_with(400, "network: local");
    gateway
        .patch(
            "x",
            &json!({ "base_url": "http://169.254.169.254", "network": "local", "api_key": "k" }),
        )
        .refused_with(400, "never reachable");
    gateway.patch("x", &json!({ "name": "y" })).refused_with(400, "name can't be changed");
    gateway
        .patch("x", &json!({ "provider_type": "google" }))
        .refused_with(400, "type can't be changed");
    gateway
        .patch("x", &json!({ "settings": { "preset": "groq" } }))
        .refused_with(400, "Unknown setting");
    gateway.patch("x", &json!({ "rate_limit": "many" })).expect(422);
    gateway.patch("nobody", &json!({ "enabled": true })).refused(404, "Provider not found");
    assert_eq!(gateway.show("x"), before);
}

#[test]
fn a_local_provider_can_not_become_public_where_it_is() {
    let gateway = Gateway::start();
    gateway.patch("ollama", &json!({ "network": "public" })).refused_with(400, "network: local");
}

#[test]
fn requests_under_way_end_as_they_began() {
    let provider = openai().start_with_chat(
        testkit::scripted::Answer::json(200, openai().answer)
            .after(std::time::Duration::from_millis(300)),
    );
    let gateway = Gateway::start();
    gateway.register(&openai().registration("x", &provider));
    std::thread::scope(|scope| {
        let chat = scope.spawn(|| gateway.chat(&json!({ "message": "hi", "provider": "x" })));
        crate::harness::eventually("the chat arrives", || provider.calls() == 1);
        gateway.delete("x").expect(200);
        gateway.get("/api/providers/x").refused(404, "Provider not found");
        assert_eq!(chat.join().unwrap().expect(200)["response"], "Hello world!");
    });
}

#[test]
fn a_removed_provider_is_gone_everywhere() {
    let gateway = Gateway::start();
    gateway.register(
        &json!({ "provider_type": "openai", "name": "x", "api_key": "k", "enabled": false }),
    );
    let removed = gateway.delete("x").expect(200);
    assert_eq!(removed, json!({ "status": "success", "default_provider": "ollama" }));
    gateway.delete("x").refused(404, "Provider not found");
    gateway.get("/api/providers/x").refused(404, "Provider not found");
    gateway.get("/api/providers/x/models").refused(404, "Provider not found");
    gateway.get("/api/providers/x/health").refused(404, "Provider not found");
    gateway.post("/api/providers/x/test", &json!({})).refused(404, "Provider not found");
    gateway
        .chat(&json!({ "message": "hi", "provider": "x" }))
        .refused(404, "Provider not found: x");
    assert_eq!(gateway.names(), ["ollama"]);
    gateway.register(&json!({ "provider_type": "ollama", "name": "x" }));
}

#[test]
fn a_removed_default_passes_to_the_earliest_that_is_enabled() {
    let gateway = Gateway::start();
    for (name, enabled) in [("a", false), ("b", true), ("c", true)] {
        gateway.register(&json!({ "provider_type": "ollama", "name": name, "enabled": enabled }));
    }
    for (removed, next) in [("ollama", json!("b")), ("b", json!("c")), ("c", Value::Null)] {
        assert_eq!(gateway.delete(removed).expect(200)["default_provider"], next);
        assert_eq!(gateway.get("/api/providers").expect(200)["default_provider"], next);
    }
    assert_eq!(gateway.names(), ["a"]);
}

#[test]
fn the_default_is_chosen_by_name_and_asked() {
    let gateway = Gateway::start();
    let providers: Vec<_> = VENDORS.iter().map(|vendor| (vendor, vendor.start())).collect();
    for (vendor, provider) in &providers {
        gateway.register(&vendor.registration(&format!("my-{}", vendor.provider_type), provider));
    }
    for (vendor, _) in &providers {
        let name = format!("my-{}", vendor.provider_type);
        let answer =
            gateway.ask("POST", &format!("/api/providers/{name}/default")).send().expect(200);
        assert_eq!(answer, json!({ "status": "success", "default_provider": name }));
        assert_eq!(gateway.get("/api/providers").expect(200)["default_provider"], json!(name));
        assert_eq!(gateway.show(&name)["is_default"], true);
        assert_eq!(gateway.chat(&json!({ "message": "hi" })).expect(200)["provider"], json!(name));
    }
    let nobody = gateway.ask("POST", "/api/providers/nobody/default").send();
    nobody.refused(404, "Provider not found");
}

#[test]
fn a_changed_key_is_the_one_that_is_sent() {
    let gateway = Gateway::start();
    for vendor in &VENDORS {
        let provider = vendor.start();
        let name = format!("my-{}", vendor.provider_type);
        gateway.register(&vendor.registration(&name, &provider));
        gateway.patch(&name, &json!({ "api_key": "the-new-key" })).expect(200);
        gateway.chat(&json!({ "message": "hi", "provider": name })).expect(200);
        let (header, prefix) = vendor.credential;
        let sent = format!("{prefix}the-new-key");
        assert_eq!(provider.requests()[0].header(header), Some(sent.as_str()));
    }
}

#[test]
fn a_forgotten_key_is_asked_for() {
    let gateway = Gateway::start();
    for (provider_type, sentence) in [
        ("openai", "OpenAI API key not configured"),
        ("anthropic", "Anthropic API key not configured"),
        ("google", "Google API key not configured"),
        ("mistral", "Mistral API key not configured"),
    ] {
        let provider = vendor(provider_type).start();
        let name = format!("my-{provider_type}");
        gateway.register(&vendor(provider_type).registration(&name, &provider));
        gateway.patch(&name, &json!({ "api_key": null })).expect(200);
        assert_eq!(gateway.show(&name)["has_api_key"], false);
        for stream in [false, true] {
            let body = json!({ "message": "hi", "provider": name, "stream": stream });
            gateway.chat(&body).refused(400, sentence);
        }
        assert_eq!(provider.calls(), 0);
    }
}
