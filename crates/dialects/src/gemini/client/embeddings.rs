//! Reads requests for embeddings, one or many, and writes the vectors.
//!
//! Source: <https://ai.google.dev/api/embeddings>

use canonical::{
    Dialect, EmbeddingInput, EmbeddingRequest, EmbeddingResponse, Fault, Losses, Part,
};
use serde_json::{Map, Value};

use super::{
    part::part,
    request::model,
    spelling::{body, object, objects},
};
use crate::fields::{Fields, invalid};

/// One content to embed, and how.
struct Asked {
    model: String,
    text: String,
    dimensions: Option<u64>,
    rest: Map<String, Value>,
}

/// Reads the body of `embedContent`.
pub(super) fn decode_one(bytes: &[u8], losses: &mut Losses) -> Result<EmbeddingRequest, Fault> {
    let mut fields = body(bytes)?;
    let asked = asked(&mut fields, losses)?;
    Ok(together(vec![Asked { rest: fields.rest(), ..asked }], losses))
}

/// Reads the body of `batchEmbedContents`, whose requests must agree on the model and on the dimensions.
pub(super) fn decode_batch(bytes: &[u8], losses: &mut Losses) -> Result<EmbeddingRequest, Fault> {
    let mut fields = body(bytes)?;
    let mut all: Vec<Asked> = Vec::new();
    for (mut request, place) in objects(&mut fields, "requests")? {
        let asked = asked(&mut request, losses)?;
        if let Some(first) = all.first() {
            let differs = |member| invalid(format!("`{place}.{member}` must be that of the first"));
            if asked.model != first.model {
                return Err(differs("model"));
            }
            if asked.dimensions != first.dimensions {
                return Err(differs("outputDimensionality"));
            }
        }
        all.push(Asked { rest: request.rest(), ..asked });
    }
    if all.is_empty() {
        return Err(fields.missing("requests"));
    }
    fields.note_rest("batch", losses);
    Ok(together(all, losses))
}

fn asked(request: &mut Fields, losses: &mut Losses) -> Result<Asked, Fault> {
    let model = model(request)?;
    let dimensions = request.count("outputDimensionality")?;
    let Some(mut content) = object(request, "content")? else {
        return Err(request.missing("content"));
    };
    content.take("role");
    let mut text = String::new();
    for (json, place) in objects(&mut content, "parts")? {
        match part(json, losses)? {
            Some(Part::Text { text: more, .. }) => text.push_str(&more),
            None => {}
            Some(
                Part::Media(_)
                | Part::ToolCall(_)
                | Part::ToolResult(_)
                | Part::Reasoning(_)
                | Part::Opaque(_),
            ) => {
                return Err(invalid(format!("`{place}` must be a text: nothing else is embedded")));
            }
        }
    }
    content.note_rest("content", losses);
    Ok(Asked { model, text, dimensions, rest: Map::new() })
}

/// Makes one request of all; what is not asked alike of all of them is noted.
fn together(all: Vec<Asked>, losses: &mut Losses) -> EmbeddingRequest {
    let mut request = EmbeddingRequest::default();
    let mut extras = None;
    for asked in all {
        request.model = asked.model;
        request.dimensions = asked.dimensions;
        request.inputs.push(EmbeddingInput::Text(asked.text));
        let first = extras.get_or_insert_with(|| asked.rest.clone());
        for (name, value) in &asked.rest {
            if first.get(name) != Some(value) {
                losses.note(format!("requests.{name}"));
            }
        }
    }
    let extras = extras.filter(|extras| !extras.is_empty());
    request.extras = extras.map(|extras| (Dialect::Gemini, extras));
    request
}

/// Writes the one vector.
pub(super) fn encode_one(response: &EmbeddingResponse) -> Vec<u8> {
    let vector = response.vectors.first().map(Vec::as_slice).unwrap_or_default();
    format!("{{\"embedding\":{}}}", embedding(vector)).into_bytes()
}

/// Writes all vectors.
pub(super) fn encode_batch(response: &EmbeddingResponse) -> Vec<u8> {
    let embeddings: Vec<_> = response.vectors.iter().map(|vector| embedding(vector)).collect();
    format!("{{\"embeddings\":[{}]}}", embeddings.join(",")).into_bytes()
}

/// Writes a vector with as many digits as its numbers have; as [`Value`]s they would get more.
fn embedding(vector: &[f32]) -> String {
    let values = serde_json::to_string(vector).unwrap_or_default();
    format!("{{\"values\":{values}}}")
}
