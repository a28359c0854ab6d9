//! Gemini.

use serde_json::{Value, json};
use testkit::fixtures::Case;

use super::{Answer, CUT_OFF, Call, Kind, Outcome, message, text};

pub fn kind(case: &Case) -> Option<Kind> {
    let path = case.path().unwrap_or_default();
    match case.api.as_deref() {
        _ if path.ends_with("enerateContent") => Some(Kind::Chat),
        _ if path.ends_with("/models") => Some(Kind::Models),
        Some("openai-compat") => None,
        Some("generateContent") => Some(Kind::Chat),
        Some(_) | None => Some(Kind::Other),
    }
}

pub fn answer(body: &Value) -> Outcome {
    chunks(std::slice::from_ref(body))
}

pub fn stream(body: &str) -> Outcome {
    if let Some(start) = body.find("\n{") {
        let error: Value = serde_json::from_str(&body[start..]).unwrap_or_default();
        return Outcome::Error(message(&error).unwrap_or_default());
    }
    let datas = body.lines().filter_map(|line| line.strip_prefix("data:"));
    chunks(&datas.map_while(|data| serde_json::from_str(data).ok()).collect::<Vec<_>>())
}

fn chunks(chunks: &[Value]) -> Outcome {
    let (mut answer, mut finish, mut arguments) = (Answer::default(), None, Vec::new());
    for chunk in chunks {
        if !chunk["error"].is_null() {
            return Outcome::Error(message(&chunk["error"]).unwrap_or_default());
        }
        let candidate = &chunk["candidates"][0];
        for part in candidate["content"]["parts"].as_array().into_iter().flatten() {
            match part["thought"] == true {
                true => answer.reasoning += &text(&part["text"]),
                false => answer.text += &text(&part["text"]),
            }
            take_call(&part["functionCall"], &mut answer, &mut arguments);
        }
        if !chunk["promptFeedback"]["blockReason"].is_null()
            || !chunk["promptFeedback"]["blockReasonMessage"].is_null()
        {
            finish = Some("content_filter".to_owned());
        }
        finish = candidate["finishReason"].as_str().map(normal).or(finish);
        take_usage(&chunk["usageMetadata"], &mut answer);
    }
    for (call, arguments) in answer.calls.iter_mut().zip(arguments) {
        call.arguments = arguments.to_string();
    }
    match finish {
        None => Outcome::Error(CUT_OFF.to_owned()),
        Some(finish) => {
            let is_call = finish == "stop" && !answer.calls.is_empty();
            answer.finish = if is_call { "tool_calls".to_owned() } else { finish };
            Outcome::Answer(answer)
        }
    }
}

pub fn error(body: &Value) -> Option<String> {
    message(body)
}

pub fn models(body: &Value) -> Vec<String> {
    let models = body["models"].as_array().into_iter().flatten();
    models.map(|model| text(&model["name"]).trim_start_matches("models/").to_owned()).collect()
}

fn normal(reason: &str) -> String {
    match reason {
        "STOP" => "stop",
        "MAX_TOKENS" => "length",
        "SAFETY" | "RECITATION" | "PROHIBITED_CONTENT" => "content_filter",
        _ => "other",
    }
    .to_owned()
}

/// Takes a call, or more of the last one: pieces lack the name, and the texts of one place add up.
fn take_call(call: &Value, answer: &mut Answer, arguments: &mut Vec<Value>) {
    if let Some(name) = call["name"].as_str() {
        let (id, name) = (text(&call["id"]), name.to_owned());
        answer.calls.push(Call { id, name, arguments: String::new() });
        arguments.push(call["args"].as_object().map_or(json!({}), |args| json!(args)));
    }
    for piece in call["partialArgs"].as_array().into_iter().flatten() {
        let name = piece["jsonPath"].as_str().unwrap_or_default().trim_start_matches("$.");
        let place = &mut arguments.last_mut().expect("a call has begun")[name];
        *place = json!(text(place) + &text(&piece["stringValue"]));
    }
}

/// The prompt holds what was cached; what the provider's tools found is input too, thoughts are output.
fn take_usage(usage: &Value, answer: &mut Answer) {
    let count = |name: &str| usage[name].as_u64();
    let sum = |names: [&str; 2]| names.into_iter().filter_map(count).reduce(|one, two| one + two);
    let prompt = sum(["promptTokenCount", "toolUsePromptTokenCount"]);
    let output = sum(["candidatesTokenCount", "thoughtsTokenCount"]);
    answer.prompt_tokens = prompt.or(answer.prompt_tokens);
    answer.output_tokens = output.or(answer.output_tokens);
}
