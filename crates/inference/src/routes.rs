//! The table of the inference API.

use std::{sync::Arc, time::Instant};

use canonical::Dialect;
use dialects::{
    ANTHROPIC_COUNT, ANTHROPIC_MESSAGES, ChatEndpoint, EmbeddingsEndpoint, MISTRAL_CHAT,
    MISTRAL_EMBEDDINGS, MISTRAL_FIM, OLLAMA_CHAT, OLLAMA_EMBED, OLLAMA_EMBEDDINGS, OLLAMA_GENERATE,
    OPENAI_CHAT, OPENAI_EMBEDDINGS, OPENAI_RESPONSES,
};
use grants::Scope;
use http::{HeaderValue, Method};
use server::{Access, Call, Response, Route};

use crate::{
    Inference, caller, capabilities, chat, count, embeddings, gemini, models, ollama, rate_limits,
    websocket,
};

/// Every route, ready to be served.
#[must_use]
pub fn routes(inference: &Arc<Inference>) -> Vec<Route> {
    let table = Table(inference);
    vec![
        // ClosedPaw's own
        table.get("/v1/capabilities", capabilities::answer),
        // OpenAI
        table.chat("/v1/chat/completions", OPENAI_CHAT),
        table.chat("/v1/responses", OPENAI_RESPONSES),
        table.get("/v1/responses", websocket::refuse),
        table.embeddings("/v1/embeddings", OPENAI_EMBEDDINGS),
        // Anthropic
        table.chat("/v1/messages", ANTHROPIC_MESSAGES),
        table.post("/v1/messages/count_tokens", |inference, call| {
            count::answer(inference, ANTHROPIC_COUNT, None, call)
        }),
        // The list of models is asked by three dialects at the same path.
        table.get("/v1/models", |inference, call| {
            let dialect = caller::of_models(&call.headers);
            models::list(inference, dialect, call)
        }),
        table.get("/v1/models/{*model}", |inference, call| {
            let dialect = caller::of_models(&call.headers);
            models::show(inference, dialect, call)
        }),
        // Gemini, under the version that its newer SDKs use and the one that its older ones do
        table.post("/v1/models/{*model}", gemini::answer),
        table.post("/v1beta/models/{*model}", gemini::answer),
        table.get("/v1beta/models", |inference, call| {
            models::list(inference, Dialect::Gemini, call)
        }),
        table.get("/v1beta/models/{*model}", |inference, call| {
            models::show(inference, Dialect::Gemini, call)
        }),
        // Mistral
        table.chat("/mistral/v1/chat/completions", MISTRAL_CHAT),
        table.chat("/mistral/v1/fim/completions", MISTRAL_FIM),
        table.embeddings("/mistral/v1/embeddings", MISTRAL_EMBEDDINGS),
        table.get("/mistral/v1/models", |inference, call| {
            models::list(inference, Dialect::Mistral, call)
        }),
        table.get("/mistral/v1/models/{*model}", |inference, call| {
            models::show(inference, Dialect::Mistral, call)
        }),
        // Ollama
        table.chat("/api/chat", OLLAMA_CHAT),
        table.chat("/api/generate", OLLAMA_GENERATE),
        table.embeddings("/api/embed", OLLAMA_EMBED),
        table.embeddings("/api/embeddings", OLLAMA_EMBEDDINGS),
        table.get("/api/tags", |inference, call| models::list(inference, Dialect::Ollama, call)),
        table.post("/api/show", ollama::show),
        table.get("/api/ps", ollama::running),
        table.get("/api/version", ollama::version),
    ]
}

/// Makes rows that share one state.
struct Table<'a>(&'a Arc<Inference>);

impl Table<'_> {
    fn chat(&self, path: &'static str, endpoint: &'static dyn ChatEndpoint) -> Route {
        self.post(path, move |inference, call| chat::answer(inference, endpoint, None, call))
    }

    fn embeddings(&self, path: &'static str, endpoint: &'static dyn EmbeddingsEndpoint) -> Route {
        self.post(path, move |inference, call| embeddings::answer(inference, endpoint, None, call))
    }

    fn get<H, F>(&self, path: &'static str, handler: H) -> Route
    where
        H: Fn(Arc<Inference>, Call) -> F + Send + Sync + 'static,
        F: Future<Output = Response> + Send + 'static,
    {
        self.row(Method::GET, path, handler)
    }

    fn post<H, F>(&self, path: &'static str, handler: H) -> Route
    where
        H: Fn(Arc<Inference>, Call) -> F + Send + Sync + 'static,
        F: Future<Output = Response> + Send + 'static,
    {
        self.row(Method::POST, path, handler)
    }

    fn row<H, F>(&self, method: Method, path: &'static str, handler: H) -> Route
    where
        H: Fn(Arc<Inference>, Call) -> F + Send + Sync + 'static,
        F: Future<Output = Response> + Send + 'static,
    {
        let inference = Arc::clone(self.0);
        Route::new(method, path, Access::Scope(Scope::Inference), move |call| {
            let began = Instant::now();
            let caller = Arc::clone(&call.caller);
            let dialect = caller::of_path(path, &call.headers);
            let answering = handler(Arc::clone(&inference), call);
            async move {
                let mut answer = accounted(answering.await, began);
                rate_limits::tell(&mut answer, dialect, &caller);
                answer
            }
        })
    }
}

/// Adds the account of a call that reached no provider; others have theirs.
fn accounted(mut answer: Response, began: Instant) -> Response {
    let headers = answer.headers_mut();
    headers.entry("x-closedpaw-attempts").or_insert(HeaderValue::from_static("0"));
    let timing = format!("gateway;dur={:.3}, upstream;dur=0", began.elapsed().as_secs_f64() * 1e3);
    if let Ok(timing) = HeaderValue::try_from(timing) {
        headers.entry("server-timing").or_insert(timing);
    }
    answer
}
