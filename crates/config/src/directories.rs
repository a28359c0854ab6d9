//! Where the gateway keeps its data, its keys and its config file.

use std::{
    ffi::OsStr,
    fs,
    path::{Component, Path, PathBuf},
};

use serde::Serialize;

use crate::{
    Environment, Fault, Faults, Origin, Value,
    setting::{Kind, Setting},
};

pub(crate) static SETTINGS: [&Setting; 3] = [&DATA_DIR, &CONFIG, &KEYS_DIR];

static DATA_DIR: Setting = Setting {
    name: "data_dir",
    variable: "CLOSEDPAW_DATA_DIR",
    flag: Some("--data-dir"),
    kind: Kind::Path,
    default: &["$XDG_DATA_HOME/closedpaw"],
    meaning: "Holds the database: digests and sealed values only.",
};

static CONFIG: Setting = Setting {
    name: "config",
    variable: "CLOSEDPAW_CONFIG",
    flag: Some("--config"),
    kind: Kind::Path,
    default: &["$XDG_CONFIG_HOME/closedpaw/config.toml"],
    meaning: "The config file; must exist when named, and is read when the default one exists.",
};

static KEYS_DIR: Setting = Setting {
    name: "keys_dir",
    variable: "CLOSEDPAW_KEYS_DIR",
    flag: Some("--keys-dir"),
    kind: Kind::Path,
    default: &["$XDG_CONFIG_HOME/closedpaw/keys"],
    meaning: "Holds the master key and the admin key; never inside the data dir.",
};

/// The three places, each an absolute path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Directories {
    /// Holds the database, the lock and what tells clients of the running instance.
    #[serde(rename = "data_dir")]
    pub data: Value<PathBuf>,
    /// Holds the master key and the admin key.
    #[serde(rename = "keys_dir")]
    pub keys: Value<PathBuf>,
    /// The config file; the default one need not exist.
    pub config: Value<PathBuf>,
}

/// The global flags.
#[derive(Clone, Debug, Default)]
pub struct DirectoryFlags {
    /// `--data-dir`.
    pub data: Option<PathBuf>,
    /// `--keys-dir`.
    pub keys: Option<PathBuf>,
    /// `--config`.
    pub config: Option<PathBuf>,
}

impl Directories {
    /// Finds the three places; makes nothing.
    ///
    /// # Errors
    ///
    /// When there is no home to start from, or the keys dir lies inside the data dir.
    pub fn find(environment: &Environment, flags: &DirectoryFlags) -> Result<Self, Faults> {
        let place = |setting: &Setting, flag: &Option<PathBuf>, home: &Home, below: &str| {
            find(environment, setting, flag.as_ref(), home, below)
        };
        let directories = Self {
            data: place(&DATA_DIR, &flags.data, &DATA_HOME, "closedpaw")?,
            keys: place(&KEYS_DIR, &flags.keys, &CONFIG_HOME, "closedpaw/keys")?,
            config: place(&CONFIG, &flags.config, &CONFIG_HOME, "closedpaw/config.toml")?,
        };
        let (data, keys) = (resolved(&directories.data), resolved(&directories.keys));
        if keys.starts_with(&data) {
            let message = format!(
                "the keys dir {} lies inside the data dir {}: give it a place of its own with \
                 --keys-dir, so that a copy of the data holds no keys",
                directories.keys.display(),
                directories.data.display(),
            );
            return Err(Fault::new(&directories.keys.origin, message).into());
        }
        Ok(directories)
    }
}

/// A base directory of the XDG specification.
struct Home {
    variable: &'static str,
    below_home: &'static str,
}

const DATA_HOME: Home = Home { variable: "XDG_DATA_HOME", below_home: ".local/share" };
const CONFIG_HOME: Home = Home { variable: "XDG_CONFIG_HOME", below_home: ".config" };

fn find(
    environment: &Environment,
    setting: &Setting,
    flag: Option<&PathBuf>,
    home: &Home,
    below: &str,
) -> Result<Value<PathBuf>, Faults> {
    let (path, origin) = if let (Some(path), Some(flag)) = (flag, setting.flag) {
        (path.clone(), Origin::Flag(flag))
    } else if let Some(path) = environment.path(setting.variable) {
        (path, Origin::Variable(setting.variable))
    } else {
        let Some(base) = base(environment, home) else {
            let flag = setting.flag.unwrap_or_default();
            let message =
                format!("HOME is not set: set it, or name the {} by {flag}", setting.name);
            return Err(Fault::new(&Origin::Default, message).into());
        };
        (base.join(below), Origin::Default)
    };
    let path = std::path::absolute(&path).map_err(|error| {
        Fault::new(&origin, format!("{}: not a usable path: {error}", setting.name))
    })?;
    Ok(Value::new(path, origin))
}

/// The base directory. The XDG specification has relative ones ignored.
fn base(environment: &Environment, home: &Home) -> Option<PathBuf> {
    environment
        .path(home.variable)
        .filter(|path| path.is_absolute())
        .or_else(|| environment.path("HOME").map(|path| path.join(home.below_home)))
}

/// The path with symlinks and `..` resolved as far as it exists, so that no spelling hides where it is.
fn resolved(path: &Path) -> PathBuf {
    let mut missing: Vec<&OsStr> = Vec::new();
    let mut existing = path;
    loop {
        if let Ok(real) = fs::canonicalize(existing) {
            return missing.iter().rev().fold(real, |path, name| descend(path, name));
        }
        match (existing.parent(), existing.components().next_back()) {
            (Some(parent), Some(last)) => {
                missing.push(last.as_os_str());
                existing = parent;
            }
            _ => return path.to_owned(),
        }
    }
}

fn descend(mut path: PathBuf, name: &OsStr) -> PathBuf {
    if name == Component::ParentDir.as_os_str() {
        path.pop();
    } else {
        path.push(name);
    }
    path
}
