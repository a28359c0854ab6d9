//! Candidates of a route as the command line writes them: `PROVIDER/MODEL[,weight=N][,needs=WHAT]…`.

use serde_json::{Map, Value, json};

use crate::cli::cell;

const FORM: &str = "expected PROVIDER/MODEL, and after a comma each: weight=N, needs=vision+tools+json_schema, \
                    at-least=TOKENS, at-most=TOKENS, key=PATTERN or project=PATTERN";

/// Reads a candidate; what it may hold is the gateway's to check.
pub fn parse(text: &str) -> Result<Value, String> {
    let mut parts = text.split(',');
    let target = parts.next().unwrap_or_default();
    let (provider, model) = target.split_once('/').ok_or(FORM)?;
    if provider.is_empty() || model.is_empty() {
        return Err(FORM.to_owned());
    }
    let mut candidate = Map::new();
    candidate.insert("provider".to_owned(), json!(provider));
    candidate.insert("model".to_owned(), json!(model));
    let mut when = Map::new();
    for part in parts {
        let (name, value) = part.split_once('=').ok_or(FORM)?;
        let number = || value.parse::<u64>().map_err(|_| format!("{name}={value}: {FORM}"));
        let mut further = |member: &str, values: Vec<Value>| {
            let list = when.entry(member).or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut() {
                list.extend(values);
            }
        };
        match name {
            "weight" => {
                candidate.insert("weight".to_owned(), json!(number()?));
            }
            "needs" => further("needs", value.split('+').map(Value::from).collect()),
            "key" => further("keys", vec![json!(value)]),
            "project" => further("projects", vec![json!(value)]),
            "at-least" => {
                when.insert("input_tokens_at_least".to_owned(), json!(number()?));
            }
            "at-most" => {
                when.insert("input_tokens_at_most".to_owned(), json!(number()?));
            }
            _ => return Err(format!("`{name}` is not known: {FORM}")),
        }
    }
    if !when.is_empty() {
        candidate.insert("when".to_owned(), Value::Object(when));
    }
    Ok(Value::Object(candidate))
}

/// `PROVIDER/MODEL`
pub fn name(candidate: &Value) -> String {
    let text = |member| candidate.get(member).and_then(Value::as_str).unwrap_or_default();
    format!("{}/{}", text("provider"), text("model"))
}

/// The whole candidate in one line.
pub fn describe(candidate: &Value) -> String {
    let weight = candidate.get("weight").and_then(Value::as_u64).filter(|weight| *weight != 1);
    let weight = weight.map(|weight| format!(", weight {weight}")).unwrap_or_default();
    let when = candidate.get("when").filter(|when| !when.is_null());
    let when = when.map(|when| format!(", when {}", cell::text(Some(when)))).unwrap_or_default();
    format!("{}{weight}{when}", name(candidate))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{describe, parse};

    #[test]
    fn candidates_become_json() {
        let check = |text: &str, expected| assert_eq!(parse(text).unwrap(), expected, "{text}");
        check("ollama/llama3.2:3b", json!({ "provider": "ollama", "model": "llama3.2:3b" }));
        check("a/b/c:d", json!({ "provider": "a", "model": "b/c:d" }));
        check(
            "a/b,weight=3,needs=vision+tools,at-least=1,at-most=9,key=ci-*,key=k,project=p",
            json!({
                "provider": "a", "model": "b", "weight": 3,
                "when": {
                    "needs": ["vision", "tools"], "input_tokens_at_least": 1, "input_tokens_at_most": 9,
                    "keys": ["ci-*", "k"], "projects": ["p"],
                },
            }),
        );
    }

    #[test]
    fn what_is_no_candidate_is_told_what_one_is() {
        for text in ["", "a", "a/", "/b", "a/b,", "a/b,weight", "a/b,weight=x", "a/b,at-most=-1"] {
            let told = parse(text).unwrap_err();
            assert!(told.contains("expected PROVIDER/MODEL"), "{text}: {told}");
        }
        assert!(parse("a/b,wieght=1").unwrap_err().starts_with("`wieght` is not known"));
    }

    #[test]
    fn candidates_are_read_in_one_line() {
        let check = |candidate, expected: &str| assert_eq!(describe(&candidate), expected);
        check(json!({ "provider": "a", "model": "b", "weight": 1, "when": null }), "a/b");
        check(
            json!({ "provider": "a", "model": "b", "weight": 3, "when": { "needs": ["vision"] } }),
            "a/b, weight 3, when needs: vision",
        );
    }
}
