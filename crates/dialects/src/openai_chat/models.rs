//! Reads the list of models, which comes in one page.

use serde_json::Value;

use crate::{
    Malformed, ModelPage,
    json::{filled, parse},
};

/// Reads `{"data": [{"id"}]}`, or the bare array that Together and some of Mistral's documents have.
pub(crate) fn decode(body: &[u8]) -> Result<ModelPage, Malformed> {
    let body = parse(body)?;
    let models = body
        .get("data")
        .unwrap_or(&body)
        .as_array()
        .ok_or_else(|| Malformed("the list of models has no `data` array".to_owned()))?;
    let id = |model: &Value| filled(model, "id").map(str::to_owned);
    Ok(ModelPage { ids: models.iter().filter_map(id).collect(), next: None })
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn reads_both_shapes() {
        for body in [
            r#"{"object":"list","data":[{"id":"a/b"},{"name":"no id"},{"id":"c"}]}"#,
            r#"[{"id":"a/b"},{"id":"c"}]"#,
        ] {
            assert_eq!(decode(body.as_bytes()).unwrap().ids, ["a/b", "c"]);
        }
        for body in ["{}", "no JSON", r#"{"data":{}}"#] {
            assert!(decode(body.as_bytes()).is_err(), "{body}");
        }
    }
}
