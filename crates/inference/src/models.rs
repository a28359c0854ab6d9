//! Lists of models: one handler for every dialect.

use std::sync::Arc;

use canonical::{Dialect, ModelCard};
use dialects::models_endpoint;
use http::StatusCode;
use pipeline::{Refusal, resolve_name};
use server::{Call, Response, response};

use crate::{Inference, caller, cards, tell};

/// Answers with all models, or the page of them that the query asks for.
pub(crate) async fn list(inference: Arc<Inference>, dialect: Dialect, call: Call) -> Response {
    let cards = cards::all(&inference.manager.snapshot()).await;
    match models_endpoint(dialect).encode_models(&cards, call.query.as_deref()) {
        Ok(body) => response::bytes(StatusCode::OK, "application/json", body.into()),
        Err(fault) => tell::fault(dialect, fault, call.request_id),
    }
}

/// Answers with one model, by any name that a chat could send.
pub(crate) async fn show(inference: Arc<Inference>, dialect: Dialect, call: Call) -> Response {
    let name = call.param("model").unwrap_or_default();
    match find(&inference, name).await {
        Ok(card) => {
            let body = models_endpoint(dialect).encode_model(&card);
            response::bytes(StatusCode::OK, "application/json", body.into())
        }
        Err(refusal) => tell::refusal(caller::endpoint(dialect), refusal, call.request_id),
    }
}

/// Finds what is known of a model.
pub(crate) async fn find(inference: &Inference, name: &str) -> Result<ModelCard, Refusal> {
    let snapshot = inference.manager.snapshot();
    let target = resolve_name(&snapshot, name).await?;
    Ok(snapshot.card(&target.provider, &target.model, name))
}
