//! One setting: its name in each layer, its shape, its default and its meaning.

/// A row of the reference, and all that the layers need to know to find a value.
pub(crate) struct Setting {
    /// The key in its table of the config file, or what a place is called.
    pub name: &'static str,
    /// The environment variable.
    pub variable: &'static str,
    /// The flag of `closedpaw serve`, or the global one.
    pub flag: Option<&'static str>,
    /// What a value looks like.
    pub kind: Kind,
    /// The value when nobody says anything, as the reference shows it.
    pub default: &'static [&'static str],
    /// What it does: a sentence for the reference.
    pub meaning: &'static str,
}

/// The shape of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A string.
    Text,
    /// A path; in the config file, relative ones start at the file's folder.
    Path,
    /// A whole number that is not negative.
    Number,
    /// Strings; separated by commas in the environment.
    List,
    /// `true` or `false`.
    Switch,
}

impl Kind {
    /// The shape in words that complete "expected …".
    pub(crate) const fn expected(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Path => "a path in quotes",
            Self::Number => "a whole number",
            Self::List => "a list of strings",
            Self::Switch => "true or false",
        }
    }
}
