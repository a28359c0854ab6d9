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
use providers::{ProviderName, Snapshot};
use resolve::{Target, resolve};

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
/// Fails with what the caller is to be told; the provider that was chosen, if one was, comes with it.
pub async fn chat(snapshot: &Snapshot, call: ChatCall) -> Result<(About, Response), Refusal> {
    let opened = Instant::now();
    let target = resolve(snapshot, &call)?;
    let outcome = async {
        target.provider.admit_chat(opened)?;
        let (body, losses) = encode(&target, call.request, Mode::Whole);
        let sent = Instant::now();
        let reply = attempt(&target, body, Mode::Whole).await?;
        let response = read_whole(&target, reply).await?;
        Ok((target.about(losses, opened, sent), response))
    };
    outcome.await.map_err(|fault| target.refusal(fault))
}

/// Asks for an answer in pieces.
///
/// Returns once the answer has begun, so that whatever fails before can still be told by a status.
///
/// # Errors
///
/// Fails with what the caller is to be told; the provider that was chosen, if one was, comes with it.
pub async fn stream(snapshot: &Snapshot, call: ChatCall) -> Result<(About, EventStream), Refusal> {
    let opened = Instant::now();
    let target = resolve(snapshot, &call)?;
    let outcome = async {
        target.provider.admit_chat(opened)?;
        let (body, losses) = encode(&target, call.request, Mode::Stream);
        let sent = Instant::now();
        let reply = attempt(&target, body, Mode::Stream).await?;
        let events = EventStream::begin(&target, reply).await?;
        Ok((target.about(losses, opened, sent), events))
    };
    outcome.await.map_err(|fault| target.refusal(fault))
}

/// Why a chat was not answered, and which provider was asked, if one was.
#[derive(Debug)]
pub struct Refusal {
    /// What went wrong.
    pub fault: Fault,
    /// The provider that was chosen, if one was.
    pub provider: Option<ProviderName>,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self { fault, provider: None }
    }
}
