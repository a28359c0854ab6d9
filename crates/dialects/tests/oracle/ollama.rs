//! Ollama.

use serde_json::Value;
use testkit::fixtures::Case;

use super::{Answer, CUT_OFF, Call, Kind, Outcome, by_path_or_api, message, text};

pub fn kind(case: &Case) -> Option<Kind> {
    let is_native = case.api.as_deref() != Some("openai-compat");
    is_native.then(|| by_path_or_api(case, "/api/chat", "/api/tags", "chat"))
}

pub fn answer(body: &Value) -> Outcome {
    objects([Ok(body.clone())])
}

pub fn stream(body: &str) -> Outcome {
    objects(body.lines().map(serde_json::from_str))
}

fn objects(objects: impl IntoIterator<Item = serde_json::Result<Value>>) -> Outcome {
    let mut answer = Answer { finish: "stop".into(), ..Answer::default() };
    for object in objects.into_iter().map_while(Result::ok) {
        if !object["error"].is_null() {
            return Outcome::Error(message(&object).unwrap_or_default());
        }
        answer.text += &text(&object["message"]["content"]);
        answer.reasoning += &text(&object["message"]["thinking"]);
        for call in object["message"]["tool_calls"].as_array().into_iter().flatten() {
            answer.calls.push(Call {
                id: text(&call["id"]),
                name: text(&call["function"]["name"]),
                arguments: call["function"]["arguments"].to_string(),
            });
        }
        if object["done"] == true {
            answer.prompt_tokens = object["prompt_eval_count"].as_u64();
            answer.output_tokens = object["eval_count"].as_u64();
            let reason = object["done_reason"].as_str().unwrap_or("stop");
            answer.finish = match reason {
                "stop" if !answer.calls.is_empty() => "tool_calls",
                "stop" | "length" => reason,
                _ => "other",
            }
            .to_owned();
            return Outcome::Answer(answer);
        }
    }
    Outcome::Error(CUT_OFF.to_owned())
}

pub fn error(body: &Value) -> Option<String> {
    message(body)
}

pub fn models(body: &Value) -> Vec<String> {
    let models = body["models"].as_array().into_iter().flatten();
    models.map(|model| text(&model["model"])).collect()
}
