//! `[models]`: what is known of models beyond what comes with the program.

use std::path::PathBuf;

use serde::Serialize;

use crate::{
    Value,
    layers::Layers,
    setting::{Kind, Setting},
};

pub(crate) static SETTINGS: [&Setting; 1] = [&CATALOG];

static CATALOG: Setting = Setting {
    name: "catalog",
    variable: "CLOSEDPAW_CATALOG",
    flag: None,
    kind: Kind::Path,
    default: &[],
    meaning: "A file of models' limits, abilities and prices that goes before the one in the program; read again \
              at each reload.",
};

/// The checked `[models]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Models {
    /// The operator's own file of facts, when there is one.
    pub catalog: Option<Value<PathBuf>>,
}

pub(crate) fn check(layers: &Layers<'_>) -> Models {
    Models { catalog: layers.path(&CATALOG) }
}
