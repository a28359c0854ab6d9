//! Count: how many tokens a chat has, by its provider where it tells, else by estimate.

use std::time::Instant;

use bytes::Bytes;
use canonical::{Losses, Request};
use dialects::CountEndpoint;
use http::HeaderMap;
use providers::{Refused, Snapshot};

use crate::{
    About, Refusal, Target,
    attempt::{MOST_ANSWER_BYTES, Mode, post},
    open, resolve_name,
    splice::spliced,
};

/// A request for a count as a caller sent it.
pub struct CountCall {
    /// Where it was sent to.
    pub endpoint: &'static dyn CountEndpoint,
    /// The body, byte for byte.
    pub body: Bytes,
    /// The model that the path names, in dialects whose paths do.
    pub path_model: Option<String>,
}

/// A count, in the caller's dialect.
pub struct Counted {
    /// The answer.
    pub body: Bytes,
    /// Whether nobody counted: the provider's dialect has no such question.
    pub is_estimate: bool,
}

/// Answers a request for a count in the caller's own dialect.
///
/// # Errors
///
/// Fails with what the caller is to be told; what is known about the call comes with it.
pub async fn count(snapshot: &Snapshot, call: &CountCall) -> Result<(About, Counted), Refusal> {
    let began = Instant::now();
    let envelope = open::read(&call.body)?;
    let model = call.path_model.clone().unwrap_or_else(|| open::named(&envelope));
    let target = resolve_name(snapshot, &model).await?;
    let mut about = About::of(&target, began);
    let outcome = counted(&target, call, &model, &mut about).await;
    about.settle(outcome)
}

async fn counted(
    target: &Target,
    call: &CountCall,
    model: &str,
    about: &mut About,
) -> Result<Counted, Refused> {
    let own = call.endpoint.dialect();
    if target.speaks(own) {
        let path = dialects::codec(own).count_target(&target.model).unwrap_or_default();
        let body = spliced(&call.body, call.endpoint.model_places(), model, &target.model)?;
        about.begin_attempt();
        let reply = post(target, own, &path, HeaderMap::new(), body, Mode::Whole).await?;
        let body = reply.body.collect(MOST_ANSWER_BYTES).await?;
        let counted = dialects::codec(own).decode_count(&body);
        counted.map_err(|fault| target.provider.redacted(fault))?;
        return Ok(Counted { body, is_estimate: false });
    }
    let mut losses = Losses::default();
    let mut request = call.endpoint.decode_request(&call.body, &mut losses)?;
    request.model.clone_from(&target.model);
    let counted = ask(target, &request, &mut losses, about).await?;
    let tokens = counted.unwrap_or_else(|| dialects::prompt_tokens(&request));
    let body = call.endpoint.encode_count(tokens).into();
    Ok(Counted { body, is_estimate: counted.is_none() })
}

/// Asks the provider, if its dialect has the question.
async fn ask(
    target: &Target,
    request: &Request,
    losses: &mut Losses,
    about: &mut About,
) -> Result<Option<u64>, Refused> {
    let codec = target.codec;
    let Some(path) = codec.count_target(&target.model) else { return Ok(None) };
    let body = codec.encode_count(request, losses);
    about.begin_attempt();
    let dialect = codec.dialect();
    let reply = post(target, dialect, &path, HeaderMap::new(), body.into(), Mode::Whole).await;
    let reply = reply.map_err(Refused::reworded)?;
    let body = reply.body.collect(MOST_ANSWER_BYTES).await?;
    let tokens = codec.decode_count(&body).map_err(|fault| target.provider.redacted(fault))?;
    Ok(Some(tokens))
}
