//! `[records]`: what is remembered of requests, and for how long.

use serde::Serialize;

use crate::{
    Fault, Value,
    layers::Layers,
    setting::{Kind, Setting},
};

pub(crate) static SETTINGS: [&Setting; 1] = [&RETENTION_DAYS];

static RETENTION_DAYS: Setting = Setting {
    name: "retention_days",
    variable: "CLOSEDPAW_RETENTION_DAYS",
    flag: None,
    kind: Kind::Number,
    default: &["30"],
    meaning: "How many days what became of a request is kept; 0 keeps none. The sums of each day stay for good.",
};

/// A hundred years.
const MOST_DAYS: u32 = 36_500;

/// The checked `[records]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Records {
    /// How many days a request is remembered; with 0 only sums are.
    pub retention_days: Value<u32>,
}

pub(crate) fn check(layers: &Layers<'_>, faults: &mut Vec<Fault>) -> Records {
    Records { retention_days: layers.one(&RETENTION_DAYS, days, faults) }
}

fn days(text: &str) -> Result<u32, String> {
    let days = text.trim().parse().ok().filter(|days| *days <= MOST_DAYS);
    days.ok_or_else(|| format!("expected a number of days up to {MOST_DAYS}, found `{text}`"))
}
