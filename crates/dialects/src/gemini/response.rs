//! Reads a whole answer of `generateContent`.

use canonical::{Choice, Fault, FinishReason, Part, Response, Usage};
use serde_json::Value;

use super::{error, logprobs, part::part};
use crate::{
    assembly::malformed,
    json::{self, count, filled, list, object, present, text, typed},
};

/// More candidates than this are nonsense.
const MOST_CANDIDATES: usize = 128;

/// Reads the body.
pub(super) fn decode(body: &[u8]) -> Result<Response, Fault> {
    let body = json::parse(body).map_err(malformed)?;
    if let Some(error) = error::error(&body) {
        return Err(error::within_200(error));
    }
    let candidates = list(&body, "candidates");
    let choices: Vec<_> = if candidates.is_empty() && is_blocked(&body) {
        vec![Choice {
            parts: Vec::new(),
            finish: FinishReason::ContentFilter.into(),
            logprobs: Vec::new(),
        }]
    } else {
        candidates.iter().take(MOST_CANDIDATES).map(choice).collect::<Result<_, _>>()?
    };
    if choices.is_empty() {
        return Err(malformed("the answer has no candidates"));
    }
    Ok(Response {
        id: filled(&body, "responseId").map(str::to_owned),
        model: filled(&body, "modelVersion").map(str::to_owned),
        choices,
        usage: usage(&body),
    })
}

fn choice(candidate: &Value) -> Result<Choice, Fault> {
    let parts: Vec<_> = contents(candidate)?.iter().filter_map(part).collect();
    let calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    let reason = text(candidate, "finishReason").map_or(FinishReason::Stop, finish_reason);
    Ok(Choice {
        parts,
        finish: with_calls(reason, calls).into(),
        logprobs: logprobs::decode(candidate),
    })
}

/// Returns a candidate's parts; content and parts are often missing.
pub(super) fn contents(candidate: &Value) -> Result<&[Value], Fault> {
    object(candidate).ok_or_else(|| malformed("a candidate is no object"))?;
    let Some(content) = typed(candidate, "content", object)? else { return Ok(&[]) };
    Ok(typed(content, "parts", Value::as_array)?.map(Vec::as_slice).unwrap_or_default())
}

/// Whether the prompt was blocked, so that there is nothing to answer.
pub(super) fn is_blocked(body: &Value) -> bool {
    present(body, "promptFeedback").is_some_and(|feedback| {
        ["blockReason", "blockReasonMessage"].iter().any(|name| present(feedback, name).is_some())
    })
}

/// Turns the provider's word into the normal form.
pub(super) fn finish_reason(word: &str) -> FinishReason {
    match word {
        "STOP" => FinishReason::Stop,
        "MAX_TOKENS" => FinishReason::Length,
        "SAFETY"
        | "RECITATION"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "MODEL_ARMOR"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION" => FinishReason::ContentFilter,
        other => FinishReason::Other(other.to_owned()),
    }
}

/// The provider says `STOP` for tool calls too.
pub(super) fn with_calls(reason: FinishReason, calls: bool) -> FinishReason {
    if calls && reason == FinishReason::Stop { FinishReason::ToolCalls } else { reason }
}

/// Reads the counts. The provider's prompt includes what a cache held and excludes what its own tools
/// found; its candidates exclude thoughts.
pub(super) fn usage(body: &Value) -> Usage {
    let Some(usage) = present(body, "usageMetadata") else { return Usage::default() };
    let sum = |one: Option<u64>, other: Option<u64>| match (one, other) {
        (Some(one), Some(other)) => Some(one.saturating_add(other)),
        (one, other) => one.or(other),
    };
    let cached = count(usage, "cachedContentTokenCount");
    let thoughts = count(usage, "thoughtsTokenCount");
    let prompt = count(usage, "promptTokenCount");
    let uncached = prompt.map(|prompt| prompt.saturating_sub(cached.unwrap_or(0)));
    Usage {
        input_tokens: sum(uncached, count(usage, "toolUsePromptTokenCount")),
        cache_read_tokens: cached,
        cache_write_tokens: None,
        output_tokens: sum(count(usage, "candidatesTokenCount"), thoughts),
        reasoning_tokens: thoughts,
    }
}
