//! Counts what passed, failed and was skipped, and prints the sum.

use std::fmt;
use std::time::Duration;

/// What came of one step.
#[derive(Debug, Default, PartialEq)]
pub struct Tally {
    pub passed: usize,
    pub failed: usize,
    /// Why each skipped check was skipped.
    pub skipped: Vec<String>,
}

impl Tally {
    /// A step that is one check.
    pub fn one(success: bool) -> Self {
        Self { passed: usize::from(success), failed: usize::from(!success), skipped: Vec::new() }
    }

    /// A step that could not be carried out.
    pub fn failure() -> Self {
        Self::one(false)
    }

    /// A step that this machine cannot carry out.
    pub fn skip(reason: String) -> Self {
        Self { skipped: vec![reason], ..Self::default() }
    }
}

/// What came of all steps.
#[derive(Default)]
pub struct Report {
    rows: Vec<(&'static str, Tally, Duration)>,
}

impl Report {
    pub fn add(&mut self, name: &'static str, tally: Tally, took: Duration) {
        self.rows.push((name, tally, took));
    }

    pub fn failed(&self) -> bool {
        self.rows.iter().any(|(_, tally, _)| tally.failed > 0)
    }
}

impl fmt::Display for Report {
    /// Writes the table and the reasons, and as its last line the sum alone.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{:<22}{:>8}{:>8}{:>9}{:>9}",
            "step", "passed", "failed", "skipped", "seconds"
        )?;
        for (name, Tally { passed, failed, skipped }, took) in &self.rows {
            let (skipped, seconds) = (skipped.len(), took.as_secs_f64());
            writeln!(formatter, "{name:<22}{passed:>8}{failed:>8}{skipped:>9}{seconds:>9.1}")?;
        }
        let tallies = || self.rows.iter().map(|(_, tally, _)| tally);
        for reason in tallies().flat_map(|tally| &tally.skipped) {
            writeln!(formatter, "skipped: {reason}")?;
        }
        let passed: usize = tallies().map(|tally| tally.passed).sum();
        let failed: usize = tallies().map(|tally| tally.failed).sum();
        let skipped: usize = tallies().map(|tally| tally.skipped.len()).sum();
        writeln!(formatter, "\n{passed} passed, {failed} failed, {skipped} skipped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_the_sum_alone() {
        let mut report = Report::default();
        report.add("lints", Tally::one(true), Duration::from_secs(1));
        report.add("advisories", Tally::skip("no database".to_owned()), Duration::ZERO);
        assert!(!report.failed());
        report.add("tests", Tally::one(false), Duration::ZERO);
        assert!(report.failed());
        let text = report.to_string();
        assert!(text.contains("skipped: no database\n"));
        assert_eq!(text.lines().last(), Some("1 passed, 1 failed, 1 skipped"));
    }
}
