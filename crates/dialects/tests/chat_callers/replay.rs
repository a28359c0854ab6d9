//! A caller that sends answers back as they came gives every provider back its own seals.

use canonical::{
    Choice, Dialect, Event, FinishReason, Losses, Opaque, Part, Reasoning, Request, Response, Seal,
};
use dialects::{ChatEndpoint, MISTRAL_CHAT, OPENAI_CHAT};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    echo, read_messages,
    streams::{an_answer, chunks},
};

/// What a conversation needs of an answer.
#[derive(Debug, PartialEq)]
struct Kept {
    text: String,
    text_seal: Option<Seal>,
    thoughts: Vec<Reasoning>,
    calls: Vec<(String, Option<Seal>)>,
}

fn kept(parts: &[Part]) -> Kept {
    let mut kept =
        Kept { text: String::new(), text_seal: None, thoughts: Vec::new(), calls: Vec::new() };
    for part in parts {
        match part {
            Part::Text { text, seal } => {
                kept.text.push_str(text);
                kept.text_seal = seal.clone().or(kept.text_seal);
            }
            Part::Reasoning(reasoning) => {
                kept.thoughts.extend(reasoning.seal.is_some().then(|| reasoning.clone()));
            }
            Part::ToolCall(call) => kept.calls.push((call.name.clone(), call.seal.clone())),
            Part::Media(_) | Part::ToolResult(_) | Part::Opaque(_) => panic!("{part:?}"),
        }
    }
    kept
}

/// Sends the messages back and returns what comes of each.
fn replayed(endpoint: &dyn ChatEndpoint, messages: Vec<Value>) -> Vec<Kept> {
    let (request, losses) = read_messages(endpoint, messages.into()).expect("a request");
    assert_eq!(losses, "");
    request.messages.iter().map(|message| kept(&message.parts)).collect()
}

fn whole_messages(endpoint: &dyn ChatEndpoint, response: &Response) -> Vec<Value> {
    let (request, echo) = (Request::default(), echo());
    let bytes = endpoint.encode_response(response, &request, &echo, &mut Losses::default());
    let body: Value = serde_json::from_slice(&bytes).expect("JSON");
    let choices = body["choices"].as_array().expect("choices");
    choices.iter().map(|choice| choice["message"].clone()).collect()
}

/// Joins the chunks of a stream to messages.
fn joined_messages(
    endpoint: &dyn ChatEndpoint,
    response: &Response,
    join: fn(&mut Value, &Value),
) -> Vec<Value> {
    let mut messages = vec![json!({}); response.choices.len()];
    let events = Vec::<Event>::from(response.clone());
    for chunk in chunks(endpoint, &Request::default(), &events) {
        for choice in chunk["choices"].as_array().expect("choices") {
            let index = choice["index"].as_u64().expect("an index") as usize;
            join(&mut messages[index], &choice["delta"]);
        }
    }
    messages
}

/// Lists what came, as Mistral's callers do by hand.
fn list(known: &mut Value, delta: &Value) {
    let known = known.as_object_mut().expect("a message");
    for (key, new) in delta.as_object().expect("a delta") {
        let more = match (key.as_str(), new) {
            ("content", Value::String(text)) => vec![json!({ "type": "text", "text": text })],
            ("content" | "tool_calls", Value::Array(more)) => more.clone(),
            (_, new) => {
                known.insert(key.clone(), new.clone());
                continue;
            }
        };
        let list = known.entry(key).or_insert_with(|| json!([]));
        list.as_array_mut().expect("a list").extend(more);
    }
}

/// The rule of `accumulate_delta` in OpenAI's Python SDK.
fn join(known: &mut Value, delta: &Value) {
    let (Some(known), Some(delta)) = (known.as_object_mut(), delta.as_object()) else {
        panic!("{known} and {delta} can't be joined");
    };
    for (key, new) in delta {
        match (known.get_mut(key), new) {
            (None | Some(Value::Null), _) => _ = known.insert(key.clone(), new.clone()),
            _ if key == "index" || key == "type" => _ = known.insert(key.clone(), new.clone()),
            (Some(Value::String(text)), Value::String(more)) => text.push_str(more),
            (Some(object @ Value::Object(_)), Value::Object(_)) => join(object, new),
            (Some(Value::Array(list)), Value::Array(more)) => {
                for entry in more {
                    let index = entry["index"].as_u64().expect("lists have indices") as usize;
                    match list.get_mut(index) {
                        Some(known) => join(known, entry),
                        None => list.push(entry.clone()),
                    }
                }
            }
            (Some(known), new) => panic!("{known} and {new} can't be joined"),
        }
    }
}

/// An answer that begins with thoughts that nobody may read.
fn hidden() -> Response {
    let json = json!({ "type": "redacted_thinking", "data": "aGlkZGVu" });
    let block = Part::Opaque(Opaque { dialect: Dialect::Anthropic, json });
    let choice = Choice {
        parts: vec![block, Part::text("Low.")],
        finish: FinishReason::Stop.into(),
        logprobs: Vec::new(),
    };
    Response { choices: vec![choice], ..Response::default() }
}

#[test]
fn a_hidden_thought_comes_home() {
    for (endpoint, join) in [(OPENAI_CHAT, join as fn(&mut Value, &Value)), (MISTRAL_CHAT, list)] {
        let whole = whole_messages(endpoint, &hidden());
        let streamed = joined_messages(endpoint, &hidden(), join);
        for messages in [whole, streamed] {
            let (request, losses) = read_messages(endpoint, messages.into()).expect("a request");
            let mut parts = request.messages[0].parts.clone();
            // A stream opens with an empty text.
            parts.retain(|part| *part != Part::text(""));
            assert_eq!(parts, hidden().choices[0].parts, "{}", endpoint.dialect());
            assert_eq!(losses, "");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_seal_comes_home(response in an_answer()) {
        let expected: Vec<Kept> =
            response.choices.iter().map(|choice| kept(&choice.parts)).collect();
        for endpoint in [OPENAI_CHAT, MISTRAL_CHAT] {
            let replayed = replayed(endpoint, whole_messages(endpoint, &response));
            prop_assert_eq!(&replayed, &expected, "{}", endpoint.dialect());
        }
        for (endpoint, join) in
            [(OPENAI_CHAT, join as fn(&mut Value, &Value)), (MISTRAL_CHAT, list)]
        {
            let replayed = replayed(endpoint, joined_messages(endpoint, &response, join));
            prop_assert_eq!(&replayed, &expected, "{} streamed", endpoint.dialect());
        }
    }
}
