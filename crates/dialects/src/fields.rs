//! Reads a caller's JSON: insists on types, names what is wrong, and keeps what nobody took.
//!
//! Whoever reads a request takes every member that it understands; what is left at the end can then be noted as
//! lost instead of being overlooked.

use canonical::{Fault, Losses};
use serde_json::{Map, Value};

use crate::json::value_of;

/// The members of one object of a request that nobody has taken yet.
#[derive(Debug)]
pub(crate) struct Fields {
    members: Map<String, Value>,
    /// Where the object stands, such as `messages[3].`; empty at the top.
    path: String,
}

impl Fields {
    /// Reads a body, which must be a JSON object.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Fault> {
        match value_of(body) {
            Ok(Value::Object(members)) => Ok(Self { members, path: String::new() }),
            Ok(_) => Err(invalid("the body must be a JSON object")),
            Err(error) => Err(invalid(format!("the body is not JSON: {error}"))),
        }
    }

    /// Takes a value that stands at `place` and must be an object.
    pub(crate) fn of(value: Value, place: &str) -> Result<Self, Fault> {
        match value {
            Value::Object(members) => Ok(Self { members, path: format!("{place}.") }),
            _ => Err(invalid(format!("`{place}` must be an object"))),
        }
    }

    /// Renames the members, so that a dialect with several spellings is read in one.
    pub(crate) fn renamed(self, rename: fn(&str) -> String) -> Self {
        let members = self.members.into_iter().map(|(name, value)| (rename(&name), value));
        Self { members: members.collect(), path: self.path }
    }

    /// Where a member stands, for faults and for the faults of what is within it.
    pub(crate) fn place(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    /// Takes a member of any type; null counts as absent.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.members.shift_remove(name).filter(|value| !value.is_null())
    }

    /// Returns a member without taking it; null counts as absent.
    pub(crate) fn peek(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// Returns whether a member is there and not null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.peek(name).is_some()
    }

    /// Takes a text.
    pub(crate) fn string(&mut self, name: &str) -> Result<Option<String>, Fault> {
        self.typed(name, "a string", |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })
    }

    /// Takes a text that must be there.
    pub(crate) fn required_string(&mut self, name: &str) -> Result<String, Fault> {
        self.string(name)?.ok_or_else(|| self.missing(name))
    }

    /// Takes true or false.
    pub(crate) fn boolean(&mut self, name: &str) -> Result<Option<bool>, Fault> {
        self.typed(name, "true or false", |value| value.as_bool())
    }

    /// Takes a number.
    pub(crate) fn number(&mut self, name: &str) -> Result<Option<f64>, Fault> {
        self.typed(name, "a number", |value| value.as_f64())
    }

    /// Takes a whole number of any sign; `5.0` counts as 5.
    pub(crate) fn integer(&mut self, name: &str) -> Result<Option<i64>, Fault> {
        self.typed(name, "a whole number", |value| value.as_i64().or_else(|| whole(&value)))
    }

    /// Takes a whole number that is not negative; `5.0` counts as 5.
    pub(crate) fn count(&mut self, name: &str) -> Result<Option<u64>, Fault> {
        self.typed(name, "a whole number of at least 0", |value| {
            value.as_u64().or_else(|| u64::try_from(whole(&value)?).ok())
        })
    }

    /// Takes a list; absent is empty.
    pub(crate) fn list(&mut self, name: &str) -> Result<Vec<Value>, Fault> {
        let list = self.typed(name, "a list", |value| match value {
            Value::Array(elements) => Some(elements),
            _ => None,
        });
        Ok(list?.unwrap_or_default())
    }

    /// Takes an object.
    pub(crate) fn object(&mut self, name: &str) -> Result<Option<Self>, Fault> {
        let place = self.place(name);
        self.take(name).map(|value| Self::of(value, &place)).transpose()
    }

    /// Takes a text, or a list of texts.
    pub(crate) fn strings(&mut self, name: &str) -> Result<Vec<String>, Fault> {
        let strings = self.typed(name, "a string or a list of strings", |value| match value {
            Value::String(text) => Some(vec![text]),
            Value::Array(elements) => elements
                .into_iter()
                .map(|element| match element {
                    Value::String(text) => Some(text),
                    _ => None,
                })
                .collect(),
            _ => None,
        });
        Ok(strings?.unwrap_or_default())
    }

    /// The fault of a member that must be there.
    pub(crate) fn missing(&self, name: &str) -> Fault {
        invalid(format!("`{}` is missing", self.place(name)))
    }

    /// The fault of a member whose value is not `expected`, such as `a string`.
    pub(crate) fn wrong(&self, name: &str, expected: &str) -> Fault {
        invalid(format!("`{}` must be {expected}", self.place(name)))
    }

    /// Returns what nobody took; nulls say nothing and are left out.
    pub(crate) fn rest(self) -> Map<String, Value> {
        self.members.into_iter().filter(|(_, value)| !value.is_null()).collect()
    }

    /// Notes what nobody took as lost, under `group` and its name.
    pub(crate) fn note_rest(self, group: &str, losses: &mut Losses) {
        for (name, _) in self.rest() {
            losses.note(format!("{group}.{name}"));
        }
    }

    fn typed<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        match self.take(name) {
            Some(value) => read(value).map(Some).ok_or_else(|| self.wrong(name, expected)),
            None => Ok(None),
        }
    }
}

/// The fault of a request that makes no sense.
pub(crate) fn invalid(sentence: impl Into<String>) -> Fault {
    Fault::invalid_request(sentence)
}

/// Reads a float without a fraction, up to where floats are exact.
fn whole(value: &Value) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let number = value.as_f64()?;
    (number.fract() == 0.0 && number.abs() < EXACT).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use canonical::Losses;
    use serde_json::json;

    use super::Fields;

    #[test]
    fn what_nobody_took_is_noted() {
        let mut fields = Fields::of(json!({"a": 1, "b": null, "c": "x"}), "messages[0]").unwrap();
        assert_eq!(fields.count("a"), Ok(Some(1)));
        let mut losses = Losses::default();
        fields.note_rest("messages", &mut losses);
        assert_eq!(losses.to_string(), "messages.c");
    }

    #[test]
    fn a_fault_names_the_member() {
        let mut fields = Fields::of(json!({"a": "1"}), "messages[0]").unwrap();
        let fault = fields.number("a").unwrap_err();
        assert_eq!(fault.public, "`messages[0].a` must be a number");
        let fault = fields.required_string("b").unwrap_err();
        assert_eq!(fault.public, "`messages[0].b` is missing");
    }

    #[test]
    fn integral_floats_are_whole_numbers() {
        let mut fields = Fields::parse(br#"{"a": 5.0, "b": 5.5, "c": -2}"#).unwrap();
        assert_eq!(fields.count("a"), Ok(Some(5)));
        assert!(fields.count("b").is_err());
        assert_eq!(fields.integer("c"), Ok(Some(-2)));
    }
}
