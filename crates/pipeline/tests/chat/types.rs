//! Each type in its native chat API: roles kept, the key in its header, counts and ends in one normal form.

use canonical::{Delta, Event, FinishReason, Usage};
use serde_json::{Value, json};
use testkit::scripted::{Answer, RecordedRequest, ScriptedProvider};

use crate::support::{ANSWERS, Gateway, KEY, call, drain, sse};

const OPENAI_PIECES: [&str; 5] = [
    r#"{"id":"x","model":"m-1","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#,
    r#"{"choices":[{"index":0,"delta":{"content":"h"}}]}"#,
    r#"{"choices":[{"index":0,"delta":{"content":"i"},"finish_reason":"length"}]}"#,
    r#"{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}"#,
    "[DONE]",
];

/// The same answer as in [`ANSWERS`], in pieces.
fn stream_of(provider_type: &str) -> Answer {
    match provider_type {
        "anthropic" => sse([
            r#"{"type":"message_start","message":{"id":"x","model":"m-1","content":[],
                "usage":{"input_tokens":3,"cache_read_input_tokens":2,"output_tokens":1}}}"#,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}"#,
            r#"{"type":"content_block_stop","index":0}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"output_tokens":2}}"#,
            r#"{"type":"message_stop"}"#,
        ].map(|data| data.replace('\n', "")).iter().map(String::as_str)),
        "google" => sse([
            r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"h"}]}}]}"#,
            r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"i"}]},"finishReason":"MAX_TOKENS"}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":2}}"#,
        ]),
        "ollama" => Answer::stream("application/x-ndjson", [
            "{\"model\":\"m-1\",\"message\":{\"role\":\"assistant\",\"content\":\"hi\"},\"done\":false}\n",
            "{\"model\":\"m-1\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"length\",\"prompt_eval_count\":5,\"eval_count\":2}\n",
        ]),
        _ => sse(OPENAI_PIECES),
    }
}

/// How a type is asked for the answer to [`call`].
struct Native {
    /// Where for a whole answer.
    whole: &'static str,
    /// Where for one in pieces.
    streamed: &'static str,
    /// The header that carries the key, and how.
    credential: (&'static str, String),
    /// Members of the body.
    members: Value,
}

fn native(provider_type: &str) -> Native {
    let bearer = ("authorization", format!("Bearer {KEY}"));
    let one_path =
        |path, credential, members| Native { whole: path, streamed: path, credential, members };
    let messages = json!([
        { "role": "system", "content": "be brief" },
        { "role": "user", "content": "hello" },
        { "role": "assistant", "content": "yes?" },
        { "role": "user", "content": "who are you?" },
    ]);
    let chat = |bound: &str| json!({ "model": "m", "messages": messages, bound: 9 });
    match provider_type {
        "openai" => one_path("/v1/chat/completions", bearer, chat("max_completion_tokens")),
        "mistral" => one_path("/v1/chat/completions", bearer, chat("max_tokens")),
        "custom" => one_path("/chat/completions", bearer, chat("max_tokens")),
        "ollama" => {
            let options = json!({ "num_predict": 9 });
            let members = json!({ "model": "m", "messages": messages, "options": options });
            one_path("/api/chat", bearer, members)
        }
        "anthropic" => {
            let members = json!({ "model": "m", "max_tokens": 9 });
            one_path("/v1/messages", ("x-api-key", KEY.to_owned()), members)
        }
        "google" => {
            let turn = |role, text| json!({ "role": role, "parts": [{ "text": text }] });
            Native {
                whole: "/v1beta/models/m:generateContent",
                streamed: "/v1beta/models/m:streamGenerateContent?alt=sse",
                credential: ("x-goog-api-key", KEY.to_owned()),
                members: json!({
                    "contents": [
                        turn("user", "hello"), turn("model", "yes?"), turn("user", "who are you?"),
                    ],
                    "generationConfig": { "maxOutputTokens": 9 },
                }),
            }
        }
        other => panic!("{other}"),
    }
}

/// Holds a request to everything that is the same for whole and streamed answers.
#[track_caller]
fn check_request(request: &RecordedRequest, provider_type: &str, target: &str) {
    let Native { credential: (header, credential), members, .. } = native(provider_type);
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", target));
    assert_eq!(request.header(header), Some(credential.as_str()), "{provider_type}");
    assert_eq!(request.header("content-type"), Some("application/json"));
    // The key is nowhere else: not in the URL, not in the body, in no second header.
    assert!(!request.target.contains(KEY) && !request.text().contains(KEY));
    let holding_the_key = request.headers.iter().filter(|(_, value)| value.contains(KEY));
    assert_eq!(holding_the_key.count(), 1);
    let body = request.json();
    for (member, value) in members.as_object().unwrap() {
        assert_eq!(body.get(member), Some(value), "{provider_type}: {body}");
    }
    match provider_type {
        "anthropic" => {
            assert_eq!(request.header("anthropic-version"), Some("2023-06-01"));
            assert_eq!(flattened(&body["system"]), "be brief");
            let turns = body["messages"].as_array().unwrap();
            let turns: Vec<_> = turns
                .iter()
                .map(|turn| (turn["role"].as_str().unwrap(), flattened(&turn["content"])))
                .collect();
            let all = [("user", "hello"), ("assistant", "yes?"), ("user", "who are you?")];
            assert_eq!(turns, all.map(|(role, text)| (role, text.to_owned())));
        }
        "google" => assert_eq!(body["systemInstruction"]["parts"], json!([{ "text": "be brief" }])),
        _ => assert_eq!(body["messages"][0]["role"], "system"),
    }
}

/// The text of content that is a string or a list of blocks.
fn flattened(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            blocks.iter().map(|block| block["text"].as_str().unwrap()).collect()
        }
        other => panic!("{other}"),
    }
}

#[track_caller]
fn check_usage(usage: &Usage, provider_type: &str) {
    let counts = (usage.prompt_tokens(), usage.output_tokens, usage.total_tokens());
    assert_eq!(counts, (Some(5), Some(2), Some(7)), "{provider_type}");
}

#[tokio::test]
async fn a_whole_chat_goes_through_the_native_api() {
    for (provider_type, answer) in ANSWERS {
        let scripted = ScriptedProvider::always(Answer::json(200, answer));
        let gateway = Gateway::to(&scripted, provider_type).await;
        let (about, response) = gateway.chat(call()).await.unwrap();
        assert_eq!(scripted.calls(), 1);
        let request = scripted.requests().remove(0);
        check_request(&request, provider_type, native(provider_type).whole);
        assert_ne!(request.json().get("stream"), Some(&json!(true)));
        assert_eq!((about.provider.as_str(), about.model.as_str()), ("p", "m"));
        assert!(about.losses.is_empty(), "{provider_type}: {}", about.losses);
        assert_eq!((response.text().as_str(), response.choices.len()), ("hi", 1));
        assert_eq!(response.choices[0].finish.reason, FinishReason::Length, "{provider_type}");
        check_usage(&response.usage, provider_type);
    }
}

#[tokio::test]
async fn a_streamed_chat_goes_through_the_native_api() {
    for (provider_type, _) in ANSWERS {
        let scripted = ScriptedProvider::always(stream_of(provider_type));
        let gateway = Gateway::to(&scripted, provider_type).await;
        let (about, mut events) = gateway.stream(call()).await.unwrap();
        assert_eq!((about.provider.as_str(), about.model.as_str()), ("p", "m"));
        let events = drain(&mut events).await;
        let request = scripted.requests().remove(0);
        check_request(&request, provider_type, native(provider_type).streamed);
        if provider_type != "google" {
            assert_eq!(request.json()["stream"], true, "{provider_type}");
        }
        let (mut text, mut usage, mut finish) = (String::new(), Usage::default(), None);
        for event in &events {
            match event {
                Event::PartDelta { delta: Delta::Text(piece), .. } => text.push_str(piece),
                Event::Usage(newer) => usage.update(newer),
                Event::Finish { finish: reason, .. } => finish = Some(reason.reason.clone()),
                _ => {}
            }
        }
        assert_eq!((text.as_str(), finish), ("hi", Some(FinishReason::Length)), "{events:?}");
        assert_eq!(events.last(), Some(&Event::Stop), "{provider_type}");
        check_usage(&usage, provider_type);
    }
}

#[tokio::test]
async fn usage_is_asked_for_only_where_the_preset_allows() {
    for (preset, asks) in [("groq", true), ("perplexity", false)] {
        let scripted = ScriptedProvider::always(sse(OPENAI_PIECES));
        let gateway = Gateway::to(&scripted, "custom").await;
        gateway.change(json!({ "settings": { "preset": preset } })).await;
        gateway.stream(call()).await.unwrap();
        let body = scripted.requests().remove(0).json();
        assert_eq!(body.get("stream_options").is_some(), asks, "{preset}");
    }
}

#[tokio::test]
async fn what_a_dialect_can_not_say_is_told() {
    let scripted = ScriptedProvider::always(Answer::json(200, ANSWERS[3].1));
    let gateway = Gateway::to(&scripted, "anthropic").await;
    let mut call = call();
    call.request.sampling.seed = Some(7);
    let (about, _) = gateway.chat(call).await.unwrap();
    assert!(about.losses.to_string().contains("seed"), "{}", about.losses);
}
