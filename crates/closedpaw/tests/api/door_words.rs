//! What the door refuses, in the words of whoever is refused.

use std::io::{Read, Write};

use testkit::scripted::{Answer, ScriptedProvider};

use crate::harness::{CALLERS, Caller, Gateway, caller, eventually};

/// Every path of the inference API with the caller in whose shape its errors are.
const PATHS: [(&str, &str, &str); 27] = [
    ("POST", "/v1/chat/completions", "openai_chat"),
    ("POST", "/v1/responses", "openai_responses"),
    ("GET", "/v1/responses", "openai_responses"),
    ("POST", "/v1/embeddings", "openai_chat"),
    ("GET", "/v1/models", "openai_chat"),
    ("GET", "/v1/models/x", "openai_chat"),
    ("POST", "/v1/messages", "anthropic"),
    ("POST", "/v1/messages/count_tokens", "anthropic"),
    ("POST", "/v1beta/models/x:generateContent", "gemini"),
    ("POST", "/v1beta/models/x:streamGenerateContent", "gemini"),
    ("POST", "/v1/models/x:generateContent", "gemini"),
    ("POST", "/v1/models/x%2Fy:countTokens", "gemini"),
    ("GET", "/v1beta/models", "gemini"),
    ("GET", "/v1beta/models/x", "gemini"),
    ("POST", "/mistral/v1/chat/completions", "mistral"),
    ("POST", "/mistral/v1/fim/completions", "mistral"),
    ("POST", "/mistral/v1/embeddings", "mistral"),
    ("GET", "/mistral/v1/models", "mistral"),
    ("GET", "/mistral/v1/models/x", "mistral"),
    ("POST", "/api/chat", "ollama"),
    ("POST", "/api/generate", "ollama"),
    ("POST", "/api/embed", "ollama"),
    ("POST", "/api/embeddings", "ollama"),
    ("GET", "/api/tags", "ollama"),
    ("POST", "/api/show", "ollama"),
    ("GET", "/api/ps", "ollama"),
    ("GET", "/api/version", "ollama"),
];

#[test]
fn without_a_key_every_path_refuses_in_its_own_dialect() {
    let gateway = Gateway::start();
    for (method, path, speaker) in PATHS {
        for key in [None, Some("Bearer wrong")] {
            let mut ask = gateway.ask_without_key(method, path);
            if method == "POST" {
                ask = ask.body("application/json", "{}");
            }
            if let Some(key) = key {
                ask = ask.header("authorization", key);
            }
            let answer = ask.send();
            let message = caller(speaker).error(401, &answer.expect(401));
            assert!(message.contains("valid key"), "{path}: {message}");
            assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
        }
    }
    for (header, speaker) in [("x-api-key", "anthropic"), ("x-goog-api-key", "gemini")] {
        let answer = gateway.ask_without_key("GET", "/v1/models").header(header, "wrong").send();
        caller(speaker).error(401, &answer.expect(401));
    }
}

#[test]
fn other_methods_and_paths_are_refused_in_the_dialect() {
    let gateway = Gateway::start();
    for (_, path, speaker) in PATHS {
        let answer = gateway.ask("DELETE", path).send();
        caller(speaker_of_plain(path, speaker)).error(405, &answer.expect(405));
        assert!(answer.header("allow").is_some(), "{path}");
    }
    for (path, speaker) in [
        ("/v1/nothing", "openai_chat"),
        ("/api/pull", "ollama"),
        ("/v1/messages/nothing", "anthropic"),
        ("/v1beta/nothing", "gemini"),
        ("/mistral/v1/nothing", "mistral"),
        ("/mistral/nothing", "mistral"),
    ] {
        let answer = gateway.ask("POST", path).body("application/json", "{}").send();
        caller(speaker).error(404, &answer.expect(404));
    }
}

/// Only the content type of a body tells Gemini's calls from others' models at the path that they share.
fn speaker_of_plain(path: &str, speaker: &'static str) -> &'static str {
    if path.starts_with("/v1/models/") { "openai_chat" } else { speaker }
}

#[test]
fn a_body_that_is_too_large_or_compressed_is_refused() {
    let gateway = Gateway::start();
    for (method, path, speaker) in PATHS {
        if method == "GET" {
            continue;
        }
        for encoding in ["gzip", "br", "identity, gzip"] {
            let ask = gateway.ask("POST", path).header("content-encoding", encoding);
            let answer = ask.body("application/json", "{}").send();
            let message = caller(speaker).error(400, &answer.expect(400));
            assert!(message.contains("compressed"), "{path}: {message}");
        }
        let (status, body) = claim(&gateway, path, 33 * 1024 * 1024);
        assert_eq!(status, 413, "{path}: {body}");
        caller(speaker).error(413, &serde_json::from_str(&body).expect(path));
    }
}

/// Announces a body of this length and reads the answer, which comes without it.
fn claim(gateway: &Gateway, path: &str, length: usize) -> (u16, String) {
    let address = gateway.address();
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{{",
        gateway.key
    );
    stream.write_all(head.as_bytes()).expect("a head that is taken");
    let mut answer = String::new();
    // It may be reset after the answer, as the body never came.
    let _ = stream.read_to_string(&mut answer);
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.expect("a status"), body.to_owned())
}

#[test]
fn a_key_is_taken_in_each_place_and_in_all_at_once() {
    let gateway = Gateway::start();
    let bearer = format!("Bearer {}", gateway.key);
    for caller in &CALLERS {
        let provider = ScriptedProvider::always(Answer::json(200, caller.answer));
        caller.register(&gateway, "x", &provider);
        let places = [
            ("authorization", bearer.as_str()),
            ("x-api-key", gateway.key.as_str()),
            ("x-goog-api-key", gateway.key.as_str()),
        ];
        for chosen in 1..8_usize {
            let mut ask = caller.ask(&gateway, "x/alpha", false).without("authorization");
            for (bit, (name, value)) in places.iter().enumerate() {
                if chosen & (1 << bit) != 0 {
                    ask = ask.header(name, value);
                }
            }
            ask.send().expect(200);
        }
        let ask = caller.ask(&gateway, "x/alpha", false).header("x-api-key", "another");
        let message = caller.error(400, &ask.send().expect(400));
        assert!(message.contains("different keys"), "{message}");
        gateway.delete("x").expect(200);
    }
}

#[test]
fn a_key_in_the_url_is_no_key() {
    let gateway = Gateway::start();
    let gemini: &Caller = caller("gemini");
    let path = format!("/v1beta/models?key={}", gateway.key);
    gemini.error(401, &gateway.ask_without_key("GET", &path).send().expect(401));
}

#[test]
fn a_rate_limit_of_ours_says_when_to_come_back() {
    let gateway = Gateway::start();
    for caller in &CALLERS {
        let provider = ScriptedProvider::always(Answer::json(200, caller.answer));
        let mut registration = caller.registration("x", &provider);
        registration["rate_limit"] = 1.into();
        gateway.register(&registration);
        caller.ask(&gateway, "x/alpha", false).send().expect(200);
        let answer = caller.ask(&gateway, "x/alpha", true).send();
        caller.error(429, &answer.expect(429));
        let wait: u64 = answer.header("retry-after").expect(caller.name).parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        eventually("the provider was asked once", || provider.calls() == 1);
        gateway.delete("x").expect(200);
    }
}
