//! A bounded queue in which nobody waits for how much another has brought.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// Keeps items in one line for each caller: first come, first out in a line, and the lines take turns.
#[derive(Debug)]
pub struct FairQueue<T> {
    lines: HashMap<Arc<str>, VecDeque<(u64, T)>>,
    /// The callers who have a line, the next one first.
    turns: VecDeque<Arc<str>>,
    waiting: usize,
    next_place: u64,
}

/// Where an item waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    caller: Arc<str>,
    number: u64,
}

impl<T> FairQueue<T> {
    /// Makes an empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self { lines: HashMap::new(), turns: VecDeque::new(), waiting: 0, next_place: 0 }
    }

    /// How many items wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// How many items come out before one that `caller` would add now, if nobody else comes.
    #[must_use]
    pub fn ahead_of(&self, caller: &str) -> usize {
        let own = self.lines.get(caller).map_or(0, VecDeque::len);
        // Who has a turn before the caller in each round goes once more before the new item.
        let mut rounds = own + 1;
        let mut ahead = own;
        for other in &self.turns {
            if **other == *caller {
                rounds = own;
                continue;
            }
            ahead += self.lines.get(other).map_or(0, VecDeque::len).min(rounds);
        }
        ahead
    }

    /// Adds an item to the line of a caller. The caller sees to the bound: [`Self::make_room`].
    pub fn push(&mut self, caller: &str, item: T) -> Place {
        let number = self.next_place;
        self.next_place += 1;
        let known = self.lines.get_key_value(caller).map(|(known, _)| Arc::clone(known));
        let caller = known.unwrap_or_else(|| {
            let new: Arc<str> = caller.into();
            self.turns.push_back(Arc::clone(&new));
            new
        });
        self.lines.entry(Arc::clone(&caller)).or_default().push_back((number, item));
        self.waiting += 1;
        Place { caller, number }
    }

    /// Takes the next item out.
    pub fn pop(&mut self) -> Option<T> {
        let caller = self.turns.pop_front()?;
        let line = self.lines.get_mut(&caller)?;
        let (_, item) = line.pop_front()?;
        self.waiting -= 1;
        if line.is_empty() {
            self.lines.remove(&caller);
        } else {
            self.turns.push_back(caller);
        }
        Some(item)
    }

    /// Takes an item out that need not wait any more, if it is still there.
    pub fn remove(&mut self, place: &Place) -> Option<T> {
        let line = self.lines.get_mut(&place.caller)?;
        let index = line.binary_search_by_key(&place.number, |(number, _)| *number).ok()?;
        let (_, item) = line.remove(index)?;
        self.left(&place.caller);
        Some(item)
    }

    /// Takes the last item out of the longest line, if that is longer than `caller`'s would be with one more: a queue
    /// that one caller has filled is not closed to others.
    pub fn make_room(&mut self, caller: &str) -> Option<T> {
        let own = self.lines.get(caller).map_or(0, VecDeque::len);
        let longest =
            self.turns.iter().max_by_key(|other| self.lines.get(*other).map(VecDeque::len))?;
        let longest = Arc::clone(longest);
        let line = self.lines.get_mut(&longest).filter(|line| line.len() > own + 1)?;
        let (_, item) = line.pop_back()?;
        self.left(&longest);
        Some(item)
    }

    /// Notes that an item left the line of a caller out of turn.
    fn left(&mut self, caller: &Arc<str>) {
        self.waiting -= 1;
        if self.lines.get(caller).is_some_and(VecDeque::is_empty) {
            self.lines.remove(caller);
            self.turns.retain(|other| other != caller);
        }
    }
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}
