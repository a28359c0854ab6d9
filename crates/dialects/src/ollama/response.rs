//! Reads the objects of an answer: one when it comes whole, many when it is streamed, the last with `done`.

use canonical::{Fault, FinishReason, Media, MediaKind, MediaSource, Response, Usage};
use serde_json::Value;

use super::{error, shape::Shape};
use crate::{
    assembly::{Assembly, CallFragment, malformed, truncated},
    json::{count, filled, list, object, parse, present, text, typed},
    openai_chat::response::collect,
    token_logprobs,
};

/// Reads a whole answer.
pub(super) fn decode(body: &[u8], shape: Shape) -> Result<Response, Fault> {
    let mut assembly = Assembly::default();
    let body = parse(body).map_err(malformed)?;
    read(&body, shape, &mut assembly)?;
    if present(&body, shape.member()).is_none() {
        return Err(malformed(format!("the answer has no {}", shape.member())));
    }
    assembly.fail(truncated());
    collect(assembly)
}

/// Reads one object. There is but one choice, and calls come whole, so their number is their order.
pub(super) fn read(answer: &Value, shape: Shape, assembly: &mut Assembly) -> Result<(), Fault> {
    if let Some(fault) = error::in_answer(answer) {
        return Err(fault);
    }
    assembly.name(None, filled(answer, "model"));
    match shape {
        Shape::Chat => {
            if let Some(message) = typed(answer, "message", object)? {
                read_said(message, "content", assembly)?;
            }
        }
        Shape::Generate => read_said(answer, "response", assembly)?,
    }
    assembly.logprobs(0, token_logprobs::read(list(answer, "logprobs")));
    if answer.get("done").and_then(Value::as_bool) == Some(true) {
        assembly.choice(0);
        assembly.usage(Usage {
            input_tokens: count(answer, "prompt_eval_count"),
            output_tokens: count(answer, "eval_count"),
            ..Usage::default()
        });
        assembly.finish(0, finish_reason(text(answer, "done_reason").unwrap_or("stop")));
        assembly.stop();
    }
    Ok(())
}

/// Reads what is said, and in the member `words` its text.
fn read_said(message: &Value, words: &str, assembly: &mut Assembly) -> Result<(), Fault> {
    assembly.reasoning(0, text(message, "thinking").unwrap_or_default(), None);
    assembly.text(0, typed(message, words, Value::as_str)?.unwrap_or_default());
    for image in list(message, "images").iter().filter_map(Value::as_str) {
        assembly.media(
            0,
            Media {
                kind: MediaKind::Image,
                mime: None,
                source: MediaSource::Base64(image.to_owned()),
                detail: None,
                name: None,
            },
        );
    }
    for call in typed(message, "tool_calls", Value::as_array)?.into_iter().flatten() {
        let Some(function) = present(call, "function") else { continue };
        let arguments = match present(function, "arguments") {
            Some(Value::String(text)) => text.clone(),
            Some(arguments) => arguments.to_string(),
            None => "{}".to_owned(),
        };
        assembly.whole_call(
            0,
            &CallFragment {
                index: None,
                id: text(call, "id").unwrap_or_default(),
                name: text(function, "name").unwrap_or_default(),
                arguments: &arguments,
            },
        );
    }
    Ok(())
}

fn finish_reason(word: &str) -> FinishReason {
    match word {
        "stop" | "" => FinishReason::Stop,
        "length" => FinishReason::Length,
        other => FinishReason::Other(other.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use canonical::{ErrorKind, FinishReason};
    use serde_json::json;

    use super::{Shape, decode};

    #[test]
    fn an_answer_without_a_message_is_none() {
        for message in [
            json!(null),
            json!("hi"),
            json!({ "content": 5 }),
            json!({ "content": "", "tool_calls": {} }),
        ] {
            let body = json!({ "message": message, "done": true }).to_string();
            let fault = decode(body.as_bytes(), Shape::Chat).unwrap_err();
            assert_eq!(fault.kind, ErrorKind::Malformed, "{body}");
        }
        let empty = br#"{"message":{"content":"","tool_calls":null},"done":true}"#;
        assert_eq!(decode(empty, Shape::Chat).unwrap().text(), "");
    }

    #[test]
    fn a_generation_says_it_beside_the_rest() {
        let body = br#"{"response":"Eel.","thinking":"A fish.","done":true,"done_reason":"length",
            "logprobs":[{"token":"Eel","logprob":-0.5}]}"#;
        let response = decode(body, Shape::Generate).unwrap();
        assert_eq!(response.text(), "Eel.");
        assert_eq!(response.choices[0].parts.len(), 2);
        assert_eq!(response.choices[0].finish.reason, FinishReason::Length);
        assert_eq!(response.choices[0].logprobs[0].token, "Eel");
        let chat = br#"{"message":{"content":"Eel."},"done":true}"#;
        assert_eq!(decode(chat, Shape::Generate).unwrap_err().kind, ErrorKind::Malformed);
    }
}
