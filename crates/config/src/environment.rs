//! The environment variables, read in one place.

use std::{ffi::OsString, path::PathBuf};

/// A view of environment variables: the process's own, or a test's.
///
/// Nothing is copied ahead of use, so a secret in the environment stays where it is until asked for.
/// An empty variable counts as unset.
pub struct Environment {
    lookup: Box<Lookup>,
}

type Lookup = dyn Fn(&str) -> Option<OsString> + Send + Sync;

impl Environment {
    /// The variables of this process.
    #[must_use]
    pub fn of_process() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads them")]
        let lookup = |name: &str| std::env::var_os(name);
        Self { lookup: Box::new(lookup) }
    }

    /// Exactly these variables and no others.
    #[must_use]
    pub fn fixed<const N: usize>(variables: [(&str, &str); N]) -> Self {
        let variables = variables.map(|(name, value)| (name.to_owned(), OsString::from(value)));
        let lookup = move |name: &str| {
            variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        Self { lookup: Box::new(lookup) }
    }

    /// The variable's text; what is not UTF-8 is replaced, and so refused by whatever parses it.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| value.to_string_lossy().into_owned())
    }

    /// The variable's value as a path, whatever its bytes.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }

    fn get(&self, name: &str) -> Option<OsString> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }
}
