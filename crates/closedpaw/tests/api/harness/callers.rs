//! The nine places where callers chat, each with the smallest exchange that its own kind of provider has.

use serde_json::{Value, json};
use testkit::scripted::{Answer as Script, ScriptedProvider};

use super::{Ask, Gateway, Live, vendor};

/// One place where callers chat.
#[derive(Debug)]
pub struct Caller {
    pub name: &'static str,
    /// Where it is asked whole and streamed, `MODEL` for the model's name.
    pub paths: [&'static str; 2],
    /// What it asks, `MODEL` for the model's name and `STREAM` for whether it streams.
    pub request: &'static str,
    /// The type of provider that speaks the same dialect.
    pub provider_type: &'static str,
    /// Where such a provider is asked for the model `alpha`, whole and streamed.
    pub targets: [&'static str; 2],
    /// What such a provider answers whole: `Hello world!`, 7 tokens in and 3 out.
    pub answer: &'static str,
    /// The same in frames.
    pub frames: &'static [&'static str],
    /// The error that such a provider sends in a stream.
    pub error_frame: &'static str,
    pub dialect: Dialect,
}

/// How a caller's answers are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    OpenAiChat,
    Responses,
    Anthropic,
    Gemini,
    GeminiArray,
    Mistral,
    Ollama,
}

/// What a caller was told in a stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub text: String,
    /// Whether the dialect's own end came.
    pub ended: bool,
    /// The message of the dialect's own error.
    pub error: Option<String>,
}

impl Caller {
    /// The media type of its streams.
    pub fn stream_type(&self) -> &'static str {
        match self.dialect {
            Dialect::Ollama => "application/x-ndjson",
            Dialect::GeminiArray => "application/json",
            _ => "text/event-stream",
        }
    }

    /// A stream of these pieces from a provider that speaks the same dialect.
    pub fn streamed<P: Into<Vec<u8>>>(&self, pieces: impl IntoIterator<Item = P>) -> Script {
        Script::stream(self.stream_type(), pieces)
    }

    /// Registers a provider that speaks the same dialect under this name.
    pub fn register(&self, gateway: &Gateway, name: &str, provider: &ScriptedProvider) {
        gateway.register(&self.registration(name, provider));
    }

    pub fn registration(&self, name: &str, provider: &ScriptedProvider) -> Value {
        vendor(self.provider_type).registration(name, provider)
    }

    /// Its request for a model.
    pub fn body(&self, model: &str, stream: bool) -> String {
        self.request.replace("MODEL", model).replace("STREAM", &stream.to_string())
    }

    /// Its request, ready to be sent.
    pub fn ask(&self, gateway: &Gateway, model: &str, stream: bool) -> Ask {
        self.ask_with(gateway, model, stream, self.body(model, stream))
    }

    /// A request of its own with another body.
    pub fn ask_with(
        &self,
        gateway: &Gateway,
        model: &str,
        stream: bool,
        body: impl Into<Vec<u8>>,
    ) -> Ask {
        let path = self.paths[usize::from(stream)].replace("MODEL", model);
        gateway.ask("POST", &path).body("application/json", body)
    }

    /// The text of a whole answer in its dialect.
    pub fn text(&self, answer: &Value) -> String {
        let texts = |list: &Value, member: &str| -> String {
            let parts = list.as_array().into_iter().flatten();
            parts.filter_map(|part| part[member].as_str()).collect()
        };
        match self.dialect {
            Dialect::OpenAiChat | Dialect::Mistral => {
                answer["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned()
            }
            Dialect::Responses => {
                let items = answer["output"].as_array().into_iter().flatten();
                items.map(|item| texts(&item["content"], "text")).collect()
            }
            Dialect::Anthropic => texts(&answer["content"], "text"),
            Dialect::Gemini | Dialect::GeminiArray => {
                texts(&answer["candidates"][0]["content"]["parts"], "text")
            }
            Dialect::Ollama => {
                let text = answer["response"].as_str();
                text.or(answer["message"]["content"].as_str()).unwrap_or_default().to_owned()
            }
        }
    }

    /// The message of an error in its dialect, whose shape must be right to the last member.
    #[track_caller]
    pub fn error(&self, status: u16, body: &Value) -> String {
        let keys = |value: &Value| -> Vec<String> {
            let mut keys: Vec<_> = value.as_object().expect("an object").keys().cloned().collect();
            keys.sort();
            keys
        };
        let error = &body["error"];
        let message = match self.dialect {
            Dialect::OpenAiChat | Dialect::Responses => {
                assert_eq!(keys(body), ["error"], "{body}");
                assert_eq!(keys(error), ["code", "message", "param", "type"], "{body}");
                error["message"].as_str()
            }
            Dialect::Anthropic => {
                assert_eq!(keys(body), ["error", "request_id", "type"], "{body}");
                assert_eq!(
                    (keys(error), &body["type"]),
                    (vec!["message".to_owned(), "type".to_owned()], &json!("error"))
                );
                error["message"].as_str()
            }
            Dialect::Gemini | Dialect::GeminiArray => {
                assert_eq!(keys(body), ["error"], "{body}");
                assert_eq!(error["code"], status, "{body}");
                assert!(error["status"].is_string(), "{body}");
                error["message"].as_str()
            }
            // Mistral's own refusal of a key has a shape of its own.
            Dialect::Mistral if status == 401 => body["detail"].as_str(),
            Dialect::Mistral => {
                assert_eq!(body["object"], "error", "{body}");
                body["message"].as_str()
            }
            Dialect::Ollama => {
                assert_eq!(keys(body), ["error"], "{body}");
                error.as_str()
            }
        };
        message.expect("a message").to_owned()
    }

    /// Reads a stream to its end.
    #[track_caller]
    pub fn read(&self, live: Live) -> Told {
        assert_eq!(live.status, 200);
        let media_type = live.header("content-type").map(str::to_owned);
        assert_eq!(media_type.as_deref(), Some(self.stream_type()), "{}", self.name);
        let answer = live.whole();
        assert!(answer.is_complete, "{}: the framing broke off: {}", self.name, answer.text());
        self.told(&answer.text())
    }

    /// Reads what a stream's body said.
    #[track_caller]
    pub fn told(&self, body: &str) -> Told {
        let mut told = Told::default();
        for (event, data) in self.frames_of(body) {
            assert!(!told.ended, "{}: something follows the end: {body}", self.name);
            self.take(&mut told, &event, &data, body);
        }
        // Where there is no end marker, whatever ends without an error has ended well.
        if matches!(self.dialect, Dialect::Gemini | Dialect::GeminiArray) {
            told.ended = told.error.is_none();
        }
        told
    }

    fn take(&self, told: &mut Told, event: &str, data: &str, body: &str) {
        if data == "[DONE]" {
            assert!(matches!(self.dialect, Dialect::OpenAiChat | Dialect::Mistral), "{body}");
            assert_eq!(told.error, None, "{}: an end after the error: {body}", self.name);
            told.ended = true;
            return;
        }
        let Ok(data) = serde_json::from_str::<Value>(data) else {
            panic!("{}: the caller got {data:?} in {body}", self.name)
        };
        let failed = told.error.is_some();
        let may_follow = self.dialect == Dialect::Responses && event == "response.failed";
        assert!(!failed || may_follow, "{}: more after the error: {body}", self.name);
        let message = |value: &Value| value.as_str().map(str::to_owned);
        match self.dialect {
            Dialect::OpenAiChat | Dialect::Mistral => {
                let delta = &data["choices"][0]["delta"]["content"];
                told.text += delta.as_str().unwrap_or_default();
                told.error =
                    message(&data["error"]["message"]).or_else(|| message(&data["message"]));
            }
            Dialect::Responses => match event {
                "response.output_text.delta" => told.text += data["delta"].as_str().unwrap(),
                "response.completed" | "response.incomplete" => told.ended = true,
                "error" => told.error = message(&data["error"]["message"]),
                _ => {}
            },
            Dialect::Anthropic => match event {
                "content_block_delta" => told.text += data["delta"]["text"].as_str().unwrap(),
                "message_stop" => told.ended = true,
                "error" => told.error = message(&data["error"]["message"]),
                _ => {}
            },
            Dialect::Gemini | Dialect::GeminiArray => {
                told.text += &self.text(&data);
                told.error = message(&data["error"]["message"]);
            }
            Dialect::Ollama => {
                told.text += &self.text(&data);
                told.ended = data["done"] == true;
                told.error = message(&data["error"]);
            }
        }
    }

    /// The events of a stream: their names, where they have any, and their data.
    fn frames_of(&self, body: &str) -> Vec<(String, String)> {
        match self.dialect {
            Dialect::GeminiArray => {
                let elements: Vec<Value> = serde_json::from_str(body)
                    .unwrap_or_else(|error| panic!("{}: {error} in {body}", self.name));
                elements.iter().map(|element| (String::new(), element.to_string())).collect()
            }
            Dialect::Ollama => {
                let lines = body.lines().filter(|line| !line.trim().is_empty());
                lines.map(|line| (String::new(), line.to_owned())).collect()
            }
            _ => {
                let body = body.replace("\r\n", "\n");
                let events = body.split("\n\n").filter(|event| event.contains("data:"));
                let field = |event: &str, name| {
                    let found = event.lines().find_map(|line| line.strip_prefix(name));
                    found.unwrap_or_default().trim_start().to_owned()
                };
                events.map(|event| (field(event, "event:"), field(event, "data:"))).collect()
            }
        }
    }
}

const CHAT_REQUEST: &str =
    r#"{"model":"MODEL","messages":[{"role":"user","content":"hi"}],"stream":STREAM}"#;

const CHAT_ANSWER: &str = r#"{"id":"c1","object":"chat.completion","created":1,"model":"alpha","choices":[{"index":0,"message":{"role":"assistant","content":"Hello world!"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}"#;

const GEMINI_ANSWER: &str = r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hello world!"}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":3,"totalTokenCount":10},"modelVersion":"alpha"}"#;

const GEMINI_REQUEST: &str = r#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}"#;

const MISTRAL_FRAMES: &[&str] = &[
    "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"alpha\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n",
    "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"alpha\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"},\"finish_reason\":null}],\"p\":\"abcdef\"}\n\n",
    "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"alpha\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" world!\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3,\"total_tokens\":10}}\n\n",
    "data: [DONE]\n\n",
];

const OPENAI_ERROR: &str = "data: {\"error\":{\"message\":\"ran out of memory\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n";

pub const CALLERS: [Caller; 9] = [
    Caller {
        name: "openai_chat",
        dialect: Dialect::OpenAiChat,
        paths: ["/v1/chat/completions"; 2],
        request: r#"{"model":"MODEL","messages":[{"role":"user","content":"hi"}],"stream":STREAM,"stream_options":{"include_usage":true}}"#,
        provider_type: "openai",
        targets: ["/v1/chat/completions"; 2],
        answer: CHAT_ANSWER,
        frames: &[
            "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"alpha\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null},\"finish_reason\":null}],\"usage\":null,\"obfuscation\":\"xy\"}\n\n",
            "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"alpha\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"},\"finish_reason\":null}],\"usage\":null}\n\n",
            "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"alpha\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" world!\"},\"finish_reason\":null}],\"usage\":null}\n\n",
            "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"alpha\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n",
            "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"alpha\",\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3,\"total_tokens\":10}}\n\n",
            "data: [DONE]\n\n",
        ],
        error_frame: OPENAI_ERROR,
    },
    Caller {
        name: "openai_responses",
        dialect: Dialect::Responses,
        paths: ["/v1/responses"; 2],
        request: r#"{"model":"MODEL","input":"hi","stream":STREAM}"#,
        provider_type: "openai",
        targets: ["/v1/responses"; 2],
        answer: r#"{"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"alpha","output":[{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hello world!","annotations":[]}]}],"usage":{"input_tokens":7,"output_tokens":3,"total_tokens":10}}"#,
        frames: &[
            "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":1,\"status\":\"in_progress\",\"model\":\"alpha\",\"output\":[]}}\n\n",
            "event: response.in_progress\ndata: {\"type\":\"response.in_progress\",\"sequence_number\":1,\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":1,\"status\":\"in_progress\",\"model\":\"alpha\",\"output\":[]}}\n\n",
            "event: response.output_item.added\ndata: {\"type\":\"response.output_item.added\",\"sequence_number\":2,\"output_index\":0,\"item\":{\"id\":\"msg_1\",\"type\":\"message\",\"status\":\"in_progress\",\"role\":\"assistant\",\"content\":[]}}\n\n",
            "event: response.content_part.added\ndata: {\"type\":\"response.content_part.added\",\"sequence_number\":3,\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"part\":{\"type\":\"output_text\",\"text\":\"\",\"annotations\":[]}}\n\n",
            "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":4,\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\"Hello\"}\n\n",
            "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":5,\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\" world!\"}\n\n",
            "event: response.output_text.done\ndata: {\"type\":\"response.output_text.done\",\"sequence_number\":6,\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"text\":\"Hello world!\"}\n\n",
            "event: response.content_part.done\ndata: {\"type\":\"response.content_part.done\",\"sequence_number\":7,\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"part\":{\"type\":\"output_text\",\"text\":\"Hello world!\",\"annotations\":[]}}\n\n",
            "event: response.output_item.done\ndata: {\"type\":\"response.output_item.done\",\"sequence_number\":8,\"output_index\":0,\"item\":{\"id\":\"msg_1\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"Hello world!\",\"annotations\":[]}]}}\n\n",
            "event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":9,\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":1,\"status\":\"completed\",\"model\":\"alpha\",\"output\":[{\"id\":\"msg_1\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"Hello world!\",\"annotations\":[]}]}],\"usage\":{\"input_tokens\":7,\"output_tokens\":3,\"total_tokens\":10}}}\n\n",
        ],
        error_frame: "event: error\ndata: {\"type\":\"error\",\"sequence_number\":9,\"error\":{\"type\":\"server_error\",\"code\":\"server_error\",\"message\":\"ran out of memory\",\"param\":null}}\n\n",
    },
    Caller {
        name: "anthropic",
        dialect: Dialect::Anthropic,
        paths: ["/v1/messages"; 2],
        request: r#"{"model":"MODEL","max_tokens":64,"messages":[{"role":"user","content":"hi"}],"stream":STREAM}"#,
        provider_type: "anthropic",
        targets: ["/v1/messages"; 2],
        answer: r#"{"id":"m1","type":"message","role":"assistant","model":"alpha","content":[{"type":"text","text":"Hello world!"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":7,"output_tokens":3}}"#,
        frames: &[
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"alpha\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":7,\"output_tokens\":1}}}\n\n",
            "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}  }\n\n",
            "event: ping\ndata: {\"type\": \"ping\"}\n\n",
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}       }\n\n",
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" world!\"} }\n\n",
            "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
            "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":3}}\n\n",
            "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        ],
        error_frame: "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"ran out of memory\"}}\n\n",
    },
    Caller {
        name: "gemini",
        dialect: Dialect::Gemini,
        paths: [
            "/v1beta/models/MODEL:generateContent",
            "/v1beta/models/MODEL:streamGenerateContent?alt=sse",
        ],
        request: GEMINI_REQUEST,
        provider_type: "google",
        targets: [
            "/v1beta/models/alpha:generateContent",
            "/v1beta/models/alpha:streamGenerateContent?alt=sse",
        ],
        answer: GEMINI_ANSWER,
        frames: &[
            "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hello\"}]},\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":7},\"modelVersion\":\"alpha\"}\r\n\r\n",
            "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\" world!\"}]},\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":7},\"modelVersion\":\"alpha\"}\r\n\r\n",
            "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"\"}]},\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":7,\"candidatesTokenCount\":3,\"totalTokenCount\":10},\"modelVersion\":\"alpha\"}\r\n\r\n",
        ],
        error_frame: "data: {\"error\":{\"code\":500,\"message\":\"ran out of memory\",\"status\":\"INTERNAL\"}}\r\n\r\n",
    },
    Caller {
        name: "gemini_array",
        dialect: Dialect::GeminiArray,
        paths: [
            "/v1beta/models/MODEL:generateContent",
            "/v1beta/models/MODEL:streamGenerateContent",
        ],
        request: GEMINI_REQUEST,
        provider_type: "google",
        targets: [
            "/v1beta/models/alpha:generateContent",
            "/v1beta/models/alpha:streamGenerateContent",
        ],
        answer: GEMINI_ANSWER,
        frames: &[
            "[{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hello\"}]},\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":7}}",
            ",\r\n{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\" world!\"}]},\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":7}}",
            ",\r\n{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"\"}]},\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":7,\"candidatesTokenCount\":3,\"totalTokenCount\":10}}",
            "\r\n]",
        ],
        error_frame: ",\r\n{\"error\":{\"code\":500,\"message\":\"ran out of memory\",\"status\":\"INTERNAL\"}}\r\n]",
    },
    Caller {
        name: "mistral",
        dialect: Dialect::Mistral,
        paths: ["/mistral/v1/chat/completions"; 2],
        request: CHAT_REQUEST,
        provider_type: "mistral",
        targets: ["/v1/chat/completions"; 2],
        answer: CHAT_ANSWER,
        frames: MISTRAL_FRAMES,
        error_frame: "data: {\"object\":\"error\",\"message\":\"ran out of memory\",\"type\":\"internal_server_error\",\"param\":null,\"code\":\"1000\"}\n\n",
    },
    Caller {
        name: "mistral_fim",
        dialect: Dialect::Mistral,
        paths: ["/mistral/v1/fim/completions"; 2],
        request: r#"{"model":"MODEL","prompt":"fn main","suffix":"}","stream":STREAM}"#,
        provider_type: "mistral",
        targets: ["/v1/fim/completions"; 2],
        answer: CHAT_ANSWER,
        frames: MISTRAL_FRAMES,
        error_frame: OPENAI_ERROR,
    },
    Caller {
        name: "ollama",
        dialect: Dialect::Ollama,
        paths: ["/api/chat"; 2],
        request: CHAT_REQUEST,
        provider_type: "ollama",
        targets: ["/api/chat"; 2],
        answer: r#"{"model":"alpha","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"Hello world!"},"done":true,"done_reason":"stop","prompt_eval_count":7,"eval_count":3}"#,
        frames: &[
            "{\"model\":\"alpha\",\"created_at\":\"2026-01-01T00:00:00Z\",\"message\":{\"role\":\"assistant\",\"content\":\"Hello\"},\"done\":false}\n",
            "{\"model\":\"alpha\",\"created_at\":\"2026-01-01T00:00:00Z\",\"message\":{\"role\":\"assistant\",\"content\":\" world!\"},\"done\":false}\n",
            "{\"model\":\"alpha\",\"created_at\":\"2026-01-01T00:00:00Z\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":7,\"eval_count\":3}\n",
        ],
        error_frame: "{\"error\":\"ran out of memory\"}\n",
    },
    Caller {
        name: "ollama_generate",
        dialect: Dialect::Ollama,
        paths: ["/api/generate"; 2],
        request: r#"{"model":"MODEL","prompt":"hi","stream":STREAM}"#,
        provider_type: "ollama",
        targets: ["/api/generate"; 2],
        answer: r#"{"model":"alpha","created_at":"2026-01-01T00:00:00Z","response":"Hello world!","done":true,"done_reason":"stop","context":[1,2],"prompt_eval_count":7,"eval_count":3}"#,
        frames: &[
            "{\"model\":\"alpha\",\"created_at\":\"2026-01-01T00:00:00Z\",\"response\":\"Hello\",\"done\":false}\n",
            "{\"model\":\"alpha\",\"created_at\":\"2026-01-01T00:00:00Z\",\"response\":\" world!\",\"done\":false}\n",
            "{\"model\":\"alpha\",\"created_at\":\"2026-01-01T00:00:00Z\",\"response\":\"\",\"done\":true,\"done_reason\":\"stop\",\"context\":[1,2],\"prompt_eval_count\":7,\"eval_count\":3}\n",
        ],
        error_frame: "{\"error\":\"ran out of memory\"}\n",
    },
];

/// The caller of this name.
pub fn caller(name: &str) -> &'static Caller {
    CALLERS.iter().find(|caller| caller.name == name).expect("one of the nine")
}
