//! Reads the objects of an answer: one when it comes whole, many when it is streamed, the last with `done`.

use canonical::{Fault, FinishReason, Media, MediaKind, MediaSource, Response, Usage};
use serde_json::Value;

use super::error;
use crate::{
    assembly::{Assembly, CallFragment, malformed, truncated},
    json::{count, filled, list, parse, present, text},
    openai_chat::response::collect,
};

/// Reads a whole answer.
pub(super) fn decode(body: &[u8]) -> Result<Response, Fault> {
    let mut assembly = Assembly::default();
    read(&parse(body).map_err(malformed)?, &mut assembly);
    assembly.fail(truncated());
    collect(assembly)
}

/// Reads one object. There is but one choice, and calls come whole, so their number is their order.
pub(super) fn read(object: &Value, assembly: &mut Assembly) {
    if let Some(fault) = error::in_answer(object) {
        assembly.fail(fault);
        return;
    }
    assembly.name(None, filled(object, "model"));
    if let Some(message) = present(object, "message") {
        read_message(message, assembly);
    }
    if object.get("done").and_then(Value::as_bool) == Some(true) {
        assembly.choice(0);
        assembly.usage(Usage {
            input_tokens: count(object, "prompt_eval_count"),
            output_tokens: count(object, "eval_count"),
            ..Usage::default()
        });
        assembly.finish(0, finish_reason(text(object, "done_reason").unwrap_or("stop")));
        assembly.stop();
    }
}

fn read_message(message: &Value, assembly: &mut Assembly) {
    assembly.reasoning(0, text(message, "thinking").unwrap_or_default(), None);
    assembly.text(0, text(message, "content").unwrap_or_default());
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
    for call in list(message, "tool_calls") {
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
}

fn finish_reason(word: &str) -> FinishReason {
    match word {
        "stop" | "" => FinishReason::Stop,
        "length" => FinishReason::Length,
        other => FinishReason::Other(other.to_owned()),
    }
}
