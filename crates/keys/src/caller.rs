//! Who calls: a key that was found valid, and what it may do and use.

use std::{fmt, sync::Arc};

use grants::{Grant, Scopes};
use limits::Meter;

/// Whose key it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CallerId {
    /// The admin key.
    Admin,
    /// A virtual key, by its id.
    Key(Arc<str>),
    /// None: somebody who calls what is open to anyone.
    Nobody,
}

/// A valid key, as of the moment that it was presented.
#[derive(Debug)]
pub struct Caller {
    /// Whose it is.
    pub id: CallerId,
    /// The key's name; `admin` for the admin key.
    pub name: String,
    /// The project that it belongs to.
    pub project: Option<String>,
    /// What it may do.
    pub grant: Grant,
    /// What its requests are counted by: its own meter, those of its makers, and the project's; only those with limits.
    pub meters: Vec<Arc<Meter>>,
}

impl Caller {
    /// The holder of the admin key: everything, without limits.
    #[must_use]
    pub fn admin() -> Self {
        Self {
            id: CallerId::Admin,
            name: "admin".to_owned(),
            project: None,
            grant: Grant::all(),
            meters: Vec::new(),
        }
    }

    /// Somebody without a key, for what is open to anyone.
    #[must_use]
    pub fn nobody() -> Self {
        let grant = Grant { scopes: Scopes::default(), ..Grant::all() };
        Self { id: CallerId::Nobody, name: "nobody".to_owned(), grant, ..Self::admin() }
    }
}

impl CallerId {
    /// The id as records have it: `admin`, or the key's.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Admin => "admin",
            Self::Key(id) => id,
            Self::Nobody => "nobody",
        }
    }
}

impl fmt::Display for CallerId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
