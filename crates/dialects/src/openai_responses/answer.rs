//! Puts the parts of an answer together as events.
//!
//! A whole answer is a stream whose items come complete, so both are read by the same code and come out alike.

use canonical::{Delta, Event, Fault, FinishReason, PartKind, TokenLogprob};
use serde_json::Value;

use super::response::usage;
use crate::{
    assembly::malformed,
    json::{filled, member, present, text},
};

/// More items or content parts than this in one answer are nonsense, or an attack on our memory.
const MOST_PARTS: usize = 1024;

/// Which item of the answer, and which content part of the item.
pub(super) type Place = (u64, u64);

/// An answer that is being put together, and the events not yet handed out.
#[derive(Debug, Default)]
pub(super) struct Answer {
    events: Vec<Event>,
    parts: Vec<Told>,
    started: bool,
    ended: bool,
    refused: bool,
}

/// What was told of a part.
#[derive(Debug)]
struct Told {
    place: Place,
    is_open: bool,
    is_call: bool,
    has_text: bool,
    has_logprobs: bool,
}

impl Answer {
    /// Whether the last event was made.
    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }

    /// Whether nothing was said yet.
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Moves the events made so far to `events`.
    pub(super) fn drain_into(&mut self, events: &mut Vec<Event>) {
        events.append(&mut self.events);
    }

    /// Takes the `response` object of the answer's beginning, of which only the first counts.
    pub(super) fn start(&mut self, response: &Value) {
        if !std::mem::replace(&mut self.started, true) {
            let owned = |name| filled(response, name).map(str::to_owned);
            self.events.push(Event::Start { id: owned("id"), model: owned("model") });
        }
    }

    /// Begins a part, unless it was.
    pub(super) fn open(&mut self, place: Place, kind: PartKind) -> Result<(), Fault> {
        if self.parts.iter().any(|told| told.place == place) {
            return Ok(());
        }
        if self.parts.len() == MOST_PARTS {
            return Err(malformed(format!("the answer has more than {MOST_PARTS} parts")));
        }
        self.start(&Value::Null);
        let is_call = matches!(kind, PartKind::ToolCall { .. });
        let part = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
        let (is_open, has_text, has_logprobs) = (true, false, false);
        self.parts.push(Told { place, is_open, is_call, has_text, has_logprobs });
        self.events.push(Event::PartStart { choice: 0, part, kind });
        Ok(())
    }

    /// Takes more of a part that is open; what comes behind its end is left out.
    pub(super) fn grow(&mut self, place: Place, delta: Delta) {
        let is_meant = |(_, told): &(u32, &mut Told)| told.place == place && told.is_open;
        if let Some((part, told)) = (0..).zip(&mut self.parts).find(is_meant) {
            told.has_text |= matches!(delta, Delta::Text(_) | Delta::Arguments(_));
            self.events.push(Event::PartDelta { choice: 0, part, delta });
        }
    }

    /// Whether anything of a part's text was told.
    pub(super) fn has_text(&self, place: Place) -> bool {
        self.parts.iter().any(|told| told.place == place && told.has_text)
    }

    /// Notes that the model won't answer.
    pub(super) fn refuse(&mut self) {
        self.refused = true;
    }

    /// Takes how likely the next tokens of a part were.
    pub(super) fn logprobs(&mut self, place: Place, tokens: Vec<TokenLogprob>) {
        let told = self.parts.iter_mut().find(|told| told.place == place);
        if let Some(told) = told.filter(|_| !tokens.is_empty()) {
            told.has_logprobs = true;
            self.events.push(Event::Logprobs { choice: 0, tokens });
        }
    }

    /// Whether it was told how likely a part's tokens were.
    pub(super) fn has_logprobs(&self, place: Place) -> bool {
        self.parts.iter().any(|told| told.place == place && told.has_logprobs)
    }

    /// Ends all parts of an item.
    pub(super) fn close_item(&mut self, index: u64) {
        self.close(|told| told.place.0 == index);
    }

    /// Takes the provider's own end mark and why it came.
    pub(super) fn stop(&mut self, response: &Value) {
        self.start(response);
        self.close(|_| true);
        let reason = match text(response, "status") {
            Some("incomplete") => incomplete(response),
            _ if self.refused => FinishReason::ContentFilter,
            _ if self.parts.iter().any(|told| told.is_call) => FinishReason::ToolCalls,
            _ => FinishReason::Stop,
        };
        self.events.push(Event::Finish { choice: 0, finish: reason.into() });
        self.events.extend(present(response, "usage").map(|counts| Event::Usage(usage(counts))));
        self.events.push(Event::Stop);
        self.ended = true;
    }

    /// Takes a failure, which ends the answer.
    pub(super) fn fail(&mut self, fault: Fault) {
        if !std::mem::replace(&mut self.ended, true) {
            self.events.push(Event::Failed(fault));
        }
    }

    fn close(&mut self, is_meant: impl Fn(&Told) -> bool) {
        for (part, told) in (0..).zip(&mut self.parts) {
            if told.is_open && is_meant(told) {
                told.is_open = false;
                self.events.push(Event::PartEnd { choice: 0, part });
            }
        }
    }
}

fn incomplete(response: &Value) -> FinishReason {
    match text(member(response, "incomplete_details"), "reason") {
        Some("content_filter") => FinishReason::ContentFilter,
        Some("max_output_tokens") | None => FinishReason::Length,
        Some(other) => FinishReason::Other(other.to_owned()),
    }
}
