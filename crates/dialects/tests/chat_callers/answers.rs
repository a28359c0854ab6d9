//! Whole answers, as the SDKs expect them.

use canonical::{
    Choice, ErrorKind, Fault, FinishReason, Losses, Media, MediaKind, MediaSource, Part, Reasoning,
    Request, Response, Tool, ToolCall, Usage,
};
use dialects::{ChatEndpoint, MISTRAL_CHAT, OPENAI_CHAT};
use serde_json::{Value, json};

use crate::echo;

fn written(endpoint: &dyn ChatEndpoint, response: &Response, request: &Request) -> (Value, String) {
    let mut losses = Losses::default();
    let bytes = endpoint.encode_response(response, request, &echo(), &mut losses);
    (serde_json::from_slice(&bytes).expect("JSON"), losses.to_string())
}

fn answer(parts: Vec<Part>, finish: FinishReason) -> Response {
    let choice = Choice { parts, finish: finish.into(), logprobs: Vec::new() };
    Response { choices: vec![choice], ..Response::default() }
}

fn call(id: &str, name: &str, arguments: &str) -> Part {
    let (id, name) = (id.to_owned(), name.to_owned());
    Part::ToolCall(ToolCall { id, name, arguments: arguments.to_owned(), seal: None })
}

#[test]
fn openai_has_a_shape_of_its_own() {
    let usage = Usage {
        input_tokens: Some(3),
        cache_read_tokens: Some(4),
        output_tokens: Some(5),
        reasoning_tokens: Some(2),
        ..Usage::default()
    };
    let thought = Part::Reasoning(Reasoning { text: "Hm.".into(), seal: None });
    let response = Response {
        model: Some("heron-1-0613".into()),
        usage,
        ..answer(vec![thought, Part::text("Low.")], FinishReason::Stop)
    };
    let expected = json!({
        "id": "chatcmpl-Ab3", "object": "chat.completion", "created": 1_700_000_000,
        "model": "heron-1-0613",
        "choices": [{ "index": 0, "logprobs": null, "finish_reason": "stop",
            "message": { "role": "assistant", "reasoning_content": "Hm.", "content": "Low.", "refusal": null } }],
        "usage": { "prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12,
            "prompt_tokens_details": { "cached_tokens": 4 },
            "completion_tokens_details": { "reasoning_tokens": 2 } },
    });
    let got = written(OPENAI_CHAT, &response, &Request::default());
    assert_eq!(got, (expected, String::new()));
}

#[test]
fn mistral_has_another() {
    let thought = Part::Reasoning(Reasoning { text: "Hm.".into(), seal: None });
    let response = answer(
        vec![thought, Part::text("Low."), call("toolu_1", "tide", "")],
        FinishReason::ToolCalls,
    );
    let (body, losses) = written(MISTRAL_CHAT, &response, &Request::default());
    let message = &body["choices"][0]["message"];
    assert_eq!(
        message["content"],
        json!([
            { "type": "thinking", "thinking": [{ "type": "text", "text": "Hm." }] },
            { "type": "text", "text": "Low." },
        ])
    );
    let id = message["tool_calls"][0]["id"].as_str().expect("an id");
    assert!(id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    assert_eq!(message["tool_calls"][0]["function"]["arguments"], "{}");
    assert_eq!((&body["id"], &body["model"]), (&json!("Ab3"), &json!("marsh/heron-1")));
    assert_eq!(losses, "");
}

#[test]
fn the_end_has_each_dialects_words() {
    for (reason, openai, openai_lost, mistral, mistral_lost) in [
        (FinishReason::Stop, "stop", "", "stop", ""),
        (FinishReason::StopSequence, "stop", "", "stop", ""),
        (FinishReason::Length, "length", "", "length", ""),
        (FinishReason::ToolCalls, "tool_calls", "", "tool_calls", ""),
        (FinishReason::ContentFilter, "content_filter", "", "stop", "finish_reason"),
        (FinishReason::Other("X".into()), "stop", "finish_reason", "stop", "finish_reason"),
    ] {
        let response = answer(vec![], reason);
        for (endpoint, word, lost) in
            [(OPENAI_CHAT, openai, openai_lost), (MISTRAL_CHAT, mistral, mistral_lost)]
        {
            let (body, losses) = written(endpoint, &response, &Request::default());
            assert_eq!(body["choices"][0]["finish_reason"], word);
            assert_eq!(
                (losses.as_str(), &body["choices"][0]["message"]["content"]),
                (lost, &json!(""))
            );
        }
    }
}

#[test]
fn calls_have_ids_and_the_form_that_was_declared() {
    let tool = |name: &str, freeform| Tool {
        name: name.into(),
        description: None,
        parameters: None,
        strict: None,
        freeform,
    };
    let request =
        Request { tools: vec![tool("sql", true), tool("tide", false)], ..Request::default() };
    let parts = vec![call("", "sql", r#"{"input":"SELECT 1"}"#), call("", "tide", "")];
    let (body, _) = written(OPENAI_CHAT, &answer(parts, FinishReason::ToolCalls), &request);
    let message = &body["choices"][0]["message"];
    assert_eq!(message["content"], Value::Null);
    assert_eq!(
        message["tool_calls"],
        json!([
            { "id": "call_Ab3_1", "type": "custom", "custom": { "name": "sql", "input": "SELECT 1" } },
            { "id": "call_Ab3_2", "type": "function", "function": { "name": "tide", "arguments": "{}" } },
        ])
    );
}

#[test]
fn what_cannot_be_shown_is_noted() {
    let source = MediaSource::Base64("aGk=".into());
    let picture = Media { kind: MediaKind::Image, mime: None, source, detail: None, name: None };
    for endpoint in [OPENAI_CHAT, MISTRAL_CHAT] {
        let response = answer(vec![Part::Media(picture.clone())], FinishReason::Stop);
        assert_eq!(written(endpoint, &response, &Request::default()).1, "answer.image");
    }
}

#[test]
fn faults_keep_their_sentence() {
    let fault = Fault::new(ErrorKind::RateLimited, "slow down");
    for (endpoint, pointer) in [(OPENAI_CHAT, "/error/message"), (MISTRAL_CHAT, "/message")] {
        let body: Value =
            serde_json::from_slice(&endpoint.encode_error(429, &fault, "r")).expect("JSON");
        assert_eq!(body.pointer(pointer), Some(&json!("slow down")));
    }
}
