//! Rows of figures, each beside what it should be.

use std::fmt;
use std::time::Duration;

/// One fault and its figures.
pub struct Row {
    id: &'static str,
    fault: String,
    figures: Vec<Figure>,
    notes: Vec<String>,
}

struct Figure {
    what: String,
    measured: String,
    aim: String,
    is_met: bool,
}

impl Row {
    pub fn new(id: &'static str, fault: impl Into<String>) -> Self {
        Self { id, fault: fault.into(), figures: Vec::new(), notes: Vec::new() }
    }

    /// A row that could not be measured.
    pub fn failed(id: &'static str, error: &anyhow::Error) -> Self {
        Self::new(id, "could not be measured").note(format!("{error:#}"))
    }

    /// A row that this machine can't measure.
    pub fn skipped(id: &'static str, fault: &str, reason: &anyhow::Error) -> Self {
        Self::new(id, fault).note(format!("skipped: {reason:#}"))
    }

    /// Adds a figure and what it should be.
    pub fn figure(
        mut self,
        what: impl Into<String>,
        measured: impl fmt::Display,
        aim: &str,
        is_met: bool,
    ) -> Self {
        let (what, measured) = (what.into(), measured.to_string());
        self.figures.push(Figure { what, measured, aim: aim.to_owned(), is_met });
        self
    }

    /// Adds a share of a hundred that should be at least so much.
    pub fn at_least(self, what: impl Into<String>, share: f64, aim: f64) -> Self {
        self.figure(what, format!("{share:.2} %"), &format!(">= {aim} %"), share >= aim)
    }

    /// Adds a number that should be at most so much.
    pub fn at_most(self, what: impl Into<String>, number: f64, aim: f64) -> Self {
        self.figure(what, format!("{number:.2}"), &format!("<= {aim}"), number <= aim)
    }

    /// Adds a count that should be zero.
    pub fn none(self, what: impl Into<String>, count: usize) -> Self {
        self.figure(what, count, "0", count == 0)
    }

    /// Adds a time that should be at most so much.
    pub fn within(self, what: impl Into<String>, time: Duration, aim: Duration) -> Self {
        self.figure(what, ms(time), &format!("<= {}", ms(aim)), time <= aim)
    }

    /// Adds something that has no aim.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

impl fmt::Display for Row {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "\n{:<5}{}", self.id, self.fault)?;
        for Figure { what, measured, aim, is_met } in &self.figures {
            let mark = if *is_met { " " } else { "!" };
            writeln!(out, "   {mark} {what:<52}{measured:>18}   {aim}")?;
        }
        for note in &self.notes {
            writeln!(out, "     {note}")?;
        }
        Ok(())
    }
}

/// A time in milliseconds.
pub fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

/// A share of a hundred; all of nothing is all.
pub fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 100.0 } else { part as f64 * 100.0 / whole as f64 }
}

/// The value below which so many of a hundred lie.
pub fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    let at = (times.len() * percent).div_ceil(100).saturating_sub(1);
    times.get(at).copied().unwrap_or_default()
}

/// Counts, one after another.
pub fn series(counts: &[usize]) -> String {
    counts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_beside_its_aim_is_marked_where_it_is_not_met() {
        let row =
            Row::new("R0", "nothing").at_most("attempts / requests", 1.5, 1.1).none("errors", 0);
        let text = row.to_string();
        assert!(text.contains("! attempts / requests"), "{text}");
        assert!(text.contains("  errors"), "{text}");
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let mut times: Vec<_> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&mut times, 99), Duration::from_millis(99));
        assert_eq!(percentile(&mut times, 50), Duration::from_millis(50));
        assert_eq!(percentile(&mut [Duration::from_millis(7)], 99), Duration::from_millis(7));
        assert_eq!(percentile(&mut [], 99), Duration::ZERO);
    }
}
