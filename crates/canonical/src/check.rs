//! Holds a sequence of events to the order that [`Event`] promises.

use std::collections::HashSet;

use thiserror::Error;

use crate::Event;

/// Follows one stream and objects to the first event that is out of order.
#[derive(Debug, Default)]
pub struct EventChecker {
    started: bool,
    ended: bool,
    open: HashSet<(u32, u32)>,
    used: HashSet<(u32, u32)>,
    finished: HashSet<u32>,
}

/// An event that came where its order forbids it.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("event out of order: {0}")]
pub struct OutOfOrder(&'static str);

impl EventChecker {
    /// Takes the next event.
    ///
    /// # Errors
    ///
    /// Says what is wrong when the event may not stand here.
    pub fn check(&mut self, event: &Event) -> Result<(), OutOfOrder> {
        if self.ended {
            return Err(OutOfOrder("nothing may follow Stop or Failed"));
        }
        if !self.started && !matches!(event, Event::Start { .. } | Event::Failed(_)) {
            return Err(OutOfOrder("Start must come first"));
        }
        match event {
            Event::Start { .. } if self.started => return Err(OutOfOrder("Start came twice")),
            Event::Start { .. } => self.started = true,
            Event::PartStart { choice, part, .. } => {
                if !self.used.insert((*choice, *part)) {
                    return Err(OutOfOrder("a part opened twice"));
                }
                self.open.insert((*choice, *part));
            }
            Event::PartDelta { choice, part, .. } if !self.open.contains(&(*choice, *part)) => {
                return Err(OutOfOrder("a part grew that is not open"));
            }
            Event::PartEnd { choice, part } if !self.open.remove(&(*choice, *part)) => {
                return Err(OutOfOrder("a part closed that is not open"));
            }
            Event::Finish { choice, .. } if !self.finished.insert(*choice) => {
                return Err(OutOfOrder("a choice finished twice"));
            }
            Event::Stop if !self.open.is_empty() => {
                return Err(OutOfOrder("Stop came while a part was open"));
            }
            Event::Stop | Event::Failed(_) => self.ended = true,
            Event::PartDelta { .. }
            | Event::PartEnd { .. }
            | Event::Finish { .. }
            | Event::Logprobs { .. }
            | Event::Usage(_) => {}
        }
        Ok(())
    }

    /// Whether the sequence has its last event.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.ended
    }
}

#[cfg(test)]
mod tests {
    use super::EventChecker;
    use crate::{Delta, ErrorKind, Event, Fault, PartKind};

    fn start() -> Event {
        Event::Start { id: None, model: None }
    }

    fn open(part: u32) -> Event {
        Event::PartStart { choice: 0, part, kind: PartKind::Text }
    }

    fn grow(part: u32) -> Event {
        Event::PartDelta { choice: 0, part, delta: Delta::Text("a".into()) }
    }

    fn close(part: u32) -> Event {
        Event::PartEnd { choice: 0, part }
    }

    /// Feeds all events and returns the index of the first one refused.
    fn first_refused(events: &[Event]) -> Option<usize> {
        let mut checker = EventChecker::default();
        events.iter().position(|event| checker.check(event).is_err())
    }

    #[test]
    fn accepts_what_the_order_allows() {
        let failed = Event::Failed(Fault::new(ErrorKind::Truncated, "cut"));
        for events in [
            vec![start(), Event::Stop],
            vec![start(), open(0), open(1), grow(0), grow(1), close(0), close(1), Event::Stop],
            vec![failed.clone()],
            vec![start(), open(0), failed],
        ] {
            assert_eq!(first_refused(&events), None, "{events:?}");
        }
    }

    #[test]
    fn refuses_what_the_order_forbids() {
        for (events, index) in [
            (vec![open(0)], 0),
            (vec![start(), start()], 1),
            (vec![start(), grow(0)], 1),
            (vec![start(), open(0), open(0)], 2),
            (vec![start(), open(0), close(0), grow(0)], 3),
            (vec![start(), open(0), Event::Stop], 2),
            (vec![start(), Event::Stop, Event::Stop], 2),
        ] {
            assert_eq!(first_refused(&events), Some(index), "{events:?}");
        }
    }
}
