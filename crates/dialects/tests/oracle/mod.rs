//! What an exchange says, found by walking its JSON in the simplest way that serves each dialect.

mod anthropic;
mod gemini;
mod ollama;
mod openai_shape;
mod responses;

use canonical::Dialect;
use serde_json::Value;
use testkit::fixtures::Case;

/// One dialect's oracle.
pub struct Oracle {
    pub dialect: Dialect,
    /// The folders of extra cases that hold exchanges of the dialect.
    pub extra_folders: &'static [&'static str],
    /// Which cases are the dialect's.
    pub kind: fn(&Case) -> Option<Kind>,
    /// Reads a whole answer.
    pub answer: fn(&Value) -> Outcome,
    /// Reads a streamed answer.
    pub stream: fn(&str) -> Outcome,
    /// Finds what an error's text must hold.
    pub error: fn(&Value) -> Option<String>,
    /// Finds the ids in a list of models.
    pub models: fn(&Value) -> Vec<String>,
}

/// What a case is an exchange of. Of other exchanges just the errors are read.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Chat,
    Models,
    Other,
}

/// What an exchange comes to; a stream that is cut off is an error too.
#[derive(Debug)]
pub enum Outcome {
    Answer(Answer),
    Error(String),
}

/// The first choice and the counts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub text: String,
    pub reasoning: String,
    pub calls: Vec<Call>,
    pub finish: String,
    pub prompt_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Call {
    pub id: String,
    pub name: String,
    pub arguments: String,
}

pub const ORACLES: [Oracle; 6] = [
    Oracle {
        dialect: Dialect::OpenAiChat,
        extra_folders: &["openai", "openai-compatible", "ollama"],
        kind: openai_shape::openai_kind,
        answer: openai_shape::answer,
        stream: openai_shape::stream,
        error: openai_shape::error,
        models: openai_shape::models,
    },
    Oracle {
        dialect: Dialect::OpenAiResponses,
        extra_folders: &["openai", "openai-compatible"],
        kind: responses::kind,
        answer: responses::answer,
        stream: responses::stream,
        error: openai_shape::error,
        models: openai_shape::models,
    },
    Oracle {
        dialect: Dialect::Anthropic,
        extra_folders: &["anthropic"],
        kind: anthropic::kind,
        answer: anthropic::answer,
        stream: anthropic::stream,
        error: anthropic::error,
        models: anthropic::models,
    },
    Oracle {
        dialect: Dialect::Gemini,
        extra_folders: &["google"],
        kind: gemini::kind,
        answer: gemini::answer,
        stream: gemini::stream,
        error: gemini::error,
        models: gemini::models,
    },
    Oracle {
        dialect: Dialect::Mistral,
        extra_folders: &["mistral"],
        kind: openai_shape::mistral_kind,
        answer: openai_shape::answer,
        stream: openai_shape::stream,
        error: openai_shape::error,
        models: openai_shape::models,
    },
    Oracle {
        dialect: Dialect::Ollama,
        extra_folders: &["ollama"],
        kind: ollama::kind,
        answer: ollama::answer,
        stream: ollama::stream,
        error: ollama::error,
        models: ollama::models,
    },
];

/// The sentence that a stream without its end mark comes to.
pub const CUT_OFF: &str = "ended before it was complete";

/// Sorts a case by the path that was asked, else by the collection's word for its API.
pub fn by_path_or_api(case: &Case, chat_path: &str, models_path: &str, chat: &str) -> Kind {
    match (case.path(), case.api.as_deref()) {
        (Some(path), _) if path.ends_with(chat_path) => Kind::Chat,
        (Some(path), _) if path.ends_with(models_path) => Kind::Models,
        (None, Some(api)) if api == chat => Kind::Chat,
        (None, Some("models" | "tags")) => Kind::Models,
        (Some(_) | None, _) => Kind::Other,
    }
}

/// Returns a member's text, empty when it is none.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Returns the deepest first text under the usual names of an error's message.
pub fn message(body: &Value) -> Option<String> {
    match body {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => items.first().and_then(message),
        _ => ["error", "message", "detail", "msg"]
            .into_iter()
            .find_map(|name| body.get(name).filter(|found| !found.is_null()).and_then(message)),
    }
}
