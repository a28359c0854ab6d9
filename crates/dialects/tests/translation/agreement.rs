//! A caller hears the same whether an answer is streamed to it or not.

use canonical::{Event, Finish, Losses, Part, Reasoning, Request, Response, Seal, Usage};
use dialects::{ChatEndpoint, codec};
use serde_json::{Value, json};

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

/// What of an answer is the same in every dialect: in some all thoughts come before all text.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    text: String,
    thoughts: String,
    seals: Vec<Seal>,
    /// Names and arguments.
    calls: Vec<(String, Value)>,
    others: Vec<Part>,
}

/// Sorts what each choice says.
fn comparable(response: Response) -> (Option<String>, Usage, Vec<(Heard, Finish)>) {
    let choices = response.choices.into_iter().map(|choice| {
        let mut heard = Heard::default();
        choice.parts.into_iter().for_each(|part| heard.add(part));
        // OpenAI's own says only in which member thoughts came, once for each piece of them.
        heard.seals.dedup();
        (heard, choice.finish)
    });
    (response.model, response.usage, choices.collect())
}

impl Heard {
    fn add(&mut self, part: Part) {
        match part {
            Part::Text { text, seal } => {
                self.text.push_str(&text);
                self.seals.extend(seal);
            }
            Part::Reasoning(Reasoning { text, seal }) => {
                self.thoughts.push_str(&text);
                self.seals.extend(seal);
            }
            Part::ToolCall(call) => {
                self.calls.push((call.name, arguments(&call.arguments)));
                self.seals.extend(call.seal);
            }
            Part::Media(_) | Part::ToolResult(_) | Part::Opaque(_) => self.others.push(part),
        }
    }
}

/// Reads arguments; dialects that carry them as JSON can't carry half of it, or nothing.
pub fn arguments(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!({}))
}

#[test]
fn an_answer_is_the_same_whole_and_streamed() {
    own_chats().iter().for_each(check);
}

#[test]
fn an_extra_answer_is_the_same_whole_and_streamed() {
    extra_chats().iter().flatten().for_each(check);
}
