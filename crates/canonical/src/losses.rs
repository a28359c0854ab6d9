//! What a translation could not carry.

use std::fmt;

/// The names of request members that a translation dropped or changed, in the order they were met.
///
/// They ride along into the `x-closedpaw-dropped` header, a log field, or a refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses(Vec<String>);

impl Losses {
    /// Notes that `member` was dropped or changed; a second note of the same name counts once.
    pub fn note(&mut self, member: impl Into<String>) {
        let member = member.into();
        if !self.0.contains(&member) {
            self.0.push(member);
        }
    }

    /// Whether everything was carried.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates over the names.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for Losses {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.join(", "))
    }
}
