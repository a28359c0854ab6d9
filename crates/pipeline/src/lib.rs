//! One chat call, from a named provider to a settled answer.
//!
//! The steps are the functions that [`chat`] and [`stream`] call, in order: **resolve** (names to a provider
//! and a model) → **admit** (may it run now) → **encode** (canonical form to the provider's dialect) →
//! **attempt** (one try, one typed outcome) → the answer, **read whole** or relayed as **events**.

mod about;
mod attempt;
mod events;
mod resolve;
mod test;

use std::time::Instant;

use attempt::{Mode, attempt, encode, read_whole};
use canonical::{Fault, Request, Response};
use providers::Snapshot;
use resolve::{Target, resolve};
use upstream::Reply;

pub use about::About;
pub use events::EventStream;
pub use test::{Proof, test};

/// A chat as a caller asks for it: the request, and by whom it shall be answered.
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
    let opened = Instant::now();
    let target = resolve(snapshot, &call)?;
    let mut about = About::of(&target, opened);
    let answer = async {
        let reply = send(&target, &mut about, call.request, Mode::Whole).await?;
        read_whole(&target, reply).await
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
    let opened = Instant::now();
    let target = resolve(snapshot, &call)?;
    let mut about = About::of(&target, opened);
    let answer = async {
        let reply = send(&target, &mut about, call.request, Mode::Stream).await?;
        EventStream::begin(&target, reply).await
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
) -> Result<Reply, Fault> {
    target.provider.admit_chat(about.opened)?;
    let (body, losses) = encode(target, request, mode);
    about.losses = losses;
    about.begin_attempt();
    attempt(target, body, mode).await
}

/// Why a chat was not answered.
#[derive(Debug)]
pub struct Refusal {
    /// What went wrong.
    pub fault: Fault,
    /// What is known about the call, once a provider was chosen.
    pub about: Option<About>,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self { fault, about: None }
    }
}
