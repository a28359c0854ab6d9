//! The six provider types, each with the smallest exchanges that its API has: they all say the same.

use serde_json::{Value, json};
use testkit::scripted::{Answer, RecordedRequest, ScriptedProvider};

/// One provider type and how its API talks.
pub struct Vendor {
    pub provider_type: &'static str,
    /// The path of its base URL.
    pub version: &'static str,
    /// Where it is asked for a chat with the model `alpha`, whole and streamed.
    pub chat_targets: [&'static str; 2],
    /// Where it is asked for its models.
    pub models_target: &'static str,
    /// The header that carries the key, and what stands before it.
    pub credential: (&'static str, &'static str),
    /// `Hello world!`, 7 tokens in and 3 out.
    pub answer: &'static str,
    /// The same, as the body of a stream in two pieces of text.
    pub stream: &'static str,
    /// The models `alpha` and `beta`.
    pub models: &'static str,
}

/// The name `type` stands for in a test.
pub fn vendor(provider_type: &str) -> &'static Vendor {
    let found = VENDORS.iter().find(|vendor| vendor.provider_type == provider_type);
    found.expect("one of the six")
}

/// The vendor that tests use to which it is all the same.
pub fn openai() -> &'static Vendor {
    vendor("openai")
}

impl Vendor {
    /// A key that this vendor takes, where it takes any.
    pub fn key(&self) -> String {
        format!("key-of-{}-0123456789abcd", self.provider_type)
    }

    /// Starts a provider that answers everything well.
    pub fn start(&'static self) -> ScriptedProvider {
        ScriptedProvider::start(|request| self.answer_to(request))
    }

    /// Starts a provider that lists its models and answers chats otherwise.
    pub fn start_with_chat(&'static self, chat: Answer) -> ScriptedProvider {
        ScriptedProvider::start(move |request| match request.method.as_str() {
            "GET" => self.answer_to(request),
            _ => chat.clone(),
        })
    }

    /// What it answers when all is well.
    pub fn answer_to(&self, request: &RecordedRequest) -> Answer {
        let path = request.target.split('?').next().unwrap_or_default();
        let models_path = self.models_target.split('?').next().unwrap_or_default();
        match request.method.as_str() {
            "GET" if path == models_path => Answer::json(200, self.models),
            "POST" if request.target == self.chat_targets[1] && self.is_streamed(request) => {
                self.streamed([self.stream])
            }
            "POST" if request.target == self.chat_targets[0] => Answer::json(200, self.answer),
            _ => Answer::json(404, r#"{"error":{"message":"no such path"}}"#),
        }
    }

    /// A stream of these pieces under the vendor's content type.
    pub fn streamed<P: Into<Vec<u8>>>(&self, pieces: impl IntoIterator<Item = P>) -> Answer {
        let is_ollama = self.provider_type == "ollama";
        Answer::stream(if is_ollama { "application/x-ndjson" } else { "text/event-stream" }, pieces)
    }

    /// The first piece of text, and everything after it.
    pub fn stream_in_two(&self) -> (&'static str, &'static str) {
        let between = if self.provider_type == "ollama" { "}\n" } else { "}\n\n" };
        let first = self.stream.find("Hello").expect("the first piece of text");
        let length = self.stream[first..].find(between).expect("the piece's end");
        self.stream.split_at(first + length + between.len())
    }

    /// The smallest description of a provider of this type that is accepted.
    pub fn smallest(&self, name: &str) -> Value {
        let mut body = json!({ "provider_type": self.provider_type, "name": name });
        match self.provider_type {
            "ollama" => {}
            "custom" => body["base_url"] = json!("https://models.example.com/v1"),
            _ => body["api_key"] = json!(self.key()),
        }
        body
    }

    /// What registers `provider` as one of this type.
    pub fn registration(&self, name: &str, provider: &ScriptedProvider) -> Value {
        let mut body = json!({
            "provider_type": self.provider_type,
            "name": name,
            "base_url": format!("{}{}", provider.url(), self.version),
            "network": "local",
            "default_model": "alpha",
        });
        if self.provider_type != "ollama" {
            body["api_key"] = json!(self.key());
        }
        body
    }

    fn is_streamed(&self, request: &RecordedRequest) -> bool {
        self.chat_targets[0] != self.chat_targets[1] || request.json()["stream"] == true
    }
}

const OPENAI_ANSWER: &str = r#"{"id":"c1","object":"chat.completion","created":1,"model":"alpha","choices":[{"index":0,"message":{"role":"assistant","content":"Hello world!"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}"#;

const OPENAI_STREAM: &str = r#"data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"alpha","choices":[{"index":0,"delta":{"role":"assistant","content":"Hello"},"finish_reason":null}]}

data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"alpha","choices":[{"index":0,"delta":{"content":" world!"},"finish_reason":null}]}

data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"alpha","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"alpha","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}

data: [DONE]

"#;

const OPENAI_MODELS: &str =
    r#"{"object":"list","data":[{"id":"alpha","object":"model"},{"id":"beta","object":"model"}]}"#;

pub const VENDORS: [Vendor; 6] = [
    Vendor {
        provider_type: "ollama",
        version: "",
        chat_targets: ["/api/chat", "/api/chat"],
        models_target: "/api/tags",
        credential: ("authorization", "Bearer "),
        answer: r#"{"model":"alpha","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"Hello world!"},"done":true,"done_reason":"stop","prompt_eval_count":7,"eval_count":3}"#,
        stream: r#"{"model":"alpha","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"Hello"},"done":false}
{"model":"alpha","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":" world!"},"done":false}
{"model":"alpha","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":7,"eval_count":3}
"#,
        models: r#"{"models":[{"name":"alpha","model":"alpha"},{"name":"beta","model":"beta"}]}"#,
    },
    Vendor {
        provider_type: "openai",
        version: "/v1",
        chat_targets: ["/v1/chat/completions", "/v1/chat/completions"],
        models_target: "/v1/models",
        credential: ("authorization", "Bearer "),
        answer: OPENAI_ANSWER,
        stream: OPENAI_STREAM,
        models: OPENAI_MODELS,
    },
    Vendor {
        provider_type: "anthropic",
        version: "/v1",
        chat_targets: ["/v1/messages", "/v1/messages"],
        models_target: "/v1/models",
        credential: ("x-api-key", ""),
        answer: r#"{"id":"m1","type":"message","role":"assistant","model":"alpha","content":[{"type":"text","text":"Hello world!"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":7,"output_tokens":3}}"#,
        stream: r#"event: message_start
data: {"type":"message_start","message":{"id":"m1","type":"message","role":"assistant","model":"alpha","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":7,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" world!"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":3}}

event: message_stop
data: {"type":"message_stop"}

"#,
        models: r#"{"data":[{"type":"model","id":"alpha"},{"type":"model","id":"beta"}],"has_more":false,"first_id":"alpha","last_id":"beta"}"#,
    },
    Vendor {
        provider_type: "google",
        version: "/v1beta",
        chat_targets: [
            "/v1beta/models/alpha:generateContent",
            "/v1beta/models/alpha:streamGenerateContent?alt=sse",
        ],
        models_target: "/v1beta/models",
        credential: ("x-goog-api-key", ""),
        answer: r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hello world!"}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":3,"totalTokenCount":10},"modelVersion":"alpha"}"#,
        stream: r#"data: {"candidates":[{"content":{"role":"model","parts":[{"text":"Hello"}]},"index":0}],"usageMetadata":{"promptTokenCount":7}}

data: {"candidates":[{"content":{"role":"model","parts":[{"text":" world!"}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":3,"totalTokenCount":10}}

"#,
        models: r#"{"models":[{"name":"models/alpha","supportedGenerationMethods":["generateContent"]},{"name":"models/beta","supportedGenerationMethods":["generateContent"]}]}"#,
    },
    Vendor {
        provider_type: "mistral",
        version: "/v1",
        chat_targets: ["/v1/chat/completions", "/v1/chat/completions"],
        models_target: "/v1/models",
        credential: ("authorization", "Bearer "),
        answer: OPENAI_ANSWER,
        stream: OPENAI_STREAM,
        models: OPENAI_MODELS,
    },
    Vendor {
        provider_type: "custom",
        version: "/openai/v1",
        chat_targets: ["/openai/v1/chat/completions", "/openai/v1/chat/completions"],
        models_target: "/openai/v1/models",
        credential: ("authorization", "Bearer "),
        answer: OPENAI_ANSWER,
        stream: OPENAI_STREAM,
        models: OPENAI_MODELS,
    },
];
