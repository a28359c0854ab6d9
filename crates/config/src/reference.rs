//! The settings reference, generated from the same rows that the settings are read by.

use std::fmt::Write as _;

use crate::{
    declared, directories,
    load::SECTIONS,
    setting::{Kind, Setting},
};

const INTRODUCTION: &str = "\
# Settings

Defaults, then the config file, then the environment, then flags: the last one that speaks wins. In the
environment a list is separated by commas, and an empty variable counts as unset. `closedpaw config check`
names every mistake with its line; `closedpaw config show` prints each value and where it came from.
";

const DECLARED: &str = "
## What the file declares

Providers, routes, keys and projects may be declared in the file. They take the members that the management API takes,
and are checked by the same rules. What is declared is in force from the start on and after each reload (SIGHUP, or
`POST /api/config/reload`), all of it or, if anything in the file is wrong, none: then everything stays as it was. The
API and the command line show it with `declared_at` and refuse to change it. A registered provider, or a route that was
set, of the same name is kept but hidden. Where providers are declared before the first start, no Ollama is registered.

A secret never stands in the file. `{ env = \"NAME\" }` refers to a variable of the gateway's environment, `{ file =
\"PATH\" }` to a file, whose last line end is left out; a relative path starts at the config file's folder. A variable
that is not set, or a file that can't be read, is a mistake like any other.
";

/// The whole reference in Markdown.
#[must_use]
pub fn reference() -> String {
    let mut out = INTRODUCTION.to_owned();
    section(&mut out, "Places", &directories::SETTINGS);
    for (name, settings) in &SECTIONS {
        section(&mut out, &format!("`[{name}]`"), settings);
    }
    out.push_str(DECLARED);
    for section in &declared::SECTIONS {
        let declared::Section { name, meaning, example, secrets, .. } = section;
        let secrets: Vec<_> = secrets.iter().map(|(member, _)| format!("`{member}`")).collect();
        let referred = match secrets.as_slice() {
            [] => String::new(),
            secrets => format!(" Given by reference: {}.", secrets.join(", ")),
        };
        let _infallible =
            write!(out, "\n### `[{name}.NAME]`\n\n{meaning}{referred}\n\n```toml\n{example}```\n");
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
