//! Count: how many tokens a chat has, by its provider where it tells, else by estimate.

use std::time::Instant;

use bytes::Bytes;
use canonical::ErrorKind;
use dialects::{Codec, CountEndpoint};
use http::HeaderMap;
use providers::{Refused, Snapshot};

use crate::{
    About, Refusal, Target,
    attempt::{MOST_ANSWER_BYTES, Mode, post},
    call::forwarded_headers,
    open, resolve_name,
    splice::spliced,
    translate_lane::refuse_losses,
};

/// A request for a count as a caller sent it.
pub struct CountCall {
    /// Where it was sent to.
    pub endpoint: &'static dyn CountEndpoint,
    /// The body, byte for byte.
    pub body: Bytes,
    /// The model that the path names, in dialects whose paths do.
    pub path_model: Option<String>,
    /// The headers as sent; only those that the endpoint lets through reach a provider.
    pub headers: HeaderMap,
    /// Whether the call is refused when something of it would get lost.
    pub strict: bool,
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
        let body = spliced(&call.body, call.endpoint.model_places(), model, &target.model, None)?;
        about.begin_attempt();
        let headers = forwarded_headers(call.endpoint.forwarded_headers(), &call.headers);
        let reply = post(target, own, &path, headers, body, Mode::Whole).await?;
        let body = reply.body.collect(MOST_ANSWER_BYTES).await?;
        let counted = dialects::codec(own).decode_count(&body);
        counted.map_err(|fault| target.provider.redacted(fault))?;
        return Ok(Counted { body, is_estimate: false });
    }
    let mut request = call.endpoint.decode_request(&call.body, &mut about.losses)?;
    request.model.clone_from(&target.model);
    let question = target.count_place().map(|(codec, path)| {
        let body = codec.encode_count(&request, &mut about.losses);
        (codec, path, Bytes::from(body))
    });
    if call.strict {
        refuse_losses(&about.losses, target)?;
    }
    let counted = match question {
        Some((codec, path, body)) => match ask(target, codec, &path, body, about).await {
            Ok(tokens) => Some(tokens),
            // Servers that speak several languages often lack this question of the later ones.
            Err(Refused { fault, .. })
                if fault.kind == ErrorKind::NotFound
                    && codec.dialect() != target.codec.dialect() =>
            {
                None
            }
            Err(refused) => return Err(refused),
        },
        None => None,
    };
    let tokens = counted.unwrap_or_else(|| dialects::prompt_tokens(&request));
    let body = call.endpoint.encode_count(tokens).into();
    Ok(Counted { body, is_estimate: counted.is_none() })
}

/// Asks the provider in one of its languages.
async fn ask(
    target: &Target,
    codec: &dyn Codec,
    path: &str,
    body: Bytes,
    about: &mut About,
) -> Result<u64, Refused> {
    about.begin_attempt();
    let reply = post(target, codec.dialect(), path, HeaderMap::new(), body, Mode::Whole).await;
    let body = reply.map_err(Refused::reworded)?.body.collect(MOST_ANSWER_BYTES).await?;
    let counted = codec.decode_count(&body);
    Ok(counted.map_err(|fault| target.provider.redacted(fault))?)
}
