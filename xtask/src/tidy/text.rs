//! Checks the wording and the size of every file that Git would keep.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::workspace;

/// Words that no file may hold, each in two halves so that this file does not hold it either.
const FORBIDDEN: [((&str, &str), &str); 12] = [
    (("/ho", "me/"), "a path of one machine"),
    (("/ro", "ot/"), "a path of one machine"),
    (("/wo", "rk/"), "a path of one machine"),
    (("/Us", "ers/"), "a path of one machine"),
    (("crates.io", "-index"), "a registry's host"),
    (("static", ".crates"), "a registry's host"),
    (("files.python", "hosted"), "a registry's host"),
    (("registry", ".npmjs"), "a registry's host"),
    (("TO", "DO"), "work left undone"),
    (("FIX", "ME"), "work left undone"),
    (("XX", "X"), "work left undone"),
    (("#[ig", "nore"), "a test switched off"),
];

/// Files that their tools write, registry hosts and all.
const WRITTEN_BY_TOOLS: [&str; 1] = ["Cargo.lock"];

const MOST_LINES: usize = 500;

/// Rust files that may be longer, each with its reason.
const LONG: [(&str, &str); 0] = [];

pub fn findings() -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for path in kept_files()? {
        // What is not text, and what was deleted but not yet from the index, has no wording.
        let Ok(text) = fs::read_to_string(workspace::root().join(&path)) else { continue };
        if !WRITTEN_BY_TOOLS.contains(&path.as_str()) {
            findings.extend(forbidden(&path, &text));
        }
        if path.ends_with(".rs") {
            findings.extend(shape(&path, &text));
        }
    }
    Ok(findings)
}

fn kept_files() -> Result<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(workspace::root())
        .output()
        .context("cannot start git")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let paths = String::from_utf8(output.stdout)?;
    Ok(paths.split_terminator('\0').map(str::to_owned).collect())
}

fn forbidden(path: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for ((start, end), reason) in FORBIDDEN {
            let word = format!("{start}{end}");
            if line.contains(&word) {
                findings.push(format!("{path}:{}: {word} is {reason}", number + 1));
            }
        }
    }
    findings
}

fn shape(path: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    if !text.starts_with("//! ") {
        findings.push(format!("{path}:1: the first line is not `//!` and the file's one idea"));
    }
    let lines = text.lines().count();
    let excused = LONG.iter().any(|(long, _)| *long == path);
    if lines > MOST_LINES && !excused {
        findings.push(format!("{path}: {lines} lines; {MOST_LINES} are enough for one idea"));
    }
    if lines <= MOST_LINES && excused {
        findings.push(format!("{path}: is no longer long: take it off xtask's list"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_line_of_a_forbidden_word() {
        let text = format!("fine\n// {}{}: later\n", "TO", "DO");
        let word = ["TO", "DO"].concat();
        assert_eq!(forbidden("a.rs", &text), [format!("a.rs:2: {word} is work left undone")]);
        assert!(forbidden("a.rs", "fine\n").is_empty());
    }

    #[test]
    fn wants_a_first_line_and_few_more() {
        assert!(shape("a.rs", "//! One idea.\n").is_empty());
        assert_eq!(shape("a.rs", "fn main() {}\n").len(), 1);
        assert_eq!(shape("a.rs", &format!("//! One idea.{}", "\n".repeat(501))).len(), 1);
    }
}
