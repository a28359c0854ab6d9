//! Sample requests in every dialect, against `fixtures/<dialect>/requests/<sample>.json`.
//!
//! Each file holds the body and the names of what was lost. `UPDATE_GOLDENS=1` writes them anew.
#![allow(clippy::disallowed_methods, clippy::expect_used)]

mod samples;

use canonical::{Dialect, Losses, Request};
use dialects::{Codec, DIALECTS, Quirks};
use serde_json::{Value, json};
use testkit::fixtures;

#[test]
fn requests_are_written_as_agreed() {
    for codec in DIALECTS {
        for (name, request) in samples::requests() {
            let file = format!("{}/requests/{name}.json", codec.dialect());
            let path = fixtures::own_root().join(&file);
            let written = encode(codec, &request);
            if std::env::var_os("UPDATE_GOLDENS").is_some() {
                let pretty = serde_json::to_string_pretty(&written).expect("JSON") + "\n";
                std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
                std::fs::write(&path, pretty).expect("a file");
            }
            let golden = std::fs::read(&path).expect(&file);
            let golden: Value = serde_json::from_slice(&golden).expect(&file);
            assert_eq!(written, golden, "{file}");
        }
    }
}

#[test]
fn quirks_decide_how_openai_chat_is_spoken() {
    let codec = dialects::codec(Dialect::OpenAiChat);
    let mut request = samples::requests().swap_remove(0).1;
    request.stream = true;
    request.sampling.max_tokens = Some(9);
    let silent = Quirks { stream_usage: false, ..Quirks::COMPATIBLE };
    for (quirks, member, usage) in [
        (Quirks::OPENAI, "max_completion_tokens", json!({ "include_usage": true })),
        (Quirks::COMPATIBLE, "max_tokens", json!({ "include_usage": true })),
        (silent, "max_tokens", Value::Null),
    ] {
        let bytes = codec.encode_request(&request, &quirks, &mut Losses::default());
        let body: Value = serde_json::from_slice(&bytes).expect("JSON");
        assert_eq!(body.get(member), Some(&json!(9)));
        assert_eq!(body.get("stream_options").cloned().unwrap_or_default(), usage);
    }
}

fn encode(codec: &dyn Codec, request: &Request) -> Value {
    let mut losses = Losses::default();
    let bytes = codec.encode_request(request, &Quirks::OPENAI, &mut losses);
    let body: Value = serde_json::from_slice(&bytes).expect("a request is JSON");
    json!({ "body": body, "lost": losses.iter().collect::<Vec<_>>() })
}
