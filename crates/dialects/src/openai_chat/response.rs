//! Reads `chat.completion` objects, whole or in chunks.
//!
//! A whole answer is a stream of one chunk with `message` in place of `delta`, so both are read by the same
//! code and come out alike. Compatible servers leave out, null and double members freely, hence so little is
//! insisted on: that a message is one, and that it says what it says in the types there are.

use canonical::{Collector, Dialect, Fault, FinishReason, Opaque, Response, Seal, Usage};
use serde_json::Value;

use super::{error, logprobs, request::REASONING_MEMBERS};
use crate::{
    assembly::{Assembly, CallFragment, malformed},
    json::{count, filled, list, object, parse, present, text, typed},
};

/// Reads a whole answer.
pub(crate) fn decode(body: &[u8], dialect: Dialect) -> Result<Response, Fault> {
    let mut assembly = Assembly::default();
    let body = parse(body).map_err(malformed)?;
    read(&body, dialect, &mut assembly)?;
    if list(&body, "choices").iter().any(|choice| present(choice, "message").is_none()) {
        return Err(malformed("a choice has no message"));
    }
    assembly.stop();
    collect(assembly)
}

/// Folds an answer that has ended.
pub(crate) fn collect(mut assembly: Assembly) -> Result<Response, Fault> {
    let mut events = Vec::new();
    assembly.drain_into(&mut events);
    let mut collector = Collector::default();
    events.into_iter().for_each(|event| collector.push(event));
    collector.finish().map_err(|fault| fault.unwrap_or_else(|| malformed("the answer has no end")))
}

/// Reads one chunk, or a whole answer.
pub(super) fn read(chunk: &Value, dialect: Dialect, assembly: &mut Assembly) -> Result<(), Fault> {
    if let Some(fault) = error::in_answer(chunk) {
        return Err(fault);
    }
    assembly.name(filled(chunk, "id"), filled(chunk, "model"));
    for (position, choice) in (0..).zip(list(chunk, "choices")) {
        let index = count(choice, "index").unwrap_or(position);
        assembly.choice(index);
        if let Some(delta) = typed(choice, "delta", object)? {
            read_message(delta, index, dialect, assembly)?;
            for call in typed(delta, "tool_calls", Value::as_array)?.into_iter().flatten() {
                read_call(call, |call| assembly.call(index, call));
            }
        } else if let Some(message) = typed(choice, "message", object)? {
            read_message(message, index, dialect, assembly)?;
            for call in typed(message, "tool_calls", Value::as_array)?.into_iter().flatten() {
                read_call(call, |call| assembly.whole_call(index, call));
            }
        }
        assembly.logprobs(index, logprobs::read(choice));
        if let Some(reason) = filled(choice, "finish_reason") {
            assembly.finish(index, finish_reason(reason));
        }
    }
    // Groq puts the counts of a stream under a name of its own as well, some models only there.
    let usage = present(chunk, "usage").or_else(|| present(present(chunk, "x_groq")?, "usage"));
    if let Some(counts) = usage {
        assembly.usage(read_usage(counts));
    }
    Ok(())
}

fn read_message(
    message: &Value,
    choice: u64,
    dialect: Dialect,
    assembly: &mut Assembly,
) -> Result<(), Fault> {
    // vLLM fills both members with the same thoughts.
    let thoughts =
        REASONING_MEMBERS.into_iter().find_map(|name| Some((name, filled(message, name)?)));
    if let Some((name, thoughts)) = thoughts {
        let seal = Seal { dialect: Dialect::OpenAiChat, data: name.to_owned() };
        assembly.reasoning(choice, thoughts, Some(seal));
    }
    match message.get("content") {
        Some(Value::String(said)) => assembly.text(choice, said),
        Some(Value::Array(chunks)) => {
            for chunk in chunks {
                read_content(chunk, choice, dialect, assembly);
            }
        }
        Some(Value::Null) | None => {}
        Some(_) => return Err(malformed("`content` is of the wrong type")),
    }
    assembly.refusal(choice, text(message, "refusal").unwrap_or_default());
    Ok(())
}

/// Reads a chunk of Mistral's kind of content; compatible servers answer with `text` chunks at most.
fn read_content(chunk: &Value, choice: u64, dialect: Dialect, assembly: &mut Assembly) {
    match text(chunk, "type") {
        Some("text") => assembly.text(choice, text(chunk, "text").unwrap_or_default()),
        Some("thinking") => {
            for thought in list(chunk, "thinking") {
                assembly.reasoning(choice, text(thought, "text").unwrap_or_default(), None);
            }
        }
        Some(_) | None => assembly.opaque(choice, Opaque { dialect, json: chunk.clone() }),
    }
}

/// Reads a tool call, or a piece of one, and hands it to `take`.
fn read_call(call: &Value, take: impl FnOnce(&CallFragment<'_>)) {
    let Some(function) = present(call, "function") else { return };
    let arguments = match function.get("arguments") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(value) => value.to_string(),
    };
    take(&CallFragment {
        index: count(call, "index"),
        id: text(call, "id").unwrap_or_default(),
        name: text(function, "name").unwrap_or_default(),
        arguments: &arguments,
    });
}

fn finish_reason(word: &str) -> FinishReason {
    match word {
        "stop" => FinishReason::Stop,
        "length" | "model_length" => FinishReason::Length,
        "tool_calls" | "function_call" => FinishReason::ToolCalls,
        "content_filter" => FinishReason::ContentFilter,
        other => FinishReason::Other(other.to_owned()),
    }
}

/// Brings the counts into the normal form: input without what was cached, output with the thinking.
pub(crate) fn read_usage(usage: &Value) -> Usage {
    let detail = |group: &str, name: &str| count(present(usage, group)?, name);
    let prompt = count(usage, "prompt_tokens");
    let cache_read_tokens = detail("prompt_tokens_details", "cached_tokens")
        .or_else(|| detail("prompt_token_details", "cached_tokens"))
        .or_else(|| count(usage, "prompt_cache_hit_tokens"))
        .or_else(|| count(usage, "num_cached_tokens"));
    let cache_write_tokens = detail("prompt_tokens_details", "cache_write_tokens");
    let cached = cache_read_tokens.unwrap_or(0).saturating_add(cache_write_tokens.unwrap_or(0));
    let reasoning_tokens = detail("completion_tokens_details", "reasoning_tokens");
    let output_tokens = count(usage, "completion_tokens").map(|completion| {
        // xAI leaves thinking out of `completion_tokens`, which only the total gives away.
        let with_thinking = completion.saturating_add(reasoning_tokens.unwrap_or(0));
        let total = prompt.unwrap_or(0).saturating_add(with_thinking);
        if count(usage, "total_tokens") == Some(total) { with_thinking } else { completion }
    });
    Usage {
        input_tokens: prompt.map(|prompt| prompt.saturating_sub(cached)),
        cache_read_tokens,
        cache_write_tokens,
        output_tokens,
        reasoning_tokens,
    }
}

#[cfg(test)]
mod tests {
    use canonical::{Dialect, ErrorKind, Usage};
    use serde_json::json;

    use super::{decode, read_usage};

    #[test]
    fn a_choice_without_a_message_is_no_answer() {
        for choice in [
            json!(5),
            json!({ "finish_reason": "stop" }),
            json!({ "message": null }),
            json!({ "message": "hi" }),
            json!({ "message": { "content": 5 } }),
            json!({ "message": { "content": null, "tool_calls": {} } }),
        ] {
            let body = json!({ "choices": [choice] }).to_string();
            for dialect in [Dialect::OpenAiChat, Dialect::Mistral] {
                let fault = decode(body.as_bytes(), dialect).unwrap_err();
                assert_eq!(fault.kind, ErrorKind::Malformed, "{body}");
            }
        }
        let empty = br#"{"choices":[{"message":{"content":null,"tool_calls":null}}]}"#;
        assert_eq!(decode(empty, Dialect::OpenAiChat).unwrap().text(), "");
    }

    #[test]
    fn usage_has_one_normal_form() {
        let plain = Usage { input_tokens: Some(10), output_tokens: Some(4), ..Usage::default() };
        for (usage, expected) in [
            (json!({}), Usage::default()),
            (json!({ "prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14 }), plain),
            (
                json!({ "prompt_tokens": 10, "prompt_tokens_details": { "cached_tokens": 7, "cache_write_tokens": 1 } }),
                Usage {
                    input_tokens: Some(2),
                    cache_read_tokens: Some(7),
                    cache_write_tokens: Some(1),
                    ..Usage::default()
                },
            ),
            (
                json!({ "prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14,
                    "completion_tokens_details": { "reasoning_tokens": 3 } }),
                Usage { reasoning_tokens: Some(3), ..plain },
            ),
            (
                json!({ "prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 17,
                    "completion_tokens_details": { "reasoning_tokens": 3 } }),
                Usage { output_tokens: Some(7), reasoning_tokens: Some(3), ..plain },
            ),
            (
                json!({ "prompt_tokens": 10, "prompt_cache_hit_tokens": 10 }),
                Usage { input_tokens: Some(0), cache_read_tokens: Some(10), ..Usage::default() },
            ),
        ] {
            assert_eq!(read_usage(&usage), expected, "{usage}");
        }
    }
}
