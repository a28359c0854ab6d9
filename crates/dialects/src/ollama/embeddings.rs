//! Asks for embeddings at `/api/embed`, and reads them.

use canonical::{
    Dialect, EmbeddingInput, EmbeddingRequest, EmbeddingResponse, Fault, Losses, Usage,
};
use serde_json::{Value, json};

use super::error;
use crate::{
    assembly::malformed,
    fields::invalid,
    json::{count, filled, parse},
    object::object,
};

/// Writes a request; texts alone can be embedded.
pub(super) fn encode(request: &EmbeddingRequest, losses: &mut Losses) -> Result<Vec<u8>, Fault> {
    if request.user.is_some() {
        losses.note("user");
    }
    let texts: Vec<&str> = request.inputs.iter().map(text).collect::<Result<_, _>>()?;
    let mut body = object([
        ("model", json!(request.model)),
        ("input", json!(texts)),
        ("dimensions", json!(request.dimensions)),
        // Else what is too long for the model is cut without a word, which no other dialect does.
        ("truncate", json!(false)),
    ]);
    if let (Some((origin, extras)), Some(body)) = (&request.extras, body.as_object_mut()) {
        for (name, value) in extras {
            if *origin == Dialect::Ollama {
                body.insert(name.clone(), value.clone());
            } else {
                losses.note(name);
            }
        }
    }
    Ok(body.to_string().into_bytes())
}

fn text(input: &EmbeddingInput) -> Result<&str, Fault> {
    match input {
        EmbeddingInput::Text(text) => Ok(text),
        EmbeddingInput::Tokens(_) => {
            Err(invalid("the provider embeds no lists of tokens: send the input as text"))
        }
    }
}

/// Reads the vectors.
pub(super) fn decode(body: &[u8]) -> Result<EmbeddingResponse, Fault> {
    let body = parse(body).map_err(malformed)?;
    if let Some(fault) = error::in_answer(&body) {
        return Err(fault);
    }
    let vectors = body
        .get("embeddings")
        .and_then(Value::as_array)
        .and_then(|vectors| vectors.iter().map(vector).collect())
        .ok_or_else(|| malformed("`embeddings` is no list of vectors"))?;
    let input_tokens = count(&body, "prompt_eval_count");
    Ok(EmbeddingResponse {
        model: filled(&body, "model").map(str::to_owned),
        vectors,
        usage: Usage { input_tokens, ..Usage::default() },
    })
}

fn vector(value: &Value) -> Option<Vec<f32>> {
    value.as_array()?.iter().map(|number| Some(number.as_f64()? as f32)).collect()
}

#[cfg(test)]
mod tests {
    use canonical::{Dialect, EmbeddingInput, EmbeddingRequest, ErrorKind, Losses};
    use serde_json::{Value, json};

    use super::{decode, encode};

    fn request() -> EmbeddingRequest {
        EmbeddingRequest {
            model: "minnow".to_owned(),
            inputs: vec![EmbeddingInput::Text("a".into()), EmbeddingInput::Text("b".into())],
            dimensions: Some(3),
            base64: true,
            user: Some("u".to_owned()),
            extras: None,
        }
    }

    #[test]
    fn texts_are_asked_for() {
        let mut losses = Losses::default();
        let body = encode(&request(), &mut losses).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let expected =
            json!({ "model": "minnow", "input": ["a", "b"], "dimensions": 3, "truncate": false });
        assert_eq!(body, expected);
        assert_eq!(losses.to_string(), "user");
    }

    #[test]
    fn members_of_other_dialects_are_noted() {
        for (origin, lost) in [(Dialect::Ollama, ""), (Dialect::Mistral, "user, truncate")] {
            let members = json!({ "truncate": true }).as_object().cloned().unwrap();
            let user = (origin == Dialect::Mistral).then(String::new);
            let request = EmbeddingRequest { extras: Some((origin, members)), user, ..request() };
            let mut losses = Losses::default();
            let body = encode(&request, &mut losses).unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["truncate"], json!(origin == Dialect::Ollama));
            assert_eq!(losses.to_string(), lost);
        }
    }

    #[test]
    fn tokens_are_refused_in_words() {
        let inputs = vec![EmbeddingInput::Tokens(vec![1, 2])];
        let fault =
            encode(&EmbeddingRequest { inputs, ..request() }, &mut Losses::default()).unwrap_err();
        assert_eq!(fault.kind, ErrorKind::InvalidRequest);
        assert!(fault.public.contains("send the input as text"));
    }

    #[test]
    fn vectors_are_read_or_nothing() {
        let body = br#"{"model":"minnow","embeddings":[[0.5,-1],[2,3e-3]],"prompt_eval_count":4}"#;
        let response = decode(body).unwrap();
        assert_eq!(response.vectors, [[0.5, -1.0], [2.0, 0.003]]);
        assert_eq!(response.model.as_deref(), Some("minnow"));
        assert_eq!(response.usage.input_tokens, Some(4));
        for (body, kind) in [
            (json!({ "embeddings": [[0.5, "x"]] }), ErrorKind::Malformed),
            (json!({ "embedding": [0.5] }), ErrorKind::Malformed),
            (json!({ "error": "no such model" }), ErrorKind::UpstreamFailed),
        ] {
            assert_eq!(decode(body.to_string().as_bytes()).unwrap_err().kind, kind, "{body}");
        }
    }
}
