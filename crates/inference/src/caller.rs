//! Which dialect a caller speaks, by path and headers.

use bytes::Bytes;
use canonical::{Dialect, ErrorKind, Fault};
use dialects::{
    ANTHROPIC_MESSAGES, ChatEndpoint, GEMINI_GENERATE, MISTRAL_CHAT, OLLAMA_CHAT, OPENAI_CHAT,
};
use http::{HeaderMap, StatusCode};
use server::RequestId;

/// The dialect of whoever asks for models at the path that three dialects share.
pub(crate) fn of_models(headers: &HeaderMap) -> Dialect {
    let has = |name| headers.contains_key(name);
    if has("x-goog-api-key") {
        Dialect::Gemini
    } else if has("anthropic-version") || has("x-api-key") {
        Dialect::Anthropic
    } else {
        Dialect::OpenAiChat
    }
}

/// The endpoint in whose shape callers of a dialect read errors.
pub(crate) fn endpoint(dialect: Dialect) -> &'static dyn ChatEndpoint {
    match dialect {
        Dialect::OpenAiChat | Dialect::OpenAiResponses => OPENAI_CHAT,
        Dialect::Anthropic => ANTHROPIC_MESSAGES,
        Dialect::Gemini => GEMINI_GENERATE,
        Dialect::Mistral => MISTRAL_CHAT,
        Dialect::Ollama => OLLAMA_CHAT,
    }
}

/// Words a refusal of the door in the dialect of whoever calls `path`; none for the management API.
#[must_use]
pub fn wording(
    path: &str,
    headers: &HeaderMap,
    status: StatusCode,
    sentence: &str,
    request_id: RequestId,
) -> Option<Bytes> {
    let dialect = of_path(path, headers)?;
    let fault = Fault::new(kind(status), sentence);
    let body = endpoint(dialect).encode_error(status.as_u16(), &fault, &request_id.to_string());
    Some(body.into())
}

/// The dialect that is spoken at a path.
pub(crate) fn of_path(path: &str, headers: &HeaderMap) -> Option<Dialect> {
    /// Where Ollama's callers call, beside the management API; the last five are not served.
    const OLLAMA: [&str; 13] = [
        "chat",
        "generate",
        "embed",
        "embeddings",
        "tags",
        "show",
        "ps",
        "version",
        "pull",
        "push",
        "create",
        "copy",
        "delete",
    ];
    if let Some(rest) = path.strip_prefix("/api/") {
        return OLLAMA.contains(&rest).then_some(Dialect::Ollama);
    }
    if path.starts_with("/mistral/") {
        return Some(Dialect::Mistral);
    }
    if path.starts_with("/v1beta/") {
        return Some(Dialect::Gemini);
    }
    let rest = path.strip_prefix("/v1/")?;
    if rest.starts_with("messages") {
        Some(Dialect::Anthropic)
    } else if rest.starts_with("models") {
        let is_verb = rest.contains(':') && headers.contains_key("content-type");
        Some(if is_verb { Dialect::Gemini } else { of_models(headers) })
    } else {
        Some(Dialect::OpenAiChat)
    }
}

/// The kind of fault that a refusal of the door is; an unknown path is no unknown model.
fn kind(status: StatusCode) -> ErrorKind {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => ErrorKind::TooLarge,
        _ => ErrorKind::InvalidRequest,
    }
}
