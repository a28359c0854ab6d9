//! Writes the reference documents, each of which the program prints about itself.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::gateway::without_settings;
use crate::workspace::{self, Profile};

/// Each document that is one command's output.
const PRINTED: [(&str, &[&str]); 2] = [
    ("docs/reference/config.md", &["config", "reference"]),
    ("docs/reference/openapi.json", &["openapi"]),
];
const COMMANDS: &str = "docs/reference/cli.md";

#[derive(Args)]
pub struct Options {
    /// Write nothing; fail if a document differs from what the program prints
    #[arg(long)]
    check: bool,
}

pub fn run(options: &Options) -> Result<ExitCode> {
    let program = workspace::build(Profile::Dev)?;
    if options.check {
        let stale = stale(&program)?;
        for document in &stale {
            println!("{document} is stale: run `cargo xtask docs`");
        }
        return Ok(ExitCode::from(u8::from(!stale.is_empty())));
    }
    for (document, text) in documents(&program)? {
        let path = workspace::root().join(document);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The documents that differ from what `program` prints.
pub fn stale(program: &Path) -> Result<Vec<&'static str>> {
    let documents = documents(program)?;
    let differs = |(document, text): &(&str, String)| {
        fs::read_to_string(workspace::root().join(document)).ok().as_ref() != Some(text)
    };
    Ok(documents.into_iter().filter(differs).map(|(document, _)| document).collect())
}

fn documents(program: &Path) -> Result<Vec<(&'static str, String)>> {
    let mut documents = vec![(COMMANDS, command_reference(program)?)];
    for (document, arguments) in PRINTED {
        documents.push((document, output(program, arguments)?));
    }
    Ok(documents)
}

/// The help of every command, from the top down.
fn command_reference(program: &Path) -> Result<String> {
    let mut text = String::from("# The command line\n\nPrinted by `closedpaw … --help`.\n");
    let mut waiting = vec![Vec::new()];
    while let Some(command) = waiting.pop() {
        let words: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let help = output(program, &words)?;
        let title = [&["closedpaw".to_owned()], command.as_slice()].concat().join(" ");
        text += &format!("\n## {title}\n\n```text\n{}\n```\n", help.trim_end());
        // Last in, first out: the first subcommand comes next.
        for name in subcommands(&help).into_iter().rev() {
            waiting.push([command.as_slice(), &[name.to_owned()]].concat());
        }
    }
    Ok(text)
}

/// The names under the heading `Commands:` of a help text.
fn subcommands(help: &str) -> Vec<&str> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let rows = listed.take_while(|line| !line.is_empty());
    // A row is indented by two; a description's further lines are indented by more.
    let names = rows.filter_map(|row| row.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !name.is_empty() && *name != "help").collect()
}

fn output(program: &Path, arguments: &[&str]) -> Result<String> {
    // The width of the help must not depend on who writes the documents.
    let output =
        without_settings(Command::new(program).args(arguments)).env("COLUMNS", "100").output()?;
    ensure!(
        output.status.success(),
        "`closedpaw {}` failed: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    String::from_utf8(output.stdout).context("the program printed something other than text")
}

#[cfg(test)]
mod tests {
    use super::subcommands;

    #[test]
    fn reads_the_names_of_subcommands() {
        let help = "Does it\n\nUsage: x <COMMAND>\n\nCommands:\n  serve  Runs it\n           in front\n  chat   Talks\n  help   Prints\n\nOptions:\n  -h\n";
        assert_eq!(subcommands(help), ["serve", "chat"]);
        assert!(subcommands("Usage: x\n\nOptions:\n  -h\n").is_empty());
    }
}
