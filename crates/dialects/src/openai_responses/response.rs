//! Reads a whole `response` object.

use canonical::{Collector, Fault, Response, Usage};
use serde_json::Value;

use super::{answer::Answer, output};
use crate::{
    assembly::malformed,
    json::{count, member, parse, text},
    openai_chat::error,
};

/// Reads a whole answer.
pub(super) fn decode(body: &[u8]) -> Result<Response, Fault> {
    let body = parse(body).map_err(malformed)?;
    if let Some(fault) = error::in_answer(&body) {
        return Err(fault);
    }
    let mut answer = Answer::default();
    read(&body, &mut answer)?;
    let mut events = Vec::new();
    answer.drain_into(&mut events);
    let mut collector = Collector::default();
    events.into_iter().for_each(|event| collector.push(event));
    collector.finish().map_err(|fault| fault.unwrap_or_else(|| malformed("the answer has no end")))
}

/// Takes all that a `response` object says, up to its end.
pub(super) fn read(response: &Value, answer: &mut Answer) -> Result<(), Fault> {
    if matches!(text(response, "status"), Some("failed" | "cancelled" | "queued" | "in_progress")) {
        return Err(error::in_stream(response));
    }
    answer.start(response);
    let items = member(response, "output").as_array();
    for (index, item) in (0..).zip(items.ok_or_else(|| malformed("the answer has no `output`"))?) {
        output::close(index, item, answer)?;
    }
    answer.stop(response);
    Ok(())
}

/// Brings the counts into the normal form: input without what was cached.
pub(super) fn usage(usage: &Value) -> Usage {
    let input = count(usage, "input_tokens");
    let cached = |name| count(member(usage, "input_tokens_details"), name);
    let (cache_read_tokens, cache_write_tokens) =
        (cached("cached_tokens"), cached("cache_write_tokens"));
    let others = cache_read_tokens.unwrap_or(0).saturating_add(cache_write_tokens.unwrap_or(0));
    Usage {
        input_tokens: input.map(|input| input.saturating_sub(others)),
        cache_read_tokens,
        cache_write_tokens,
        output_tokens: count(usage, "output_tokens"),
        reasoning_tokens: count(member(usage, "output_tokens_details"), "reasoning_tokens"),
    }
}

#[cfg(test)]
mod tests {
    use canonical::{ErrorKind, Usage};
    use serde_json::json;

    use super::{decode, usage};

    #[test]
    fn usage_has_one_normal_form() {
        let counts = json!({ "input_tokens": 10, "output_tokens": 4, "total_tokens": 14,
            "input_tokens_details": { "cached_tokens": 7, "cache_write_tokens": 1 },
            "output_tokens_details": { "reasoning_tokens": 3 } });
        let expected = Usage {
            input_tokens: Some(2),
            cache_read_tokens: Some(7),
            cache_write_tokens: Some(1),
            output_tokens: Some(4),
            reasoning_tokens: Some(3),
        };
        assert_eq!(usage(&counts), expected);
        assert_eq!(usage(&json!({})), Usage::default());
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for (body, expected) in [
            (json!({}), ErrorKind::Malformed),
            (json!({ "output": {} }), ErrorKind::Malformed),
            (json!({ "output": [5] }), ErrorKind::Malformed),
            (json!({ "output": [{ "type": "message", "content": "hi" }] }), ErrorKind::Malformed),
            (
                json!({ "output": [{ "type": "function_call", "arguments": {} }] }),
                ErrorKind::Malformed,
            ),
            (json!({ "status": "cancelled", "output": [] }), ErrorKind::UpstreamFailed),
            (
                json!({ "status": "failed", "output": [],
                    "error": { "code": "rate_limit_exceeded", "message": "m" } }),
                ErrorKind::RateLimited,
            ),
        ] {
            let fault = decode(body.to_string().as_bytes()).unwrap_err();
            assert_eq!(fault.kind, expected, "{body}");
        }
    }
}
