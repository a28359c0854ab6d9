//! Requests of OpenAI Responses, as callers send them.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod samples;

use std::path::Path;

use canonical::{
    Dialect, ErrorKind, Losses, Part, Reasoning, Request, Role, Seal, ToolCall, ToolChoice,
};
use dialects::{OPENAI_RESPONSES, Quirks, codec};
use serde_json::{Value, json};
use testkit::fixtures;

fn decode(body: &Value) -> (Request, String) {
    let mut losses = Losses::default();
    let request = OPENAI_RESPONSES.decode_request(body.to_string().as_bytes(), &mut losses);
    (request.expect("a request"), losses.to_string())
}

fn text(text: &str) -> Part {
    Part::text(text)
}

fn call(id: &str, name: &str, arguments: &str) -> Part {
    let (id, name, arguments) = (id.into(), name.into(), arguments.into());
    Part::ToolCall(ToolCall { id, name, arguments, seal: None })
}

/// What Codex sends in the middle of its work.
fn codex() -> Value {
    json!({
        "model": "marsh/heron-1",
        "instructions": "You are a pilot.",
        "input": [
            { "type": "message", "role": "developer",
                "content": [{ "type": "input_text", "text": "Write nowhere." }] },
            { "type": "message", "role": "user",
                "content": [{ "type": "input_text", "text": "Mend the log." }] },
            { "type": "reasoning", "summary": [{ "type": "summary_text", "text": "Look first." }],
                "content": null, "encrypted_content": "c2VhbGVk" },
            { "type": "message", "role": "assistant", "phase": "commentary",
                "content": [{ "type": "output_text", "text": "Looking." }] },
            { "type": "function_call", "name": "shell", "arguments": "{\"command\":[\"ls\"]}",
                "call_id": "call_1" },
            { "type": "custom_tool_call", "status": "completed", "call_id": "call_2",
                "name": "apply_patch", "input": "*** Begin\n" },
            { "type": "function_call", "name": "_get", "namespace": "mcp__harbour__",
                "arguments": "{}", "call_id": "call_3" },
            { "type": "function_call_output", "call_id": "call_1", "output": "log" },
            { "type": "custom_tool_call_output", "call_id": "call_2", "output": "Done" },
            { "type": "function_call_output", "call_id": "call_3",
                "output": [{ "type": "input_text", "text": "a map" },
                    { "type": "input_image", "image_url": "data:image/png;base64,aGVyb24=" }] },
            { "type": "web_search_call", "status": "completed",
                "action": { "type": "search", "query": "tide" } },
        ],
        "tools": [
            { "type": "function", "name": "shell", "description": "Runs.", "strict": false,
                "parameters": { "type": "object", "properties": {} } },
            { "type": "custom", "name": "apply_patch", "description": "Patches.",
                "format": { "type": "grammar", "syntax": "lark", "definition": "start: /x/" } },
            { "type": "web_search", "external_web_access": false },
            { "type": "local_shell" },
            { "type": "namespace", "name": "mcp__harbour__", "tools": [
                { "type": "function", "name": "_get", "parameters": { "type": "object" } }] },
        ],
        "tool_choice": "auto",
        "parallel_tool_calls": true,
        "reasoning": { "effort": "high", "summary": "auto" },
        "store": false,
        "stream": true,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "k",
        "client_metadata": { "x": "y" },
        "text": { "verbosity": "low" },
    })
}

#[test]
fn what_codex_sends_goes_through() {
    let (request, losses) = decode(&codex());
    assert_eq!(
        losses,
        "text.verbosity, input.phase, input.web_search_call, tools.format, tools.web_search, tools.local_shell"
    );
    assert_eq!(request.system, [text("You are a pilot.")]);
    let roles: Vec<_> = request.messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::System, Role::User, Role::Assistant, Role::User]);
    let seal = Seal { dialect: Dialect::OpenAiResponses, data: "c2VhbGVk".to_owned() };
    let expected = [
        Part::Reasoning(Reasoning { text: "Look first.".to_owned(), seal: Some(seal) }),
        text("Looking."),
        call("call_1", "shell", r#"{"command":["ls"]}"#),
        call("call_2", "apply_patch", r#"{"input":"*** Begin\n"}"#),
        call("call_3", "mcp__harbour___-__get", "{}"),
    ];
    assert_eq!(request.messages[2].parts, expected);
    assert_eq!(request.messages[3].parts.len(), 3);
    let names: Vec<_> = request.tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["shell", "apply_patch", "mcp__harbour___-__get"]);
    assert!(request.tools[1].freeform);
    let (_, extras) = request.extras.expect("members of the dialect");
    assert_eq!(Vec::from_iter(extras.keys()), ["prompt_cache_key", "client_metadata"]);
}

#[test]
fn what_needs_stored_state_is_refused_in_words() {
    for (member, expected) in [
        (json!({ "previous_response_id": "resp_1" }), "send the whole conversation in `input`"),
        (json!({ "conversation": "conv_1" }), "send the whole conversation in `input`"),
        (json!({ "prompt": { "id": "pmpt_1" } }), "send the prompt's own text"),
        (json!({ "background": true }), "wait for the answer, or stream it"),
        (json!({ "input": [{ "type": "item_reference", "id": "msg_1" }] }), "`input[0].id` refers"),
        (json!({ "input": [{ "id": "msg_1" }] }), "send the item itself"),
        (
            json!({ "input": [{ "role": "user", "content": [
                { "type": "input_image", "file_id": "file_1" }] }] }),
            "`input[0].content[0].file_id` names a stored file",
        ),
        (json!({ "input": null }), "`input` is missing"),
        (json!({ "input": [{ "role": "ferryman", "content": "x" }] }), "must be user, assistant"),
        (json!({ "tool_choice": "perhaps" }), "`tool_choice` must be auto"),
        (json!({ "reasoning": { "effort": "much" } }), "`reasoning.effort` must be none"),
    ] {
        let mut body = json!({ "model": "m", "input": "hi" });
        let members = member.as_object().expect("members").clone();
        body.as_object_mut().expect("an object").extend(members);
        let refused = OPENAI_RESPONSES
            .decode_request(body.to_string().as_bytes(), &mut Losses::default())
            .expect_err(expected);
        assert_eq!(refused.kind, ErrorKind::InvalidRequest);
        assert!(refused.public.contains(expected), "{}", refused.public);
    }
}

#[test]
fn wishes_that_nobody_grants_are_noted() {
    for (member, expected) in [
        (json!({ "store": true }), "store"),
        (json!({ "store": false, "truncation": "disabled", "service_tier": "auto" }), ""),
        (json!({ "truncation": "auto", "service_tier": "flex" }), "truncation, service_tier"),
        (json!({ "stream_options": { "include_obfuscation": false } }), ""),
        (json!({ "include": ["file_search_call.results"] }), "include.file_search_call.results"),
        (json!({ "tool_choice": { "type": "web_search" } }), "tool_choice"),
        (json!({ "reasoning": { "summary": "detailed" } }), "reasoning.summary"),
    ] {
        let mut body = json!({ "model": "m", "input": "hi" });
        let members = member.as_object().expect("members").clone();
        body.as_object_mut().expect("an object").extend(members);
        let (request, losses) = decode(&body);
        assert_eq!((losses.as_str(), request.extras), (expected, None), "{member}");
    }
}

#[test]
fn a_choice_among_some_tools_takes_the_others_away() {
    let (request, losses) = decode(&json!({ "model": "m", "input": "hi",
        "tools": [{ "type": "function", "name": "tide" }, { "type": "function", "name": "clock" }],
        "tool_choice": { "type": "allowed_tools", "mode": "required",
            "tools": [{ "type": "function", "name": "clock" }] } }));
    let names: Vec<_> = request.tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!((names, losses.as_str()), (vec!["clock"], ""));
    assert_eq!(request.tool_choice, Some(ToolChoice::Required));
}

/// What our own requests to a provider say comes back, but for what is spelled out or made up on the way.
#[test]
fn requests_come_back_as_they_went() {
    let made_up = ["conversation", "budget_zero", "tool_results_without_ids"];
    let mut checked = 0;
    for (name, mut request) in samples::requests() {
        let mut losses = Losses::default();
        let provider = codec(Dialect::OpenAiResponses);
        let bytes = provider.encode_request(&request, &Quirks::OPENAI, &mut losses);
        let again = OPENAI_RESPONSES.decode_request(&bytes, &mut Losses::default());
        let mut again = again.expect(name);
        if !losses.is_empty() || made_up.contains(&name) {
            continue;
        }
        for tool in request.tools.iter_mut().chain(&mut again.tools) {
            let is_said = |schema: &Value| schema["properties"] != json!({});
            tool.parameters = tool.parameters.take().filter(is_said);
            tool.strict = tool.strict.filter(|strict| *strict);
        }
        assert_eq!(again, request, "{name}");
        checked += 1;
    }
    assert!(checked > 10, "{checked}");
}

/// The requests of the extra cases that go to this endpoint, but for those that are refused on purpose.
#[test]
fn recorded_requests_are_understood() {
    let mut checked = 0;
    for folder in ["openai", "openai-compatible"] {
        let Some(cases) = fixtures::extra(folder) else {
            println!("no extra cases: CLOSEDPAW_EXTRA_CASES is not set");
            return;
        };
        for case in
            cases.iter().filter(|case| case.path().is_some_and(|path| path.ends_with("/responses")))
        {
            let body = &case.request.as_ref().expect("a request")["body"];
            let mut losses = Losses::default();
            let bytes = body.to_string();
            let request = OPENAI_RESPONSES.decode_request(bytes.as_bytes(), &mut losses);
            let is_stateful = body.get("previous_response_id").is_some_and(|id| !id.is_null());
            assert_eq!(request.is_err(), is_stateful, "{}: {request:?}", case.name);
            checked += 1;
        }
    }
    assert!(checked > 0);
}

/// What the official SDKs send.
#[test]
fn captured_requests_are_understood() {
    let Some(root) = std::env::var_os("CLOSEDPAW_EXTRA_CASES").filter(|root| !root.is_empty())
    else {
        println!("no extra cases: CLOSEDPAW_EXTRA_CASES is not set");
        return;
    };
    let entries = |path: &Path| {
        let entries = std::fs::read_dir(path).expect("a folder");
        entries.map(|entry| entry.expect("an entry").path()).collect::<Vec<_>>()
    };
    let clients = entries(&Path::new(&root).join("fixtures/clients"));
    let mut checked = 0;
    for file in clients.iter().filter(|path| path.is_dir()).flat_map(|client| entries(client)) {
        let capture = std::fs::read(&file).expect("a file");
        let capture: Value = serde_json::from_slice(&capture).expect("JSON");
        if capture["path"] == "/v1/responses" {
            let (request, losses) = decode(&capture["body"]);
            assert_eq!((request.messages.len(), losses.as_str()), (1, ""), "{}", file.display());
            checked += 1;
        }
    }
    assert!(checked > 0);
}
