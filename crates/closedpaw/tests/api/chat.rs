//! `POST /api/chat/multi`: whole answers, and every way not to get one.

use serde_json::{Value, json};
use testkit::scripted::{Answer, ScriptedProvider};

use crate::harness::{Gateway, VENDORS, openai, vendor};

#[test]
fn each_type_answers_in_one_shape() {
    let gateway = Gateway::start();
    for vendor in &VENDORS {
        let provider = vendor.start();
        let name = format!("my-{}", vendor.provider_type);
        gateway.register(&vendor.registration(&name, &provider));
        let answer = gateway.chat(&json!({ "message": "hi", "provider": name }));
        let mut body = answer.expect(200);
        assert!(body["latency_ms"].take().is_u64());
        assert_eq!(
            body,
            json!({
                "response": "Hello world!", "model": "alpha", "provider": name, "tokens": 10, "latency_ms": null,
                "finish_reason": "stop",
                "usage": { "prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10 },
            })
        );
        assert_eq!(answer.header("x-closedpaw-provider"), Some(name.as_str()));
        assert_eq!(answer.header("x-closedpaw-model"), Some("alpha"));
        assert_eq!(answer.header("x-closedpaw-attempts"), Some("1"));
        let timing = answer.header("server-timing").unwrap();
        assert!(timing.starts_with("gateway;dur=") && timing.contains("upstream;dur="), "{timing}");
        assert_eq!(provider.requests()[0].target, vendor.chat_targets[0]);
    }
}

/// What a conversation is in each dialect, with its roles.
fn conversation_of(provider_type: &str, sent: &Value) -> Value {
    match provider_type {
        "anthropic" => json!([sent["system"], sent["messages"]]),
        "google" => json!([sent["systemInstruction"], sent["contents"]]),
        _ => sent["messages"].clone(),
    }
}

/// The texts and roles of a conversation, whatever holds them.
fn turns(value: &Value, role: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => found.push((role.to_owned(), text.clone())),
        Value::Array(items) => items.iter().for_each(|item| turns(item, role, found)),
        Value::Object(members) => {
            let role = members.get("role").and_then(Value::as_str).unwrap_or(role);
            for name in ["parts", "content", "text"] {
                members.get(name).into_iter().for_each(|value| turns(value, role, found));
            }
        }
        _ => {}
    }
}

#[test]
fn each_type_is_sent_the_roles() {
    let gateway = Gateway::start();
    let messages = json!([
        { "role": "system", "content": "Be brief." },
        { "role": "user", "content": "One?" },
        { "role": "assistant", "content": "Two." },
        { "role": "user", "content": "Three?" },
    ]);
    for vendor in &VENDORS {
        let provider = vendor.start();
        gateway.register(&vendor.registration("x", &provider));
        gateway.chat(&json!({ "messages": messages, "provider": "x" })).expect(200);
        gateway.delete("x").expect(200);

        let sent = conversation_of(vendor.provider_type, &provider.requests()[0].json());
        let mut found = Vec::new();
        turns(&sent, "system", &mut found);
        let assistant = if vendor.provider_type == "google" { "model" } else { "assistant" };
        let expected =
            [("system", "Be brief."), ("user", "One?"), (assistant, "Two."), ("user", "Three?")];
        let expected = expected.map(|(role, text)| (role.to_owned(), text.to_owned()));
        assert_eq!(found, expected, "{}: {sent}", vendor.provider_type);
    }
}

#[test]
fn sampling_reaches_each_type() {
    let gateway = Gateway::start();
    for (provider_type, expected) in [
        (
            "ollama",
            json!({ "/options/temperature": 0.5, "/options/top_p": 0.9, "/options/num_predict": 20, "/options/seed": 4, "/options/stop": ["END"] }),
        ),
        (
            "openai",
            json!({ "/temperature": 0.5, "/top_p": 0.9, "/max_completion_tokens": 20, "/seed": 4, "/stop": ["END"] }),
        ),
        (
            "anthropic",
            json!({ "/temperature": 0.5, "/top_p": 0.9, "/max_tokens": 20, "/stop_sequences": ["END"] }),
        ),
        (
            "google",
            json!({
                "/generationConfig/temperature": 0.5, "/generationConfig/topP": 0.9, "/generationConfig/maxOutputTokens": 20,
                "/generationConfig/seed": 4, "/generationConfig/stopSequences": ["END"],
            }),
        ),
        (
            "mistral",
            json!({ "/temperature": 0.5, "/top_p": 0.9, "/max_tokens": 20, "/random_seed": 4, "/stop": ["END"] }),
        ),
        (
            "custom",
            json!({ "/temperature": 0.5, "/top_p": 0.9, "/max_tokens": 20, "/seed": 4, "/stop": ["END"] }),
        ),
    ] {
        let provider = vendor(provider_type).start();
        gateway.register(&vendor(provider_type).registration("x", &provider));
        gateway.chat(&json!({
            "message": "hi", "provider": "x", "temperature": 0.5, "top_p": 0.9, "max_tokens": 20, "seed": 4, "stop": "END",
        })).expect(200);
        gateway.delete("x").expect(200);
        let sent = provider.requests()[0].json();
        for (pointer, value) in expected.as_object().unwrap() {
            assert_eq!(sent.pointer(pointer), Some(value), "{provider_type} {pointer}: {sent}");
        }
    }
}

#[test]
fn what_a_provider_can_not_be_told_is_named() {
    let gateway = Gateway::start();
    let provider = vendor("anthropic").start();
    gateway.register(&vendor("anthropic").registration("x", &provider));
    let answer = gateway.chat(&json!({ "message": "hi", "provider": "x", "seed": 4 }));
    answer.expect(200);
    assert!(answer.header("x-closedpaw-dropped").unwrap().contains("seed"));
}

#[test]
fn the_model_is_the_one_asked_for_else_the_default_one_else_a_question() {
    let gateway = Gateway::start();
    let provider = ScriptedProvider::always(Answer::json(200, openai().answer));
    let mut body = openai().registration("x", &provider);
    gateway.register(&body);
    let named =
        gateway.chat(&json!({ "message": "hi", "provider": "x", "model": "gamma" })).expect(200);
    assert_eq!(named["model"], "gamma");
    gateway.chat(&json!({ "message": "hi", "provider": "x", "model": "" })).expect(200);
    let sent: Vec<_> =
        provider.requests().iter().map(|request| request.json()["model"].clone()).collect();
    assert_eq!(sent, ["gamma", "alpha"]);

    body["name"] = json!("y");
    body["default_model"] = json!(null);
    gateway.register(&body);
    gateway.chat(&json!({ "message": "hi", "provider": "y" })).refused(
        400,
        "No model given, and provider y has no default_model: send 'model' or set one",
    );
}

#[test]
fn what_can_not_be_asked_is_said_before_anyone_is() {
    let gateway = Gateway::start();
    let nobody = json!({ "message": "hi", "provider": "nobody" });
    gateway.chat(&nobody).refused(404, "Provider not found: nobody");
    let both = json!({ "message": "hi", "messages": [{ "role": "user", "content": "hi" }] });
    gateway.chat(&both).refused(400, "Send either 'message' or 'messages', not both");
    gateway.chat(&json!({ "messages": [] })).refused_with(400, "'messages' is empty");
    gateway.delete("ollama").expect(200);
    gateway
        .chat(&json!({ "message": "hi" }))
        .refused_with(400, "No provider given, and none is the default");
}

#[test]
fn connections_to_a_provider_are_kept() {
    let gateway = Gateway::start();
    let provider = openai().start();
    gateway.register(&openai().registration("x", &provider));
    for _ in 0..20 {
        gateway.chat(&json!({ "message": "hi", "provider": "x" })).expect(200);
    }
    // One call may come before the connection of the last one is back in its place.
    let connections = provider.connections();
    assert!(connections <= 5, "{connections} connections");
}

#[test]
fn a_provider_is_sent_our_headers_alone() {
    let gateway = Gateway::start();
    let provider = openai().start();
    gateway.register(&openai().registration("x", &provider));
    let ask = gateway.ask("POST", "/api/chat/multi").header("x-evil", "1").header("cookie", "a=b");
    let ask = ask.header("x-forwarded-for", "1.2.3.4").header("user-agent", "caller/1");
    ask.json(&json!({ "message": "hi", "provider": "x" })).send().expect(200);
    let request = &provider.requests()[0];
    for name in ["x-evil", "cookie", "x-forwarded-for", "x-api-key"] {
        assert_eq!(request.header(name), None, "{name}");
    }
    assert_ne!(request.header("user-agent"), Some("caller/1"));
    let all = format!("{:?}", request.headers);
    assert!(!all.contains(&gateway.key), "the admin key left the house");
}
