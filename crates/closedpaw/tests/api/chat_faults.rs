//! `POST /api/chat/multi` when the provider fails: its status, its words, its silence.

use std::time::{Duration, Instant};

use serde_json::json;
use testkit::scripted::{Answer, End, ScriptedProvider};

use crate::harness::{Gateway, Home, eventually, openai};

#[test]
fn the_providers_error_becomes_ours_with_its_status_and_words() {
    let gateway = Gateway::start();
    for (upstream, ours) in [
        (400, 400),
        (401, 502),
        (402, 502),
        (403, 502),
        (404, 404),
        (409, 409),
        (413, 413),
        (422, 422),
        (429, 429),
        (500, 502),
        (502, 502),
        (503, 503),
        (529, 503),
        (302, 502),
    ] {
        let words = json!({ "error": { "message": "the provider's own words" } }).to_string();
        let provider = ScriptedProvider::always(Answer::json(upstream, words));
        gateway.register(&openai().registration("x", &provider));
        for stream in [false, true] {
            let chat = json!({ "message": "hi", "provider": "x", "stream": stream });
            let answer = gateway.chat(&chat);
            assert_eq!(answer.status, ours, "{upstream}: {}", answer.text());
            let body = answer.expect(ours);
            assert_eq!(body["upstream_status"], upstream);
            let detail = body["detail"].as_str().unwrap();
            assert!(detail.starts_with(&format!("x answered {upstream}: ")), "{detail}");
            assert!(upstream == 302 || detail.contains("the provider's own words"), "{detail}");
            assert_eq!(
                answer.header("retry-after").is_some(),
                matches!(ours, 429 | 503),
                "{upstream}"
            );
        }
        gateway.delete("x").expect(200);
    }
}

#[test]
fn a_providers_wait_is_passed_on_in_whole_seconds() {
    let gateway = Gateway::start();
    let limited =
        Answer::json(429, r#"{"error":{"message":"slow down"}}"#).header("retry-after", "17");
    let provider = ScriptedProvider::always(limited);
    gateway.register(&openai().registration("x", &provider));
    let answer = gateway.chat(&json!({ "message": "hi", "provider": "x" }));
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("17")));
}

#[test]
fn a_failed_chat_says_who_was_asked_and_how_often() {
    let gateway = Gateway::start();
    let refusing = Answer::json(401, json!({ "error": { "message": "no" } }).to_string());
    let provider = ScriptedProvider::always(refusing);
    gateway.register(&openai().registration("x", &provider));
    // Its only key is tried once a second; meanwhile its words are told again.
    for attempts in ["1", "0"] {
        let answer = gateway.chat(&json!({ "message": "hi", "provider": "x", "model": "m" }));
        assert_eq!(answer.header("x-closedpaw-provider"), Some("x"));
        assert_eq!(answer.header("x-closedpaw-model"), Some("m"));
        assert_eq!(answer.header("x-closedpaw-attempts"), Some(attempts));
        assert_eq!(answer.header("x-should-retry"), Some("false"));
        assert!(answer.header("server-timing").is_some());
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let gateway = Gateway::start();
    let elsewhere = openai().start();
    let moved =
        Answer::new(307, "").header("location", format!("{}/v1/chat/completions", elsewhere.url()));
    let provider = ScriptedProvider::always(moved);
    gateway.register(&openai().registration("x", &provider));
    let answer = gateway.chat(&json!({ "message": "hi", "provider": "x" }));
    assert_eq!(answer.status, 502, "{}", answer.text());
    assert_eq!(elsewhere.connections(), 0);
    assert_eq!(provider.calls(), 1);
}

#[test]
fn a_provider_that_repeats_the_key_is_not_repeated() {
    let gateway = Gateway::start();
    let key = openai().key();
    let words = json!({ "error": { "message": format!("Incorrect API key provided: {key}.") } });
    let provider = ScriptedProvider::always(Answer::json(401, words.to_string()));
    gateway.register(&openai().registration("x", &provider));
    let chat = json!({ "message": "hi", "provider": "x" });
    let mut answers = vec![gateway.chat(&chat)];
    answers
        .extend(["models", "health"].map(|what| gateway.get(&format!("/api/providers/x/{what}"))));
    answers.push(gateway.ask("POST", "/api/providers/x/test").send());
    for answer in answers {
        assert!(answer.text().contains("Incorrect API key provided"), "{}", answer.text());
        assert!(!answer.text().contains(&key), "{}", answer.text());
    }
}

#[test]
fn faults_on_the_way_are_told() {
    let gateway = Gateway::start();
    let gone = openai().start();
    gateway.register(&openai().registration("gone", &gone));
    drop(gone);
    let chat = |name: &str| gateway.chat(&json!({ "message": "hi", "provider": name }));
    chat("gone").refused_with(502, "gone: the provider refused the connection");

    for (name, answer) in [
        ("reset", Answer::raw("").ending(End::Reset)),
        ("nonsense", Answer::raw("nonsense\r\n\r\n")),
        ("cut", Answer::json(200, &openai().answer.as_bytes()[..50]).ending(End::Cut)),
        ("html", Answer::new(200, "<html>welcome</html>")),
        ("empty", Answer::json(200, "")),
        ("other", Answer::json(200, r#"{"hello":"world"}"#)),
    ] {
        let provider = ScriptedProvider::always(answer);
        gateway.register(&openai().registration(name, &provider));
        let answer = chat(name);
        assert_eq!(answer.status, 502, "{name}: {}", answer.text());
        assert!(answer.expect(502)["detail"].as_str().unwrap().starts_with(&format!("{name}: ")));
    }
}

#[test]
fn a_provider_that_takes_longer_than_its_timeout_is_a_504() {
    let gateway = Gateway::start();
    let provider = ScriptedProvider::always(Answer::silence());
    let mut body = openai().registration("x", &provider);
    body["timeout"] = json!(0.2);
    gateway.register(&body);
    for stream in [false, true] {
        let began = Instant::now();
        let chat = json!({ "message": "hi", "provider": "x", "stream": stream });
        gateway.chat(&chat).refused_with(504, "x: ");
        assert!(began.elapsed() < Duration::from_secs(10));
    }
    eventually("both calls are hung up", || provider.disconnects() == 2);
}

#[test]
fn the_log_tells_which_provider_failed_and_none_of_its_words() {
    let home = Home::new();
    let gateway = home.serve();
    let words = r#"{"error":{"message":"you asked for a canary"}}"#;
    let provider = ScriptedProvider::always(Answer::json(500, words));
    gateway.register(&openai().registration("broken", &provider));
    let chat = json!({ "message": "canary", "provider": "broken" });
    gateway.chat(&chat).refused_with(502, "you asked for a canary");
    let failed = "failed_attempts=\"broken/alpha upstream_failed 500\"";
    eventually("the line is written", || home.logs().contains(failed));
    assert!(!home.logs().contains("canary"), "{}", home.logs());
}

#[test]
fn a_provider_has_its_own_timeout() {
    let gateway = Gateway::start();
    let slow = Answer::json(200, openai().answer).after(Duration::from_millis(600));
    let provider = ScriptedProvider::always(slow);
    for (name, timeout) in [("short", 0.1), ("long", 30.0)] {
        let mut body = openai().registration(name, &provider);
        body["timeout"] = json!(timeout);
        gateway.register(&body);
    }
    let status = |name: &str| gateway.chat(&json!({ "message": "hi", "provider": name })).status;
    assert_eq!((status("short"), status("long")), (504, 200));
}

#[test]
fn a_caller_that_leaves_ends_the_call() {
    let gateway = Gateway::start();
    let provider = ScriptedProvider::always(Answer::silence());
    gateway.register(&openai().registration("x", &provider));
    let body = json!({ "message": "hi", "provider": "x" });
    std::thread::scope(|scope| {
        let stream = std::net::TcpStream::connect(gateway.address()).unwrap();
        let asked = gateway.ask("POST", "/api/chat/multi").json(&body);
        let over = stream.try_clone().unwrap();
        let waiting = scope.spawn(move || asked.open_over(over).is_err());
        eventually("the call arrives", || provider.calls() == 1);
        stream.shutdown(std::net::Shutdown::Both).unwrap();
        eventually("the provider is hung up", || provider.disconnects() == 1);
        assert!(waiting.join().unwrap());
    });
}
