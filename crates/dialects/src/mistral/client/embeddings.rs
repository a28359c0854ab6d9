//! Embeddings towards Mistral's callers.

use canonical::{Dialect, EmbeddingRequest, EmbeddingResponse, Fault, Losses};
use serde_json::json;

use crate::{
    Echo, EmbeddingsEndpoint,
    fields::{Fields, invalid},
    mistral::embeddings::TARGET,
    openai_chat::client::embeddings::{data, inputs, wants_base64},
};

/// `POST /v1/embeddings`.
#[derive(Debug)]
pub(crate) struct Embeddings;

impl EmbeddingsEndpoint for Embeddings {
    fn dialect(&self) -> Dialect {
        Dialect::Mistral
    }

    fn provider_target(&self, _model: &str) -> String {
        TARGET.to_owned()
    }

    fn decode_request(&self, body: &[u8], _losses: &mut Losses) -> Result<EmbeddingRequest, Fault> {
        let mut fields = Fields::parse(body)?;
        let (model, inputs) = (fields.required_string("model")?, inputs(&mut fields)?);
        let (base64, dimensions) = (wants_base64(&mut fields)?, fields.count("output_dimension")?);
        // Numbers of another type would be other numbers.
        if fields.string("output_dtype")?.is_some_and(|kind| kind != "float") {
            return Err(invalid(
                "`output_dtype` must be `float` unless the provider speaks Mistral's own dialect",
            ));
        }
        let rest = fields.rest();
        let extras = (!rest.is_empty()).then_some((Dialect::Mistral, rest));
        Ok(EmbeddingRequest { model, inputs, dimensions, base64, user: None, extras })
    }

    fn encode_response(
        &self,
        response: &EmbeddingResponse,
        request: &EmbeddingRequest,
        echo: &Echo,
    ) -> Vec<u8> {
        let tokens = response.usage.prompt_tokens().unwrap_or(0);
        let body = json!({
            "id": echo.id,
            "object": "list",
            "data": data(response, request.base64),
            "model": response.model.as_ref().unwrap_or(&echo.model),
            "usage": { "prompt_tokens": tokens, "completion_tokens": 0, "total_tokens": tokens },
        });
        body.to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use canonical::{Dialect, EmbeddingRequest, EmbeddingResponse, Fault, Losses};
    use serde_json::{Value, json};

    use super::Embeddings;
    use crate::{Echo, EmbeddingsEndpoint, codec};

    fn decode(body: &Value) -> Result<EmbeddingRequest, Fault> {
        Embeddings.decode_request(body.to_string().as_bytes(), &mut Losses::default())
    }

    #[test]
    fn what_is_written_is_read_by_the_provider_side() {
        let request =
            decode(&json!({ "model": "m", "input": ["a"], "output_dimension": 2 })).unwrap();
        let written =
            codec(Dialect::Mistral).encode_embeddings(&request, &mut Losses::default()).unwrap();
        let again = Embeddings.decode_request(&written, &mut Losses::default()).unwrap();
        assert_eq!((again, request.dimensions), (request.clone(), Some(2)));
        let vectors = vec![vec![0.5, -1.0]];
        let response = EmbeddingResponse { vectors, ..EmbeddingResponse::default() };
        let echo = Echo { model: "m".into(), created: UNIX_EPOCH, id: "1".into() };
        let written = Embeddings.encode_response(&response, &request, &echo);
        let read = codec(Dialect::Mistral).decode_embeddings(&written).unwrap();
        assert_eq!(read.vectors, response.vectors);
    }

    #[test]
    fn only_floats_can_be_translated() {
        assert!(decode(&json!({ "model": "m", "input": "a", "output_dtype": "float" })).is_ok());
        let fault = decode(&json!({ "model": "m", "input": "a", "output_dtype": "int8" }));
        assert!(fault.unwrap_err().public.starts_with("`output_dtype` must be `float`"));
    }
}
