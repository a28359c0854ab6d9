//! Folds a stream of events into a whole answer.

use crate::{
    Choice, Delta, Event, Fault, FinishReason, Part, PartKind, Reasoning, Response, ToolCall,
};

/// Folds events into a [`Response`], so that a streamed answer and a whole one compare.
#[derive(Debug, Default)]
pub struct Collector {
    response: Response,
    slots: Vec<Slot>,
    ended: Option<Result<(), Fault>>,
}

/// A part that is being put together.
#[derive(Debug)]
struct Slot {
    choice: u32,
    part: u32,
    value: Part,
}

impl Collector {
    /// Takes the next event, in the order that [`Event`] promises.
    pub fn push(&mut self, event: Event) {
        match event {
            Event::Start { id, model } => {
                self.response.id = id;
                self.response.model = model;
            }
            Event::PartStart { choice, part, kind } => {
                self.slots.push(Slot { choice, part, value: opened(kind) });
            }
            Event::PartDelta { choice, part, delta } => {
                let slot = self
                    .slots
                    .iter_mut()
                    .rev()
                    .find(|slot| slot.choice == choice && slot.part == part);
                if let Some(slot) = slot {
                    grow(&mut slot.value, delta);
                }
            }
            Event::PartEnd { .. } => {}
            Event::Logprobs { choice, tokens } => {
                if let Some(choice) = self.choice(choice) {
                    choice.logprobs.extend(tokens);
                }
            }
            Event::Finish { choice, finish } => {
                if let Some(choice) = self.choice(choice) {
                    choice.finish = finish;
                }
            }
            Event::Usage(usage) => self.response.usage.update(&usage),
            Event::Stop => self.ended = Some(Ok(())),
            Event::Failed(fault) => self.ended = Some(Err(fault)),
        }
    }

    /// Returns the whole answer.
    ///
    /// # Errors
    ///
    /// Returns the stream's own fault, or none (`Err(None)`) when the stream has no last event yet.
    pub fn finish(mut self) -> Result<Response, Option<Fault>> {
        match self.ended.take() {
            None => return Err(None),
            Some(Err(fault)) => return Err(Some(fault)),
            Some(Ok(())) => {}
        }
        for slot in std::mem::take(&mut self.slots) {
            if let Some(choice) = self.choice(slot.choice) {
                choice.parts.push(slot.value);
            }
        }
        Ok(self.response)
    }

    /// Finds a choice, making it and those before it when they are missing; bounded against nonsense.
    fn choice(&mut self, index: u32) -> Option<&mut Choice> {
        const MOST_CHOICES: usize = 128;
        let index = usize::try_from(index).ok().filter(|index| *index < MOST_CHOICES)?;
        while self.response.choices.len() <= index {
            let finish = FinishReason::Stop.into();
            let (parts, logprobs) = (Vec::new(), Vec::new());
            self.response.choices.push(Choice { parts, finish, logprobs });
        }
        self.response.choices.get_mut(index)
    }
}

/// The part that a [`PartKind`] opens, still empty.
fn opened(kind: PartKind) -> Part {
    match kind {
        PartKind::Text => Part::text(""),
        PartKind::Reasoning => Part::Reasoning(Reasoning { text: String::new(), seal: None }),
        PartKind::ToolCall { id, name } => {
            Part::ToolCall(ToolCall { id, name, arguments: String::new(), seal: None })
        }
        PartKind::Media(media) => Part::Media(media),
        PartKind::Opaque(opaque) => Part::Opaque(opaque),
    }
}

/// Adds a delta to the part it fits; one that fits no such part is left out.
fn grow(part: &mut Part, delta: Delta) {
    match (part, delta) {
        (Part::Text { text, .. }, Delta::Text(more)) => text.push_str(&more),
        (Part::Reasoning(reasoning), Delta::Text(more)) => reasoning.text.push_str(&more),
        (Part::ToolCall(call), Delta::Arguments(more)) => call.arguments.push_str(&more),
        (Part::Text { seal, .. }, Delta::Seal(new)) => *seal = Some(new),
        (Part::Reasoning(reasoning), Delta::Seal(new)) => reasoning.seal = Some(new),
        (Part::ToolCall(call), Delta::Seal(new)) => call.seal = Some(new),
        (_, Delta::Text(_) | Delta::Arguments(_) | Delta::Seal(_)) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::Collector;
    use crate::{Delta, Event, FinishReason, PartKind, Usage};

    #[test]
    fn folds_deltas_into_parts() {
        let mut collector = Collector::default();
        for event in [
            Event::Start { id: Some("1".into()), model: Some("m".into()) },
            Event::PartStart { choice: 0, part: 0, kind: PartKind::Text },
            Event::PartDelta { choice: 0, part: 0, delta: Delta::Text("Hel".into()) },
            Event::PartDelta { choice: 0, part: 0, delta: Delta::Text("lo".into()) },
            Event::PartEnd { choice: 0, part: 0 },
            Event::Finish { choice: 0, finish: FinishReason::Length.into() },
            Event::Usage(Usage { output_tokens: Some(2), ..Usage::default() }),
            Event::Stop,
        ] {
            collector.push(event);
        }
        let response = collector.finish().unwrap();
        assert_eq!(response.text(), "Hello");
        assert_eq!(response.choices[0].finish.reason, FinishReason::Length);
        assert_eq!(response.usage.output_tokens, Some(2));
    }

    #[test]
    fn an_unended_stream_is_no_answer() {
        let mut collector = Collector::default();
        collector.push(Event::Start { id: None, model: None });
        assert_eq!(collector.finish(), Err(None));
    }
}
