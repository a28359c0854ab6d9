//! Anthropic.

use serde_json::Value;
use testkit::fixtures::Case;

use super::{Answer, CUT_OFF, Call, Kind, Outcome, by_path_or_api, message, text};

pub fn kind(case: &Case) -> Option<Kind> {
    Some(by_path_or_api(case, "/messages", "/models", "messages"))
}

pub fn answer(body: &Value) -> Outcome {
    let mut answer = Answer { finish: "stop".into(), ..Answer::default() };
    for block in body["content"].as_array().into_iter().flatten() {
        take_text(block, &mut answer);
        if block["type"] == "tool_use" {
            let (id, name) = (text(&block["id"]), text(&block["name"]));
            answer.calls.push(Call { id, name, arguments: block["input"].to_string() });
        }
    }
    take_finish(body, &mut answer);
    let mut usage = Value::Null;
    take_usage(&body["usage"], &mut usage, &mut answer);
    Outcome::Answer(answer)
}

pub fn stream(body: &str) -> Outcome {
    let mut answer = Answer { finish: "stop".into(), ..Answer::default() };
    let mut usage = Value::Null;
    for line in body.lines().filter_map(|line| line.strip_prefix("data:")) {
        let Ok(event) = serde_json::from_str::<Value>(line) else { break };
        let block = &event["content_block"];
        match event["type"].as_str().unwrap_or_default() {
            "message_start" => take_usage(&event["message"]["usage"], &mut usage, &mut answer),
            "content_block_start" if block["type"] == "tool_use" => {
                let (id, name) = (text(&block["id"]), text(&block["name"]));
                answer.calls.push(Call { id, name, arguments: String::new() });
            }
            "content_block_delta" => {
                take_text(&event["delta"], &mut answer);
                if let Some(call) = answer.calls.last_mut() {
                    call.arguments += &text(&event["delta"]["partial_json"]);
                }
            }
            "message_delta" => {
                take_finish(&event["delta"], &mut answer);
                take_usage(&event["usage"], &mut usage, &mut answer);
            }
            "message_stop" => {
                for call in answer.calls.iter_mut().filter(|call| call.arguments.is_empty()) {
                    call.arguments = "{}".into();
                }
                return Outcome::Answer(answer);
            }
            "error" => return Outcome::Error(text(&event["error"]["message"])),
            _ => {}
        }
    }
    Outcome::Error(CUT_OFF.to_owned())
}

pub fn error(body: &Value) -> Option<String> {
    message(body)
}

pub fn models(body: &Value) -> Vec<String> {
    body["data"].as_array().into_iter().flatten().map(|model| text(&model["id"])).collect()
}

/// Takes the text of a block or of a delta; blocks of tools that the provider runs have none here.
fn take_text(block: &Value, answer: &mut Answer) {
    answer.text += &text(&block["text"]);
    answer.reasoning += &text(&block["thinking"]);
}

fn take_finish(message: &Value, answer: &mut Answer) {
    if let Some(reason) = message["stop_reason"].as_str() {
        answer.finish = match reason {
            "end_turn" | "stop_sequence" => "stop",
            "max_tokens" | "model_context_window_exceeded" => "length",
            "tool_use" => "tool_calls",
            "refusal" => "content_filter",
            _ => "other",
        }
        .to_owned();
    }
}

/// Adds up what went in, since the provider counts what it cached apart. Later counts replace earlier ones.
fn take_usage(newer: &Value, usage: &mut Value, answer: &mut Answer) {
    for (name, count) in newer.as_object().into_iter().flatten() {
        if !count.is_null() {
            usage[name] = count.clone();
        }
    }
    let count = |name: &str| usage[name].as_u64();
    let inputs = ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"];
    answer.prompt_tokens = inputs.into_iter().filter_map(count).reduce(|sum, more| sum + more);
    answer.output_tokens = count("output_tokens");
}
