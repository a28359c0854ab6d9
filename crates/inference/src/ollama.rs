//! What Ollama's clients ask beside chats and embeddings.

use std::sync::Arc;

use canonical::{Dialect, Fault};
use dialects::{encode_ollama_running, encode_ollama_version, models_endpoint};
use http::StatusCode;
use pipeline::Refusal;
use serde_json::Value;
use server::{Call, Response, response};

use crate::{Inference, body, caller, models, tell};

/// `POST /api/show`: one model, named in the body.
pub(crate) async fn show(inference: Arc<Inference>, mut call: Call) -> Response {
    let request_id = call.request_id;
    match show_named(&inference, &mut call).await {
        Ok(body) => response::bytes(StatusCode::OK, "application/json", body.into()),
        Err(refusal) => tell::refusal(caller::endpoint(Dialect::Ollama), refusal, request_id),
    }
}

async fn show_named(inference: &Inference, call: &mut Call) -> Result<Vec<u8>, Refusal> {
    let (body, _) = body::read(call).await?;
    let body: Value = serde_json::from_slice(&body)
        .map_err(|error| Fault::invalid_request(format!("the body is not JSON: {error}")))?;
    let name = ["model", "name"].into_iter().find_map(|member| body.get(member)?.as_str());
    let name =
        name.ok_or_else(|| Fault::invalid_request("`model` is missing: send the model's name"))?;
    let card = models::find(inference, &call.caller, name).await?;
    Ok(models_endpoint(Dialect::Ollama).encode_model(&card))
}

/// `GET /api/ps`: which models are loaded.
pub(crate) async fn running(_inference: Arc<Inference>, _call: Call) -> Response {
    response::bytes(StatusCode::OK, "application/json", encode_ollama_running().into())
}

/// `GET /api/version`: the version of Ollama whose API this is.
pub(crate) async fn version(_inference: Arc<Inference>, _call: Call) -> Response {
    response::bytes(StatusCode::OK, "application/json", encode_ollama_version().into())
}
