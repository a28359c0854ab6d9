//! Embeddings towards callers: `/api/embed`, and `/api/embeddings` from before it, which takes one text.

use canonical::{Dialect, EmbeddingInput, EmbeddingRequest, EmbeddingResponse, Fault, Losses};
use serde_json::{Value, json};

use super::request::rest;
use crate::{
    Echo, EmbeddingsEndpoint,
    fields::{Fields, invalid},
    object::object,
};

/// `POST /api/embed`.
#[derive(Debug)]
pub(crate) struct Embed;

impl EmbeddingsEndpoint for Embed {
    fn dialect(&self) -> Dialect {
        Dialect::Ollama
    }

    fn provider_target(&self, _model: &str) -> String {
        "/api/embed".to_owned()
    }

    fn decode_request(&self, body: &[u8], losses: &mut Losses) -> Result<EmbeddingRequest, Fault> {
        let mut fields = Fields::parse(body)?;
        let inputs = fields.strings("input")?;
        if inputs.is_empty() {
            return Err(invalid("`input` is empty: send a text or a list of texts"));
        }
        // Others refuse what is too long, so that only the wish to have it cut is lost.
        if fields.boolean("truncate")? == Some(true) {
            losses.note("truncate");
        }
        let dimensions = fields.count("dimensions")?.filter(|dimensions| *dimensions > 0);
        Ok(EmbeddingRequest { dimensions, ..request(fields, inputs, losses)? })
    }

    fn encode_response(
        &self,
        response: &EmbeddingResponse,
        _request: &EmbeddingRequest,
        echo: &Echo,
    ) -> Vec<u8> {
        let vectors: Vec<_> = response.vectors.iter().map(|vector| numbers(vector)).collect();
        let body = object([
            ("model", json!(response.model.as_ref().unwrap_or(&echo.model))),
            ("embeddings", vectors.into()),
            ("total_duration", json!(0)),
            ("load_duration", json!(0)),
            ("prompt_eval_count", json!(response.usage.prompt_tokens())),
        ]);
        body.to_string().into_bytes()
    }
}

/// `POST /api/embeddings`.
#[derive(Debug)]
pub(crate) struct Embeddings;

impl EmbeddingsEndpoint for Embeddings {
    fn dialect(&self) -> Dialect {
        Dialect::Ollama
    }

    fn provider_target(&self, _model: &str) -> String {
        "/api/embeddings".to_owned()
    }

    fn decode_request(&self, body: &[u8], losses: &mut Losses) -> Result<EmbeddingRequest, Fault> {
        let mut fields = Fields::parse(body)?;
        let prompt = fields.string("prompt")?.filter(|prompt| !prompt.is_empty());
        let prompt = prompt.ok_or_else(|| invalid("`prompt` is empty: send a text"))?;
        request(fields, vec![prompt], losses)
    }

    fn encode_response(
        &self,
        response: &EmbeddingResponse,
        _request: &EmbeddingRequest,
        _echo: &Echo,
    ) -> Vec<u8> {
        let vector = response.vectors.first().map(Vec::as_slice).unwrap_or_default();
        json!({ "embedding": numbers(vector) }).to_string().into_bytes()
    }
}

/// Reads what both have in common.
fn request(
    mut fields: Fields,
    inputs: Vec<String>,
    losses: &mut Losses,
) -> Result<EmbeddingRequest, Fault> {
    let model = fields.required_string("model")?;
    // How long the model stays in memory. Other providers have theirs there always.
    fields.take("keep_alive");
    if let Some(options) = fields.object("options")? {
        options.note_rest("options", losses);
    }
    let inputs = inputs.into_iter().map(EmbeddingInput::Text).collect();
    Ok(EmbeddingRequest { model, inputs, extras: rest(fields), ..EmbeddingRequest::default() })
}

/// Writes a vector with as many digits as tell its numbers apart, not with those of a double.
fn numbers(vector: &[f32]) -> Value {
    vector.iter().map(|number| number.to_string().parse::<f64>().ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use canonical::{EmbeddingInput, EmbeddingRequest, EmbeddingResponse, Losses, Usage};
    use serde_json::{Value, json};

    use super::{Embed, Embeddings};
    use crate::{Echo, EmbeddingsEndpoint};

    fn read(
        endpoint: &dyn EmbeddingsEndpoint,
        body: &Value,
    ) -> Result<(EmbeddingRequest, String), String> {
        let mut losses = Losses::default();
        let request = endpoint.decode_request(body.to_string().as_bytes(), &mut losses);
        request.map(|request| (request, losses.to_string())).map_err(|fault| fault.public)
    }

    fn texts(texts: &[&str]) -> Vec<EmbeddingInput> {
        texts.iter().map(|text| EmbeddingInput::Text((*text).to_owned())).collect()
    }

    #[test]
    fn requests_are_read() {
        for (body, inputs, lost) in [
            (json!({ "model": "m", "input": "a" }), texts(&["a"]), ""),
            (
                json!({ "model": "m", "input": ["a", "b"], "keep_alive": null }),
                texts(&["a", "b"]),
                "",
            ),
            (
                json!({ "model": "m", "input": "a", "truncate": true, "options": { "num_ctx": 9 } }),
                texts(&["a"]),
                "truncate, options.num_ctx",
            ),
            (json!({ "model": "m", "input": "a", "truncate": false }), texts(&["a"]), ""),
        ] {
            let (request, noted) = read(&Embed, &body).unwrap();
            assert_eq!((request.inputs, noted.as_str()), (inputs, lost), "{body}");
        }
        let body = json!({ "model": "m", "input": "a", "dimensions": 3, "odd": 1 });
        let (request, _) = read(&Embed, &body).unwrap();
        assert_eq!(request.dimensions, Some(3));
        let none = json!({ "model": "m", "input": "a", "dimensions": 0 });
        assert_eq!(read(&Embed, &none).unwrap().0.dimensions, None);
        assert_eq!(Value::from(request.extras.unwrap().1), json!({ "odd": 1 }));
        let (request, _) = read(&Embeddings, &json!({ "model": "m", "prompt": "a" })).unwrap();
        assert_eq!((request.model.as_str(), request.inputs), ("m", texts(&["a"])));
    }

    #[test]
    fn faults_say_what_to_send() {
        for (endpoint, body, expected) in [
            (&Embed as &dyn EmbeddingsEndpoint, json!({ "model": "m" }), "`input` is empty"),
            (&Embed, json!({ "model": "m", "input": [] }), "`input` is empty"),
            (&Embed, json!({ "model": "m", "input": [1] }), "`input` must be a string or a list"),
            (&Embed, json!({ "input": "a" }), "`model` is missing"),
            (&Embeddings, json!({ "model": "m" }), "`prompt` is empty"),
        ] {
            let public = read(endpoint, &body).unwrap_err();
            assert!(public.starts_with(expected), "{public}");
        }
    }

    #[test]
    fn vectors_are_written_in_short() {
        let response = EmbeddingResponse {
            model: None,
            vectors: vec![vec![0.1, -2.0], vec![1e-9]],
            usage: Usage { input_tokens: Some(4), ..Usage::default() },
        };
        let request = EmbeddingRequest::default();
        let (model, id) = ("asked".to_owned(), String::new());
        let echo = Echo { model, created: UNIX_EPOCH, id };
        let body = Embed.encode_response(&response, &request, &echo);
        let expected = r#"{"model":"asked","embeddings":[[0.1,-2.0],[1e-9]],"total_duration":0,"load_duration":0,"prompt_eval_count":4}"#;
        assert_eq!(String::from_utf8(body.clone()).unwrap(), expected);
        let read = crate::codec(canonical::Dialect::Ollama).decode_embeddings(&body).unwrap();
        assert_eq!(read.vectors, response.vectors);
        let body = Embeddings.encode_response(&response, &request, &echo);
        assert_eq!(body, br#"{"embedding":[0.1,-2.0]}"#);
    }
}
