//! A tool call that is being put together from pieces that say less than they should.

use canonical::{Delta, Event, PartKind};

/// A piece of a tool call; providers leave out what they said before, and some what they never said.
#[derive(Debug, Default)]
pub(crate) struct CallFragment<'a> {
    /// Which of the calls under way.
    pub(crate) index: Option<u64>,
    /// The call's id; empty where it isn't given.
    pub(crate) id: &'a str,
    /// The tool's name; empty where it isn't given.
    pub(crate) name: &'a str,
    /// More of the arguments' JSON text.
    pub(crate) arguments: &'a str,
}

/// A tool call that still grows. It opens with its name; arguments that come before are held.
#[derive(Debug)]
pub(super) struct OpenCall {
    index: Option<u64>,
    id: String,
    pub(super) name: String,
    pub(super) part: Option<u32>,
    held: String,
}

impl OpenCall {
    pub(super) fn new(fragment: &CallFragment<'_>) -> Self {
        Self {
            index: fragment.index,
            id: String::new(),
            name: String::new(),
            part: None,
            held: String::new(),
        }
    }

    /// Whether the fragment belongs to this call: by index, else by id; one with neither continues the
    /// latest call. A new id and name at a known index make another call, since some servers number every
    /// call 0.
    pub(super) fn is_continued_by(&self, fragment: &CallFragment<'_>) -> bool {
        let differs =
            |ours: &str, theirs: &str| !ours.is_empty() && !theirs.is_empty() && ours != theirs;
        let is_other = differs(&self.name, fragment.name)
            || (differs(&self.id, fragment.id) && !fragment.name.is_empty());
        match (self.index, fragment.index) {
            (Some(ours), Some(theirs)) => ours == theirs && !is_other,
            (None, _) | (_, None) if fragment.id.is_empty() => fragment.name.is_empty(),
            (None, _) | (_, None) => fragment.id == self.id,
        }
    }

    pub(super) fn take(&mut self, fragment: &CallFragment<'_>) {
        if self.id.is_empty() {
            fragment.id.clone_into(&mut self.id);
        }
        if self.name.is_empty() {
            fragment.name.clone_into(&mut self.name);
        }
        self.held.push_str(fragment.arguments);
    }

    /// Opens the call if it isn't, and hands out the arguments held.
    pub(super) fn flush(&mut self, choice: u32, next_part: &mut u32, events: &mut Vec<Event>) {
        let part = *self.part.get_or_insert_with(|| {
            let part = *next_part;
            *next_part += 1;
            let kind = PartKind::ToolCall { id: self.id.clone(), name: self.name.clone() };
            events.push(Event::PartStart { choice, part, kind });
            part
        });
        if !self.held.is_empty() {
            let delta = Delta::Arguments(std::mem::take(&mut self.held));
            events.push(Event::PartDelta { choice, part, delta });
        }
    }
}
