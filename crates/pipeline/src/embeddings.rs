//! Embeddings: one request, one answer, in either lane.

use std::time::{Instant, SystemTime};

use bytes::Bytes;
use canonical::{Dialect, ErrorKind, Fault, Losses};
use dialects::{Echo, EmbeddingsEndpoint};
use http::HeaderMap;
use providers::{Refused, Snapshot};

use crate::{
    About, Refusal, Target,
    attempt::{MOST_ANSWER_BYTES, Mode, post},
    open, resolve_name,
    splice::spliced,
    translate_lane::refuse_losses,
};

/// A request for embeddings as a caller sent it.
pub struct EmbeddingsCall {
    /// Where it was sent to.
    pub endpoint: &'static dyn EmbeddingsEndpoint,
    /// The body, byte for byte.
    pub body: Bytes,
    /// The model that the path names, in dialects whose paths do.
    pub path_model: Option<String>,
    /// Whether the call is refused when something of it would get lost.
    pub strict: bool,
    /// Letters and digits that no other call has.
    pub id: String,
}

/// Answers a request for embeddings in the caller's own dialect.
///
/// # Errors
///
/// Fails with what the caller is to be told; what is known about the call comes with it.
pub async fn embed(snapshot: &Snapshot, call: &EmbeddingsCall) -> Result<(About, Bytes), Refusal> {
    let began = Instant::now();
    let envelope = open::read(&call.body)?;
    let model = call.path_model.clone().unwrap_or_else(|| open::named(&envelope));
    let target = resolve_name(snapshot, &model).await?;
    let mut about = About::of(&target, began);
    let outcome = if target.speaks(call.endpoint.dialect()) {
        pass(&target, call, &model, &mut about).await
    } else {
        translate(&target, call, &model, &mut about).await.map_err(Refused::reworded)
    };
    about.settle(outcome)
}

/// Sends the caller's bytes and returns the provider's.
async fn pass(
    target: &Target,
    call: &EmbeddingsCall,
    model: &str,
    about: &mut About,
) -> Result<Bytes, Refused> {
    let body = spliced(&call.body, call.endpoint.model_places(), model, &target.model, None)?;
    let path = call.endpoint.provider_target(&target.model);
    let dialect = call.endpoint.dialect();
    let answer = ask(target, dialect, &path, body, about).await?;
    check(target, dialect, &answer)?;
    Ok(answer)
}

/// Makes sure that the bytes are an answer, and no error in a 200's clothing. Vectors of a form that only the caller's
/// dialect has pass.
fn check(target: &Target, dialect: Dialect, answer: &Bytes) -> Result<(), Fault> {
    match dialects::codec(dialect).decode_embeddings(answer) {
        Ok(_) => Ok(()),
        Err(fault) if fault.kind == ErrorKind::Malformed && open::read(answer).is_ok() => Ok(()),
        Err(fault) => Err(target.provider.redacted(fault)),
    }
}

/// Translates the request and its answer.
async fn translate(
    target: &Target,
    call: &EmbeddingsCall,
    model: &str,
    about: &mut About,
) -> Result<Bytes, Refused> {
    let mut losses = Losses::default();
    let mut request = call.endpoint.decode_request(&call.body, &mut losses)?;
    request.model.clone_from(&target.model);
    let (codec, path) = target.embeddings_place(request.inputs.len()).ok_or_else(|| {
        Fault::new(
            ErrorKind::InvalidRequest,
            format!("{} has no embeddings: choose a model of another provider", about.provider),
        )
    })?;
    let body = codec.encode_embeddings(&request, &mut losses)?;
    about.losses = losses;
    if call.strict {
        refuse_losses(&about.losses, target)?;
    }
    let answer = ask(target, codec.dialect(), &path, body.into(), about).await?;
    let response = codec.decode_embeddings(&answer);
    let response = response.map_err(|fault| target.provider.redacted(fault))?;
    if response.vectors.len() != request.inputs.len() {
        let sentence = format!(
            "the provider answered {} vectors for {} inputs",
            response.vectors.len(),
            request.inputs.len()
        );
        return Err(Fault::new(ErrorKind::Malformed, sentence).into());
    }
    let echo = Echo { model: model.to_owned(), created: SystemTime::now(), id: call.id.clone() };
    Ok(call.endpoint.encode_response(&response, &request, &echo).into())
}

async fn ask(
    target: &Target,
    dialect: Dialect,
    path: &str,
    body: Bytes,
    about: &mut About,
) -> Result<Bytes, Refused> {
    target.provider.admit_chat(about.opened)?;
    about.begin_attempt();
    let reply = post(target, dialect, path, HeaderMap::new(), body, Mode::Whole).await?;
    Ok(reply.body.collect(MOST_ANSWER_BYTES).await?)
}
