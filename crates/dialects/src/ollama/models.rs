//! Reads the list of models that `GET /api/tags` gives in one page.

use serde_json::Value;

use crate::{
    Malformed, ModelPage,
    json::{filled, parse},
};

/// Reads `{"models": [{"model", "name"}]}`; both members hold the id, and older servers have `name` alone.
pub(super) fn decode(body: &[u8]) -> Result<ModelPage, Malformed> {
    let body = parse(body)?;
    let models = body
        .get("models")
        .and_then(Value::as_array)
        .ok_or_else(|| Malformed("the list of models has no `models` array".to_owned()))?;
    let id =
        |model: &Value| filled(model, "model").or_else(|| filled(model, "name")).map(str::to_owned);
    Ok(ModelPage { ids: models.iter().filter_map(id).collect(), next: None })
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn reads_both_members() {
        let body = br#"{"models":[{"model":"a:1","name":"a:1"},{"name":"b"}]}"#;
        assert_eq!(decode(body).unwrap().ids, ["a:1", "b"]);
        assert!(decode(br#"{"data":[]}"#).is_err());
    }
}
