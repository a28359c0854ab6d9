//! Puts the fragments of a streamed answer together as events in the order that [`Event`] promises.

use canonical::{
    Delta, ErrorKind, Event, Fault, Finish, FinishReason, Media, Opaque, PartKind, Seal, Usage,
};

/// More choices or tool calls than this in one answer are nonsense, or an attack on our memory.
const MOST: usize = 128;

/// An answer that is being put together, and the events not yet handed out.
#[derive(Debug, Default)]
pub(crate) struct Assembly {
    id: Option<String>,
    model: Option<String>,
    choices: Vec<OpenChoice>,
    events: Vec<Event>,
    started: bool,
    ended: bool,
}

/// A choice that still grows.
#[derive(Debug)]
struct OpenChoice {
    index: u32,
    next_part: u32,
    prose: Option<Prose>,
    calls: Vec<OpenCall>,
    refused: bool,
    finish: Option<Finish>,
}

/// The open text or reasoning part of a choice; it closes when the other kind begins.
#[derive(Debug)]
struct Prose {
    part: u32,
    kind: PartKind,
}

/// A tool call that still grows. It opens with its name; arguments that come before are held.
#[derive(Debug)]
struct OpenCall {
    index: Option<u64>,
    id: String,
    name: String,
    part: Option<u32>,
    held: String,
}

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

impl Assembly {
    /// Whether the last event was made.
    pub(crate) fn is_ended(&self) -> bool {
        self.ended
    }

    /// Moves the events made so far to `events`.
    pub(crate) fn drain_into(&mut self, events: &mut Vec<Event>) {
        events.append(&mut self.events);
    }

    /// Takes the names that the provider gives its answer and its model; only the first of each count.
    pub(crate) fn name(&mut self, id: Option<&str>, model: Option<&str>) {
        if self.id.is_none() {
            self.id = id.map(str::to_owned);
        }
        if self.model.is_none() {
            self.model = model.map(str::to_owned);
        }
    }

    /// Takes a choice that may have nothing to say yet.
    pub(crate) fn choice(&mut self, index: u64) {
        self.with_choice(index, |_, _| {});
    }

    /// Takes more of the visible text.
    pub(crate) fn text(&mut self, choice: u64, text: &str) {
        self.prose(choice, PartKind::Text, text, None);
    }

    /// Takes text that says why the model won't answer.
    pub(crate) fn refusal(&mut self, choice: u64, text: &str) {
        if !text.is_empty() {
            self.text(choice, text);
            self.with_choice(choice, |choice, _| choice.refused = true);
        }
    }

    /// Takes more of the thinking, and the seal that the part gets when it opens.
    pub(crate) fn reasoning(&mut self, choice: u64, text: &str, seal: Option<Seal>) {
        self.prose(choice, PartKind::Reasoning, text, seal);
    }

    /// Takes a block of the provider's own.
    pub(crate) fn opaque(&mut self, choice: u64, opaque: Opaque) {
        self.whole(choice, PartKind::Opaque(opaque));
    }

    /// Takes media.
    pub(crate) fn media(&mut self, choice: u64, media: Media) {
        self.whole(choice, PartKind::Media(media));
    }

    /// Takes a piece of a tool call.
    pub(crate) fn call(&mut self, choice: u64, fragment: &CallFragment<'_>) {
        self.any_call(choice, fragment, OpenChoice::continued);
    }

    /// Takes a tool call that comes whole.
    pub(crate) fn whole_call(&mut self, choice: u64, call: &CallFragment<'_>) {
        self.any_call(choice, call, |_, _| None);
    }

    /// Takes why a choice ended; the last reason counts.
    pub(crate) fn finish(&mut self, choice: u64, reason: FinishReason) {
        self.with_choice(choice, |choice, _| choice.finish = Some(reason.into()));
    }

    /// Takes cumulative counts.
    pub(crate) fn usage(&mut self, usage: Usage) {
        if usage != Usage::default() && !self.ended {
            self.start();
            self.events.push(Event::Usage(usage));
        }
    }

    /// Takes the provider's own end mark.
    pub(crate) fn stop(&mut self) {
        if self.choices.is_empty() {
            self.fail(malformed("the answer ended before it began"));
        }
        if self.ended {
            return;
        }
        for choice in &mut self.choices {
            choice.close(&mut self.events);
        }
        self.events.push(Event::Stop);
        self.ended = true;
    }

    /// Takes a failure, which ends the answer.
    pub(crate) fn fail(&mut self, fault: Fault) {
        if !self.ended {
            self.events.push(Event::Failed(fault));
            self.ended = true;
        }
    }

    fn whole(&mut self, choice: u64, kind: PartKind) {
        self.with_choice(choice, |choice, events| {
            choice.close_prose(events);
            let part = choice.open(kind, events);
            events.push(Event::PartEnd { choice: choice.index, part });
        });
    }

    /// Takes a piece of the call that `find` finds, or of a new one.
    fn any_call(
        &mut self,
        choice: u64,
        fragment: &CallFragment<'_>,
        find: fn(&OpenChoice, &CallFragment<'_>) -> Option<usize>,
    ) {
        let mut calls = 0;
        self.with_choice(choice, |choice, events| {
            choice.close_prose(events);
            let position = find(choice, fragment).unwrap_or(choice.calls.len());
            choice.grow_call(position, fragment, events);
            calls = choice.calls.len();
        });
        if calls > MOST {
            self.fail(malformed(format!("the answer has more than {MOST} tool calls")));
        }
    }

    fn prose(&mut self, choice: u64, kind: PartKind, text: &str, seal: Option<Seal>) {
        if text.is_empty() {
            return;
        }
        self.with_choice(choice, |choice, events| {
            let part = choice.open_prose(kind, seal, events);
            let delta = Delta::Text(text.to_owned());
            events.push(Event::PartDelta { choice: choice.index, part, delta });
        });
    }

    fn start(&mut self) {
        if !self.started {
            self.started = true;
            let (id, model) = (self.id.clone(), self.model.clone());
            self.events.push(Event::Start { id, model });
        }
    }

    /// Finds or makes a choice and lets `change` at it.
    fn with_choice(&mut self, index: u64, change: impl FnOnce(&mut OpenChoice, &mut Vec<Event>)) {
        if self.ended {
            return;
        }
        let Some(index) = u32::try_from(index).ok().filter(|index| (*index as usize) < MOST) else {
            self.fail(malformed(format!("the answer has more than {MOST} choices")));
            return;
        };
        self.start();
        if !self.choices.iter().any(|choice| choice.index == index) {
            self.choices.push(OpenChoice::new(index));
        }
        if let Some(choice) = self.choices.iter_mut().find(|choice| choice.index == index) {
            change(choice, &mut self.events);
        }
    }
}

impl OpenChoice {
    fn new(index: u32) -> Self {
        Self { index, next_part: 0, prose: None, calls: Vec::new(), refused: false, finish: None }
    }

    fn open(&mut self, kind: PartKind, events: &mut Vec<Event>) -> u32 {
        let part = self.next_part;
        self.next_part += 1;
        events.push(Event::PartStart { choice: self.index, part, kind });
        part
    }

    fn open_prose(&mut self, kind: PartKind, seal: Option<Seal>, events: &mut Vec<Event>) -> u32 {
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

    fn close_prose(&mut self, events: &mut Vec<Event>) {
        if let Some(Prose { part, .. }) = self.prose.take() {
            events.push(Event::PartEnd { choice: self.index, part });
        }
    }

    /// Finds the call that a fragment belongs to.
    fn continued(&self, fragment: &CallFragment<'_>) -> Option<usize> {
        self.calls.iter().rposition(|call| call.is_continued_by(fragment))
    }

    fn grow_call(&mut self, position: usize, fragment: &CallFragment<'_>, events: &mut Vec<Event>) {
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
    fn close(&mut self, events: &mut Vec<Event>) {
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

impl OpenCall {
    fn new(fragment: &CallFragment<'_>) -> Self {
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
    fn is_continued_by(&self, fragment: &CallFragment<'_>) -> bool {
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

    fn take(&mut self, fragment: &CallFragment<'_>) {
        if self.id.is_empty() {
            fragment.id.clone_into(&mut self.id);
        }
        if self.name.is_empty() {
            fragment.name.clone_into(&mut self.name);
        }
        self.held.push_str(fragment.arguments);
    }

    /// Opens the call if it isn't, and hands out the arguments held.
    fn flush(&mut self, choice: u32, next_part: &mut u32, events: &mut Vec<Event>) {
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

/// The fault of an answer that its dialect does not allow; `detail` is for the log.
pub(crate) fn malformed(detail: impl std::fmt::Display) -> Fault {
    Fault::new(ErrorKind::Malformed, "the provider sent an answer that can't be understood")
        .with_source(detail)
}

/// The fault of a stream without its end mark.
pub(crate) fn truncated() -> Fault {
    Fault::new(ErrorKind::Truncated, "the provider's answer ended before it was complete")
}
