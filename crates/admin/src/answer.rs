//! Typed answers: what is documented is what is sent.

use http::StatusCode;
use serde::Serialize;
use server::{Response, response};

/// Answers 200 with a value.
pub(crate) fn ok<T: Serialize>(value: &T) -> Response {
    match serde_json::to_value(value) {
        Ok(value) => response::json(StatusCode::OK, &value),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            let sentence = "The answer could not be written: see the log";
            response::detail(StatusCode::INTERNAL_SERVER_ERROR, sentence)
        }
    }
}
