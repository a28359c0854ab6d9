//! A gateway with faulty providers `a`, `b`, … behind it.

use serde_json::{Value, json};
use testkit::faulty::{FaultyProvider, Pace, Speech, tag};

use crate::harness::{Answer, Ask, Caller, Gateway, Home, caller};

/// How many frames a stream has, as in the figures of `cargo xtask bench faults`.
pub const FRAMES: usize = 40;

/// The route that stands for all providers.
pub const ROUTE: &str = "any";

/// A gateway with faulty providers behind it, each of which has the model `alpha`.
pub struct Rig {
    pub gateway: Gateway,
    pub providers: Vec<FaultyProvider>,
    pub home: Home,
}

/// What became of a chat.
#[derive(Debug)]
pub struct Told {
    pub status: u16,
    /// The name of the provider that answered, if one was asked.
    pub provider: Option<String>,
    pub attempts: u32,
    pub retry_after: Option<u64>,
    /// Whether the text came whole, with the dialect's end and nothing after it.
    pub is_whole: bool,
    /// What came instead of a whole answer.
    #[expect(dead_code, reason = "it explains a failed test")]
    pub broken: Option<String>,
}

impl Rig {
    /// Starts so many providers that answer at once, registered with the members that `more` adds.
    pub fn start(count: usize, pace: Pace, more: &Value) -> Self {
        let home = Home::new();
        let gateway = home.serve();
        Self::over(home, gateway, count, pace, more)
    }

    /// The same over a gateway that runs already.
    pub fn over(home: Home, gateway: Gateway, count: usize, pace: Pace, more: &Value) -> Self {
        let start = |_| FaultyProvider::start(Speech::openai(FRAMES), pace);
        let rig = Self { gateway, providers: (0..count).map(start).collect(), home };
        for (index, provider) in rig.providers.iter().enumerate() {
            let mut body = registration(name(index), provider);
            for (member, value) in more.as_object().into_iter().flatten() {
                body[member] = value.clone();
            }
            rig.gateway.register(&body);
        }
        rig
    }

    /// Puts all providers behind one name, the first of them first.
    pub fn route(&self) {
        let names: Vec<_> = (0..self.providers.len()).map(name).collect();
        self.route_to(&names);
    }

    /// Puts these behind one name, in this order.
    pub fn route_to(&self, names: &[&str]) {
        let candidates: Vec<_> =
            names.iter().map(|name| json!({ "provider": name, "model": "alpha" })).collect();
        let route = json!({ "strategy": "priority", "candidates": candidates });
        let target = format!("/api/routes/{ROUTE}");
        let answer = self.gateway.ask("PUT", &target).json(&route).send();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// A chat in OpenAI's dialect that carries a name of its own.
    pub fn ask(&self, request: &str, model: &str, stream: bool) -> Ask {
        let body = json!({
            "model": model, "stream": stream,
            "messages": [{ "role": "user", "content": tag(request) }],
        });
        self.gateway.ask("POST", "/v1/chat/completions").json(&body)
    }

    /// Chats, whole or streamed, and tells what came.
    pub fn chat(&self, request: &str, model: &str, stream: bool) -> Told {
        Told::read(&self.ask(request, model, stream).send(), stream)
    }

    /// How many chats all providers were asked for.
    pub fn chats(&self) -> usize {
        self.providers.iter().map(FaultyProvider::chats).sum()
    }
}

impl Told {
    pub fn read(answer: &Answer, stream: bool) -> Self {
        let body = answer.text();
        let text: String = (0..FRAMES - 3).map(Speech::word).collect();
        let is_whole = match (answer.status, stream) {
            (200, true) => {
                assert!(answer.is_complete, "the framing broke off: {body}");
                let told = openai().told(&body);
                assert_eq!(told.error.is_some(), !told.ended, "an end or an error: {body}");
                told.ended && told.text == text
            }
            (200, false) => openai().text(&answer.expect(200)) == text,
            _ => false,
        };
        let number = |name: &str| answer.header(name).map(|value| value.parse().expect("a number"));
        Self {
            status: answer.status,
            provider: answer.header("x-closedpaw-provider").map(str::to_owned),
            attempts: number("x-closedpaw-attempts").unwrap_or_default() as u32,
            retry_after: number("retry-after"),
            is_whole,
            broken: (!is_whole).then_some(body),
        }
    }
}

/// The provider of this index: `a`, `b`, …
pub fn name(index: usize) -> &'static str {
    ["a", "b", "c", "d"][index]
}

/// What registers a provider that speaks OpenAI's dialect.
pub fn registration(name: &str, provider: &FaultyProvider) -> Value {
    openai_at(name, &provider.url())
}

fn openai_at(name: &str, url: &str) -> Value {
    json!({
        "provider_type": "openai", "name": name, "base_url": format!("{url}/v1"), "network": "local",
        "api_key": format!("key-of-{name}-0123456789abcdef"), "default_model": "alpha",
        "models": ["alpha"],
    })
}

pub fn openai() -> &'static Caller {
    caller("openai_chat")
}

/// How many of a speech's first frames say no word: as long as no other has come, somebody else may be asked.
pub fn wordless(speech: &Speech) -> usize {
    let speaks = |frame: &Vec<u8>| {
        let frame = String::from_utf8_lossy(frame);
        frame.contains("Hello") || frame.contains("word0")
    };
    speech.frames.iter().position(speaks).expect("a word")
}

/// The caller's own speech, stretched to as many frames as OpenAI's has here.
pub fn speech_of(speaker: &Caller) -> Speech {
    if speaker.name == "openai_chat" {
        return Speech::openai(FRAMES);
    }
    // A Gemini array is whole with its last element, before the bracket that closes it.
    let trailing = if speaker.name == "gemini_array" { 2 } else { 1 };
    let (frames, end) = speaker.frames.split_at(speaker.frames.len() - trailing);
    let repeated = frames.iter().position(|frame| frame.contains(" world!")).expect("a text");
    let more = (0..FRAMES - frames.len())
        .map(|number| frames[repeated].replace(" world!", &format!(" {}", Speech::word(number))));
    let (before, after) = frames.split_at(repeated + 1);
    let before = before.iter().map(|&frame| frame.to_owned());
    let after = after.iter().map(|&frame| frame.to_owned());
    Speech {
        stream_type: speaker.stream_type().to_owned(),
        frames: before.chain(more).chain(after).map(String::into_bytes).collect(),
        end: end.concat().into_bytes(),
        whole: speaker.answer.as_bytes().to_vec(),
        models: br#"{"data":[],"models":[]}"#.to_vec(),
        streamed_by: match speaker.provider_type {
            "google" => ":streamGenerateContent",
            _ => r#""stream":true"#,
        },
    }
}
