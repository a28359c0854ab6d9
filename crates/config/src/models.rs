//! `[models]`: what is known of models beyond what comes with the program.

use std::path::PathBuf;

use serde::Serialize;

use crate::{
    Value,
    layers::Layers,
    setting::{Kind, Setting},
};

pub(crate) static SETTINGS: [&Setting; 2] = [&CATALOG, &DEFAULT_PROVIDER];

static CATALOG: Setting = Setting {
    name: "catalog",
    variable: "CLOSEDPAW_CATALOG",
    flag: None,
    kind: Kind::Path,
    default: &[],
    meaning: "A file of models' limits, abilities and prices that goes before the one in the program; read again \
              at each reload.",
};

static DEFAULT_PROVIDER: Setting = Setting {
    name: "default_provider",
    variable: "CLOSEDPAW_DEFAULT_PROVIDER",
    flag: None,
    kind: Kind::Text,
    default: &[],
    meaning: "The declared provider that is used when a request names none. When unset: the one that was chosen by API or \
              command line, else the first declared one that is enabled.",
};

/// The checked `[models]` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Models {
    /// The operator's own file of facts, when there is one.
    pub catalog: Option<Value<PathBuf>>,
    /// The declared provider that is the default, when one is named.
    pub default_provider: Option<Value<String>>,
}

pub(crate) fn check(layers: &Layers<'_>) -> Models {
    let default_provider = layers.given(&DEFAULT_PROVIDER).next();
    let default_provider = default_provider.and_then(|raw| {
        let name = raw.value.into_iter().next()?;
        Some(Value::new(name, raw.origin))
    });
    Models { catalog: layers.path(&CATALOG), default_provider }
}
