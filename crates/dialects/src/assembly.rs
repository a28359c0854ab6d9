//! Puts the fragments of a streamed answer together as events in the order that [`Event`] promises.

mod call;
mod choice;

use canonical::{
    Delta, ErrorKind, Event, Fault, FinishReason, Media, Opaque, PartKind, Seal, TokenLogprob,
    Usage,
};

pub(crate) use call::CallFragment;
use choice::OpenChoice;

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

    /// Takes how likely the next tokens were.
    pub(crate) fn logprobs(&mut self, choice: u64, tokens: Vec<TokenLogprob>) {
        if !tokens.is_empty() {
            self.with_choice(choice, |choice, events| {
                events.push(Event::Logprobs { choice: choice.index, tokens });
            });
        }
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

/// The fault of an answer that its dialect does not allow; `detail` is for the log.
pub(crate) fn malformed(detail: impl std::fmt::Display) -> Fault {
    Fault::new(ErrorKind::Malformed, "the provider sent an answer that can't be understood")
        .with_source(detail)
}

/// The fault of a stream without its end mark.
pub(crate) fn truncated() -> Fault {
    Fault::new(ErrorKind::Truncated, "the provider's answer ended before it was complete")
}

#[cfg(test)]
mod tests {
    use canonical::{Collector, ErrorKind, Event, EventChecker, FinishReason, Part, Response};

    use super::{Assembly, CallFragment, MOST};

    fn events(mut assembly: Assembly) -> Vec<Event> {
        let (mut events, mut checker) = (Vec::new(), EventChecker::default());
        assembly.drain_into(&mut events);
        for event in &events {
            checker.check(event).unwrap();
        }
        events
    }

    fn response(mut assembly: Assembly) -> Response {
        assembly.stop();
        let mut collector = Collector::default();
        events(assembly).into_iter().for_each(|event| collector.push(event));
        collector.finish().unwrap()
    }

    /// Puts fragments together and returns each call as `id name arguments`.
    fn calls(fragments: &[(Option<u64>, &str, &str, &str)]) -> Vec<String> {
        let mut assembly = Assembly::default();
        for (index, id, name, arguments) in fragments.iter().copied() {
            assembly.call(0, &CallFragment { index, id, name, arguments });
        }
        let response = response(assembly);
        assert_eq!(response.choices[0].finish.reason, FinishReason::ToolCalls);
        let call = |part: &Part| match part {
            Part::ToolCall(call) => format!("{} {} {}", call.id, call.name, call.arguments),
            other => panic!("{other:?} is no call"),
        };
        response.choices[0].parts.iter().map(call).collect()
    }

    #[test]
    fn fragments_find_their_calls() {
        let (zero, one) = (Some(0), Some(1));
        for (fragments, expected) in [
            (vec![(one, "a", "f", ""), (one, "", "", "{"), (one, "", "", "}")], vec!["a f {}"]),
            (
                vec![(zero, "a", "f", "1"), (one, "b", "g", "2"), (zero, "", "", "3")],
                vec!["a f 13", "b g 2"],
            ),
            (vec![(None, "a", "f", "1"), (None, "", "", "2")], vec!["a f 12"]),
            (vec![(None, "a", "f", "1"), (None, "b", "f", "2")], vec!["a f 1", "b f 2"]),
            (vec![(None, "", "f", "1"), (None, "", "g", "2")], vec![" f 1", " g 2"]),
            (
                vec![(zero, "a", "f", "1"), (zero, "b", "f", "2"), (zero, "", "", "3")],
                vec!["a f 1", "b f 23"],
            ),
            (vec![(zero, "", "f", "1"), (zero, "", "g", "2")], vec![" f 1", " g 2"]),
            (vec![(zero, "a", "f", ""), (zero, "a", "f", "1")], vec!["a f 1"]),
            (vec![(zero, "a", "", "1"), (zero, "", "f", "2")], vec!["a f 12"]),
            (vec![(zero, "a", "", "1")], vec!["a  1"]),
        ] {
            assert_eq!(calls(&fragments), expected, "{fragments:?}");
        }
    }

    #[test]
    fn parts_follow_each_other_in_the_order_they_came() {
        let mut assembly = Assembly::default();
        assembly.reasoning(0, "a", None);
        assembly.text(0, "b");
        assembly.text(0, "");
        assembly.text(0, "c");
        assembly.reasoning(0, "d", None);
        let response = response(assembly);
        assert_eq!(response.choices[0].parts.len(), 3);
        assert_eq!(response.text(), "bc");
    }

    #[test]
    fn nonsense_in_bulk_is_refused() {
        let mut many_calls = Assembly::default();
        for _ in 0..=MOST {
            let call = CallFragment { name: "f", ..CallFragment::default() };
            many_calls.whole_call(0, &call);
        }
        let mut many_choices = Assembly::default();
        many_choices.text(u64::MAX, "a");
        let mut nothing = Assembly::default();
        nothing.stop();
        for assembly in [many_calls, many_choices, nothing] {
            let refused = matches!(events(assembly).last(), Some(Event::Failed(fault)) if fault.kind == ErrorKind::Malformed);
            assert!(refused);
        }
    }
}
