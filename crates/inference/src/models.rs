//! Lists of models: one handler for every dialect.

use std::sync::Arc;

use canonical::{Dialect, ErrorKind, Fault, ModelCard};
use dialects::models_endpoint;
use http::StatusCode;
use keys::Caller;
use pipeline::{Refusal, find_model};
use server::{Call, Response, response};

use crate::{Inference, caller, cards, tell};

/// Answers with all models, or the page of them that the query asks for.
pub(crate) async fn list(inference: Arc<Inference>, dialect: Dialect, call: Call) -> Response {
    let cards = cards::all(&inference.gateway.snapshot(), &call.caller).await;
    match models_endpoint(dialect).encode_models(&cards, call.query.as_deref()) {
        Ok(body) => response::bytes(StatusCode::OK, "application/json", body.into()),
        Err(fault) => tell::fault(dialect, fault, call.request_id),
    }
}

/// Answers with one model, by any name that a chat could send.
pub(crate) async fn show(inference: Arc<Inference>, dialect: Dialect, call: Call) -> Response {
    let name = call.param("model").unwrap_or_default();
    match find(&inference, &call.caller, name).await {
        Ok(card) => {
            let body = models_endpoint(dialect).encode_model(&card);
            response::bytes(StatusCode::OK, "application/json", body.into())
        }
        Err(refusal) => tell::refusal(caller::endpoint(dialect), refusal, call.request_id),
    }
}

/// Finds what is known of a model.
pub(crate) async fn find(
    inference: &Inference,
    caller: &Caller,
    name: &str,
) -> Result<ModelCard, Refusal> {
    let snapshot = inference.gateway.snapshot();
    if let Some(card) =
        snapshot.route(name).and_then(|route| cards::of_route(&snapshot, caller, route))
    {
        return Ok(card);
    }
    let target = find_model(&snapshot, caller, name).await?;
    // A chat may well go to a model that nobody lists, but what is told of it here has to be known.
    let is_known = target
        .is_listed()
        .await
        .unwrap_or_else(|| snapshot.facts(&target.provider, &target.model).is_some());
    if !is_known {
        let sentence = format!("no provider lists the model '{name}': see the list of models");
        return Err(Fault::new(ErrorKind::NotFound, sentence).into());
    }
    Ok(snapshot.card(&target.provider, &target.model, name))
}
