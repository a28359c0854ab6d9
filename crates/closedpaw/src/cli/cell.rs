//! JSON as a person reads it in a table.

use serde_json::Value;

use crate::cli::screen::Rows;

/// A row for each member of an object.
pub fn rows(object: &Value) -> Rows {
    let members = object.as_object().into_iter().flatten();
    members.map(|(name, value)| vec![name.replace('_', " "), text(Some(value))]).collect()
}

/// A value as a person reads it in a cell.
pub fn text(value: Option<&Value>) -> String {
    let cell = match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            items.iter().map(|item| text(Some(item))).collect::<Vec<_>>().join(", ")
        }
        Some(Value::Object(members)) => {
            let pair = |(name, value)| format!("{name}: {}", text(Some(value)));
            members.iter().map(pair).collect::<Vec<_>>().join(", ")
        }
        Some(number @ Value::Number(_)) => number.to_string(),
    };
    if cell.is_empty() { "-".to_owned() } else { cell }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::rows;

    #[test]
    fn members_become_rows() {
        let object = json!({
            "default_model": null, "enabled": true, "models": ["a", "b"], "headers": [],
            "settings": { "preset": "groq" }, "rate_limit": 5, "name": "work",
        });
        let expected = [
            ["default model", "-"],
            ["enabled", "yes"],
            ["models", "a, b"],
            ["headers", "-"],
            ["settings", "preset: groq"],
            ["rate limit", "5"],
            ["name", "work"],
        ];
        assert_eq!(rows(&object), expected);
    }
}
