//! Embeddings from providers: writes the request, reads the vectors.
//!
//! Source: <https://platform.openai.com/docs/api-reference/embeddings>. Floats are asked for by saying nothing, since
//! not every compatible server knows `encoding_format`; both forms are read. Mistral's answers have the same shape.

use base64::{Engine, engine::general_purpose::STANDARD};
use canonical::{Dialect, EmbeddingInput, EmbeddingRequest, EmbeddingResponse, Fault, Losses};
use serde_json::{Value, json};

use super::{error, request::add_members, response::read_usage};
use crate::{
    assembly::malformed,
    fields::invalid,
    json::{count, filled, parse, present},
    object::object,
};

/// Where embeddings are asked for.
pub(crate) const TARGET: &str = "/embeddings";

/// Writes the request.
pub(super) fn encode(request: &EmbeddingRequest, losses: &mut Losses) -> Result<Vec<u8>, Fault> {
    let mut body = object([
        ("model", json!(request.model)),
        ("input", input(&request.inputs)?),
        ("dimensions", json!(request.dimensions)),
        ("user", json!(request.user)),
    ]);
    add_members(request.extras.as_ref(), Dialect::OpenAiChat, &mut body, losses);
    Ok(body.to_string().into_bytes())
}

/// Writes the inputs as a list of texts or of lists of tokens; the provider takes no mixture.
fn input(inputs: &[EmbeddingInput]) -> Result<Value, Fault> {
    let texts = inputs.iter().filter(|input| matches!(input, EmbeddingInput::Text(_))).count();
    if texts != 0 && texts != inputs.len() {
        return Err(invalid("`input` must hold texts or lists of tokens, not both"));
    }
    let written = inputs.iter().map(|input| match input {
        EmbeddingInput::Text(text) => json!(text),
        EmbeddingInput::Tokens(tokens) => json!(tokens),
    });
    Ok(written.collect())
}

/// Reads the vectors, as lists of numbers or as base64 of little-endian 32-bit floats.
pub(crate) fn decode(body: &[u8]) -> Result<EmbeddingResponse, Fault> {
    let body = parse(body).map_err(malformed)?;
    if let Some(fault) = error::in_answer(&body) {
        return Err(fault);
    }
    let data = present(&body, "data").and_then(Value::as_array);
    let data = data.ok_or_else(|| malformed("the answer has no `data`"))?;
    let mut vectors = Vec::with_capacity(data.len());
    for (position, entry) in (0..).zip(data) {
        let read = present(entry, "embedding").and_then(vector);
        let read = read.ok_or_else(|| malformed("an entry has no vector in `embedding`"))?;
        vectors.push((count(entry, "index").unwrap_or(position), read));
    }
    vectors.sort_by_key(|(index, _)| *index);
    Ok(EmbeddingResponse {
        model: filled(&body, "model").map(str::to_owned),
        vectors: vectors.into_iter().map(|(_, vector)| vector).collect(),
        usage: present(&body, "usage").map(read_usage).unwrap_or_default(),
    })
}

fn vector(embedding: &Value) -> Option<Vec<f32>> {
    match embedding {
        Value::Array(numbers) => {
            numbers.iter().map(|number| number.as_f64().map(|number| number as f32)).collect()
        }
        Value::String(text) => {
            let bytes = STANDARD.decode(text).ok()?;
            let (floats, rest) = bytes.as_chunks::<4>();
            rest.is_empty().then(|| floats.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use canonical::{Dialect, EmbeddingInput, EmbeddingRequest, ErrorKind, Losses};
    use serde_json::{Value, json};

    use super::{decode, encode};

    #[test]
    fn vectors_are_read_in_both_forms_and_in_order() {
        let body = json!({ "model": "m", "usage": { "prompt_tokens": 3, "total_tokens": 3 }, "data": [
            { "index": 1, "embedding": [0.5, -2] },
            { "index": 0, "embedding": "AACAPwAAAMA=" },
        ] });
        let response = decode(body.to_string().as_bytes()).unwrap();
        assert_eq!(response.vectors, [vec![1.0, -2.0], vec![0.5, -2.0]]);
        assert_eq!(response.model.as_deref(), Some("m"));
        assert_eq!(response.usage.input_tokens, Some(3));
    }

    #[test]
    fn what_holds_no_vectors_is_no_answer() {
        for (body, kind) in [
            (json!({}), ErrorKind::Malformed),
            (json!({ "data": [{ "index": 0 }] }), ErrorKind::Malformed),
            (json!({ "data": [{ "embedding": ["x"] }] }), ErrorKind::Malformed),
            (json!({ "data": [{ "embedding": "AACA" }] }), ErrorKind::Malformed),
            (json!({ "error": { "message": "m", "code": 502 } }), ErrorKind::UpstreamFailed),
        ] {
            assert_eq!(decode(body.to_string().as_bytes()).unwrap_err().kind, kind, "{body}");
        }
    }

    #[test]
    fn the_request_holds_what_the_caller_asked() {
        let extras = json!({ "truncate": true }).as_object().cloned();
        let request = EmbeddingRequest {
            model: "m".into(),
            inputs: vec![EmbeddingInput::Tokens(vec![1, 2]), EmbeddingInput::Tokens(vec![3])],
            dimensions: Some(8),
            base64: true,
            user: Some("u".into()),
            extras: extras.map(|extras| (Dialect::Ollama, extras)),
        };
        let mut losses = Losses::default();
        let body: Value = serde_json::from_slice(&encode(&request, &mut losses).unwrap()).unwrap();
        let expected =
            json!({ "model": "m", "input": [[1, 2], [3]], "dimensions": 8, "user": "u" });
        assert_eq!((body, losses.to_string().as_str()), (expected, "truncate"));
        let inputs = vec![EmbeddingInput::Tokens(vec![1]), EmbeddingInput::Text("a".into())];
        assert!(encode(&EmbeddingRequest { inputs, ..request }, &mut losses).is_err());
    }
}
