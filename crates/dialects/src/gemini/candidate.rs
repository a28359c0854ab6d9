//! One candidate of a streamed answer.

use canonical::{Delta, Event, Fault, FinishReason, Part, PartKind, Reasoning, Seal};
use serde_json::Value;

use super::{
    logprobs,
    part::{part, seal},
    partial_args::PartialArgs,
    response::{contents, finish_reason, with_calls},
};
use crate::{
    assembly::{malformed, truncated},
    json::{filled, is_true, list, present, text},
};

/// The most parts in one candidate, where pieces of one text count once.
const MOST_PARTS: u32 = 4096;

/// A candidate under way.
pub(super) struct Candidate {
    index: u32,
    parts: u32,
    open: Option<Open>,
    has_calls: bool,
    /// The last reason given; text may follow the first.
    finish: Option<FinishReason>,
}

/// The part that is growing.
struct Open {
    part: u32,
    growth: Growth,
}

/// What an open part grows by.
enum Growth {
    Text,
    Reasoning,
    Call(PartialArgs),
}

impl Candidate {
    /// Begins the candidate that is the answer's choice `index`.
    pub(super) fn new(index: u32) -> Self {
        Self { index, parts: 0, open: None, has_calls: false, finish: None }
    }

    /// Takes what a chunk adds to the candidate.
    pub(super) fn take(&mut self, candidate: &Value, events: &mut Vec<Event>) -> Result<(), Fault> {
        for json in contents(candidate)? {
            if let Some(call) = present(json, "functionCall") {
                self.take_call(call, seal(json), events)?;
                continue;
            }
            match part(json) {
                Some(Part::Text { text, seal }) => {
                    self.take_prose(PartKind::Text, text, seal, events)?;
                }
                Some(Part::Reasoning(Reasoning { text, seal })) => {
                    self.take_prose(PartKind::Reasoning, text, seal, events)?;
                }
                Some(Part::Media(media)) => self.take_whole(PartKind::Media(media), events)?,
                Some(Part::Opaque(opaque)) => self.take_whole(PartKind::Opaque(opaque), events)?,
                Some(Part::ToolCall(_) | Part::ToolResult(_)) | None => {}
            }
        }
        let tokens = logprobs::decode(candidate);
        if !tokens.is_empty() {
            events.push(Event::Logprobs { choice: self.index, tokens });
        }
        if let Some(word) = text(candidate, "finishReason") {
            self.finish = Some(finish_reason(word));
        }
        Ok(())
    }

    /// Takes a piece of text or of thinking. A piece with a seal stays a part of its own, because the
    /// seal vouches for just that piece.
    fn take_prose(
        &mut self,
        kind: PartKind,
        text: String,
        seal: Option<Seal>,
        events: &mut Vec<Event>,
    ) -> Result<(), Fault> {
        let growing = match self.open.as_ref().map(|open| (&open.growth, open.part)) {
            Some((Growth::Text, part)) if kind == PartKind::Text => Some(part),
            Some((Growth::Reasoning, part)) if kind == PartKind::Reasoning => Some(part),
            Some((Growth::Text | Growth::Reasoning | Growth::Call(_), _)) | None => None,
        };
        let growth = if kind == PartKind::Text { Growth::Text } else { Growth::Reasoning };
        let part = match growing.filter(|_| seal.is_none()) {
            Some(part) => part,
            None => self.open(kind, Some(growth), events)?,
        };
        if !text.is_empty() {
            events.push(self.delta(part, Delta::Text(text)));
        }
        if let Some(seal) = seal {
            events.push(self.delta(part, Delta::Seal(seal)));
            self.close(events);
        }
        Ok(())
    }

    /// Takes a function call, whole or in pieces: the first has the name, each but the last says
    /// `willContinue`.
    fn take_call(
        &mut self,
        call: &Value,
        seal: Option<Seal>,
        events: &mut Vec<Event>,
    ) -> Result<(), Fault> {
        let owned = |name| text(call, name).unwrap_or_default().to_owned();
        let goes_on = matches!(self.open, Some(Open { growth: Growth::Call(_), .. }));
        if !goes_on || filled(call, "name").is_some() {
            let kind = PartKind::ToolCall { id: owned("id"), name: owned("name") };
            let args = PartialArgs::new(present(call, "args"));
            self.open(kind, Some(Growth::Call(args)), events)?;
            self.has_calls = true;
        }
        if let Some(Open { part, growth: Growth::Call(args) }) = &mut self.open {
            for piece in list(call, "partialArgs") {
                args.take(piece)?;
            }
            let part = *part;
            events.extend(seal.map(|seal| self.delta(part, Delta::Seal(seal))));
        }
        if !is_true(call, "willContinue") {
            self.close(events);
        }
        Ok(())
    }

    fn take_whole(&mut self, kind: PartKind, events: &mut Vec<Event>) -> Result<(), Fault> {
        let part = self.open(kind, None, events)?;
        events.push(Event::PartEnd { choice: self.index, part });
        Ok(())
    }

    /// Closes what is open and opens the next part; one without growth is complete at once.
    fn open(
        &mut self,
        kind: PartKind,
        growth: Option<Growth>,
        events: &mut Vec<Event>,
    ) -> Result<u32, Fault> {
        self.close(events);
        if self.parts == MOST_PARTS {
            return Err(malformed("the answer has too many parts"));
        }
        let part = self.parts;
        self.parts += 1;
        self.open = growth.map(|growth| Open { part, growth });
        events.push(Event::PartStart { choice: self.index, part, kind });
        Ok(part)
    }

    fn close(&mut self, events: &mut Vec<Event>) {
        let Some(Open { part, growth }) = self.open.take() else { return };
        match growth {
            Growth::Text | Growth::Reasoning => {}
            Growth::Call(args) => events.push(self.delta(part, Delta::Arguments(args.into_text()))),
        }
        events.push(Event::PartEnd { choice: self.index, part });
    }

    /// Ends the candidate, which fails unless the provider said why it ended.
    pub(super) fn end(mut self, events: &mut Vec<Event>) -> Result<(), Fault> {
        let reason = self.finish.take().ok_or_else(truncated)?;
        self.close(events);
        let finish = with_calls(reason, self.has_calls).into();
        events.push(Event::Finish { choice: self.index, finish });
        Ok(())
    }

    fn delta(&self, part: u32, delta: Delta) -> Event {
        Event::PartDelta { choice: self.index, part, delta }
    }
}
