//! Asks for vectors by `batchEmbedContents`, and reads them.
//!
//! Source: <https://ai.google.dev/api/embeddings>

use canonical::{
    Dialect, EmbeddingInput, EmbeddingRequest, EmbeddingResponse, Fault, Losses, Usage,
};
use serde_json::{Value, json};

use super::{error, resource};
use crate::{
    assembly::malformed,
    fields::invalid,
    json::{self, count, list, present},
    object::object,
};

/// Writes a batch of one request for each input.
pub(super) fn encode(request: &EmbeddingRequest, losses: &mut Losses) -> Result<Vec<u8>, Fault> {
    if request.user.is_some() {
        losses.note("user");
    }
    let requests = request.inputs.iter().map(|input| match input {
        EmbeddingInput::Text(text) => Ok(one(request, text, losses)),
        EmbeddingInput::Tokens(_) => {
            Err(invalid("the model embeds texts alone: send `input` as text instead of tokens"))
        }
    });
    let requests = requests.collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "requests": requests }).to_string().into_bytes())
}

fn one(request: &EmbeddingRequest, text: &str, losses: &mut Losses) -> Value {
    let mut one = object([
        ("model", json!(resource(&request.model))),
        ("content", json!({"parts": [{"text": text}]})),
        ("outputDimensionality", json!(request.dimensions)),
    ]);
    if let Some((origin, extras)) = &request.extras {
        for (name, value) in extras {
            match one.as_object_mut().filter(|_| *origin == Dialect::Gemini) {
                Some(members) => {
                    members.entry(name).or_insert_with(|| value.clone());
                }
                None => losses.note(name),
            }
        }
    }
    one
}

/// Reads the vectors.
pub(super) fn decode(body: &[u8]) -> Result<EmbeddingResponse, Fault> {
    let body = json::parse(body).map_err(malformed)?;
    if let Some(error) = error::error(&body) {
        return Err(error::within_200(error));
    }
    let vectors = list(&body, "embeddings").iter().map(vector).collect::<Option<Vec<_>>>();
    let vectors = vectors
        .filter(|vectors| !vectors.is_empty())
        .ok_or_else(|| malformed("the answer has no vectors"))?;
    let counts = present(&body, "usageMetadata");
    let input_tokens = counts.and_then(|counts| count(counts, "promptTokenCount"));
    Ok(EmbeddingResponse {
        model: None,
        vectors,
        usage: Usage { input_tokens, ..Usage::default() },
    })
}

fn vector(embedding: &Value) -> Option<Vec<f32>> {
    let values = embedding.get("values")?.as_array()?;
    values.iter().map(|value| Some(value.as_f64()? as f32)).collect()
}
