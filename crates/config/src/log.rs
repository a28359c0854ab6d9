//! `[log]`: how much the gateway tells about its work, and in which form.

use serde::Serialize;

use crate::{
    Fault, Value,
    layers::Layers,
    nearest::hint,
    setting::{Kind, Setting},
};

pub(crate) static SETTINGS: [&Setting; 2] = [&LEVEL, &FORMAT];

static LEVEL: Setting = Setting {
    name: "level",
    variable: "CLOSEDPAW_LOG_LEVEL",
    flag: None,
    kind: Kind::Text,
    default: &["info"],
    meaning: "The least severe events to log: `error`, `warn`, `info`, `debug` or `trace`.",
};

static FORMAT: Setting = Setting {
    name: "format",
    variable: "CLOSEDPAW_LOG_FORMAT",
    flag: None,
    kind: Kind::Text,
    default: &["text"],
    meaning: "`text` for people, or `json` with one object a line for machines.",
};

/// The checked `[log]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Log {
    /// The least severe events to log.
    pub level: Value<Level>,
    /// The form of a line.
    pub format: Value<Format>,
}

/// How severe an event is, the most severe first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the field's own names")]
pub enum Level {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

const LEVELS: [(&str, Level); 5] = [
    ("error", Level::Error),
    ("warn", Level::Warn),
    ("info", Level::Info),
    ("debug", Level::Debug),
    ("trace", Level::Trace),
];

const FORMATS: [(&str, Format); 2] = [("text", Format::Text), ("json", Format::Json)];

pub(crate) fn check(layers: &Layers<'_>, faults: &mut Vec<Fault>) -> Log {
    Log {
        level: layers.one(&LEVEL, |text| choose(text, &LEVELS), faults),
        format: layers.one(&FORMAT, |text| choose(text, &FORMATS), faults),
    }
}

fn choose<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let names = || choices.iter().map(|(name, _)| *name);
    match choices.iter().find(|(name, _)| *name == text) {
        Some((_, choice)) => Ok(*choice),
        None => {
            let expected = names().collect::<Vec<_>>().join(", ");
            Err(format!("expected one of {expected}, found `{text}`{}", hint(text, names())))
        }
    }
}
