//! One call, from what the caller sent to a settled answer.
//!
//! The steps are the functions that [`answer`] calls, in order: **open** (find the model's name and whether the answer
//! is streamed) → **resolve** (the name to a provider and a model) → **plan** (which lane) → **encode** (splice the
//! caller's bytes, or translate them) → **admit** (may it run now) → **attempt** (one try, one typed outcome) → the
//! answer, whole or as a **relay**.
//!
//! Callers that speak no dialect, such as the management API, enter at [`chat`] and [`stream`] with a request in the
//! canonical form.

mod about;
mod attempt;
mod beginning;
mod byte_lane;
mod byte_relay;
mod call;
mod capabilities;
mod count;
mod embeddings;
mod events;
mod features;
mod lost_turns;
mod open;
mod plan;
mod refusal;
mod relay;
mod resolve;
mod splice;
mod test;
mod translate_lane;

use std::time::Instant;

use attempt::{Mode, attempt, encode, read_whole};
use canonical::{Request, Response};
use plan::plan;
use providers::{Refused, Snapshot};
use resolve::resolve;
use upstream::Reply;

pub use about::About;
pub use call::{Answer, InferenceCall, PathCall};
pub use capabilities::targets;
pub use count::{CountCall, Counted, count};
pub use embeddings::{EmbeddingsCall, embed};
pub use events::EventStream;
pub use features::{Feature, features};
pub use plan::Lane;
pub use refusal::{Refusal, log, sentence};
pub use relay::Relay;
pub use resolve::{Target, resolve_name};
pub use test::{Proof, test};

/// Answers a chat in the caller's own dialect.
///
/// Returns once a streamed answer has begun, so that whatever fails before can still be told by a status.
///
/// # Errors
///
/// Fails with what the caller is to be told; what is known about the call comes with it.
pub async fn answer(snapshot: &Snapshot, call: &InferenceCall) -> Result<(About, Answer), Refusal> {
    let began = Instant::now();
    let opened = open::open(call)?;
    let mut target = resolve_name(snapshot, &opened.model).await?;
    if target.speaks(call.endpoint.dialect()) {
        target.codec = dialects::codec(call.endpoint.dialect());
    }
    let mut about = About::of(&target, began);
    let outcome = match plan(&target, call) {
        Lane::Bytes => byte_lane::answer(&target, call, &opened, &mut about).await,
        Lane::Translate => {
            let answer = translate_lane::answer(&target, call, &opened, &mut about).await;
            answer.map_err(Refused::reworded)
        }
    };
    about.settle(outcome)
}

/// A chat in the canonical form: the request, and by whom it shall be answered.
#[derive(Debug)]
pub struct ChatCall {
    /// The registered name of a provider; the default one when unset.
    pub provider: Option<String>,
    /// The request. An empty model means the provider's default model.
    pub request: Request,
}

/// Asks for a whole answer.
///
/// # Errors
///
/// Fails with what the caller is to be told; what is known about the call comes with it.
pub async fn chat(snapshot: &Snapshot, call: ChatCall) -> Result<(About, Response), Refusal> {
    let began = Instant::now();
    let target = resolve(snapshot, call.provider.as_deref(), &call.request.model)?;
    let mut about = About::of(&target, began);
    let answer = async {
        let reply = send(&target, &mut about, call.request, Mode::Whole).await?;
        Ok(read_whole(&target, reply).await?)
    }
    .await;
    about.settle(answer)
}

/// Asks for an answer in pieces.
///
/// Returns once the answer has begun, so that whatever fails before can still be told by a status.
///
/// # Errors
///
/// Fails with what the caller is to be told; what is known about the call comes with it.
pub async fn stream(snapshot: &Snapshot, call: ChatCall) -> Result<(About, EventStream), Refusal> {
    let began = Instant::now();
    let target = resolve(snapshot, call.provider.as_deref(), &call.request.model)?;
    let mut about = About::of(&target, began);
    let answer = async {
        let reply = send(&target, &mut about, call.request, Mode::Stream).await?;
        Ok(EventStream::begin(&target, reply).await?)
    }
    .await;
    about.settle(answer)
}

/// Admits the chat, writes it in the provider's dialect and makes the attempt.
async fn send(
    target: &Target,
    about: &mut About,
    request: Request,
    mode: Mode,
) -> Result<Reply, Refused> {
    target.provider.admit_chat(about.opened)?;
    let (body, losses) = encode(target, request, mode);
    about.losses = losses;
    about.begin_attempt();
    attempt(target, body, mode).await
}
