//! Every endpoint at which callers ask.

use canonical::Dialect;
use wire::Framing;

use crate::{
    ChatEndpoint, CountEndpoint, EmbeddingsEndpoint, ModelsEndpoint, anthropic, gemini, mistral,
    ollama, ollama::Shape, openai_chat, openai_responses,
};

/// Ollama's `GET /api/ps` and `GET /api/version`.
pub use ollama::client::{
    encode_running as encode_ollama_running, encode_version as encode_ollama_version,
};

/// OpenAI's `POST /v1/chat/completions`.
pub static OPENAI_CHAT: &dyn ChatEndpoint = &openai_chat::client::ChatCompletions;
/// OpenAI's `POST /v1/responses`.
pub static OPENAI_RESPONSES: &dyn ChatEndpoint = &openai_responses::client::Responses;
/// Anthropic's `POST /v1/messages`.
pub static ANTHROPIC_MESSAGES: &dyn ChatEndpoint = &anthropic::client::Messages;
/// Gemini's `:generateContent`, and `:streamGenerateContent` with `alt=sse`.
pub static GEMINI_GENERATE: &dyn ChatEndpoint =
    &gemini::client::GenerateContent { framing: Framing::Sse };
/// Gemini's `:streamGenerateContent` as one JSON array.
pub static GEMINI_GENERATE_ARRAY: &dyn ChatEndpoint =
    &gemini::client::GenerateContent { framing: Framing::JsonArray };
/// Mistral's `POST /v1/chat/completions`.
pub static MISTRAL_CHAT: &dyn ChatEndpoint = &mistral::client::ChatCompletions;
/// Mistral's `POST /v1/fim/completions`.
pub static MISTRAL_FIM: &dyn ChatEndpoint = &mistral::client::FimCompletions;
/// Ollama's `POST /api/chat`.
pub static OLLAMA_CHAT: &dyn ChatEndpoint = &ollama::client::Chat { shape: Shape::Chat };
/// Ollama's `POST /api/generate`.
pub static OLLAMA_GENERATE: &dyn ChatEndpoint = &ollama::client::Chat { shape: Shape::Generate };

/// OpenAI's `POST /v1/embeddings`.
pub static OPENAI_EMBEDDINGS: &dyn EmbeddingsEndpoint = &openai_chat::client::Embeddings;
/// Mistral's `POST /v1/embeddings`.
pub static MISTRAL_EMBEDDINGS: &dyn EmbeddingsEndpoint = &mistral::client::Embeddings;
/// Gemini's `:embedContent`.
pub static GEMINI_EMBED: &dyn EmbeddingsEndpoint = &gemini::client::EmbedContent;
/// Gemini's `:batchEmbedContents`.
pub static GEMINI_BATCH_EMBED: &dyn EmbeddingsEndpoint = &gemini::client::BatchEmbedContents;
/// Ollama's `POST /api/embed`.
pub static OLLAMA_EMBED: &dyn EmbeddingsEndpoint = &ollama::client::Embed;
/// Ollama's `POST /api/embeddings`, from before `/api/embed`.
pub static OLLAMA_EMBEDDINGS: &dyn EmbeddingsEndpoint = &ollama::client::Embeddings;

/// Anthropic's `POST /v1/messages/count_tokens`.
pub static ANTHROPIC_COUNT: &dyn CountEndpoint = &anthropic::client::CountTokens;
/// Gemini's `:countTokens`.
pub static GEMINI_COUNT: &dyn CountEndpoint = &gemini::client::CountTokens;

/// How a dialect lists models to callers.
#[must_use]
pub fn models_endpoint(dialect: Dialect) -> &'static dyn ModelsEndpoint {
    match dialect {
        Dialect::OpenAiChat | Dialect::OpenAiResponses => &openai_chat::client::Models,
        Dialect::Anthropic => &anthropic::client::Models,
        Dialect::Gemini => &gemini::client::Models,
        Dialect::Mistral => &mistral::client::Models,
        Dialect::Ollama => &ollama::client::Tags,
    }
}
