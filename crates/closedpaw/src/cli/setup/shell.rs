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
    pub fn key(name: &'static str, key_file: &str) -> Self {
        Self { name, value: format!("\"$({})\"", cat(key_file)) }
    }

    /// The line that sets it.
    pub fn line(&self) -> String {
        format!("export {}={}", self.name, self.value)
    }
}

/// The command that prints the key.
pub fn cat(key_file: &str) -> String {
    format!("cat -- {}", quoted(key_file))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::Variable;

    #[test]
    fn nothing_in_a_value_is_obeyed() {
        let line = Variable::text("A", "$(touch x) `y` \"z\" it's").line();
        assert_eq!(line, r#"export A='$(touch x) `y` "z" it'\''s'"#);
        let line = Variable::key("B", "/my keys/it's").line();
        assert_eq!(line, r#"export B="$(cat -- '/my keys/it'\''s')""#);
    }
}
