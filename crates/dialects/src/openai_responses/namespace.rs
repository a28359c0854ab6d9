//! A tool within a namespace, as one name.
//!
//! Only this dialect groups tools. Elsewhere the group stands before the tool's own name, behind a joint that the
//! alphabet of tool names allows and that nobody writes.

/// What stands between the two.
const JOINT: &str = "_-_";

/// Joins a name to its namespace.
pub(super) fn joined(namespace: Option<&str>, name: &str) -> String {
    match namespace {
        Some(namespace) => format!("{namespace}{JOINT}{name}"),
        None => name.to_owned(),
    }
}

/// Tells a namespace from the name in it.
pub(super) fn split(joined: &str) -> (Option<&str>, &str) {
    match joined.split_once(JOINT) {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, joined),
    }
}

#[cfg(test)]
mod tests {
    use super::{joined, split};

    #[test]
    fn names_come_back_as_they_went() {
        for (namespace, name) in [(None, "tide"), (Some("mcp__harbour__"), "_tide")] {
            assert_eq!(split(&joined(namespace, name)), (namespace, name));
        }
    }
}
