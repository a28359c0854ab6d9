//! OpenAI Responses.

use serde_json::{Value, json};
use testkit::fixtures::Case;

use super::{Answer, CUT_OFF, Call, Kind, Outcome, by_path_or_api, message, text};

pub fn kind(case: &Case) -> Option<Kind> {
    Some(by_path_or_api(case, "/responses", "/models", "responses"))
}

pub fn answer(body: &Value) -> Outcome {
    if !body["error"].is_null() {
        return Outcome::Error(message(body).unwrap_or_default());
    }
    let mut answer = Answer { finish: "stop".into(), ..Answer::default() };
    for item in body["output"].as_array().into_iter().flatten() {
        take_item(item, &mut answer);
    }
    Outcome::Answer(settled(answer, body))
}

/// Reads the events that complete an item; what grew before has to come to the same.
pub fn stream(body: &str) -> Outcome {
    let mut answer = Answer { finish: "stop".into(), ..Answer::default() };
    for line in body.lines().filter_map(|line| line.strip_prefix("data:")) {
        let Ok(event) = serde_json::from_str::<Value>(line) else { break };
        match event["type"].as_str().unwrap_or_default() {
            "response.output_item.done" => take_item(&event["item"], &mut answer),
            "response.completed" | "response.incomplete" => {
                return Outcome::Answer(settled(answer, &event["response"]));
            }
            "response.failed" => {
                return Outcome::Error(message(&event["response"]).unwrap_or_default());
            }
            "error" => return Outcome::Error(message(&event).unwrap_or_default()),
            _ => {}
        }
    }
    Outcome::Error(CUT_OFF.to_owned())
}

fn take_item(item: &Value, answer: &mut Answer) {
    for content in item["content"].as_array().into_iter().flatten() {
        if item["type"] == "reasoning" {
            answer.reasoning += &text(&content["text"]);
            continue;
        }
        answer.text += &text(&content["text"]);
        if content["type"] == "refusal" {
            answer.text += &text(&content["refusal"]);
            answer.finish = "content_filter".into();
        }
    }
    let thoughts = item["summary"].as_array().into_iter().flatten();
    let thoughts: Vec<_> = thoughts.map(|thought| text(&thought["text"])).collect();
    answer.reasoning += &thoughts.join("\n\n");
    let arguments = match item["type"].as_str() {
        Some("function_call") => text(&item["arguments"]),
        Some("custom_tool_call") => json!({ "input": item["input"] }).to_string(),
        _ => return,
    };
    let (id, name) = (text(&item["call_id"]), text(&item["name"]));
    answer.calls.push(Call { id, name, arguments });
}

/// Calls decide the reason where the answer is complete; its counts stand at its end.
fn settled(mut answer: Answer, response: &Value) -> Answer {
    if answer.finish == "stop" && !answer.calls.is_empty() {
        answer.finish = "tool_calls".into();
    }
    if response["status"] == "incomplete" {
        let is_filtered = response["incomplete_details"]["reason"] == "content_filter";
        answer.finish = if is_filtered { "content_filter" } else { "length" }.to_owned();
    }
    answer.prompt_tokens = response["usage"]["input_tokens"].as_u64();
    answer.output_tokens = response["usage"]["output_tokens"].as_u64();
    answer
}
