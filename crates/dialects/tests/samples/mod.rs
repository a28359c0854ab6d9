//! Requests in the canonical form that between them use all of it.

use canonical::{
    Dialect, Effort, Media, MediaKind, MediaSource, Message, Opaque, OutputFormat, Part, Reasoning,
    ReasoningControl, Request, Role, Sampling, Seal, Tool, ToolCall, ToolChoice, ToolResult,
};
use serde_json::{Value, json};

/// The requests and their names.
pub fn requests() -> Vec<(&'static str, Request)> {
    vec![
        ("plain", request(vec![user("Which way to the harbour?")])),
        ("conversation", conversation()),
        ("sampling", sampling()),
        ("tools", tools()),
        ("tool_results", tool_results()),
        ("tool_results_without_ids", tool_results_without_ids()),
        ("tool_choice_none", Request { tool_choice: Some(ToolChoice::None), ..tools() }),
        ("tool_choice_auto", Request { tool_choice: Some(ToolChoice::Auto), ..tools() }),
        (
            "tool_choice_one",
            Request { tool_choice: Some(ToolChoice::Tool("tide".into())), ..tools() },
        ),
        ("tool_choice_without_tools", Request { tools: vec![], ..tools() }),
        ("media", media()),
        ("media_by_address", media_by_address()),
        ("json", Request { output: OutputFormat::Json, ..plain() }),
        ("json_schema", json_schema()),
        ("effort_none", reasoning(Some(Effort::None), None)),
        ("effort_low", reasoning(Some(Effort::Low), None)),
        ("effort_extra_high", reasoning(Some(Effort::ExtraHigh), None)),
        ("budget", reasoning(None, Some(4096))),
        ("budget_zero", reasoning(None, Some(0))),
        ("thoughts_replayed", thoughts_replayed()),
        ("prefill", request(vec![user("Name a bird."), assistant(vec![Part::text("Her")])])),
        ("stream", Request { stream: true, ..plain() }),
        ("own_members", own_members()),
    ]
}

fn plain() -> Request {
    request(vec![user("Which way to the harbour?")])
}

fn request(messages: Vec<Message>) -> Request {
    Request { model: "heron-1".into(), messages, ..Request::default() }
}

fn user(text: &str) -> Message {
    Message { role: Role::User, parts: vec![Part::text(text)] }
}

fn assistant(parts: Vec<Part>) -> Message {
    Message { role: Role::Assistant, parts }
}

fn conversation() -> Request {
    let instruction = Message { role: Role::System, parts: vec![Part::text("Now in rhyme.")] };
    Request {
        system: vec![Part::text("You are a pilot."), Part::text("Be brief.")],
        ..request(vec![
            user("Which way?"),
            assistant(vec![Part::text("North.")]),
            instruction,
            user("And then?"),
        ])
    }
}

fn sampling() -> Request {
    let sampling = Sampling {
        temperature: Some(1.75),
        top_p: Some(0.5),
        top_k: Some(40),
        max_tokens: Some(300),
        seed: Some(-7),
        presence_penalty: Some(0.25),
        frequency_penalty: Some(-0.25),
        choices: Some(2),
        logprobs: Some(3),
    };
    Request { sampling, stop: vec!["END".into(), "\n\n".into()], ..plain() }
}

fn tools() -> Request {
    let harbour = json!({ "type": "object", "properties": { "harbour": { "type": "string" } } });
    let tide = Tool {
        name: "tide".into(),
        description: Some("The height of the tide.".into()),
        parameters: Some(harbour),
        strict: Some(true),
        freeform: false,
    };
    let clock = Tool {
        name: "clock".into(),
        description: None,
        parameters: None,
        strict: None,
        freeform: false,
    };
    Request {
        tools: vec![tide, clock],
        tool_choice: Some(ToolChoice::Required),
        parallel_tool_calls: Some(false),
        ..plain()
    }
}

fn call(id: &str, name: &str, arguments: &str) -> Part {
    let (id, name, arguments) = (id.into(), name.into(), arguments.into());
    Part::ToolCall(ToolCall { id, name, arguments, seal: None })
}

fn result(call_id: &str, name: Option<&str>, text: &str, is_error: bool) -> Part {
    Part::ToolResult(ToolResult {
        call_id: call_id.into(),
        name: name.map(str::to_owned),
        content: vec![Part::text(text)],
        is_error,
    })
}

fn tool_results() -> Request {
    let calls = vec![
        Part::text("Asking both."),
        call("call_north", "tide", r#"{"harbour":"north"}"#),
        call("aB3dE6gH9", "clock", ""),
    ];
    let results = vec![
        Part::text("Here."),
        result("aB3dE6gH9", None, "noon", false),
        result("call_north", None, "no such gauge", true),
    ];
    let results = Message { role: Role::User, parts: results };
    Request {
        messages: vec![user("How high?"), assistant(calls), results],
        tool_choice: None,
        ..tools()
    }
}

fn tool_results_without_ids() -> Request {
    let calls = vec![call("", "tide", "{\"harbour\":\"no"), call("", "clock", "{}")];
    let results = vec![result("", Some("clock"), "noon", false), result("", None, "3 m", false)];
    let results = Message { role: Role::User, parts: results };
    Request {
        messages: vec![user("How high?"), assistant(calls), results],
        tool_choice: None,
        parallel_tool_calls: None,
        ..tools()
    }
}

fn medium(kind: MediaKind, mime: &str, source: MediaSource, name: Option<&str>) -> Part {
    let (mime, name) = (Some(mime.to_owned()), name.map(str::to_owned));
    let detail = (kind == MediaKind::Image).then(|| "low".to_owned());
    Part::Media(Media { kind, mime, source, detail, name })
}

fn media() -> Request {
    let data = || MediaSource::Base64("aGVyb24=".into());
    let parts = vec![
        Part::text("What are these?"),
        medium(MediaKind::Image, "image/png", data(), None),
        medium(MediaKind::Document, "application/pdf", data(), Some("chart.pdf")),
        medium(MediaKind::Audio, "audio/mpeg", data(), None),
    ];
    request(vec![Message { role: Role::User, parts }])
}

fn media_by_address() -> Request {
    let at = |name: &str| MediaSource::Url(format!("https://marsh.example/{name}"));
    let parts = vec![
        medium(MediaKind::Image, "image/png", at("heron.png"), None),
        medium(MediaKind::Document, "application/pdf", at("chart.pdf"), None),
        medium(MediaKind::Audio, "audio/wav", at("call.wav"), None),
    ];
    request(vec![Message { role: Role::User, parts }])
}

fn json_schema() -> Request {
    let schema = json!({ "type": "object", "properties": { "bird": { "type": "string" } },
        "required": ["bird"], "additionalProperties": false });
    let name = Some("sighting".to_owned());
    Request { output: OutputFormat::JsonSchema { name, schema, strict: Some(true) }, ..plain() }
}

fn reasoning(effort: Option<Effort>, budget_tokens: Option<u64>) -> Request {
    let reasoning = ReasoningControl { effort, budget_tokens, include: Some(true) };
    Request { reasoning, ..plain() }
}

/// Thoughts of every dialect and of none, of which each dialect gets back what it can use.
fn thoughts_replayed() -> Request {
    let thought = |text: &str, seal: Option<(Dialect, &str)>| {
        let seal = seal.map(|(dialect, data)| Seal { dialect, data: data.to_owned() });
        Part::Reasoning(Reasoning { text: text.to_owned(), seal })
    };
    let block = |dialect: Dialect| {
        let json = json!({ "type": "own_block", "of": dialect.as_str() });
        Part::Opaque(Opaque { dialect, json })
    };
    let mut parts = vec![thought("Unsealed.", None)];
    for dialect in Dialect::ALL {
        let data = if dialect == Dialect::OpenAiChat { "reasoning_content" } else { "c2VhbA==" };
        parts.push(thought(dialect.as_str(), Some((dialect, data))));
    }
    parts.extend(Dialect::ALL.map(block));
    parts.push(Part::text("North."));
    request(vec![user("Which way?"), assistant(parts), user("Sure?")])
}

/// Members of one dialect each, under a name that it alone knows.
fn own_members() -> Request {
    let extras: Value = json!({ "keep_alive": "5m", "options": { "num_ctx": 8192 } });
    let extras = extras.as_object().cloned().map(|members| (Dialect::Ollama, members));
    Request { extras, sampling: Sampling { top_p: Some(0.5), ..Sampling::default() }, ..plain() }
}
