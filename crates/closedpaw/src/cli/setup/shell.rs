//! Lines for a shell: variables with their values, quoted so that nothing in them is obeyed.

/// A variable that a line sets.
pub struct Variable {
    name: &'static str,
    value: String,
}

impl Variable {
    /// A variable that holds `text`.
    pub fn text(name: &'static str, text: &str) -> Self {
        Self { name, value: quoted(text) }
    }

    /// A variable that holds the key: the shell reads it when it runs the line.
    pub fn key(name: &'static str, key: &Key) -> Self {
        let value = match key {
            Key::File(_) => format!("\"$({})\"", key.command()),
            Key::Variable(variable) => format!("\"${{{variable}:?}}\""),
        };
        Self { name, value }
    }

    /// The line that sets it.
    pub fn line(&self) -> String {
        format!("export {}={}", self.name, self.value)
    }
}

/// Where the key is kept, which no line holds itself.
pub enum Key {
    /// The path of a file.
    File(String),
    /// The name of a variable, which has to be set wherever the line is run.
    Variable(&'static str),
}

impl Key {
    /// The command that prints the key.
    pub fn command(&self) -> String {
        match self {
            Self::File(path) => format!("cat -- {}", quoted(path)),
            Self::Variable(name) => format!("printenv {name}"),
        }
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::{Key, Variable};

    #[test]
    fn nothing_in_a_value_is_obeyed() {
        let line = Variable::text("A", "$(touch x) `y` \"z\" it's").line();
        assert_eq!(line, r#"export A='$(touch x) `y` "z" it'\''s'"#);
        let line = Variable::key("B", &Key::File("/my keys/it's".to_owned())).line();
        assert_eq!(line, r#"export B="$(cat -- '/my keys/it'\''s')""#);
    }
}
