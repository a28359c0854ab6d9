//! What callers' requests become.

use canonical::{
    Dialect, Effort, Losses, Media, MediaKind, MediaSource, Message, Opaque, OutputFormat, Part,
    Reasoning, ReasoningControl, Role, ToolChoice, ToolResult,
};
use serde_json::{Value, json};

use super::{CountEndpoint, CountTokens, body, call, read, refused, seal};
use crate::foreign_seal::pack;

/// Checks what the content of one message becomes.
#[track_caller]
fn check_content(role: &str, content: Value, expected: Vec<Part>, lost: &str) {
    let (request, losses) = read(json!({"messages": [{"role": role, "content": content}]}));
    assert_eq!(request.messages[0].parts, expected);
    assert_eq!(losses, lost);
}

fn opaque(json: Value) -> Part {
    Part::Opaque(Opaque { dialect: Dialect::Anthropic, json })
}

fn thought(text: &str, seal: Option<canonical::Seal>) -> Part {
    Part::Reasoning(Reasoning { text: text.to_owned(), seal })
}

fn media(kind: MediaKind, mime: Option<&str>, source: MediaSource, name: Option<&str>) -> Part {
    let (mime, name) = (mime.map(str::to_owned), name.map(str::to_owned));
    Part::Media(Media { kind, mime, source, detail: None, name })
}

#[test]
fn what_claude_code_sends_is_understood_or_noted() {
    let (request, losses) = read(json!({
        "system": [
            {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.0; cch=1;"},
            {"type": "text", "text": "You are a pilot.", "cache_control": {"type": "ephemeral"}},
        ],
        "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": "<system-reminder>Tides turn.</system-reminder>"},
                {"type": "text", "text": "Go.", "cache_control": {"type": "ephemeral"}},
            ]},
            {"role": "system", "content": "Be quick."},
        ],
        "tools": [
            {"name": "Bash", "description": "Runs.", "input_schema": {"type": "object"},
             "eager_input_streaming": true, "defer_loading": true},
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 8},
        ],
        "metadata": {"user_id": "{\"device_id\":\"d\",\"session_id\":\"s\"}"},
        "thinking": {"type": "adaptive"},
        "output_config": {"effort": "high", "task_budget": {"total": 9}},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "temperature": 1,
        "stream": true,
        "betas": null,
    }));
    assert_eq!(request.system, [Part::text("You are a pilot.")]);
    assert_eq!(request.messages[0].parts.len(), 2);
    let quick = Message { role: Role::System, parts: vec![Part::text("Be quick.")] };
    assert_eq!(request.messages[1], quick);
    assert_eq!(request.tools.len(), 1);
    assert_eq!(request.tools[0].parameters, Some(json!({"type": "object"})));
    assert_eq!(request.user.as_deref(), Some("{\"device_id\":\"d\",\"session_id\":\"s\"}"));
    assert_eq!(request.reasoning.effort, Some(Effort::High));
    assert!(request.stream);
    let (dialect, extras) = request.extras.unwrap();
    assert_eq!(dialect, Dialect::Anthropic);
    assert_eq!(extras.keys().collect::<Vec<_>>(), ["context_management"]);
    assert_eq!(
        losses,
        "system.cache_control, system.x-anthropic-billing-header, messages.cache_control, \
         tools.eager_input_streaming, tools.defer_loading, tools.web_search_20250305, \
         output_config.task_budget"
    );
}

#[test]
fn text_comes_as_a_string_or_in_blocks() {
    check_content("user", json!("Hi"), vec![Part::text("Hi")], "");
    let blocks = json!([{"type": "text", "text": "Hi", "citations": [{"type": "page_location"}]}]);
    check_content("assistant", blocks, vec![Part::text("Hi")], "messages.citations");
    check_content("assistant", json!([]), vec![], "");
}

#[test]
fn media_come_by_value_and_by_address() {
    let base64 = |mime| json!({"type": "base64", "media_type": mime, "data": "QUJD"});
    let url = json!({"type": "url", "url": "https://example.com/a"});
    let file = json!({"type": "image", "source": {"type": "file", "file_id": "f"}});
    let data = || MediaSource::Base64("QUJD".to_owned());
    let address = || MediaSource::Url("https://example.com/a".to_owned());
    let content = json!([
        {"type": "image", "source": base64("image/png")},
        {"type": "image", "source": url},
        {"type": "document", "source": base64("application/pdf"), "title": "plan"},
        {"type": "document", "source": url, "context": "old"},
        {"type": "document", "title": "log",
         "source": {"type": "text", "media_type": "text/plain", "data": "Fog."}},
        {"type": "document", "source": {"type": "content", "content": [
            {"type": "text", "text": "Rain."}]}},
        file,
    ]);
    let expected = vec![
        media(MediaKind::Image, Some("image/png"), data(), None),
        media(MediaKind::Image, None, address(), None),
        media(MediaKind::Document, Some("application/pdf"), data(), Some("plan")),
        media(MediaKind::Document, None, address(), None),
        Part::text("log"),
        Part::text("Fog."),
        Part::text("Rain."),
        opaque(file),
    ];
    check_content("user", content, expected, "messages.context");
}

#[test]
fn tool_results_hold_what_messages_hold() {
    let result = |content, is_error| {
        Part::ToolResult(ToolResult { call_id: "a:1".to_owned(), name: None, content, is_error })
    };
    let id = "toolu_b64_YTox";
    let reference = json!({"type": "tool_reference", "tool_name": "look"});
    let content = json!([
        {"type": "tool_result", "tool_use_id": id, "content": "3 m"},
        {"type": "tool_result", "tool_use_id": id, "is_error": true},
        {"type": "tool_result", "tool_use_id": id, "cache_control": {}, "content": [
            {"type": "image", "source": {"type": "url", "url": "https://example.com/a"}},
            reference,
        ]},
    ]);
    let source = MediaSource::Url("https://example.com/a".to_owned());
    let expected = vec![
        result(vec![Part::text("3 m")], false),
        result(vec![], true),
        result(vec![media(MediaKind::Image, None, source, None), opaque(reference)], false),
    ];
    check_content("user", content, expected, "messages.cache_control");
}

#[test]
fn blocks_that_only_the_dialect_understands_stay_as_they_are() {
    let own = [
        json!({"type": "search_result", "source": "s", "title": "t", "content": []}),
        json!({"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}),
        json!({"type": "web_search_tool_result", "tool_use_id": "s1", "content": []}),
        json!({"type": "redacted_thinking", "data": "EmwKAhgB"}),
        json!({"type": "fallback", "from": {"model": "a"}}),
    ];
    check_content("assistant", json!(own), own.clone().map(opaque).to_vec(), "");
}

#[test]
fn seals_come_home() {
    let packed = |data: &str| {
        let seal = canonical::Seal { dialect: Dialect::Gemini, data: data.to_owned() };
        pack(&seal, Dialect::Anthropic)
    };
    let redacted = |data: &str| json!({"type": "redacted_thinking", "data": packed(data)});
    let tool_use = json!({"type": "tool_use", "id": "c", "name": "look", "input": {"n": 1}});
    let content = json!([
        {"type": "thinking", "thinking": "Hm.", "signature": packed("sealed")},
        {"type": "thinking", "thinking": "Ah.", "signature": "sealed"},
        {"type": "thinking", "thinking": "Oh.", "signature": ""},
        {"type": "thinking", "thinking": "", "signature": ""},
        redacted("thought:sealed"),
        redacted("next_call:sealed"),
        {"type": "text", "text": "Looking."},
        tool_use,
        tool_use,
    ]);
    let expected = vec![
        thought("Hm.", seal(Dialect::Gemini)),
        thought("Ah.", seal(Dialect::Anthropic)),
        thought("Oh.", None),
        thought("", seal(Dialect::Gemini)),
        Part::text("Looking."),
        call("c", "{\"n\":1}", seal(Dialect::Gemini)),
        call("c", "{\"n\":1}", None),
    ];
    check_content("assistant", content, expected, "");

    let stray = json!([redacted("next_call:a"), redacted("next_call:b")]);
    check_content("assistant", stray, vec![], "messages.seal");
}

#[test]
fn a_call_that_comes_in_a_message_of_its_own_keeps_its_seal() {
    let sealed = canonical::Seal { dialect: Dialect::Gemini, data: "next_call:sealed".to_owned() };
    let block = json!({"type": "redacted_thinking", "data": pack(&sealed, Dialect::Anthropic)});
    let tool_use = json!({"type": "tool_use", "id": "c", "name": "look", "input": {}});
    let message = |role, block: &Value| json!({"role": role, "content": [block]});
    let text = json!({"type": "text", "text": "Hi"});
    let ask = |messages: Value| read(json!({"messages": messages}));

    let (request, lost) =
        ask(json!([message("assistant", &block), message("assistant", &tool_use)]));
    assert_eq!(request.messages[1].parts, [call("c", "{}", seal(Dialect::Gemini))]);
    assert_eq!(lost, "");

    let between = message("user", &text);
    let (request, lost) =
        ask(json!([message("assistant", &block), between, message("assistant", &tool_use)]));
    assert_eq!(request.messages[2].parts, [call("c", "{}", None)]);
    assert_eq!(lost, "messages.seal");
}

#[test]
fn tools_and_their_choice() {
    let with = |choice: Value| {
        json!({"tools": [{"type": "custom", "name": "look", "input_schema": {"type": "object"}},
            {"type": "bash_20250124", "name": "bash"}], "tool_choice": choice})
    };
    for (choice, tool, parallel, lost) in [
        (json!({"type": "auto"}), Some(ToolChoice::Auto), None, ""),
        (json!({"type": "none"}), Some(ToolChoice::None), None, ""),
        (
            json!({"type": "any", "disable_parallel_tool_use": true}),
            Some(ToolChoice::Required),
            Some(false),
            "",
        ),
        (
            json!({"type": "tool", "name": "look", "disable_parallel_tool_use": false}),
            Some(ToolChoice::Tool("look".to_owned())),
            Some(true),
            "",
        ),
        (json!({"type": "tool", "name": "bash"}), None, None, ", tool_choice"),
        (Value::Null, None, None, ""),
    ] {
        let (request, losses) = read(with(choice));
        assert_eq!((request.tool_choice, request.parallel_tool_calls), (tool, parallel));
        assert_eq!(losses, format!("tools.bash_20250124{lost}"));
    }
}

#[test]
fn thinking_and_effort() {
    let control =
        |effort, budget_tokens, include| ReasoningControl { effort, budget_tokens, include };
    for (members, expected, lost) in [
        (json!({}), control(None, None, None), ""),
        (json!({"thinking": {"type": "adaptive"}}), control(None, None, Some(true)), ""),
        (json!({"thinking": {"type": "enabled"}}), control(None, None, Some(true)), ""),
        (
            json!({"thinking": {"type": "enabled", "budget_tokens": 2000, "display": "omitted"}}),
            control(None, Some(2000), Some(false)),
            "",
        ),
        (
            json!({"thinking": {"type": "disabled"}, "output_config": {"effort": "max"}}),
            control(Some(Effort::None), None, None),
            "output_config.effort",
        ),
        (
            json!({"thinking": {"type": "between_tools"}, "output_config": {"effort": "xhigh"}}),
            control(Some(Effort::ExtraHigh), None, None),
            "thinking",
        ),
    ] {
        let (request, losses) = read(members);
        assert_eq!((request.reasoning, losses.as_str()), (expected, lost));
    }
}

#[test]
fn the_form_of_the_answer_stands_in_either_place() {
    let schema = json!({"type": "object"});
    let format = json!({"type": "json_schema", "schema": schema});
    let expected = OutputFormat::JsonSchema { name: None, schema, strict: None };
    for members in [
        json!({"output_config": {"format": format}}),
        json!({"output_format": format}),
        json!({"output_format": format, "output_config": {"effort": "low"}}),
    ] {
        assert_eq!(read(members).0.output, expected);
    }
}

#[test]
fn sampling_is_taken_and_the_rest_kept_for_home() {
    let (request, losses) = read(json!({
        "max_tokens": 100.0, "temperature": 0.5, "top_p": 0.9, "top_k": 40,
        "stop_sequences": ["END"], "service_tier": "auto", "container": null,
    }));
    assert_eq!(request.sampling.max_tokens, Some(100));
    assert_eq!(request.sampling.temperature, Some(0.5));
    assert_eq!(request.sampling.top_p, Some(0.9));
    assert_eq!(request.sampling.top_k, Some(40));
    assert_eq!(request.stop, ["END"]);
    assert_eq!(request.extras.unwrap().1.keys().collect::<Vec<_>>(), ["service_tier"]);
    assert_eq!(losses, "");
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let content = |block: Value| json!({"messages": [{"role": "user", "content": [block]}]});
    for (members, expected) in [
        (json!({"max_tokens": null}), "`max_tokens` is missing"),
        (json!({"max_tokens": "9"}), "`max_tokens` must be a whole number of at least 0"),
        (json!({"model": null}), "`model` is missing"),
        (json!({"messages": null}), "`messages` is missing"),
        (json!({"messages": []}), "`messages` must hold at least one message"),
        (json!({"messages": [{"role": "user"}]}), "`messages[0].content` is missing"),
        (
            json!({"messages": [{"role": "tool", "content": ""}]}),
            "`messages[0].role` must be user, assistant or system",
        ),
        (
            json!({"messages": [{"role": "user", "content": 7}]}),
            "`messages[0].content` must be a string or a list",
        ),
        (content(json!({})), "`messages[0].content[0].type` is missing"),
        (content(json!({"type": "text"})), "`messages[0].content[0].text` is missing"),
        (
            content(json!({"type": "tool_use", "id": "a", "name": "b", "input": "c"})),
            "`messages[0].content[0].input` must be an object",
        ),
        (
            content(json!({"type": "image", "source": {"type": "base64"}})),
            "`messages[0].content[0].source.data` is missing",
        ),
        (
            json!({"system": [{"type": "image", "source": {"type": "url", "url": "u"}}]}),
            "`system` must be a string or a list of text blocks",
        ),
        (json!({"tools": [{}]}), "`tools[0].name` is missing"),
        (
            json!({"tool_choice": {"type": "some"}}),
            "`tool_choice.type` must be auto, any, tool or none",
        ),
        (
            json!({"output_config": {"effort": "more"}}),
            "`output_config.effort` must be low, medium, high, xhigh or max",
        ),
        (
            json!({"output_config": {"format": {"type": "json"}}}),
            "`output_config.format.type` must be json_schema",
        ),
    ] {
        assert_eq!(refused(members).public, expected);
    }
}

#[test]
fn a_count_needs_no_bound() {
    let mut losses = Losses::default();
    let body = body(json!({"max_tokens": null}));
    let request = CountTokens.decode_request(&body, &mut losses).unwrap();
    assert_eq!(request.sampling.max_tokens, None);
    assert_eq!(request.messages[0].parts, [Part::text("Hi")]);
    assert_eq!(CountTokens.encode_count(12), br#"{"input_tokens":12}"#);
}
