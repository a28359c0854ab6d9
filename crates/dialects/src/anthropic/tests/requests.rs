//! What requests become.

use canonical::{
    Dialect, Effort, ErrorKind, Losses, Media, MediaKind, MediaSource, Opaque, OutputFormat, Part,
    Reasoning, ReasoningControl, Request, Role, Sampling, Tool, ToolChoice, ToolResult,
};
use serde_json::{Value, json};

use super::{Anthropic, call, check, encoded, request, seal, turn};
use crate::Codec;

fn result(call_id: &str, content: Vec<Part>, is_error: bool) -> Part {
    Part::ToolResult(ToolResult { call_id: call_id.to_owned(), name: None, content, is_error })
}

fn media(kind: MediaKind, source: MediaSource) -> Part {
    Part::Media(Media { kind, mime: None, source, detail: None, name: Some("plan".to_owned()) })
}

#[test]
fn instructions_stand_before_the_conversation() {
    let request = Request {
        system: vec![Part::text("Be brief.")],
        messages: vec![
            turn(Role::System, vec![Part::text("Be kind.")]),
            turn(Role::User, vec![Part::text("Hi")]),
        ],
        ..request()
    };
    let text = |text: &str| json!({"type": "text", "text": text});
    let expected = json!({
        "system": [text("Be brief."), text("Be kind.")],
        "messages": [{"role": "user", "content": [text("Hi")]}],
    });
    check(&request, expected.clone(), "");

    let late = Request { messages: request.messages.into_iter().rev().collect(), ..request };
    check(&late, expected, "messages.system_position");
}

#[test]
fn turns_of_one_role_are_one_message_with_results_first() {
    let request = Request {
        messages: vec![
            turn(Role::User, vec![Part::text("a")]),
            turn(Role::User, vec![Part::text(""), Part::text("b")]),
            turn(Role::Assistant, vec![call("x.1", "{\"n\":1}"), call("", "")]),
            turn(Role::User, vec![Part::text("done?"), result("x.1", vec![], false)]),
            turn(Role::User, vec![result("", vec![Part::text("no")], true)]),
            turn(Role::Assistant, vec![]),
        ],
        ..request()
    };
    let expected = json!({"messages": [
        {"role": "user", "content": [
            {"type": "text", "text": "a"}, {"type": "text", "text": "b"},
        ]},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "x_2e1", "name": "look", "input": {"n": 1}},
            {"type": "tool_use", "id": "call_2", "name": "look", "input": {}},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "x_2e1"},
            {"type": "tool_result", "tool_use_id": "call_2", "is_error": true,
             "content": [{"type": "text", "text": "no"}]},
            {"type": "text", "text": "done?"},
        ]},
    ]});
    check(&request, expected, "");
}

#[test]
fn media_go_by_value_and_by_address() {
    let data = || MediaSource::Base64("QUJD".to_owned());
    let url = || MediaSource::Url("https://example.com/a".to_owned());
    let request = Request {
        messages: vec![turn(
            Role::User,
            vec![
                media(MediaKind::Image, data()),
                media(MediaKind::Image, url()),
                media(MediaKind::Document, data()),
                media(MediaKind::Document, url()),
                media(MediaKind::Audio, data()),
                result("c", vec![media(MediaKind::Image, url())], false),
            ],
        )],
        ..request()
    };
    let base64 = |mime: &str| json!({"type": "base64", "media_type": mime, "data": "QUJD"});
    let url = json!({"type": "url", "url": "https://example.com/a"});
    let expected = json!({"messages": [{"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "c", "content": [{"type": "image", "source": url}]},
        {"type": "image", "source": base64("image/png")},
        {"type": "image", "source": url},
        {"type": "document", "source": base64("application/pdf"), "title": "plan"},
        {"type": "document", "source": url, "title": "plan"},
    ]}]});
    check(&request, expected, "messages.audio");
}

#[test]
fn only_media_of_known_types_go_by_value() {
    let held = |kind, mime: Option<&str>, data: &str| {
        let (mime, source) = (mime.map(str::to_owned), MediaSource::Base64(data.to_owned()));
        Part::Media(Media { kind, mime, source, detail: None, name: None })
    };
    let base64 = |kind: &str, mime: &str, data: &str| {
        let source = json!({"type": "base64", "media_type": mime, "data": data});
        Some(json!({"type": kind, "source": source}))
    };
    let plain = json!({"type": "text", "media_type": "text/plain", "data": "Żar"});
    let plain = Some(json!({"type": "document", "source": plain}));
    for (kind, mime, data, expected, lost) in [
        (MediaKind::Image, Some("image/webp"), "Zg==", base64("image", "image/webp", "Zg=="), ""),
        (MediaKind::Image, Some("IMAGE/JPG"), "Zg==", base64("image", "image/jpeg", "Zg=="), ""),
        (MediaKind::Image, None, "R0lGODlh", base64("image", "image/gif", "R0lGODlh"), ""),
        (MediaKind::Image, Some("image/bmp"), "Qk0=", None, "messages.image"),
        (MediaKind::Document, Some("text/plain; charset=utf-8"), "xbthcg==", plain, ""),
        (MediaKind::Document, Some("text/plain"), "/w==", None, "messages.document"),
        (MediaKind::Document, Some("application/zip"), "UEs=", None, "messages.document"),
    ] {
        let parts = vec![Part::text("See."), held(kind, mime, data)];
        let request = Request { messages: vec![turn(Role::User, parts)], ..request() };
        let mut blocks = vec![json!({"type": "text", "text": "See."})];
        blocks.extend(expected);
        check(&request, json!({"messages": [{"role": "user", "content": blocks}]}), lost);
    }
}

#[test]
fn seals_and_opaque_blocks_go_home_only() {
    let opaque = |dialect| {
        Part::Opaque(Opaque { dialect, json: json!({"type": "redacted_thinking", "data": "zz"}) })
    };
    let thought = |seal| Part::Reasoning(Reasoning { text: "Hm.".to_owned(), seal });
    let home = Request {
        messages: vec![turn(
            Role::Assistant,
            vec![thought(seal(Dialect::Anthropic)), opaque(Dialect::Anthropic)],
        )],
        ..request()
    };
    let expected = json!({"messages": [{"role": "assistant", "content": [
        {"type": "thinking", "thinking": "Hm.", "signature": "sealed"},
        {"type": "redacted_thinking", "data": "zz"},
    ]}]});
    check(&home, expected, "");

    let foreign = Request {
        messages: vec![turn(
            Role::Assistant,
            vec![
                thought(seal(Dialect::Gemini)),
                thought(None),
                opaque(Dialect::Gemini),
                Part::Text { text: "Hi".to_owned(), seal: seal(Dialect::Gemini) },
            ],
        )],
        ..request()
    };
    let expected = json!({"messages": [{"role": "assistant", "content": [
        {"type": "text", "text": "Hi"},
    ]}]});
    check(&foreign, expected, "messages.reasoning, messages.redacted_thinking, messages.seal");
}

#[test]
fn tools_and_their_choice() {
    let tool = |name: &str, parameters| Tool {
        name: name.to_owned(),
        description: None,
        parameters,
        strict: None,
        freeform: false,
    };
    let closed = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let with = |tool_choice, parallel_tool_calls| Request {
        tools: vec![
            tool("a", None),
            Tool {
                description: Some("Adds.".to_owned()),
                strict: Some(true),
                freeform: false,
                ..tool("b", Some(closed.clone()))
            },
        ],
        tool_choice,
        parallel_tool_calls,
        ..request()
    };
    let declared = json!([
        {"name": "a", "input_schema": {"type": "object"}},
        {"name": "b", "description": "Adds.", "strict": true, "input_schema": closed},
    ]);
    for (choice, parallel, expected) in [
        (None, None, Value::Null),
        (None, Some(true), Value::Null),
        (None, Some(false), json!({"type": "auto", "disable_parallel_tool_use": true})),
        (Some(ToolChoice::Auto), None, json!({"type": "auto"})),
        (Some(ToolChoice::None), Some(false), json!({"type": "none"})),
        (
            Some(ToolChoice::Required),
            Some(false),
            json!({"type": "any", "disable_parallel_tool_use": true}),
        ),
        (Some(ToolChoice::Tool("b".into())), None, json!({"type": "tool", "name": "b"})),
    ] {
        let mut members = json!({"tools": declared});
        if !expected.is_null() {
            members["tool_choice"] = expected;
        }
        check(&with(choice, parallel), members, "");
    }
    let toolless = |tool_choice| Request {
        tool_choice: Some(tool_choice),
        parallel_tool_calls: Some(false),
        ..request()
    };
    check(&toolless(ToolChoice::Required), json!({}), "tool_choice");
    check(&toolless(ToolChoice::None), json!({}), "");
}

#[test]
fn sampling_is_clamped_and_the_unsayable_is_noted() {
    let sampling = Sampling {
        temperature: Some(1.5),
        top_p: Some(0.5),
        top_k: Some(40),
        max_tokens: Some(100),
        seed: Some(1),
        presence_penalty: Some(0.1),
        frequency_penalty: Some(0.2),
        choices: Some(2),
        logprobs: Some(0),
    };
    let members = json!({
        "max_tokens": 100, "temperature": 1.0, "top_p": 0.5, "top_k": 40,
        "stop_sequences": ["END"], "stream": true,
    });
    let plain = Request {
        sampling: sampling.clone(),
        stop: vec!["END".to_owned(), "\n\n".to_owned()],
        stream: true,
        ..request()
    };
    let unsayable = "seed, presence_penalty, frequency_penalty, n, logprobs";
    check(&plain, members, &format!("temperature, stop, {unsayable}"));

    let reasoning = ReasoningControl { effort: Some(Effort::High), ..ReasoningControl::default() };
    let thinking = Request { sampling, reasoning, ..request() };
    let members = json!({
        "max_tokens": 100, "temperature": 1.0,
        "thinking": {"type": "adaptive"}, "output_config": {"effort": "high"},
    });
    check(&thinking, members, &format!("temperature, top_p, top_k, {unsayable}"));
}

#[test]
fn json_needs_a_schema() {
    let schema = json!({"type": "object", "additionalProperties": false});
    let output = OutputFormat::JsonSchema { name: None, schema: schema.clone(), strict: None };
    let format = json!({"type": "json_schema", "schema": schema});
    check(&Request { output, ..request() }, json!({"output_config": {"format": format}}), "");
    check(&Request { output: OutputFormat::Json, ..request() }, json!({}), "response_format");
}

#[test]
fn extras_go_home_only_and_never_over_our_own() {
    let extras = json!({"service_tier": "auto", "max_tokens": 1}).as_object().unwrap().clone();
    let with = |dialect| Request { extras: Some((dialect, extras.clone())), ..request() };
    check(&with(Dialect::Anthropic), json!({"service_tier": "auto"}), "max_tokens");
    check(&with(Dialect::Gemini), json!({}), "service_tier, max_tokens");
}

#[test]
fn a_budget_is_given_up_where_the_calls_come_without_their_thoughts() {
    let thought = |dialect| {
        let (text, seal) = ("Hm.".to_owned(), seal(dialect));
        Part::Reasoning(Reasoning { text, seal })
    };
    let asked = |mut parts: Vec<Part>, effort, budget_tokens| {
        parts.push(call("c", "{}"));
        let results = turn(Role::User, vec![result("c", vec![], false)]);
        Request {
            messages: vec![turn(Role::Assistant, parts), results],
            reasoning: ReasoningControl { effort, budget_tokens, include: None },
            sampling: Sampling { top_k: Some(9), ..Sampling::default() },
            ..request()
        }
    };
    let high = Some(Effort::High);
    let own = || vec![thought(Dialect::Anthropic)];
    for (request, kind, lost) in [
        (asked(own(), None, Some(2000)), "enabled", "top_k"),
        (asked(vec![], None, Some(2000)), "disabled", "reasoning"),
        (
            asked(vec![thought(Dialect::Gemini)], None, Some(2000)),
            "disabled",
            "messages.reasoning, reasoning",
        ),
        (asked(vec![], high, None), "adaptive", "top_k"),
        (asked(vec![], None, Some(0)), "disabled", ""),
    ] {
        let (body, losses) = encoded(&request);
        assert_eq!((&body["thinking"]["type"], losses.as_str()), (&json!(kind), lost));
    }

    let mut later = asked(own(), None, Some(2000));
    later.messages.insert(0, turn(Role::Assistant, vec![call("d", "{}")]));
    later.messages.insert(1, turn(Role::User, vec![result("d", vec![], false)]));
    assert_eq!(encoded(&later).0["thinking"]["type"], "enabled");
}

#[test]
fn the_user_is_named_if_the_name_is_short_enough() {
    let with = |user: String| Request { user: Some(user), ..request() };
    check(&with("u1".to_owned()), json!({"metadata": {"user_id": "u1"}}), "");
    check(&with("u".repeat(257)), json!({}), "user");
}

#[test]
fn a_count_is_asked_for_without_what_bears_on_the_answer() {
    let request = Request {
        system: vec![Part::text("Be brief.")],
        messages: vec![turn(Role::User, vec![Part::text("Hi")])],
        sampling: Sampling {
            max_tokens: Some(9),
            temperature: Some(2.0),
            seed: Some(1),
            ..Sampling::default()
        },
        stop: vec!["END".to_owned()],
        stream: true,
        user: Some("u1".to_owned()),
        ..request()
    };
    let mut losses = Losses::default();
    let body = Anthropic.encode_count(&request, &mut losses);
    let text = |text: &str| json!([{"type": "text", "text": text}]);
    let expected = json!({"model": "m", "system": text("Be brief."),
        "messages": [{"role": "user", "content": text("Hi")}]});
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), expected);
    assert!(losses.is_empty(), "{losses}");
    assert_eq!(Anthropic.count_target("m").as_deref(), Some("/messages/count_tokens"));
    assert_eq!(Anthropic.decode_count(br#"{"input_tokens": 12}"#).unwrap(), 12);
    for body in ["{}", "[]", "x"] {
        let fault = Anthropic.decode_count(body.as_bytes()).unwrap_err();
        assert_eq!(fault.kind, ErrorKind::Malformed);
    }
}

#[test]
fn a_forced_tool_is_called_without_thinking() {
    let tool = Tool {
        name: "look".to_owned(),
        description: None,
        parameters: None,
        strict: None,
        freeform: false,
    };
    let asked = |tool_choice, effort, budget_tokens| Request {
        tools: vec![tool.clone()],
        tool_choice,
        reasoning: ReasoningControl { effort, budget_tokens, include: None },
        sampling: Sampling { top_k: Some(9), ..Sampling::default() },
        ..request()
    };
    let required = || Some(ToolChoice::Required);
    let named = Some(ToolChoice::Tool("look".to_owned()));
    let without_tools = Request { tools: vec![], ..asked(required(), None, Some(2000)) };
    for (request, kind, lost) in [
        (asked(required(), None, Some(2000)), json!("disabled"), "reasoning"),
        (asked(named, Some(Effort::High), None), json!("disabled"), "reasoning"),
        (asked(required(), None, Some(0)), json!("disabled"), ""),
        (asked(required(), None, None), Value::Null, ""),
        (asked(Some(ToolChoice::Auto), None, Some(2000)), json!("enabled"), "top_k"),
        (without_tools, json!("enabled"), "tool_choice, top_k"),
    ] {
        let (body, losses) = encoded(&request);
        assert_eq!((&body["thinking"]["type"], losses.as_str()), (&kind, lost));
    }
}
