//! What a caller's dialect can't say is noted, whether an answer is streamed to it or not.

use std::collections::BTreeSet;

use canonical::{
    Choice, Dialect, Event, FinishReason, Losses, Media, MediaKind, MediaSource, Opaque, Part,
    Request, Response, Seal, TokenLogprob, ToolCall,
};
use dialects::ChatEndpoint;
use serde_json::json;

use crate::{ENDPOINTS, agreement::answer, decode, echo, own_chats};

fn lost_whole(endpoint: &dyn ChatEndpoint, response: &Response) -> Losses {
    let mut losses = Losses::default();
    endpoint.encode_response(response, &Request::default(), &echo(), &mut losses);
    losses
}

fn lost_streamed(endpoint: &dyn ChatEndpoint, events: &[Event]) -> Losses {
    let mut encoder = endpoint.stream_encoder(&Request::default(), &echo());
    for event in events {
        encoder.encode(event, &mut Vec::new());
    }
    encoder.losses().clone()
}

fn names(losses: &Losses) -> BTreeSet<&str> {
    losses.iter().collect()
}

/// Two answers with all that some dialect can't say.
fn laden() -> Response {
    let seal = || Some(Seal { dialect: Dialect::Gemini, data: "c2Vh".into() });
    let recording = Media {
        kind: MediaKind::Audio,
        mime: Some("audio/wav".into()),
        source: MediaSource::Base64("UklG".into()),
        detail: None,
        name: None,
    };
    let call =
        ToolCall { id: "c1".into(), name: "tide".into(), arguments: "[1]".into(), seal: seal() };
    let choice = |parts| Choice {
        parts,
        finish: FinishReason::Other("LANGUAGE".into()).into(),
        logprobs: vec![TokenLogprob { token: "a".into(), logprob: -1.0, ..Default::default() }],
    };
    let block = Opaque { dialect: Dialect::Gemini, json: json!({ "executableCode": {} }) };
    let foreign = Opaque { dialect: Dialect::Anthropic, json: json!({ "type": "own" }) };
    let parts = vec![
        Part::Media(recording),
        Part::Opaque(block),
        Part::Opaque(foreign),
        Part::ToolCall(call),
        Part::Text { text: "ebb".into(), seal: seal() },
    ];
    let choices = vec![choice(parts), choice(vec![Part::text("flood")])];
    Response { choices, ..Response::default() }
}

#[track_caller]
fn check(caller: &str, expected: &str) {
    let (_, endpoint) = ENDPOINTS.into_iter().find(|(name, _)| *name == caller).expect("a caller");
    let whole = lost_whole(endpoint, &laden());
    assert_eq!(names(&whole), expected.split(", ").collect(), "{caller}");
    let streamed = lost_streamed(endpoint, &Vec::<Event>::from(laden()));
    assert_eq!(names(&streamed), names(&whole), "{caller}");
}

#[test]
fn every_dialect_notes_what_it_has_no_place_for() {
    check("openai_chat", "answer.audio, answer.executableCode, answer.own, finish_reason");
    check("openai_responses", "messages.audio, choices");
    check(
        "anthropic",
        "messages.audio, messages.executableCode, messages.seal, messages.tool_calls.arguments, \
         stop_reason, n, logprobs",
    );
    check("gemini", "messages.own, messages.tool_calls.arguments");
    check("mistral", "answer.audio, answer.executableCode, answer.own, finish_reason, logprobs");
    for caller in ["ollama", "ollama_generate"] {
        check(
            caller,
            "messages.audio, messages.executableCode, messages.own, messages.seal, \
             messages.tool_calls.arguments, finish_reason, n",
        );
    }
}

#[test]
fn the_same_gets_lost_whole_and_streamed() {
    for chat in own_chats() {
        let Some(response) = answer(&chat) else { continue };
        let events = match chat.case.is_stream {
            true => decode(chat.dialect, &chat.case.body),
            false => Vec::<Event>::from(response.clone()),
        };
        for (caller, endpoint) in ENDPOINTS {
            let (whole, streamed) =
                (lost_whole(endpoint, &response), lost_streamed(endpoint, &events));
            let (mut whole, streamed) = (names(&whole), names(&streamed));
            if caller == "anthropic" && !streamed.contains("messages.tool_calls.arguments") {
                // A stream tells arguments that were cut off as far as they go.
                whole.remove("messages.tool_calls.arguments");
            }
            assert_eq!(streamed, whole, "{} for {caller}", chat.case.name);
        }
    }
}
