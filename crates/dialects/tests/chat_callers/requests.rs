//! Requests of callers, member by member.

use canonical::{
    Dialect, Effort, MediaKind, MediaSource, Message, Opaque, OutputFormat, Part, Reasoning, Role,
    Seal, Tool, ToolCall, ToolChoice, ToolResult,
};
use dialects::{MISTRAL_CHAT, MISTRAL_FIM, OPENAI_CHAT};
use serde_json::{Value, json};

use crate::{read, read_messages};

fn with(member: &str, value: Value) -> Value {
    let mut body =
        json!({ "model": "heron-1", "messages": [{ "role": "user", "content": "Where?" }] });
    body[member] = value;
    body
}

fn said(role: Role, text: &str) -> Message {
    Message { role, parts: vec![Part::text(text)] }
}

#[test]
fn every_setting_finds_its_place() {
    let body = json!({
        "model": "heron-1",
        "messages": [{ "role": "user", "content": "Where?" }],
        "max_tokens": 5, "max_completion_tokens": 9, "temperature": 0.5, "top_p": 1, "n": 2,
        "seed": -7, "stop": "END", "presence_penalty": 0.25, "frequency_penalty": -0.25,
        "logprobs": true, "top_logprobs": 3, "reasoning_effort": "xhigh",
        "parallel_tool_calls": false, "stream": true,
        "stream_options": { "include_usage": true, "include_obfuscation": false },
        "user": "old", "safety_identifier": "u-1", "store": false, "modalities": ["text"],
        "response_format": { "type": "json_schema", "json_schema": {
            "name": "bird", "strict": true, "schema": { "type": "object" } } },
        "service_tier": "flex", "logit_bias": { "5": -100 },
    });
    let (request, losses) = read(OPENAI_CHAT, &body).expect("a request");
    assert_eq!(losses, "");
    let sampling = &request.sampling;
    assert_eq!((sampling.max_tokens, sampling.choices), (Some(9), Some(2)));
    assert_eq!((sampling.temperature, sampling.top_p), (Some(0.5), Some(1.0)));
    assert_eq!((sampling.seed, sampling.logprobs), (Some(-7), Some(3)));
    assert_eq!((sampling.presence_penalty, sampling.frequency_penalty), (Some(0.25), Some(-0.25)));
    assert_eq!(request.stop, ["END"]);
    assert_eq!(request.reasoning.effort, Some(Effort::ExtraHigh));
    assert_eq!(request.parallel_tool_calls, Some(false));
    assert!(request.stream && request.stream_usage);
    assert_eq!(request.user.as_deref(), Some("u-1"));
    let schema = json!({ "type": "object" });
    let name = Some("bird".to_owned());
    assert_eq!(request.output, OutputFormat::JsonSchema { name, schema, strict: Some(true) });
    let (dialect, extras) = request.extras.expect("members of OpenAI's own");
    assert_eq!(dialect, Dialect::OpenAiChat);
    assert_eq!(extras.keys().collect::<Vec<_>>(), ["service_tier", "logit_bias"]);
}

#[test]
fn mistral_names_some_settings_otherwise() {
    let body = json!({
        "model": "heron-1",
        "messages": [{ "role": "user", "content": "Where?" }, { "role": "assistant", "content": "At", "prefix": true }],
        "max_tokens": 5, "random_seed": 7, "safe_prompt": false, "prompt_mode": "reasoning",
        "tools": [{ "function": { "name": "tide", "parameters": {} } }], "tool_choice": "any",
    });
    let (request, losses) = read(MISTRAL_CHAT, &body).expect("a request");
    assert_eq!((request.sampling.max_tokens, request.sampling.seed), (Some(5), Some(7)));
    assert_eq!(request.tool_choice, Some(ToolChoice::Required));
    assert_eq!(request.tools[0].name, "tide");
    assert_eq!(request.messages[1], said(Role::Assistant, "At"));
    let (dialect, extras) = request.extras.expect("members of Mistral's own");
    assert_eq!((dialect, losses.as_str()), (Dialect::Mistral, ""));
    assert_eq!(extras.keys().collect::<Vec<_>>(), ["prompt_mode"]);
}

#[test]
fn instructions_stand_before_the_conversation_or_in_it() {
    let (request, _) = read_messages(
        OPENAI_CHAT,
        json!([
            { "role": "developer", "content": "Be brief." },
            { "role": "system", "content": [{ "type": "text", "text": "Be kind." }] },
            { "role": "user", "content": "Where?" },
            { "role": "system", "content": "Now in rhyme." },
        ]),
    )
    .expect("a request");
    assert_eq!(request.system, [Part::text("Be brief."), Part::text("Be kind.")]);
    assert_eq!(request.messages, [said(Role::User, "Where?"), said(Role::System, "Now in rhyme.")]);
}

#[test]
fn results_that_follow_each_other_are_one_turn() {
    let call = |id: &str| {
        json!({ "id": id, "type": "function", "index": 0,
        "function": { "name": "tide", "arguments": "{\"at\":1}" } })
    };
    let (request, losses) = read_messages(
        OPENAI_CHAT,
        json!([
            { "role": "user", "content": "Tides?" },
            { "role": "assistant", "content": "", "tool_calls": [call("a"), call("b")],
              "refusal": null, "annotations": [], "audio": null, "function_call": null },
            { "role": "tool", "tool_call_id": "a", "content": "low" },
            { "role": "tool", "tool_call_id": "b", "content": [{ "type": "text", "text": "high" }] },
            { "role": "user", "content": "Thanks." },
        ]),
    )
    .expect("a request");
    let call = |id: &str| {
        let (id, name) = (id.to_owned(), "tide".to_owned());
        Part::ToolCall(ToolCall { id, name, arguments: "{\"at\":1}".into(), seal: None })
    };
    let result = |id: &str, text: &str| {
        let content = vec![Part::text(text)];
        Part::ToolResult(ToolResult { call_id: id.into(), name: None, content, is_error: false })
    };
    let message = |role, parts| Message { role, parts };
    assert_eq!(
        request.messages,
        [
            said(Role::User, "Tides?"),
            message(Role::Assistant, vec![call("a"), call("b")]),
            message(Role::User, vec![result("a", "low"), result("b", "high")]),
            said(Role::User, "Thanks."),
        ]
    );
    assert_eq!(losses, "");
}

#[test]
fn content_has_many_forms() {
    let data = || MediaSource::Base64("aGk=".into());
    let url = || MediaSource::Url("https://marsh.example/a".into());
    for (endpoint, chunk, kind, mime, source) in [
        (
            OPENAI_CHAT,
            json!({ "type": "image_url", "image_url": { "url": "data:image/png;base64,aGk=", "detail": "low" } }),
            MediaKind::Image,
            Some("image/png"),
            data(),
        ),
        (
            MISTRAL_CHAT,
            json!({ "type": "image_url", "image_url": "https://marsh.example/a" }),
            MediaKind::Image,
            None,
            url(),
        ),
        (
            MISTRAL_CHAT,
            json!({ "type": "document_url", "document_url": "https://marsh.example/a" }),
            MediaKind::Document,
            None,
            url(),
        ),
        (
            OPENAI_CHAT,
            json!({ "type": "file", "file": { "filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk=" } }),
            MediaKind::Document,
            Some("application/pdf"),
            data(),
        ),
        (
            OPENAI_CHAT,
            json!({ "type": "file", "file": { "file_data": "aGk=" } }),
            MediaKind::Document,
            None,
            data(),
        ),
        (
            OPENAI_CHAT,
            json!({ "type": "input_audio", "input_audio": { "data": "aGk=", "format": "mp3" } }),
            MediaKind::Audio,
            Some("audio/mpeg"),
            data(),
        ),
        (
            MISTRAL_CHAT,
            json!({ "type": "input_audio", "input_audio": "aGk=" }),
            MediaKind::Audio,
            None,
            data(),
        ),
    ] {
        let name = chunk.to_string();
        let (request, losses) =
            read_messages(endpoint, json!([{ "role": "user", "content": [chunk] }])).expect(&name);
        let Part::Media(media) = &request.messages[0].parts[0] else { panic!("{name}") };
        assert_eq!((media.kind, media.mime.as_deref(), &media.source), (kind, mime, &source));
        assert_eq!(losses, "", "{name}");
    }
    for endpoint in [OPENAI_CHAT, MISTRAL_CHAT] {
        let content = json!([
            { "type": "thinking", "thinking": [{ "type": "text", "text": "Hm." }], "closed": true },
            { "type": "refusal", "refusal": "No." },
            { "type": "reference", "reference_ids": [1] },
        ]);
        let (request, _) =
            read_messages(endpoint, json!([{ "role": "assistant", "content": content }]))
                .expect("a request");
        let dialect = endpoint.dialect();
        let json = json!({ "type": "reference", "reference_ids": [1] });
        assert_eq!(
            request.messages[0].parts,
            [
                Part::Reasoning(Reasoning { text: "Hm.".into(), seal: None }),
                Part::text("No."),
                Part::Opaque(Opaque { dialect, json }),
            ]
        );
    }
}

#[test]
fn thoughts_and_seals_come_back() {
    let google = |data: &str| json!({ "google": { "thought_signature": data } });
    let (request, losses) = read_messages(
        OPENAI_CHAT,
        json!([{
            "role": "assistant", "content": "Low.", "reasoning_content": "Hm.", "reasoning": "Hm.",
            "extra_content": google("dGV4dA=="),
            "tool_calls": [{ "id": "a", "type": "function", "extra_content": google("Y2FsbA=="),
                "function": { "name": "tide", "arguments": "{}" } }],
        }]),
    )
    .expect("a request");
    let seal = |data: &str| Some(Seal { dialect: Dialect::Gemini, data: data.to_owned() });
    let (id, name) = ("a".to_owned(), "tide".to_owned());
    assert_eq!(
        request.messages[0].parts,
        [
            Part::Reasoning(Reasoning { text: "Hm.".into(), seal: None }),
            Part::Text { text: "Low.".into(), seal: seal("dGV4dA==") },
            Part::ToolCall(ToolCall { id, name, arguments: "{}".into(), seal: seal("Y2FsbA==") }),
        ]
    );
    assert_eq!(losses, "");
}

#[test]
fn tools_take_objects_or_text() {
    let mut body = with(
        "tools",
        json!([
            { "type": "function", "function": { "name": "tide", "strict": true, "parameters": { "type": "object" } } },
            { "type": "custom", "custom": { "name": "sql", "format": { "type": "grammar", "grammar": {} } } },
            { "type": "web_search" },
        ]),
    );
    body["tool_choice"] = json!({ "type": "custom", "custom": { "name": "sql" } });
    body["messages"] = json!([
        { "role": "user", "content": "Where?" },
        { "role": "assistant", "tool_calls": [
            { "id": "c", "type": "custom", "custom": { "name": "sql", "input": "SELECT \"a\"" } },
        ] },
    ]);
    let (request, losses) = read(OPENAI_CHAT, &body).expect("a request");
    let tool = |name: &str, parameters, strict, freeform| Tool {
        name: name.into(),
        description: None,
        parameters,
        strict,
        freeform,
    };
    let schema = Some(json!({ "type": "object" }));
    assert_eq!(
        request.tools,
        [tool("tide", schema, Some(true), false), tool("sql", None, None, true)]
    );
    assert_eq!(losses, "tools.custom.format, tools.web_search");
    assert_eq!(request.tool_choice, Some(ToolChoice::Tool("sql".into())));
    let Part::ToolCall(call) = &request.messages[1].parts[0] else { panic!("no call") };
    assert_eq!(call.arguments, r#"{"input":"SELECT \"a\""}"#);
}

#[test]
fn allowed_tools_leave_only_those() {
    let tool = |name: &str| json!({ "type": "function", "function": { "name": name } });
    let mut body = with("tools", json!([tool("tide"), tool("clock")]));
    body["tool_choice"] = json!({ "type": "allowed_tools",
        "allowed_tools": { "mode": "required", "tools": [tool("clock")] } });
    let (request, _) = read(OPENAI_CHAT, &body).expect("a request");
    assert_eq!(request.tool_choice, Some(ToolChoice::Required));
    assert_eq!(request.tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["clock"]);
}

#[test]
fn what_is_not_carried_is_noted() {
    let user = |chunk: Value| json!([{ "role": "user", "content": [chunk] }]);
    for (messages, expected) in [
        (json!([{ "role": "user", "content": "a", "name": "Ann" }]), "messages.name"),
        (
            user(json!({ "type": "text", "text": "a", "cache_control": {} })),
            "messages.cache_control",
        ),
        (user(json!({ "type": "file", "file": { "file_id": "f" } })), "messages.file_id"),
        (json!([{ "role": "assistant", "audio": { "id": "x" } }]), "messages.audio"),
        (
            json!([{ "role": "assistant", "content": "a", "annotations": [{}] }]),
            "messages.annotations",
        ),
    ] {
        let name = messages.to_string();
        assert_eq!(read_messages(OPENAI_CHAT, messages).expect(&name).1, expected, "{name}");
    }
    let (_, losses) = read(OPENAI_CHAT, &with("top_logprobs", json!(2))).expect("a request");
    assert_eq!(losses, "top_logprobs");
    let (_, losses) =
        read(OPENAI_CHAT, &with("stream_options", json!({ "new": 1 }))).expect("a request");
    assert_eq!(losses, "stream_options.new");
}

#[test]
fn nonsense_is_refused_by_name() {
    for (body, expected) in [
        (with("messages", json!([])), "`messages` must hold"),
        (with("messages", json!([{ "role": "user" }])), "`messages[0].content` is missing"),
        (with("messages", json!([{ "role": "judge", "content": "a" }])), "`messages[0].role` must"),
        (
            with("messages", json!([{ "role": "function", "name": "f", "content": "a" }])),
            "messages with the role `function` are no longer served",
        ),
        (
            with("messages", json!([{ "role": "user", "content": [{ "type": "image_url" }] }])),
            "`messages[0].content[0].image_url` is missing",
        ),
        (with("model", Value::Null), "`model` is missing"),
        (with("functions", json!([])), "requests with `functions` are no longer served"),
        (with("tool_choice", json!("maybe")), "`tool_choice` must be"),
        (with("tools", json!([{ "type": "function" }])), "`tools[0].function` is missing"),
        (with("reasoning_effort", json!("hard")), "`reasoning_effort` must be"),
        (with("response_format", json!({ "type": "xml" })), "`response_format.type` must be"),
        (with("temperature", json!("hot")), "`temperature` must be a number"),
        (with("stop", json!(7)), "`stop` must be"),
        (json!([]), "the body must be a JSON object"),
    ] {
        for endpoint in [OPENAI_CHAT, MISTRAL_CHAT] {
            if endpoint.dialect() == Dialect::Mistral && body.get("functions").is_some() {
                continue;
            }
            let fault = read(endpoint, &body).expect_err(expected);
            assert!(fault.public.starts_with(expected), "{fault} for {expected}");
            assert_eq!(fault.status(), 400);
        }
    }
}

#[test]
fn the_middle_is_filled_in_by_mistral_alone() {
    let body = json!({ "model": "m", "prompt": "fn a(", "suffix": "", "max_tokens": 3,
        "random_seed": 1, "stop": ["}"], "stream": true, "min_tokens": 1 });
    let (request, _) = read(MISTRAL_FIM, &body).expect("a request");
    assert_eq!(request.messages, [said(Role::User, "fn a(")]);
    assert_eq!((request.sampling.max_tokens, request.sampling.seed), (Some(3), Some(1)));
    assert!(request.stream && request.stop == ["}"] && request.extras.is_some());
    let body = json!({ "model": "m", "prompt": "fn a(", "suffix": "}" });
    let fault = read(MISTRAL_FIM, &body).expect_err("no other dialect can");
    assert!(fault.public.starts_with("`suffix` needs a provider"), "{fault}");
    assert_eq!(MISTRAL_FIM.provider_target("m", false), "/fim/completions");
}
