//! Loops of tool calls over another dialect: the caller sends back what it got, and each provider gets its own seals.

use serde_json::{Value, json};
use testkit::scripted::{Answer, ScriptedProvider};

use crate::{
    harness::{Caller, Gateway, caller, vendor},
    translation::values_of,
};

const SEAL: &str = "c2VhbGVkLXRob3VnaHRz";
const HIDDEN: &str = "aGlkZGVuLXRob3VnaHRz";

/// A provider that first calls a tool twice, with a seal, and then says something.
fn calling(provider_type: &str, stream: bool) -> ScriptedProvider {
    let speaker = caller(if provider_type == "google" { "gemini" } else { "anthropic" });
    let last = match stream {
        false => Answer::json(200, speaker.answer),
        true => speaker.streamed(speaker.frames.iter().copied()),
    };
    let first = match (provider_type, stream) {
        ("google", false) => Answer::json(200, gemini_chunk(&gemini_parts(), true).to_string()),
        ("google", true) => {
            let parts = gemini_parts();
            let last = parts.len() - 1;
            let chunks = parts.into_iter().enumerate().map(|(index, part)| {
                format!("data: {}\r\n\r\n", gemini_chunk(&[part], index == last))
            });
            speaker.streamed(chunks)
        }
        (_, false) => Answer::json(200, anthropic_answer().to_string()),
        (_, true) => speaker.streamed(anthropic_frames()),
    };
    ScriptedProvider::queue([first, last])
}

fn gemini_parts() -> [Value; 3] {
    [
        json!({ "text": "Where is it?", "thought": true }),
        json!({ "functionCall": { "name": "look", "args": { "at": "Łódź" } }, "thoughtSignature": SEAL }),
        json!({ "functionCall": { "name": "look", "args": { "at": "Kraków" } } }),
    ]
}

fn gemini_chunk(parts: &[Value], is_last: bool) -> Value {
    let mut candidate = json!({ "content": { "role": "model", "parts": parts }, "index": 0 });
    if is_last {
        candidate["finishReason"] = json!("STOP");
    }
    json!({ "candidates": [candidate], "usageMetadata": { "promptTokenCount": 7 } })
}

fn anthropic_blocks() -> [Value; 4] {
    [
        json!({ "type": "thinking", "thinking": "Where is it?", "signature": SEAL }),
        json!({ "type": "redacted_thinking", "data": HIDDEN }),
        json!({ "type": "tool_use", "id": "toolu_01", "name": "look", "input": { "at": "Łódź" } }),
        json!({ "type": "tool_use", "id": "toolu_02", "name": "look", "input": { "at": "Kraków" } }),
    ]
}

fn anthropic_answer() -> Value {
    json!({
        "id": "m1", "type": "message", "role": "assistant", "model": "alpha",
        "content": anthropic_blocks(), "stop_reason": "tool_use", "stop_sequence": null,
        "usage": { "input_tokens": 7, "output_tokens": 3 },
    })
}

fn anthropic_frames() -> Vec<String> {
    let mut events = vec![json!({ "type": "message_start", "message": {
        "id": "m1", "type": "message", "role": "assistant", "model": "alpha", "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": { "input_tokens": 7, "output_tokens": 1 },
    } })];
    for (index, block) in anthropic_blocks().into_iter().enumerate() {
        let (start, deltas) = match block["type"].as_str() {
            Some("thinking") => (
                json!({ "type": "thinking", "thinking": "", "signature": "" }),
                vec![
                    json!({ "type": "thinking_delta", "thinking": "Where " }),
                    json!({ "type": "thinking_delta", "thinking": "is it?" }),
                    json!({ "type": "signature_delta", "signature": SEAL }),
                ],
            ),
            Some("tool_use") => {
                let mut start = block.clone();
                start["input"] = json!({});
                let input = block["input"].to_string();
                let (head, tail) = input.split_at(5);
                let delta =
                    |json: &str| json!({ "type": "input_json_delta", "partial_json": json });
                (start, vec![delta(""), delta(head), delta(tail)])
            }
            _ => (block.clone(), Vec::new()),
        };
        events
            .push(json!({ "type": "content_block_start", "index": index, "content_block": start }));
        for delta in deltas {
            events.push(json!({ "type": "content_block_delta", "index": index, "delta": delta }));
        }
        events.push(json!({ "type": "content_block_stop", "index": index }));
    }
    let delta = json!({ "stop_reason": "tool_use", "stop_sequence": null });
    events
        .push(json!({ "type": "message_delta", "delta": delta, "usage": { "output_tokens": 3 } }));
    events.push(json!({ "type": "message_stop" }));
    let frame =
        |event: Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap());
    events.into_iter().map(frame).collect()
}

/// What a caller asks first: a question, a tool and that the model may think.
fn question(caller: &Caller, stream: bool) -> Value {
    let schema = json!({ "type": "object", "properties": { "at": { "type": "string" } } });
    match caller.name {
        "openai_chat" => json!({
            "model": "x/alpha", "stream": stream, "reasoning_effort": "high",
            "messages": [{ "role": "user", "content": "Look!" }],
            "tools": [{ "type": "function", "function": { "name": "look", "parameters": schema } }],
        }),
        "openai_responses" => json!({
            "model": "x/alpha", "stream": stream, "reasoning": { "effort": "high" },
            "include": ["reasoning.encrypted_content"], "store": false,
            "input": [{ "type": "message", "role": "user", "content": "Look!" }],
            "tools": [{ "type": "function", "name": "look", "parameters": schema, "strict": false }],
        }),
        "anthropic" => json!({
            "model": "x/alpha", "stream": stream, "max_tokens": 4000,
            "thinking": { "type": "enabled", "budget_tokens": 2000 },
            "messages": [{ "role": "user", "content": "Look!" }],
            "tools": [{ "name": "look", "input_schema": schema }],
        }),
        _ => json!({
            "contents": [{ "role": "user", "parts": [{ "text": "Look!" }] }],
            "tools": [{ "functionDeclarations": [{ "name": "look", "parameters": schema }] }],
            "generationConfig": { "thinkingConfig": { "thinkingBudget": 2000, "includeThoughts": true } },
        }),
    }
}

/// Adds the answer to the conversation, as its SDK holds it, and the results of its calls.
fn follow_up(caller: &Caller, mut question: Value, answer: &Value) -> Value {
    let push = |list: &mut Value, more: Value| list.as_array_mut().expect("a list").push(more);
    match caller.name {
        "openai_chat" => {
            let message = &answer["choices"][0]["message"];
            push(&mut question["messages"], message.clone());
            for call in message["tool_calls"].as_array().expect("calls") {
                let result =
                    json!({ "role": "tool", "tool_call_id": call["id"], "content": "there" });
                push(&mut question["messages"], result);
            }
        }
        "openai_responses" => {
            let items = answer["output"].as_array().expect("items");
            items.iter().for_each(|item| push(&mut question["input"], item.clone()));
            for call in items.iter().filter(|item| item["type"] == "function_call") {
                let result = json!({ "type": "function_call_output", "call_id": call["call_id"], "output": "there" });
                push(&mut question["input"], result);
            }
        }
        "anthropic" => {
            let blocks = answer["content"].as_array().expect("blocks");
            push(&mut question["messages"], json!({ "role": "assistant", "content": blocks }));
            let calls = blocks.iter().filter(|block| block["type"] == "tool_use");
            let results: Vec<_> = calls
                .map(|call| json!({ "type": "tool_result", "tool_use_id": call["id"], "content": "there" }))
                .collect();
            push(&mut question["messages"], json!({ "role": "user", "content": results }));
        }
        _ => {
            let content = &answer["candidates"][0]["content"];
            push(&mut question["contents"], content.clone());
            let parts = content["parts"].as_array().expect("parts").iter();
            let calls = parts.filter_map(|part| part.get("functionCall"));
            let results: Vec<_> = calls
                .map(|call| {
                    let mut response =
                        json!({ "name": call["name"], "response": { "result": "there" } });
                    if let Some(id) = call.get("id") {
                        response["id"] = id.clone();
                    }
                    json!({ "functionResponse": response })
                })
                .collect();
            push(&mut question["contents"], json!({ "role": "user", "parts": results }));
        }
    }
    question
}

/// Puts a stream together as the dialect's SDK does.
fn assembled(caller: &Caller, body: &str) -> Value {
    let data = body.lines().filter_map(|line| line.strip_prefix("data:"));
    let events: Vec<Value> =
        data.filter_map(|data| serde_json::from_str(data.trim()).ok()).collect();
    match caller.name {
        "openai_chat" => {
            let mut message = json!({});
            for delta in events.iter().map(|event| &event["choices"][0]["delta"]) {
                merge(&mut message, delta);
            }
            json!({ "choices": [{ "message": message }] })
        }
        "openai_responses" => {
            let last = events.last().expect("an event");
            assert_eq!(last["type"], "response.completed");
            let done = events.iter().filter(|event| event["type"] == "response.output_item.done");
            let items: Vec<_> = done.map(|event| event["item"].clone()).collect();
            assert_eq!(last["response"]["output"], json!(items));
            last["response"].clone()
        }
        "anthropic" => {
            let mut blocks: Vec<Value> = Vec::new();
            let mut inputs: Vec<String> = Vec::new();
            for event in &events {
                let delta = &event["delta"];
                match event["type"].as_str().unwrap() {
                    "content_block_start" => {
                        assert_eq!(event["index"], blocks.len());
                        blocks.push(event["content_block"].clone());
                        inputs.push(String::new());
                    }
                    "content_block_delta" => {
                        let block = blocks.last_mut().unwrap();
                        for member in ["thinking", "text", "signature"] {
                            if let Some(more) = delta[member].as_str() {
                                let before = block[member].as_str().unwrap_or_default();
                                block[member] = json!(format!("{before}{more}"));
                            }
                        }
                        *inputs.last_mut().unwrap() += delta["partial_json"].as_str().unwrap_or("");
                    }
                    "content_block_stop" => {
                        let (block, input) = (blocks.last_mut().unwrap(), inputs.last().unwrap());
                        if block["type"] == "tool_use" && !input.is_empty() {
                            block["input"] = serde_json::from_str(input).expect("arguments");
                        }
                    }
                    _ => {}
                }
            }
            json!({ "content": blocks })
        }
        _ => {
            let chunks = events.iter();
            let parts: Vec<_> = chunks
                .flat_map(|event| event["candidates"][0]["content"]["parts"].as_array())
                .flatten()
                .cloned()
                .collect();
            json!({ "candidates": [{ "content": { "role": "model", "parts": parts } }] })
        }
    }
}

/// Adds a delta to a message as OpenAI's SDKs do: texts are joined, lists merged by index, the rest replaced.
fn merge(message: &mut Value, delta: &Value) {
    for (name, more) in delta.as_object().into_iter().flatten() {
        match (&mut message[name], more) {
            (Value::String(text), Value::String(more)) if name != "type" => text.push_str(more),
            (list @ (Value::Array(_) | Value::Null), Value::Array(more)) => {
                if list.is_null() {
                    *list = json!([]);
                }
                let list = list.as_array_mut().expect("a list");
                for entry in more {
                    let index = entry["index"].as_u64().expect("an index");
                    let index = usize::try_from(index).expect("a small index");
                    while list.len() <= index {
                        list.push(json!({}));
                    }
                    merge(&mut list[index], entry);
                }
            }
            (object @ Value::Object(_), Value::Object(_)) => merge(object, more),
            (place, Value::Null) if !place.is_null() => {}
            (place, more) => *place = more.clone(),
        }
    }
}

/// Goes once around the loop and returns the provider's second request.
fn second_request(gateway: &Gateway, caller: &Caller, provider_type: &str, stream: bool) -> Value {
    let provider = calling(provider_type, stream);
    gateway.register(&vendor(provider_type).registration("x", &provider));
    let question = question(caller, stream);
    let body = question.to_string();
    let answer = caller.ask_with(gateway, "x/alpha", stream, body).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = if stream { assembled(caller, &answer.text()) } else { answer.expect(200) };
    let again = follow_up(caller, question, &answer);
    let last = caller.ask_with(gateway, "x/alpha", stream, again.to_string()).send();
    assert_eq!(last.status, 200, "{}", last.text());
    assert!(last.text().contains("Hello"), "{}", last.text());
    gateway.delete("x").expect(200);
    provider.requests()[1].json()
}

#[test]
fn gemini_gets_its_seals_back() {
    let gateway = Gateway::start();
    for name in ["openai_chat", "openai_responses", "anthropic"] {
        for stream in [false, true] {
            let request = second_request(&gateway, caller(name), "google", stream);
            let contents = request["contents"].as_array().expect("contents");
            let roles: Vec<_> = contents.iter().map(|content| content["role"].as_str()).collect();
            assert_eq!(roles, [Some("user"), Some("model"), Some("user")], "{name} {request}");
            let sealed: Vec<_> = contents[1]["parts"]
                .as_array()
                .expect("parts")
                .iter()
                .filter(|part| part.get("functionCall").is_some())
                .map(|part| {
                    (part["functionCall"]["args"]["at"].clone(), part.get("thoughtSignature"))
                })
                .collect();
            let seal = json!(SEAL);
            let expected = [(json!("Łódź"), Some(&seal)), (json!("Kraków"), None)];
            assert_eq!(sealed, expected, "{name} {stream}: {request}");
            let answered = values_of(&contents[2], "functionResponse");
            assert_eq!(answered.len(), 2, "{name}: {request}");
            assert!(answered.iter().all(|response| response["name"] == "look"), "{request}");
        }
    }
}

#[test]
fn anthropic_gets_its_seals_back() {
    let gateway = Gateway::start();
    for name in ["openai_chat", "openai_responses", "gemini"] {
        for stream in [false, true] {
            let request = second_request(&gateway, caller(name), "anthropic", stream);
            let messages = request["messages"].as_array().expect("messages");
            assert_eq!(messages.len(), 3, "{name}: {request}");
            let blocks = messages[1]["content"].as_array().expect("blocks");
            let mut expected = anthropic_blocks().to_vec();
            for (block, expected) in blocks.iter().zip(&mut expected) {
                // Gemini's callers may have no ids; what counts is that each result has its call's.
                if block["type"] == "tool_use" {
                    expected["id"] = block["id"].clone();
                }
            }
            assert_eq!(blocks, &expected, "{name} {stream}: {request}");
            let ids = |blocks: &[Value], member: &str| -> Vec<Value> {
                blocks.iter().filter_map(|block| block.get(member).cloned()).collect()
            };
            let results = messages[2]["content"].as_array().expect("results");
            assert_eq!(ids(results, "tool_use_id"), ids(blocks, "id"), "{name}: {request}");
        }
    }
}
