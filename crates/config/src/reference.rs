//! The settings reference, generated from the same rows that the settings are read by.

use std::fmt::Write as _;

use crate::{
    directories,
    load::SECTIONS,
    setting::{Kind, Setting},
};

const INTRODUCTION: &str = "\
# Settings

Defaults, then the config file, then the environment, then flags: the last one that speaks wins. In the
environment a list is separated by commas, and an empty variable counts as unset. `closedpaw config check`
names every mistake with its line; `closedpaw config show` prints each value and where it came from.
";

/// The whole reference in Markdown.
#[must_use]
pub fn reference() -> String {
    let mut out = INTRODUCTION.to_owned();
    section(&mut out, "Places", &directories::SETTINGS);
    for (name, settings) in &SECTIONS {
        section(&mut out, &format!("`[{name}]`"), settings);
    }
    out
}

fn section(out: &mut String, title: &str, settings: &[&Setting]) {
    let _infallible = write!(
        out,
        "\n## {title}\n\n| setting | shape | default | variable | flag | meaning |\n|---|---|---|---|---|---|\n"
    );
    for setting in settings {
        let _infallible = writeln!(
            out,
            "| `{}` | {} | {} | `{}` | {} | {} |",
            setting.name,
            setting.kind.expected(),
            default(setting),
            setting.variable,
            setting.flag.map(|flag| format!("`{flag}`")).unwrap_or_default(),
            setting.meaning,
        );
    }
}

fn default(setting: &Setting) -> String {
    match (setting.kind, setting.default) {
        (_, []) => String::new(),
        (Kind::List, values) => format!("`{values:?}`"),
        (Kind::Text | Kind::Path | Kind::Number | Kind::Switch, values) => {
            format!("`{}`", values.join(" "))
        }
    }
}
