//! One of the answers that are being put together.

use canonical::{Delta, Event, Finish, FinishReason, PartKind, Seal};

use super::call::{CallFragment, OpenCall};

/// A choice that still grows.
#[derive(Debug)]
pub(super) struct OpenChoice {
    pub(super) index: u32,
    next_part: u32,
    prose: Option<Prose>,
    pub(super) calls: Vec<OpenCall>,
    pub(super) refused: bool,
    pub(super) finish: Option<Finish>,
}

/// The open text or reasoning part of a choice; it closes when the other kind begins.
#[derive(Debug)]
struct Prose {
    part: u32,
    kind: PartKind,
}

impl OpenChoice {
    pub(super) fn new(index: u32) -> Self {
        Self { index, next_part: 0, prose: None, calls: Vec::new(), refused: false, finish: None }
    }

    pub(super) fn open(&mut self, kind: PartKind, events: &mut Vec<Event>) -> u32 {
        let part = self.next_part;
        self.next_part += 1;
        events.push(Event::PartStart { choice: self.index, part, kind });
        part
    }

    pub(super) fn open_prose(
        &mut self,
        kind: PartKind,
        seal: Option<Seal>,
        events: &mut Vec<Event>,
    ) -> u32 {
        if let Some(prose) = self.prose.as_ref().filter(|prose| prose.kind == kind) {
            return prose.part;
        }
        self.close_prose(events);
        let part = self.open(kind.clone(), events);
        if let Some(seal) = seal {
            let delta = Delta::Seal(seal);
            events.push(Event::PartDelta { choice: self.index, part, delta });
        }
        self.prose = Some(Prose { part, kind });
        part
    }

    pub(super) fn close_prose(&mut self, events: &mut Vec<Event>) {
        if let Some(Prose { part, .. }) = self.prose.take() {
            events.push(Event::PartEnd { choice: self.index, part });
        }
    }

    /// Finds the call that a fragment belongs to.
    pub(super) fn continued(&self, fragment: &CallFragment<'_>) -> Option<usize> {
        self.calls.iter().rposition(|call| call.is_continued_by(fragment))
    }

    pub(super) fn grow_call(
        &mut self,
        position: usize,
        fragment: &CallFragment<'_>,
        events: &mut Vec<Event>,
    ) {
        if position == self.calls.len() {
            self.calls.push(OpenCall::new(fragment));
        }
        let Some(call) = self.calls.get_mut(position) else { return };
        call.take(fragment);
        if !call.name.is_empty() {
            call.flush(self.index, &mut self.next_part, events);
        }
    }

    /// Closes all that is open and says why the choice ended.
    pub(super) fn close(&mut self, events: &mut Vec<Event>) {
        self.close_prose(events);
        for call in &mut self.calls {
            // A call that never got a name is passed on as the provider left it.
            call.flush(self.index, &mut self.next_part, events);
            if let Some(part) = call.part {
                events.push(Event::PartEnd { choice: self.index, part });
            }
        }
        let mut finish = self.finish.take().unwrap_or_else(|| FinishReason::Stop.into());
        if self.refused {
            finish.reason = FinishReason::ContentFilter;
        } else if finish.reason == FinishReason::Stop && !self.calls.is_empty() {
            // Ollama never says so, and OpenAI doesn't when the caller named the tool.
            finish.reason = FinishReason::ToolCalls;
        }
        events.push(Event::Finish { choice: self.index, finish });
    }
}
