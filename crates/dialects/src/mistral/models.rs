//! Reads the list of models, which has OpenAI's shape.

pub(super) use crate::openai_chat::models::decode;
