//! Writes an answer as lines of JSON.

use canonical::{Delta, Event, FinishReason, Losses, PartKind, ToolCall, Usage};
use serde_json::Value;

use super::{
    answer::{Head, Said, says},
    error,
};
use crate::{Echo, StreamEncoder, chat_messages::opaque_member, ollama::shape::Shape};

/// The writer of one stream. There is one answer; others that a provider gives are noted.
#[derive(Debug)]
pub(super) struct Encoder {
    head: Head,
    open: Vec<Open>,
    calls: usize,
    finish: FinishReason,
    usage: Usage,
    losses: Losses,
    ended: bool,
}

/// A part that grows.
#[derive(Debug)]
struct Open {
    part: u32,
    kind: Growing,
}

#[derive(Debug)]
enum Growing {
    Text,
    Thinking,
    /// Calls come whole.
    Call(ToolCall),
}

impl Encoder {
    pub(super) fn new(shape: Shape, echo: &Echo) -> Self {
        Self {
            head: Head::new(shape, echo),
            open: Vec::new(),
            calls: 0,
            finish: FinishReason::Stop,
            usage: Usage::default(),
            losses: Losses::default(),
            ended: false,
        }
    }

    fn start_part(&mut self, part: u32, kind: &PartKind) -> Option<Said> {
        let kind = match kind {
            PartKind::Text => Growing::Text,
            PartKind::Reasoning => Growing::Thinking,
            PartKind::ToolCall { id, name } => Growing::Call(ToolCall {
                id: id.clone(),
                name: name.clone(),
                arguments: String::new(),
                seal: None,
            }),
            PartKind::Media(media) => {
                let mut said = Said::default();
                said.media(&self.head, media, &mut self.losses);
                return (!said.images.is_empty()).then_some(said);
            }
            PartKind::Opaque(opaque) => {
                self.losses.note(opaque_member(opaque));
                return None;
            }
        };
        self.open.push(Open { part, kind });
        None
    }

    fn grow(&mut self, part: u32, delta: &Delta) -> Option<Said> {
        let open = self.open.iter_mut().find(|open| open.part == part)?;
        match (&mut open.kind, delta) {
            (Growing::Text, Delta::Text(more)) => {
                Some(Said { text: more.clone(), ..Said::default() })
            }
            (Growing::Thinking, Delta::Text(more)) => {
                Some(Said { thinking: more.clone(), ..Said::default() })
            }
            (Growing::Call(call), Delta::Arguments(more)) => {
                call.arguments.push_str(more);
                None
            }
            (_, Delta::Seal(_)) => {
                self.losses.note("messages.seal");
                None
            }
            (_, Delta::Text(_) | Delta::Arguments(_)) => None,
        }
    }

    fn end_part(&mut self, part: u32) -> Option<Said> {
        let index = self.open.iter().position(|open| open.part == part)?;
        let Growing::Call(call) = self.open.remove(index).kind else { return None };
        let mut said = Said::default();
        said.call(&self.head, self.calls, &call, &mut self.losses);
        self.calls += 1;
        Some(said)
    }
}

impl StreamEncoder for Encoder {
    fn encode(&mut self, event: &Event, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        let said = match event {
            Event::Start { model, .. } => {
                if let Some(model) = model {
                    self.head.model.clone_from(model);
                }
                None
            }
            Event::PartStart { choice: 0, part, kind } => self.start_part(*part, kind),
            Event::PartDelta { choice: 0, part, delta } => self.grow(*part, delta),
            Event::PartEnd { choice: 0, part } => self.end_part(*part),
            Event::Logprobs { choice: 0, tokens } => {
                Some(Said { logprobs: tokens.clone(), ..Said::default() })
            }
            Event::Finish { choice: 0, finish } => {
                if !says(&finish.reason) {
                    self.losses.note("finish_reason");
                }
                self.finish = finish.reason.clone();
                None
            }
            Event::PartStart { .. }
            | Event::PartDelta { .. }
            | Event::PartEnd { .. }
            | Event::Logprobs { .. }
            | Event::Finish { .. } => {
                self.losses.note("n");
                None
            }
            Event::Usage(usage) => {
                self.usage.update(usage);
                None
            }
            Event::Stop => {
                self.ended = true;
                write(&self.head.last(Said::default(), &self.finish, &self.usage), out);
                None
            }
            Event::Failed(fault) => {
                self.ended = true;
                out.extend(error(fault));
                out.push(b'\n');
                None
            }
        };
        if let Some(said) = said {
            write(&self.head.more(said), out);
        }
    }

    /// A space, which every reader of JSON skips before the next object. An empty line makes the vendor's Python
    /// client fail.
    fn keep_alive(&self) -> &'static [u8] {
        b" "
    }

    fn losses(&self) -> &Losses {
        &self.losses
    }
}

fn write(object: &Value, out: &mut Vec<u8>) {
    out.extend(object.to_string().into_bytes());
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use canonical::{Delta, ErrorKind, Event, Fault, FinishReason, PartKind, TokenLogprob, Usage};
    use serde_json::{Value, json};

    use super::Encoder;
    use crate::{Echo, StreamEncoder, ollama::shape::Shape};

    fn lines(shape: Shape, events: &[Event]) -> Vec<Value> {
        let (model, id) = ("asked".to_owned(), "e1".to_owned());
        let mut encoder = Encoder::new(shape, &Echo { model, created: UNIX_EPOCH, id });
        let mut out = Vec::new();
        for event in events {
            encoder.encode(event, &mut out);
        }
        let text = String::from_utf8(out).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn start(part: u32, kind: PartKind) -> Event {
        Event::PartStart { choice: 0, part, kind }
    }

    fn delta(choice: u32, part: u32, delta: Delta) -> Event {
        Event::PartDelta { choice, part, delta }
    }

    fn call(id: &str, name: &str) -> PartKind {
        PartKind::ToolCall { id: id.to_owned(), name: name.to_owned() }
    }

    fn text(text: &str) -> Delta {
        Delta::Text(text.to_owned())
    }

    fn arguments(text: &str) -> Delta {
        Delta::Arguments(text.to_owned())
    }

    #[test]
    fn pieces_come_one_by_one_and_calls_whole() {
        let logprob = TokenLogprob { token: "E".into(), logprob: -1.0, ..Default::default() };
        let written = lines(
            Shape::Chat,
            &[
                Event::Start { id: None, model: Some("minnow".into()) },
                start(0, PartKind::Reasoning),
                delta(0, 0, text("Hm.")),
                Event::PartEnd { choice: 0, part: 0 },
                start(1, PartKind::Text),
                delta(0, 1, text("E")),
                Event::Logprobs { choice: 0, tokens: vec![logprob] },
                delta(0, 1, text("el.")),
                start(2, call("c1", "see")),
                start(3, call("", "ask")),
                delta(0, 3, arguments(r#"{"x""#)),
                delta(0, 2, arguments(r#"{"a":1}"#)),
                delta(0, 3, arguments(":2}")),
                Event::PartEnd { choice: 0, part: 1 },
                Event::PartEnd { choice: 0, part: 3 },
                Event::PartEnd { choice: 0, part: 2 },
                delta(1, 0, text("another answer")),
                Event::Finish { choice: 0, finish: FinishReason::ToolCalls.into() },
                Event::Usage(Usage { output_tokens: Some(4), ..Usage::default() }),
                Event::Stop,
                Event::Failed(Fault::new(ErrorKind::Truncated, "too late")),
            ],
        );
        let messages: Vec<_> = written.iter().map(|line| line["message"].clone()).collect();
        let expected = [
            json!({ "role": "assistant", "content": "", "thinking": "Hm." }),
            json!({ "role": "assistant", "content": "E" }),
            json!({ "role": "assistant", "content": "" }),
            json!({ "role": "assistant", "content": "el." }),
            json!({ "role": "assistant", "content": "", "tool_calls": [
                { "id": "call_e1_0", "function": { "index": 0, "name": "ask", "arguments": { "x": 2 } } },
            ]}),
            json!({ "role": "assistant", "content": "", "tool_calls": [
                { "id": "c1", "function": { "index": 1, "name": "see", "arguments": { "a": 1 } } },
            ]}),
            json!({ "role": "assistant", "content": "" }),
        ];
        assert_eq!(messages, expected);
        assert_eq!(written[2]["logprobs"], json!([{ "token": "E", "logprob": -1.0 }]));
        let (last, others) = written.split_last().unwrap();
        assert!(others.iter().all(|line| line["done"] == false && line["model"] == "minnow"));
        assert_eq!((&last["done"], &last["done_reason"]), (&json!(true), &json!("stop")));
        assert_eq!(last["eval_count"], 4);
        assert_eq!(last.get("prompt_eval_count"), None);
    }

    #[test]
    fn a_generation_has_lines_of_its_own() {
        let written = lines(
            Shape::Generate,
            &[start(0, PartKind::Text), delta(0, 0, text("Eel.")), Event::Stop],
        );
        assert_eq!(
            written[0],
            json!({ "model": "asked", "created_at": "1970-01-01T00:00:00.000000000Z",
                "response": "Eel.", "done": false })
        );
        assert_eq!((&written[1]["response"], &written[1]["done"]), (&json!(""), &json!(true)));
    }

    #[test]
    fn a_failure_is_the_last_line_and_no_end() {
        let fault = Fault::new(ErrorKind::Truncated, "it broke off");
        let written = lines(
            Shape::Chat,
            &[start(0, PartKind::Text), delta(0, 0, text("E")), Event::Failed(fault), Event::Stop],
        );
        assert_eq!(written.len(), 2);
        assert_eq!(written[1], json!({ "error": "it broke off" }));
    }

    #[test]
    fn a_sign_of_life_is_no_line() {
        let echo = Echo { model: String::new(), created: UNIX_EPOCH, id: String::new() };
        let mut out = Encoder::new(Shape::Chat, &echo).keep_alive().repeat(3);
        Encoder::new(Shape::Chat, &echo).encode(&Event::Stop, &mut out);
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["done"], true);
    }
}
