//! Standard output: tables for people, JSON for programs, and quiet when nobody reads on.

use std::{
    borrow::Cow,
    io::{self, IsTerminal as _, Write as _},
    time::Duration,
};

use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::{
    cli::{plain_text, session::Output},
    failure::Failure,
};

/// Where a verb's output goes, and in which form.
pub struct Screen {
    output: Output,
}

/// The rows under a table's headings.
pub type Rows = Vec<Vec<String>>;

impl Screen {
    pub(super) const fn new(output: Output) -> Self {
        Self { output }
    }

    /// Whether a person reads what is printed.
    pub fn is_for_people(&self) -> bool {
        match self.output {
            Output::Json => false,
            Output::Table => true,
        }
    }

    /// Prints `value` as JSON, or the table that `rows` makes of it.
    pub fn show<T: Serialize>(
        &self,
        value: &T,
        headings: &[&str],
        rows: impl FnOnce() -> Rows,
    ) -> Result<(), Failure> {
        match self.output {
            Output::Json => print_json(value),
            Output::Table => print_line(&table(headings, rows())),
        }
    }

    /// Prints `value` as JSON, or several tables under each other, each of headings and rows.
    pub fn show_parts<'h, T: Serialize>(
        &self,
        value: &T,
        parts: impl FnOnce() -> Vec<(&'h [&'h str], Rows)>,
    ) -> Result<(), Failure> {
        match self.output {
            Output::Json => print_json(value),
            Output::Table => {
                let tables = parts().into_iter().map(|(headings, rows)| table(headings, rows));
                print_line(&tables.collect::<Vec<_>>().join("\n\n"))
            }
        }
    }

    /// Prints `value` as JSON, or a sentence.
    pub fn tell<T: Serialize>(&self, value: &T, sentence: &str) -> Result<(), Failure> {
        match self.output {
            Output::Json => print_json(value),
            Output::Table => print_line(&plain_text::paragraphs(sentence)),
        }
    }
}

/// Prints `value` as indented JSON.
pub fn print_json<T: Serialize>(value: &T) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::failed(format!("cannot print the answer: {error}")))?;
    print_line(&plain_text::json(&text))
}

/// Prints our own text and a line end.
pub fn print_line(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    Ok(stdout.flush()?)
}

/// Prints a piece of an answer at once: as it is into a pipe, made safe on a terminal.
pub fn print_piece(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let text = if stdout.is_terminal() {
        Cow::Owned(plain_text::paragraphs(text))
    } else {
        Cow::Borrowed(text)
    };
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}

/// Tells a person something beside the output; programs that read the output don't see it.
pub fn note(text: &str) {
    // Nobody is left to tell when stderr is closed.
    let _nobody_listens = writeln!(io::stderr(), "{}", plain_text::paragraphs(text));
}

/// Something that turns on stderr while a person waits; nothing at all where stderr is no terminal.
pub struct Spinner(ProgressBar);

impl Spinner {
    /// Starts turning beside `text`.
    pub fn start(text: &'static str) -> Self {
        let bar = ProgressBar::new_spinner().with_message(text);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        if io::stderr().is_terminal() {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Self(bar)
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn table(headings: &[&str], rows: Rows) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headings.iter().map(|heading| heading.to_uppercase()));
    for row in rows {
        table.add_row(row.iter().map(|cell| plain_text::one_line(cell)));
    }
    let lines = table.lines().map(|line| line.trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn a_hostile_cell_stays_one_cell() {
        let text =
            table(&["name", "model"], vec![vec!["a\u{1b}[2J\nb".to_owned(), "m".to_owned()]]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].contains("NAME") && lines[0].contains("MODEL"), "{text}");
        assert!(lines[1].contains("a\u{fffd}[2J\u{fffd}b"), "{text}");
    }
}
