//! Reads what OpenAI and its kin say when they fail.
//!
//! Source: <https://platform.openai.com/docs/guides/error-codes>. `type` is unreliable, so `code` comes first.

use canonical::{ErrorKind, Fault, Origin};
use serde_json::Value;

use crate::{
    ErrorAnswer,
    error_text::error_text,
    json::{count, present, text},
    status,
};

/// Reads an answer of another status than 200. OpenRouter has the headers that tell of its limits in the body.
///
/// Source: <https://openrouter.ai/docs/api-reference/errors>
pub(crate) fn decode(answer: &ErrorAnswer<'_>) -> Fault {
    let body: Value = serde_json::from_slice(answer.body).unwrap_or_default();
    let account = named_kind(&body).filter(|kind| *kind == ErrorKind::QuotaExhausted);
    let header = |name: &str| (answer.header)(name).or_else(|| header_in(&body, name));
    status::fault(&ErrorAnswer { header: &header, ..*answer }, account, error_text(&body))
}

/// Looks a header up that is told in the body.
fn header_in<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    let headers = body.pointer("/error/metadata/headers")?.as_object()?;
    let (_, value) = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    value.as_str()
}

/// Finds an error in the clothing of a 200; Mistral's has no `error` member but calls itself one.
pub(crate) fn in_answer(body: &Value) -> Option<Fault> {
    let is_error = present(body, "error").is_some()
        || text(body, "object").is_some_and(|object| object.eq_ignore_ascii_case("error"));
    is_error.then(|| in_stream(body))
}

/// Reads an error that came after the status 200.
pub(crate) fn in_stream(body: &Value) -> Fault {
    let kind = named_kind(body)
        .or_else(|| numbered_kind(body))
        // The request was accepted, so what went wrong since isn't the caller's fault.
        .filter(|kind| Fault::new(*kind, "").origin == Origin::Upstream)
        .unwrap_or(ErrorKind::UpstreamFailed);
    let message = error_text(body)
        .unwrap_or_else(|| "the provider failed in the middle of its answer".to_owned());
    Fault::new(kind, message)
}

/// Tells the kind from `code` or `type`.
fn named_kind(body: &Value) -> Option<ErrorKind> {
    let error = present(body, "error").filter(|error| error.is_object()).unwrap_or(body);
    ["code", "type"].into_iter().find_map(|member| match text(error, member)? {
        "insufficient_quota" | "billing_hard_limit_reached" | "billing_not_active" => {
            Some(ErrorKind::QuotaExhausted)
        }
        "invalid_api_key" => Some(ErrorKind::KeyRefused),
        "rate_limit_exceeded" => Some(ErrorKind::RateLimited),
        _ => None,
    })
}

/// Tells the kind from a status in the body, as OpenRouter and Groq write it.
fn numbered_kind(body: &Value) -> Option<ErrorKind> {
    let error = present(body, "error")?;
    let status = count(error, "status_code").or_else(|| count(error, "code"))?;
    Some(status::kind_of(u16::try_from(status).ok()?))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use canonical::ErrorKind;
    use serde_json::json;

    use super::{decode, in_answer};
    use crate::ErrorAnswer;

    #[test]
    fn statuses_tell_the_kind_but_for_an_account_without_credit() {
        for (status, code, expected) in [
            (429, "insufficient_quota", ErrorKind::QuotaExhausted),
            (429, "rate_limit_exceeded", ErrorKind::RateLimited),
            (400, "invalid_api_key", ErrorKind::InvalidRequest),
            (400, "insufficient_quota", ErrorKind::QuotaExhausted),
            (400, "model_not_found", ErrorKind::InvalidRequest),
            (403, "model_not_found", ErrorKind::KeyRefused),
            (413, "rate_limit_exceeded", ErrorKind::TooLarge),
            (403, "anything", ErrorKind::KeyRefused),
            (302, "anything", ErrorKind::UpstreamFailed),
            (500, "anything", ErrorKind::UpstreamFailed),
            (503, "insufficient_quota", ErrorKind::Overloaded),
            (504, "anything", ErrorKind::UpstreamFailed),
        ] {
            let body = json!({ "error": { "message": "so it is", "code": code } }).to_string();
            let answer = ErrorAnswer {
                status,
                header: &|_| None,
                received_at: UNIX_EPOCH,
                body: body.as_bytes(),
            };
            let fault = decode(&answer);
            assert_eq!((fault.kind, fault.public.as_str()), (expected, "so it is"), "{code}");
            assert_eq!(fault.upstream_status, Some(status));
        }
    }

    #[test]
    fn an_account_without_credit_is_asked_again_in_a_minute_at_the_soonest() {
        let body = br#"{"error":{"message":"pay","code":"insufficient_quota"}}"#;
        for (status, stated, expected_s) in
            [(429, None, Some(60)), (429, Some("7"), Some(7)), (400, None, None)]
        {
            let header = |name: &str| stated.filter(|_| name == "retry-after");
            let answer = ErrorAnswer { status, header: &header, received_at: UNIX_EPOCH, body };
            assert_eq!(decode(&answer).retry_after, expected_s.map(Duration::from_secs));
        }
    }

    #[test]
    fn headers_may_be_in_the_body() {
        let body = |reset: &str| {
            let headers = json!({ "X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset });
            json!({ "error": { "message": "slow down", "code": 429, "metadata": { "headers": headers } } })
        };
        let now = UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        for (reset, stated, expected_s) in [
            ("1767225620000", None, Some(20)),
            ("1767225620000", Some("7"), Some(7)),
            ("soon", None, None),
        ] {
            let header = |name: &str| stated.filter(|_| name == "retry-after");
            let body = body(reset).to_string();
            let answer = ErrorAnswer {
                status: 429,
                header: &header,
                received_at: now,
                body: body.as_bytes(),
            };
            assert_eq!(decode(&answer).retry_after, expected_s.map(Duration::from_secs));
        }
    }

    #[test]
    fn an_accepted_request_is_never_blamed() {
        for (error, expected) in [
            (
                json!({ "message": "m", "code": "tool_use_failed", "status_code": 400 }),
                ErrorKind::UpstreamFailed,
            ),
            (json!({ "message": "m", "code": 429 }), ErrorKind::RateLimited),
            (json!({ "message": "m", "code": 502 }), ErrorKind::UpstreamFailed),
            (json!("m"), ErrorKind::UpstreamFailed),
        ] {
            let fault = in_answer(&json!({ "error": error })).unwrap();
            assert_eq!((fault.kind, fault.public.as_str()), (expected, "m"));
        }
        assert_eq!(in_answer(&json!({ "error": null })), None);
    }
}
