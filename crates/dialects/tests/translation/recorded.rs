//! Requests that were recorded, told to every provider; and answers that were recorded, told to every caller.

use canonical::{Losses, Part, Response};
use dialects::{ChatEndpoint, DIALECTS, Quirks};
use serde_json::Value;
use testkit::fixtures;

use crate::{
    ENDPOINTS,
    agreement::{answer, arguments, heard_whole},
    extra_chats,
};

/// What only the provider that it was recorded from can do.
const NOT_HERE: [&str; 3] =
    ["nothing is stored here", "names a stored file", "`suffix` needs a provider"];

/// The endpoint that a recorded request was for.
fn asked_at(place: &str, path: &str) -> Option<&'static dyn ChatEndpoint> {
    let is_mistral = place.contains("mistral");
    let verb = path.rsplit(':').next().unwrap_or_default();
    Some(match path {
        _ if path.ends_with("/chat/completions") && is_mistral => dialects::MISTRAL_CHAT,
        _ if path.ends_with("/chat/completions") => dialects::OPENAI_CHAT,
        _ if path.ends_with("/fim/completions") => dialects::MISTRAL_FIM,
        _ if path.ends_with("/responses") => dialects::OPENAI_RESPONSES,
        _ if path.ends_with("/messages") => dialects::ANTHROPIC_MESSAGES,
        _ if matches!(verb, "generateContent" | "streamGenerateContent") => {
            dialects::GEMINI_GENERATE
        }
        _ if path.ends_with("/api/chat") => dialects::OLLAMA_CHAT,
        _ if path.ends_with("/api/generate") => dialects::OLLAMA_GENERATE,
        _ => return None,
    })
}

/// Tells a request to every provider, in words that the provider's own callers could have used.
fn tell(endpoint: &dyn ChatEndpoint, body: &Value, name: &str) {
    let (bytes, mut losses) = (body.to_string().into_bytes(), Losses::default());
    if endpoint.encode_idle(&bytes, &crate::echo()).is_some() {
        return;
    }
    let request = match endpoint.decode_request(&bytes, &mut losses) {
        Ok(request) => request,
        Err(fault) if NOT_HERE.iter().any(|reason| fault.public.contains(reason)) => {
            println!("{name}: {fault}");
            return;
        }
        Err(fault) => panic!("{name}: {fault}"),
    };
    for codec in DIALECTS {
        let written = codec.encode_request(&request, &Quirks::OPENAI, &mut losses);
        let read = crate::endpoint(codec.dialect()).decode_request(&written, &mut losses);
        let text = String::from_utf8_lossy(&written);
        assert!(read.is_ok(), "{name} for {}: {read:?}: {text}", codec.dialect());
    }
}

#[test]
fn recorded_requests_are_told_to_every_provider() {
    let mut told = 0;
    for folder in ["openai", "openai-compatible", "anthropic", "google", "mistral", "ollama"] {
        let Some(cases) = fixtures::extra(folder) else {
            println!("no extra cases: CLOSEDPAW_EXTRA_CASES is not set");
            return;
        };
        for case in cases.iter().filter(|case| case.status == 200) {
            let (path, request) = (case.path().unwrap_or_default(), case.request.as_ref());
            let body = request.and_then(|request| request.get("body"));
            if let (Some(endpoint), Some(body)) = (asked_at(&case.name, path), body) {
                tell(endpoint, body, &case.name);
                told += 1;
            }
        }
    }
    for (name, request) in fixtures::extra_requests("clients").into_iter().flatten() {
        let path = request["path"].as_str().unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        if let Some(endpoint) = asked_at(&name, path) {
            tell(endpoint, &request["body"], &name);
            told += 1;
        }
    }
    println!("{told} requests");
    assert!(told > 100, "only {told} requests were found");
}

#[test]
fn recorded_answers_are_told_to_every_caller() {
    let Some(chats) = extra_chats() else { return };
    let mut told = 0;
    for chat in &chats {
        let Some(response) = answer(chat) else { continue };
        for (caller, endpoint) in ENDPOINTS {
            let name = format!("{} for {caller}", chat.case.name);
            let heard = heard_whole(endpoint, &response, &name);
            assert_eq!(calls(&heard), calls(&response), "{name}");
            assert_eq!(heard.text(), response.text(), "{name}");
        }
        told += 1;
    }
    println!("{told} answers");
    assert!(told > 100, "only {told} answers were found");
}

/// The calls of the first choice.
fn calls(response: &Response) -> Vec<(&str, Value)> {
    let parts = response.choices.first().map(|choice| choice.parts.as_slice()).unwrap_or_default();
    let calls = parts.iter().filter_map(|part| match part {
        Part::ToolCall(call) => Some((call.name.as_str(), arguments(&call.arguments))),
        _ => None,
    });
    calls.collect()
}
