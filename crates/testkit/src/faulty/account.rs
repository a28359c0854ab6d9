//! A provider's own account: what it was asked, by whom, and what it gave.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// What a provider was asked and what it gave. Nobody else writes it: it is what it would bill by.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Every chat it was asked for, oldest first.
    pub attempts: Vec<Attempt>,
    /// What it was asked besides: lists of models.
    pub questions: usize,
    /// Connections that were accepted.
    pub accepted: usize,
    /// The most connections that were open at once.
    pub most_connections: usize,
    /// The most chats that ran at once.
    pub most_in_flight: usize,
}

/// One chat that it was asked for.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// When the request had come whole.
    pub at: Instant,
    /// What the request's tag says.
    pub request: Option<String>,
    /// The value of `authorization`, `x-api-key` or `x-goog-api-key`.
    pub key: Option<String>,
    /// Whether a stream was asked for.
    pub is_streamed: bool,
    /// From there to the answer's first byte.
    pub first_byte: Option<Duration>,
    /// Frames that were handed to the system whole; 1 for a whole answer.
    pub frames: usize,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It runs.
    Running,
    /// It was answered to the dialect's own end.
    Whole,
    /// It was broken off, or never begun, by a fault.
    Broken,
    /// It was answered with another status than 200.
    Refused,
    /// The caller hung up.
    HungUp,
}

impl Account {
    /// How often each tagged request came.
    #[must_use]
    pub fn attempts_by_request(&self) -> BTreeMap<&str, usize> {
        count(self.attempts.iter().filter_map(|attempt| attempt.request.as_deref()))
    }

    /// How often each key came.
    #[must_use]
    pub fn attempts_by_key(&self) -> BTreeMap<&str, usize> {
        count(self.attempts.iter().filter_map(|attempt| attempt.key.as_deref()))
    }

    /// How many chats came in this span of time, its beginning included.
    #[must_use]
    pub fn between(&self, begin: Instant, end: Instant) -> usize {
        self.attempts.iter().filter(|attempt| (begin..end).contains(&attempt.at)).count()
    }

    /// How many came in each second from `begin` on, up to the last one.
    #[must_use]
    pub fn per_second(&self, begin: Instant) -> Vec<usize> {
        let mut seconds = Vec::new();
        for attempt in &self.attempts {
            let Some(since) = attempt.at.checked_duration_since(begin) else { continue };
            let second = usize::try_from(since.as_secs()).unwrap_or_default();
            if seconds.len() <= second {
                seconds.resize(second + 1, 0);
            }
            if let Some(count) = seconds.get_mut(second) {
                *count += 1;
            }
        }
        seconds
    }

    /// How many chats came to this.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.attempts.iter().filter(|attempt| attempt.outcome == outcome).count()
    }
}

fn count<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
}

/// The account while it is written.
#[derive(Debug, Default)]
pub(super) struct Book {
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    account: Account,
    connections: usize,
    in_flight: usize,
}

/// One chat's place in the book. Dropping it closes the entry.
pub(super) struct Entry<'b> {
    book: &'b Book,
    number: usize,
    outcome: Outcome,
}

impl Book {
    pub fn account(&self) -> Account {
        self.pages().account.clone()
    }

    pub fn chats(&self) -> usize {
        self.pages().account.attempts.len()
    }

    pub fn in_flight(&self) -> usize {
        self.pages().in_flight
    }

    pub fn connections(&self) -> usize {
        self.pages().connections
    }

    pub fn accepted(&self) {
        let mut pages = self.pages();
        pages.account.accepted += 1;
        pages.connections += 1;
        pages.account.most_connections = pages.account.most_connections.max(pages.connections);
    }

    pub fn closed(&self) {
        self.pages().connections -= 1;
    }

    pub fn question(&self) {
        self.pages().account.questions += 1;
    }

    /// Opens an entry, whose number is the second value.
    pub fn open(
        &self,
        request: Option<String>,
        key: Option<String>,
        is_streamed: bool,
    ) -> (Entry<'_>, usize) {
        let mut pages = self.pages();
        let number = pages.account.attempts.len();
        pages.account.attempts.push(Attempt {
            at: Instant::now(),
            request,
            key,
            is_streamed,
            first_byte: None,
            frames: 0,
            outcome: Outcome::Running,
        });
        pages.in_flight += 1;
        pages.account.most_in_flight = pages.account.most_in_flight.max(pages.in_flight);
        (Entry { book: self, number, outcome: Outcome::HungUp }, number)
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry<'_> {
    pub fn first_byte(&self) {
        self.write(|attempt| attempt.first_byte = Some(attempt.at.elapsed()));
    }

    pub fn frames(&self, count: usize) {
        self.write(|attempt| attempt.frames += count);
    }

    pub fn close(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }

    fn write(&self, change: impl FnOnce(&mut Attempt)) {
        if let Some(attempt) = self.book.pages().account.attempts.get_mut(self.number) {
            change(attempt);
        }
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.write(|attempt| attempt.outcome = self.outcome);
        self.book.pages().in_flight -= 1;
    }
}
