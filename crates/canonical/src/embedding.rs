//! A request for embeddings, and its answer.

use serde_json::{Map, Value};

use crate::{Dialect, Usage};

/// A request for embeddings, free of any dialect.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EmbeddingRequest {
    /// The model's id, as the provider knows it.
    pub model: String,
    /// What is to be embedded, in order.
    pub inputs: Vec<EmbeddingInput>,
    /// How many numbers each vector shall have; the model's own count when unset.
    pub dimensions: Option<u64>,
    /// Whether the caller wants its vectors as base64 of little-endian 32-bit floats.
    pub base64: bool,
    /// Whom the caller asks for.
    pub user: Option<String>,
    /// Members that the canonical form has no name for, and the dialect they came in.
    pub extras: Option<(Dialect, Map<String, Value>)>,
}

/// One thing to embed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmbeddingInput {
    /// Text.
    Text(String),
    /// Text that the caller has made tokens of already.
    Tokens(Vec<u64>),
}

/// The vectors of an [`EmbeddingRequest`], in the order of its inputs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EmbeddingResponse {
    /// The model that answered, as the provider names it.
    pub model: Option<String>,
    /// One vector for each input.
    pub vectors: Vec<Vec<f32>>,
    /// What was counted.
    pub usage: Usage,
}
