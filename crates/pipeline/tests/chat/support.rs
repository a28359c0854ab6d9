//! A registry to chat with, and short ways to ask and to listen.

use std::sync::Arc;

use canonical::{Event, Fault, Message, Part, Request, Response, Role, Sampling};
use http::HeaderMap;
use keys::Caller;
use pipeline::{About, ChatCall, Context, EventStream, Refusal};
use providers::{Change, Provider, ProviderManager};
use serde_json::{Value, json};
use store::Store;
use tempfile::TempDir;
use testkit::scripted::{Answer, ScriptedProvider};
use upstream::Egress;
use vault::{IfMissing, MasterKey};

/// A key as long as real ones.
pub const KEY: &str = "sk-0123456789-abcdefghij-KLMN";

/// The provider types, each with an answer to [`call`] in its dialect.
pub const ANSWERS: [(&str, &str); 6] = [
    ("openai", OPENAI_ANSWER),
    ("custom", OPENAI_ANSWER),
    ("mistral", OPENAI_ANSWER),
    (
        "anthropic",
        r#"{"id":"x","type":"message","role":"assistant","model":"m-1","stop_reason":"max_tokens",
            "content":[{"type":"text","text":"hi"}],
            "usage":{"input_tokens":3,"cache_read_input_tokens":2,"output_tokens":2}}"#,
    ),
    (
        "google",
        r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"hi"}]},
            "finishReason":"MAX_TOKENS"}],
            "usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":2,"totalTokenCount":7}}"#,
    ),
    (
        "ollama",
        r#"{"model":"m-1","message":{"role":"assistant","content":"hi"},"done":true,
            "done_reason":"length","prompt_eval_count":5,"eval_count":2}"#,
    ),
];

const OPENAI_ANSWER: &str = r#"{"id":"x","model":"m-1","choices":[{"index":0,
    "message":{"role":"assistant","content":"hi"},"finish_reason":"length"}],
    "usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}"#;

/// A registry in directories of its own.
pub struct Gateway {
    pub manager: Arc<ProviderManager>,
    pub pipeline: pipeline::Gateway,
    _directories: [TempDir; 2],
}

impl Gateway {
    /// Makes an empty one.
    pub fn new() -> Self {
        let (data_dir, keys_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = Arc::new(Store::open(data_dir.path()).unwrap());
        let master_key = Arc::new(MasterKey::load(keys_dir.path(), IfMissing::Create).unwrap());
        let manager = ProviderManager::open(store, master_key, Arc::new(Egress::new())).unwrap();
        let pipeline =
            pipeline::Gateway::new(Arc::clone(&manager), Vec::new(), canonical::Tracing::Off);
        Self { manager, pipeline, _directories: [data_dir, keys_dir] }
    }

    /// Makes one whose only provider is of the type, called `p`, and at the scripted one's address.
    pub async fn to(scripted: &ScriptedProvider, provider_type: &str) -> Self {
        let gateway = Self::new();
        gateway
            .register(json!({
                "name": "p", "provider_type": provider_type, "api_key": KEY,
                "base_url": scripted.url(), "network": "local",
            }))
            .await;
        gateway
    }

    /// Registers what the JSON describes.
    pub async fn register(&self, description: Value) {
        self.manager.register(serde_json::from_value(description).unwrap()).await.unwrap();
    }

    /// Changes the provider `p` as the JSON says.
    pub async fn change(&self, change: Value) {
        let change: Change = serde_json::from_value(change).unwrap();
        self.manager.update("p".to_owned(), change).await.unwrap();
    }

    /// The provider `p`.
    pub fn provider(&self) -> Arc<Provider> {
        Arc::clone(self.manager.snapshot().find("p").unwrap())
    }

    /// Asks for a whole answer.
    pub async fn chat(&self, call: ChatCall) -> Result<(About, Response), Refusal> {
        self.pipeline.chat(&call).await
    }

    /// Asks for an answer in pieces.
    pub async fn stream(&self, call: ChatCall) -> Result<(About, EventStream), Refusal> {
        self.pipeline.stream(&call).await
    }
}

/// A conversation of all roles with the model `m`, by the default provider.
pub fn call() -> ChatCall {
    let turn = |role, text: &str| Message { role, parts: vec![Part::text(text)] };
    let request = Request {
        model: "m".to_owned(),
        system: vec![Part::text("be brief")],
        messages: vec![
            turn(Role::User, "hello"),
            turn(Role::Assistant, "yes?"),
            turn(Role::User, "who are you?"),
        ],
        sampling: Sampling { max_tokens: Some(9), ..Sampling::default() },
        ..Request::default()
    };
    ChatCall { provider: None, request, context: context() }
}

/// What becomes of a whole chat with a provider of the type that answers so.
pub async fn chat_with(provider_type: &str, answer: Answer) -> Result<Response, Fault> {
    let scripted = ScriptedProvider::always(answer);
    let gateway = Gateway::to(&scripted, provider_type).await;
    let outcome = gateway.chat(call()).await;
    outcome.map(|(_, response)| response).map_err(|refusal| refusal.fault)
}

/// What becomes of a streamed chat with a provider of the type that answers so: all its events.
pub async fn stream_with(provider_type: &str, answer: Answer) -> Result<Vec<Event>, Fault> {
    let scripted = ScriptedProvider::always(answer);
    let gateway = Gateway::to(&scripted, provider_type).await;
    match gateway.stream(call()).await {
        Ok((_, mut events)) => Ok(drain(&mut events).await),
        Err(refusal) => Err(refusal.fault),
    }
}

/// Listens to the end.
pub async fn drain(events: &mut EventStream) -> Vec<Event> {
    let mut drained = Vec::new();
    while let Some(event) = events.next().await {
        drained.push(event);
    }
    drained
}

/// A stream of server-sent events with these data.
pub fn sse<'a>(data: impl IntoIterator<Item = &'a str>) -> Answer {
    let pieces = data.into_iter().map(|data| format!("data: {data}\n\n"));
    Answer::stream("text/event-stream", pieces)
}

/// The holder of the admin key.
pub fn context() -> Context {
    Context::of(Arc::new(Caller::admin()), "1".to_owned(), &HeaderMap::new())
}
