//! A caller hears the same whether an answer is streamed to it or not.

use canonical::{Event, Losses, Part, Request, Response};
use dialects::{ChatEndpoint, codec};

use crate::{Chat, ENDPOINTS, collect, decode, echo, extra_chats, heard, own_chats, said};

/// What a provider answered, unless that was an error.
pub fn answer(chat: &Chat) -> Option<Response> {
    match chat.case.is_stream {
        true => collect(decode(chat.dialect, &chat.case.body)).ok(),
        false => codec(chat.dialect).decode_response(&chat.case.body).ok(),
    }
}

/// What a caller hears of a whole answer.
pub fn heard_whole(endpoint: &dyn ChatEndpoint, response: &Response, name: &str) -> Response {
    let (request, mut losses) = (Request::default(), Losses::default());
    let bytes = endpoint.encode_response(response, &request, &echo(), &mut losses);
    let text = || String::from_utf8_lossy(&bytes).into_owned();
    endpoint.decode_answer(&bytes).unwrap_or_else(|fault| panic!("{name}: {fault}: {}", text()))
}

/// What a caller hears of a streamed answer.
pub fn heard_streamed(endpoint: &dyn ChatEndpoint, events: &[Event], name: &str) -> Response {
    let bytes = said(endpoint, events);
    let text = || String::from_utf8_lossy(&bytes).into_owned();
    collect(heard(endpoint, &bytes)).unwrap_or_else(|fault| panic!("{name}: {fault}: {}", text()))
}

fn check(chat: &Chat) {
    let Some(response) = answer(chat) else { return };
    let events = match chat.case.is_stream {
        true => decode(chat.dialect, &chat.case.body),
        false => Vec::<Event>::from(response.clone()),
    };
    for (caller, endpoint) in ENDPOINTS {
        let name = format!("{} for {caller}", chat.case.name);
        let whole = comparable(heard_whole(endpoint, &response, &name));
        let streamed = comparable(heard_streamed(endpoint, &events, &name));
        assert_eq!(streamed, whole, "{name}");
    }
}

/// Leaves out the ids, which may be counted differently, and joins what is split into pieces.
fn comparable(mut response: Response) -> Response {
    for choice in &mut response.choices {
        for part in &mut choice.parts {
            if let Part::ToolCall(call) = part {
                call.id = String::new();
            }
        }
        choice.parts.retain(|part| *part != Part::text(""));
        choice.logprobs.clear();
    }
    response.id = None;
    response
}

#[test]
fn an_answer_is_the_same_whole_and_streamed() {
    own_chats().iter().for_each(check);
}

#[test]
fn an_extra_answer_is_the_same_whole_and_streamed() {
    extra_chats().iter().flatten().for_each(check);
}
