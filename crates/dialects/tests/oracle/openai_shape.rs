//! OpenAI chat and Mistral.

use serde_json::Value;
use testkit::fixtures::Case;

use super::{Answer, CUT_OFF, Call, Kind, Outcome, by_path_or_api, message, text};

pub fn openai_kind(case: &Case) -> Option<Kind> {
    if case.name.starts_with("ollama/") {
        let is_ours = case.api.as_deref() == Some("openai-compat");
        return is_ours.then_some(Kind::Chat);
    }
    Some(by_path_or_api(case, "/chat/completions", "/models", "chat.completions"))
}

pub fn mistral_kind(case: &Case) -> Option<Kind> {
    Some(by_path_or_api(case, "/chat/completions", "/models", "chat.completions"))
}

pub fn answer(body: &Value) -> Outcome {
    if !body["error"].is_null() {
        return Outcome::Error(message(body).unwrap_or_default());
    }
    let mut answer = Answer { finish: "stop".into(), ..Answer::default() };
    let choice = &body["choices"][0];
    take_message(&choice["message"], &mut answer);
    for call in choice["message"]["tool_calls"].as_array().into_iter().flatten() {
        answer.calls.push(Call {
            id: text(&call["id"]),
            name: text(&call["function"]["name"]),
            arguments: text(&call["function"]["arguments"]),
        });
    }
    take_finish(choice, &mut answer);
    take_usage(&body["usage"], &mut answer);
    Outcome::Answer(settled(answer, text(&choice["message"]["refusal"])))
}

pub fn stream(body: &str) -> Outcome {
    let mut answer = Answer { finish: "stop".into(), ..Answer::default() };
    let (mut refusal, mut indices) = (String::new(), Vec::new());
    for line in body.lines().filter_map(|line| line.strip_prefix("data:")) {
        if line.trim() == "[DONE]" {
            return Outcome::Answer(settled(answer, refusal));
        }
        let Ok(chunk) = serde_json::from_str::<Value>(line) else { break };
        if !chunk["error"].is_null() {
            return Outcome::Error(message(&chunk).unwrap_or_default());
        }
        take_usage(&chunk["usage"], &mut answer);
        let choices = chunk["choices"].as_array().into_iter().flatten();
        for choice in choices.filter(|choice| choice["index"] == 0) {
            take_message(&choice["delta"], &mut answer);
            refusal += &text(&choice["delta"]["refusal"]);
            for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
                if !indices.contains(&call["index"]) {
                    indices.push(call["index"].clone());
                    let (id, name) = (text(&call["id"]), text(&call["function"]["name"]));
                    answer.calls.push(Call { id, name, arguments: String::new() });
                }
                let position = indices.iter().position(|index| *index == call["index"]);
                let call_under_way = &mut answer.calls[position.unwrap_or_default()];
                call_under_way.arguments += &text(&call["function"]["arguments"]);
            }
            take_finish(choice, &mut answer);
        }
    }
    Outcome::Error(CUT_OFF.to_owned())
}

pub fn error(body: &Value) -> Option<String> {
    message(body)
}

pub fn models(body: &Value) -> Vec<String> {
    let models = body["data"].as_array().or(body.as_array()).into_iter().flatten();
    models.map(|model| text(&model["id"])).collect()
}

fn take_message(message: &Value, answer: &mut Answer) {
    answer.text += &text(&message["content"]);
    for chunk in message["content"].as_array().into_iter().flatten() {
        answer.text += &text(&chunk["text"]);
        for thought in chunk["thinking"].as_array().into_iter().flatten() {
            answer.reasoning += &text(&thought["text"]);
        }
    }
    answer.reasoning += &text(&message["reasoning_content"]);
    answer.reasoning += &text(&message["reasoning"]);
}

fn take_finish(choice: &Value, answer: &mut Answer) {
    if let Some(reason) = choice["finish_reason"].as_str() {
        answer.finish = match reason {
            "stop" | "length" | "tool_calls" | "content_filter" => reason,
            "model_length" => "length",
            "function_call" => "tool_calls",
            _ => "other",
        }
        .to_owned();
    }
}

fn take_usage(usage: &Value, answer: &mut Answer) {
    if let Some(prompt) = usage["prompt_tokens"].as_u64() {
        answer.prompt_tokens = Some(prompt);
        // Thinking is part of the output, also where `completion_tokens` leaves it out.
        answer.output_tokens = usage["total_tokens"].as_u64().map(|total| total - prompt);
    }
}

/// Calls and refusals decide the reason where it says `stop`.
fn settled(mut answer: Answer, refusal: String) -> Answer {
    if answer.finish == "stop" && !answer.calls.is_empty() {
        answer.finish = "tool_calls".into();
    }
    if !refusal.is_empty() {
        answer.finish = "content_filter".into();
        answer.text += &refusal;
    }
    answer
}
