//! Writes a request for embeddings as the body of `POST /embeddings`.

use canonical::{Dialect, EmbeddingInput, EmbeddingRequest, Fault, Losses};
use serde_json::json;

use crate::{fields::invalid, object::object, openai_chat::request::add_members};

/// Where embeddings are asked for.
pub(super) const TARGET: &str = "/embeddings";

/// Writes the request; the provider takes texts alone.
pub(super) fn encode(request: &EmbeddingRequest, losses: &mut Losses) -> Result<Vec<u8>, Fault> {
    let texts = request.inputs.iter().map(|input| match input {
        EmbeddingInput::Text(text) => Ok(text),
        EmbeddingInput::Tokens(_) => {
            Err(invalid("`input` must hold texts: models of this provider take no lists of tokens"))
        }
    });
    let texts: Vec<&String> = texts.collect::<Result<_, _>>()?;
    if request.user.is_some() {
        losses.note("user");
    }
    let mut body = object([
        ("model", json!(request.model)),
        ("input", json!(texts)),
        ("output_dimension", json!(request.dimensions)),
    ]);
    add_members(request.extras.as_ref(), Dialect::Mistral, &mut body, losses);
    Ok(body.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use canonical::{EmbeddingInput, EmbeddingRequest, Losses};
    use serde_json::{Value, json};

    use super::encode;

    #[test]
    fn only_texts_are_taken() {
        let inputs = vec![EmbeddingInput::Text("a".into())];
        let request = EmbeddingRequest {
            model: "m".into(),
            inputs,
            dimensions: Some(8),
            user: Some("u".into()),
            ..EmbeddingRequest::default()
        };
        let mut losses = Losses::default();
        let body: Value = serde_json::from_slice(&encode(&request, &mut losses).unwrap()).unwrap();
        assert_eq!(body, json!({ "model": "m", "input": ["a"], "output_dimension": 8 }));
        assert_eq!(losses.to_string(), "user");
        let inputs = vec![EmbeddingInput::Tokens(vec![1])];
        assert!(encode(&EmbeddingRequest { inputs, ..request }, &mut losses).is_err());
    }
}
