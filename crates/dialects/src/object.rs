//! JSON objects of members that may be absent.

use serde_json::{Map, Value};

/// Makes an object of the members that are not null, in their order.
pub(crate) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let present = members.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(present.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::object;

    #[test]
    fn absent_members_are_left_out() {
        let made = object([("b", json!(1)), ("a", Value::Null), ("c", json!(false))]);
        assert_eq!(made.to_string(), r#"{"b":1,"c":false}"#);
    }
}
