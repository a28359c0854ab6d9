//! Callers whose provider speaks another dialect: what both can say arrives, and what gets lost is told.

use serde_json::{Value, json};
use testkit::scripted::{Answer, ScriptedProvider};

use crate::harness::{CALLERS, Caller, Gateway, VENDORS, caller, vendor};

/// Whether the caller's bytes pass to this type as they are.
fn speaks_alike(caller: &Caller, provider_type: &str) -> bool {
    caller.provider_type == provider_type
        || (caller.name == "openai_chat" && provider_type == "custom")
}

#[test]
fn every_caller_is_answered_by_every_type() {
    let gateway = Gateway::start();
    for caller in CALLERS.iter().filter(|caller| caller.name != "mistral_fim") {
        for vendor in VENDORS.iter().filter(|vendor| !speaks_alike(caller, vendor.provider_type)) {
            let context = format!("{} over {}", caller.name, vendor.provider_type);
            let provider = vendor.start();
            gateway.register(&vendor.registration("x", &provider));
            let answer = caller.ask(&gateway, "x/alpha", false).send();
            assert_eq!(answer.status, 200, "{context}: {}", answer.text());
            assert_eq!(answer.header("content-type"), Some("application/json"), "{context}");
            assert_eq!(answer.header("x-closedpaw-provider"), Some("x"), "{context}");
            assert_eq!(answer.header("x-closedpaw-attempts"), Some("1"), "{context}");
            assert!(answer.header("server-timing").is_some(), "{context}");
            assert_eq!(answer.header("x-closedpaw-dropped"), None, "{context}");
            let body = answer.expect(200);
            assert_eq!(caller.text(&body), "Hello world!", "{context}");
            for tokens in ["7", "3"] {
                assert!(body.to_string().contains(&format!(":{tokens}")), "{context}: {body}");
            }
            let told = caller.read(caller.ask(&gateway, "x/alpha", true).open());
            assert_eq!((told.text.as_str(), told.ended), ("Hello world!", true), "{context}");
            let targets: Vec<_> =
                provider.requests().into_iter().map(|request| request.target).collect();
            assert_eq!(targets, vendor.chat_targets, "{context}");
            for request in provider.requests() {
                assert_eq!(request.header("anthropic-beta"), None);
            }
            gateway.delete("x").expect(200);
        }
    }
}

#[test]
fn only_mistral_fills_in_the_middle() {
    let gateway = Gateway::start();
    let fim = caller("mistral_fim");
    for vendor in VENDORS.iter().filter(|vendor| vendor.provider_type != "mistral") {
        let provider = vendor.start();
        gateway.register(&vendor.registration("x", &provider));
        for stream in [false, true] {
            let answer = fim.ask(&gateway, "x/alpha", stream).send();
            fim.error(400, &answer.expect(400));
        }
        assert_eq!(provider.calls(), 0);
        gateway.delete("x").expect(200);
    }
}

/// What of a caller's request gets lost on the way to a type: further members, and their names in the header.
const LOSSES: [(&str, &str, &str, &str); 8] = [
    ("openai_chat", "anthropic", r#""logit_bias":{"1":2},"seed":7,"#, "seed, logit_bias"),
    ("openai_chat", "google", r#""unheard_of":1,"#, "unheard_of"),
    ("openai_responses", "anthropic", r#""store":true,"truncation":"auto","#, "store, truncation"),
    ("anthropic", "openai", r#""container":"c1","#, "container"),
    (
        "gemini",
        "openai",
        r#""safetySettings":[{"category":"x","threshold":"y"}],"#,
        "safetySettings",
    ),
    ("mistral", "ollama", r#""safe_prompt":true,"#, "safe_prompt"),
    ("ollama", "openai", r#""options":{"mirostat":1},"#, "options.mirostat"),
    ("ollama_generate", "anthropic", r#""raw":false,"zz":1,"#, "zz"),
];

#[test]
fn what_gets_lost_is_told_or_refused() {
    let gateway = Gateway::start();
    for (name, provider_type, more, dropped) in LOSSES {
        let (caller, vendor) = (caller(name), vendor(provider_type));
        let provider = vendor.start();
        gateway.register(&vendor.registration("x", &provider));
        for stream in [false, true] {
            let plain = caller.body("x/alpha", stream);
            let body = format!("{{{more}{}", plain.strip_prefix('{').unwrap());
            let ask = caller.ask_with(&gateway, "x/alpha", stream, body);
            let answer = ask.clone().header("x-closedpaw-strict", "true").send();
            let message = caller.error(400, &answer.expect(400));
            assert!(message.contains(dropped), "{name}: {message}");
            assert_eq!(provider.calls(), usize::from(stream), "{name}");
            let answer = ask.send();
            assert_eq!(answer.status, 200, "{name}: {}", answer.text());
            assert_eq!(answer.header("x-closedpaw-dropped"), Some(dropped), "{name} {stream}");
        }
        let strict = caller.ask(&gateway, "x/alpha", false).header("x-closedpaw-strict", "true");
        assert_eq!(strict.send().status, 200, "{name}: nothing gets lost");
        gateway.delete("x").expect(200);
    }
}

#[test]
fn a_filtered_answer_is_told_in_each_dialects_way() {
    let gateway = Gateway::start();
    let filtered = r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hel"}]},"finishReason":"SAFETY","index":0}],"usageMetadata":{"promptTokenCount":7}}"#;
    let chat = openai_chat_filtered();
    for (name, provider_type, answer, pointer, expected) in [
        ("openai_chat", "google", filtered, "/choices/0/finish_reason", "content_filter"),
        ("openai_responses", "google", filtered, "/incomplete_details/reason", "content_filter"),
        ("anthropic", "google", filtered, "/stop_reason", "refusal"),
        ("gemini", "openai", &chat, "/candidates/0/finishReason", "SAFETY"),
        ("mistral", "google", filtered, "/choices/0/finish_reason", "stop"),
        ("ollama", "google", filtered, "/done_reason", "stop"),
    ] {
        let provider = ScriptedProvider::always(Answer::json(200, answer));
        gateway.register(&vendor(provider_type).registration("x", &provider));
        let answer = caller(name).ask(&gateway, "x/alpha", false).send();
        let body = answer.expect(200);
        assert_eq!(body.pointer(pointer), Some(&json!(expected)), "{name}: {body}");
        let dropped = (expected == "stop").then_some("finish_reason");
        assert_eq!(answer.header("x-closedpaw-dropped"), dropped, "{name}");
        gateway.delete("x").expect(200);
    }
}

fn openai_chat_filtered() -> String {
    caller("openai_chat").answer.replace("\"stop\"", "\"content_filter\"")
}

#[test]
fn a_providers_error_is_told_in_the_callers_words() {
    let gateway = Gateway::start();
    for caller in &CALLERS {
        let provider_type = if caller.provider_type == "google" { "anthropic" } else { "google" };
        if caller.name == "mistral_fim" {
            continue;
        }
        let overloaded = if caller.name == "anthropic" { 529 } else { 503 };
        for (theirs, ours) in [(400, 400), (404, 404), (401, 502), (429, 429), (503, overloaded)] {
            let body = r#"{"error":{"code":1,"type":"x","status":"X","message":"no luck"}}"#;
            let answer = Answer::json(theirs, body).header("retry-after", "9");
            let provider = ScriptedProvider::always(answer);
            gateway.register(&vendor(provider_type).registration("x", &provider));
            for stream in [false, true] {
                let answer = caller.ask(&gateway, "x/alpha", stream).send();
                let message = caller.error(ours, &answer.expect(ours));
                assert_eq!(message, format!("x answered {theirs}: no luck"), "{}", caller.name);
                let wait = matches!(theirs, 429 | 503).then_some("9");
                if wait.is_some() {
                    assert_eq!(answer.header("retry-after"), wait, "{}", caller.name);
                }
            }
            gateway.delete("x").expect(200);
        }
    }
}

/// A request that makes no sense is refused before anybody is asked.
#[test]
fn a_request_that_cannot_be_read_reaches_nobody() {
    let gateway = Gateway::start();
    for caller in &CALLERS {
        let provider_type = if caller.provider_type == "google" { "openai" } else { "google" };
        let provider = vendor(provider_type).start();
        gateway.register(&vendor(provider_type).registration("x", &provider));
        let broken = match caller.name {
            "openai_chat" | "mistral" | "ollama" | "anthropic" => caller
                .body("x/alpha", false)
                .replace("[{\"role\":\"user\",\"content\":\"hi\"}]", "7"),
            "openai_responses" => caller.body("x/alpha", false).replace("\"hi\"", "7"),
            "gemini" | "gemini_array" => r#"{"contents":7}"#.to_owned(),
            _ => caller.body("x/alpha", false).replace("\"prompt\":", "\"prompt\":7,\"p\":"),
        };
        let answer = caller.ask_with(&gateway, "x/alpha", false, broken).send();
        let message = caller.error(400, &answer.expect(400));
        assert!(
            message.contains('`') || caller.name == "mistral_fim",
            "{}: {message}",
            caller.name
        );
        assert_eq!(provider.calls(), 0, "{}", caller.name);
        gateway.delete("x").expect(200);
    }
}

/// The number of members that a body's JSON has somewhere under this name, with their values.
pub fn values_of(body: &Value, name: &str) -> Vec<Value> {
    let mut found = Vec::new();
    match body {
        Value::Object(members) => {
            for (member, value) in members {
                if member == name {
                    found.push(value.clone());
                }
                found.extend(values_of(value, name));
            }
        }
        Value::Array(list) => list.iter().for_each(|value| found.extend(values_of(value, name))),
        _ => {}
    }
    found
}
