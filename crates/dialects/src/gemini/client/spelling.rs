//! Reads what Google's servers read alike: both spellings of a member, a lone value for a list of one, and both
//! alphabets of base64.
//!
//! Its SDKs mix `topK` with `top_k` in one body, and its Python SDK writes bytes in the alphabet for URLs.
//! Source: <https://protobuf.dev/programming-guides/json/>

use canonical::Fault;
use serde_json::Value;

use crate::fields::Fields;

/// Reads a body.
pub(super) fn body(body: &[u8]) -> Result<Fields, Fault> {
    Ok(Fields::parse(body)?.renamed(camel_case))
}

/// Takes a value that stands at `place` and must be an object.
pub(super) fn fields(value: Value, place: &str) -> Result<Fields, Fault> {
    Ok(Fields::of(value, place)?.renamed(camel_case))
}

/// Takes an object.
pub(super) fn object(fields: &mut Fields, name: &str) -> Result<Option<Fields>, Fault> {
    Ok(fields.object(name)?.map(|object| object.renamed(camel_case)))
}

/// Takes a list of objects with the place of each; a lone object is a list of one.
pub(super) fn objects(fields: &mut Fields, name: &str) -> Result<Vec<(Fields, String)>, Fault> {
    let values = match fields.take(name) {
        None => Vec::new(),
        Some(Value::Array(values)) => values,
        Some(value @ Value::Object(_)) => vec![value],
        Some(_) => return Err(fields.wrong(name, "a list of objects")),
    };
    let place = fields.place(name);
    let placed = values.into_iter().enumerate().map(|(index, value)| {
        let place = format!("{place}[{index}]");
        Ok((self::fields(value, &place)?, place))
    });
    placed.collect()
}

/// Spells `top_k` as `topK`.
pub(super) fn camel_case(name: &str) -> String {
    let (first, later) = name.split_at(usize::from(name.starts_with('_')));
    let mut camel = first.to_owned();
    let mut after_line = false;
    for letter in later.chars() {
        if letter == '_' {
            after_line = true;
        } else if std::mem::take(&mut after_line) {
            camel.extend(letter.to_uppercase());
        } else {
            camel.push(letter);
        }
    }
    camel
}

/// Writes base64 of any alphabet, padded or not, in the standard one with padding.
pub(super) fn standard_base64(data: &str) -> String {
    let mut standard = data.replace('-', "+").replace('_', "/");
    while standard.len() % 4 != 0 {
        standard.push('=');
    }
    standard
}

#[cfg(test)]
mod tests {
    use super::{camel_case, standard_base64};

    #[test]
    fn both_spellings_are_one() {
        for (name, expected) in [
            ("top_k", "topK"),
            ("topK", "topK"),
            ("parameters_json_schema", "parametersJsonSchema"),
            ("_responseJsonSchema", "_responseJsonSchema"),
            ("_response_json_schema", "_responseJsonSchema"),
            ("", ""),
        ] {
            assert_eq!(camel_case(name), expected);
        }
    }

    #[test]
    fn both_alphabets_are_one() {
        for (data, expected) in [("-_8", "+/8="), ("+/8=", "+/8="), ("", ""), ("QUJD", "QUJD")] {
            assert_eq!(standard_base64(data), expected);
        }
    }
}
