//! One real round trip to a provider, and what it proved.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use server::{Call, Response};

use crate::{Admin, answer, granted, problem, view::milliseconds};

/// What a round trip proved. `null` is what it could not tell.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TestReport {
    /// The provider's name.
    provider: String,
    /// Whether everything worked.
    ok: bool,
    /// Whether the provider answered at all; `null` when it was not asked, for want of a key.
    reachable: Option<bool>,
    /// Whether it accepted the key.
    key_accepted: Option<bool>,
    /// Whether the model answered.
    model_answers: Option<bool>,
    /// The model that was asked.
    model: Option<String>,
    /// How long it took.
    latency_ms: u64,
    /// What went wrong.
    error: Option<String>,
}

/// `POST /api/providers/{name}/test`
pub(crate) async fn test(admin: Arc<Admin>, call: Call) -> Response {
    let name = call.param("name").unwrap_or_default();
    let snapshot = admin.manager.snapshot();
    let provider = match granted::provider(&snapshot, &call) {
        Ok(provider) => provider,
        Err(error) => return problem::provider_error(&error, "Failed to test the provider"),
    };
    let proof = pipeline::test(provider).await;
    if let Some(fault) = &proof.fault {
        pipeline::log(fault, name);
    }
    answer::ok(&TestReport {
        provider: name.to_owned(),
        ok: proof.fault.is_none(),
        reachable: proof.reachable,
        key_accepted: proof.key_accepted,
        model_answers: proof.model_answers,
        model: proof.model,
        latency_ms: milliseconds(proof.latency),
        error: proof.fault.as_ref().map(|fault| pipeline::sentence(fault, Some(name))),
    })
}
