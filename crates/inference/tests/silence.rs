//! What callers get while a provider is silent, on a clock that runs ahead.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, header::AUTHORIZATION};
use http_body_util::{BodyExt, Full};
use inference::Inference;
use keys::Caller;
use providers::ProviderManager;
use serde_json::json;
use server::{Authenticate, Body, RequestId, Router};
use store::Store;
use tempfile::TempDir;
use testkit::scripted::{Answer, End, ScriptedProvider};
use tokio_util::sync::CancellationToken;
use upstream::Egress;
use vault::{IfMissing, MasterKey};

/// Lets everybody in.
struct AnyKey;

impl Authenticate for AnyKey {
    fn authenticate(&self, _key: &str) -> Option<Arc<Caller>> {
        Some(Arc::new(Caller::admin()))
    }
}

/// The inference API over a registry in directories of its own.
struct Api {
    router: Router,
    manager: Arc<ProviderManager>,
    _directories: [TempDir; 2],
}

impl Api {
    fn new() -> Self {
        let (data_dir, keys_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = Arc::new(Store::open(data_dir.path()).unwrap());
        let master_key = Arc::new(MasterKey::load(keys_dir.path(), IfMissing::Create).unwrap());
        let manager = ProviderManager::open(store, master_key, Arc::new(Egress::new())).unwrap();
        let last_call = CancellationToken::new();
        let gateway = Arc::new(pipeline::Gateway::new(
            Arc::clone(&manager),
            Vec::new(),
            canonical::Tracing::Off,
        ));
        let inference = Arc::new(Inference { gateway, last_call });
        let router = Router::new(inference::routes(&inference), Arc::new(AnyKey)).unwrap();
        Self { router, manager, _directories: [data_dir, keys_dir] }
    }

    async fn post(&self, path: &str, body: &'static str) -> server::Response {
        let body: Body = Full::new(Bytes::from_static(body.as_bytes()))
            .map_err(|never| match never {})
            .boxed_unsync();
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(AUTHORIZATION, "Bearer k")
            .body(body)
            .unwrap();
        self.router.answer(RequestId::random(), ([127, 0, 0, 1], 1).into(), request).await
    }
}

const CHAT: &str =
    r#"{"model":"p/m","max_tokens":9,"messages":[{"role":"user","content":"hi"}],"stream":true}"#;
const GEMINI: &str = r#"{"contents":[{"parts":[{"text":"hi"}]}]}"#;

const OPENAI_FRAME: &str =
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n";
const GEMINI_FRAME: &str =
    "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hi\"}]}}]}\r\n\r\n";
const OLLAMA_FRAME: &str =
    "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},\"done\":false}\n";

const COMMENT: &str = ": keep-alive\n\n";
const SPACE: &str = " ";
const LINE: &str = "\n";
const EVENT: &str = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
const PING: &str = "event: ping\ndata: {\"type\": \"ping\"}\n\n";

/// Where who asks what over which type that begins with which frame, and what fills the silence.
const SILENCES: [(&str, &str, &str, &str, &str); 12] = [
    ("/v1/chat/completions", CHAT, "openai", OPENAI_FRAME, COMMENT),
    ("/v1/chat/completions", CHAT, "google", GEMINI_FRAME, COMMENT),
    (
        "/v1/responses",
        r#"{"model":"p/m","input":"hi","stream":true}"#,
        "ollama",
        OLLAMA_FRAME,
        EVENT,
    ),
    ("/v1/messages", CHAT, "google", GEMINI_FRAME, PING),
    ("/v1beta/models/p/m:streamGenerateContent?alt=sse", GEMINI, "google", GEMINI_FRAME, LINE),
    ("/v1beta/models/p/m:streamGenerateContent?alt=sse", GEMINI, "openai", OPENAI_FRAME, LINE),
    ("/v1beta/models/p/m:streamGenerateContent", GEMINI, "openai", OPENAI_FRAME, LINE),
    ("/mistral/v1/chat/completions", CHAT, "mistral", OPENAI_FRAME, COMMENT),
    ("/mistral/v1/chat/completions", CHAT, "google", GEMINI_FRAME, COMMENT),
    ("/api/chat", CHAT, "ollama", OLLAMA_FRAME, SPACE),
    ("/api/chat", CHAT, "openai", OPENAI_FRAME, SPACE),
    ("/api/generate", r#"{"model":"p/m","prompt":"hi"}"#, "openai", OPENAI_FRAME, SPACE),
];

#[tokio::test]
async fn a_silence_is_filled_until_the_provider_is_given_up() {
    for (path, body, provider_type, frame, filling) in SILENCES {
        let api = Api::new();
        let answer = Answer::stream("text/event-stream", [frame]).ending(End::Hang);
        let provider = ScriptedProvider::always(answer);
        let description = json!({
            "name": "p", "provider_type": provider_type, "api_key": "k", "network": "local",
            "base_url": provider.url(), "timeout": 100,
        });
        api.manager.register(serde_json::from_value(description).unwrap()).await.unwrap();
        let mut body = api.post(path, body).await.into_body();
        let mut next = async || {
            let frame = body.frame().await?.expect("a body that does not fail");
            Some(String::from_utf8(frame.into_data().expect("no trailers").to_vec()).unwrap())
        };
        let mut begun = String::new();
        while !begun.contains("Hi") {
            begun += &next().await.expect("the first text");
        }
        // From here on nothing comes from outside, so the clock runs to the next deadline at once.
        tokio::time::pause();
        let silent_since = tokio::time::Instant::now();
        for time in 1..=6 {
            let filled = next().await.expect("something in the silence");
            assert_eq!(filled, filling, "{path} over {provider_type}");
            let silence = silent_since.elapsed().as_secs_f64().round();
            assert_eq!(silence, 15.0 * f64::from(time), "{path} over {provider_type}");
        }
        let last = next().await.expect("an error");
        assert!(last.contains("error"), "{path} over {provider_type}: {last}");
        assert_eq!(next().await, None);
        assert!(silent_since.elapsed() < Duration::from_secs(101));
        tokio::time::resume();
    }
}
