//! Embeddings towards callers of OpenAI, whose SDKs ask for base64 unless told otherwise.

use base64::{Engine, engine::general_purpose::STANDARD};
use canonical::{Dialect, EmbeddingInput, EmbeddingRequest, EmbeddingResponse, Fault, Losses};
use serde_json::{Number, Value, json};

use crate::{
    Echo, EmbeddingsEndpoint,
    fields::{Fields, invalid},
    openai_chat::embeddings::TARGET,
};

/// `POST /v1/embeddings`.
#[derive(Debug)]
pub(crate) struct Embeddings;

impl EmbeddingsEndpoint for Embeddings {
    fn dialect(&self) -> Dialect {
        Dialect::OpenAiChat
    }

    fn provider_target(&self, _model: &str) -> String {
        TARGET.to_owned()
    }

    fn decode_request(&self, body: &[u8], _losses: &mut Losses) -> Result<EmbeddingRequest, Fault> {
        let mut fields = Fields::parse(body)?;
        let (model, inputs) = (fields.required_string("model")?, inputs(&mut fields)?);
        let (base64, dimensions) = (wants_base64(&mut fields)?, fields.count("dimensions")?);
        let user = fields.string("user")?;
        let rest = fields.rest();
        let extras = (!rest.is_empty()).then_some((Dialect::OpenAiChat, rest));
        Ok(EmbeddingRequest { model, inputs, dimensions, base64, user, extras })
    }

    fn encode_response(
        &self,
        response: &EmbeddingResponse,
        request: &EmbeddingRequest,
        echo: &Echo,
    ) -> Vec<u8> {
        let tokens = response.usage.prompt_tokens().unwrap_or(0);
        let body = json!({
            "object": "list",
            "data": data(response, request.base64),
            "model": response.model.as_ref().unwrap_or(&echo.model),
            "usage": { "prompt_tokens": tokens, "total_tokens": tokens },
        });
        body.to_string().into_bytes()
    }
}

/// Takes `input`: a text, a list of texts, a list of tokens, or a list of such lists.
pub(crate) fn inputs(fields: &mut Fields) -> Result<Vec<EmbeddingInput>, Fault> {
    let wrong = || {
        invalid(
            "`input` must be a string, a list of strings, a list of tokens or a list of lists of tokens",
        )
    };
    let inputs = match fields.take("input").ok_or_else(|| fields.missing("input"))? {
        Value::String(text) => vec![EmbeddingInput::Text(text)],
        Value::Array(elements) if elements.iter().all(Value::is_number) && !elements.is_empty() => {
            vec![EmbeddingInput::Tokens(tokens(&elements).ok_or_else(wrong)?)]
        }
        Value::Array(elements) => {
            let input = |element| match element {
                Value::String(text) => Some(EmbeddingInput::Text(text)),
                Value::Array(elements) => tokens(&elements).map(EmbeddingInput::Tokens),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
            };
            elements.into_iter().map(input).collect::<Option<_>>().ok_or_else(wrong)?
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return Err(wrong()),
    };
    if inputs.is_empty() {
        return Err(invalid("`input` must hold at least one text"));
    }
    Ok(inputs)
}

fn tokens(elements: &[Value]) -> Option<Vec<u64>> {
    elements.iter().map(Value::as_u64).collect()
}

/// Takes `encoding_format`.
pub(crate) fn wants_base64(fields: &mut Fields) -> Result<bool, Fault> {
    match fields.string("encoding_format")?.as_deref() {
        Some("base64") => Ok(true),
        Some("float") | None => Ok(false),
        Some(_) => Err(fields.wrong("encoding_format", "`float` or `base64`")),
    }
}

/// Writes the vectors as entries of `data`.
pub(crate) fn data(response: &EmbeddingResponse, base64: bool) -> Vec<Value> {
    let entry = |(index, vector): (usize, &Vec<f32>)| {
        let embedding: Value = if base64 {
            let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
            STANDARD.encode(bytes).into()
        } else {
            vector.iter().copied().map(short).collect()
        };
        json!({ "object": "embedding", "index": index, "embedding": embedding })
    };
    response.vectors.iter().enumerate().map(entry).collect()
}

/// Writes a number with no more digits than it has, of which a wider float would show more.
fn short(number: f32) -> Value {
    let wide = number.to_string().parse().ok();
    wide.and_then(Number::from_f64).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use canonical::{Dialect, EmbeddingInput, EmbeddingRequest, EmbeddingResponse, Losses, Usage};
    use serde_json::{Value, json};

    use super::Embeddings;
    use crate::{Echo, EmbeddingsEndpoint, codec};

    fn decode(body: &Value) -> Result<EmbeddingRequest, canonical::Fault> {
        Embeddings.decode_request(body.to_string().as_bytes(), &mut Losses::default())
    }

    #[test]
    fn inputs_come_in_four_forms() {
        let text = |text: &str| EmbeddingInput::Text(text.to_owned());
        for (input, expected) in [
            (json!("a"), vec![text("a")]),
            (json!(["a", "b"]), vec![text("a"), text("b")]),
            (json!([1, 2]), vec![EmbeddingInput::Tokens(vec![1, 2])]),
            (
                json!([[1], [2]]),
                vec![EmbeddingInput::Tokens(vec![1]), EmbeddingInput::Tokens(vec![2])],
            ),
        ] {
            assert_eq!(decode(&json!({ "model": "m", "input": input })).unwrap().inputs, expected);
        }
        for input in [json!([]), json!(7), json!([-1]), json!([{}]), Value::Null] {
            let fault = decode(&json!({ "model": "m", "input": input })).unwrap_err();
            assert!(fault.public.starts_with("`input`"), "{fault}");
        }
    }

    #[test]
    fn what_is_written_is_read_by_the_provider_side() {
        let response = EmbeddingResponse {
            model: None,
            vectors: vec![vec![0.1, -2.5e-8, 3.0], vec![]],
            usage: Usage { input_tokens: Some(4), ..Usage::default() },
        };
        let echo = Echo { model: "m".into(), created: UNIX_EPOCH, id: "1".into() };
        for format in ["float", "base64"] {
            let body = json!({ "model": "m", "input": "a", "encoding_format": format });
            let request = decode(&body).unwrap();
            let written = Embeddings.encode_response(&response, &request, &echo);
            let read = codec(Dialect::OpenAiChat).decode_embeddings(&written).unwrap();
            assert_eq!((read.vectors, read.usage), (response.vectors.clone(), response.usage));
            let text = String::from_utf8(written).unwrap();
            assert_eq!(text.contains("[0.1,"), format == "float", "{text}");
        }
    }

    #[test]
    fn a_request_is_read_with_all_its_members() {
        let body = json!({ "model": "m", "input": "a", "dimensions": 8, "user": "u",
            "encoding_format": "base64", "truncate": true });
        let request = decode(&body).unwrap();
        assert_eq!((request.dimensions, request.user.as_deref()), (Some(8), Some("u")));
        assert!(request.base64 && request.extras.is_some());
        assert!(decode(&json!({ "model": "m", "input": "a", "encoding_format": "x" })).is_err());
    }
}
