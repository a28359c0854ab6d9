//! What is wrong with the settings, all of it.

use std::fmt;

use crate::Origin;

/// One mistake and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The layer that holds the mistake.
    pub origin: Origin,
    /// A sentence that says what is wrong and what was expected.
    pub message: String,
}

impl Fault {
    pub(crate) fn new(origin: &Origin, message: impl Into<String>) -> Self {
        Self { origin: origin.clone(), message: message.into() }
    }

    /// A fault in one setting's value. A line of the file doesn't name its key; a flag or variable does.
    pub(crate) fn in_value(origin: &Origin, key: &str, message: &str) -> Self {
        match origin {
            Origin::File { .. } => Self::new(origin, format!("{key}: {message}")),
            Origin::Default | Origin::Variable(_) | Origin::Flag(_) => Self::new(origin, message),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.origin, self.message)
    }
}

/// Every mistake that was found, one a line when shown; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                out.write_str("\n")?;
            }
            fault.fmt(out)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}
