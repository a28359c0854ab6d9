//! One call, from what the caller sent to a settled answer.
//!
//! The steps are the functions that [`Gateway::answer`] calls, in order: **open** (find the model's name and whether
//! the answer is streamed) → **resolve** (the name to candidates that the caller holds) → **fit** (who of them can
//! serve it) → **admit** (may the caller's key run it now) → the **way** over the candidates: choose one, **prepare**
//! (splice the caller's bytes, or translate them), take a seat, **attempt** (one try, one typed outcome), and after a
//! failure the next → the answer, whole or as a **relay**, whose end **settles** the account.
//!
//! Callers that speak no dialect, such as the management API, enter at [`Gateway::chat`] and [`Gateway::stream`] with
//! a request in the canonical form.

mod about;
mod account;
mod allowance;
mod attempt;
mod beginning;
mod byte_lane;
mod byte_relay;
mod call;
mod candidates;
mod capabilities;
mod chat;
mod context;
mod count;
mod demand;
mod embeddings;
mod errand;
mod events;
mod explain;
mod failover;
mod features;
mod gateway;
mod lost_turns;
mod observer;
mod open;
mod plan;
mod refusal;
mod relay;
mod resolve;
mod splice;
mod standings;
mod test;
mod translate_lane;

use account::{Account, End};
use canonical::{Fault, Losses, Request, Response, Usage};
use chat::{Chat, StreamedChat, WholeChat};
use errand::Errand;
use failover::Way;
use providers::{Delivery, Snapshot};
use records::Operation;
use resolve::{resolve, resolve_name};

pub use about::About;
pub use allowance::Allowance;
pub use call::{Answer, InferenceCall, PathCall};
pub use candidates::{Candidate, Candidates, PassedOver};
pub use capabilities::targets;
pub use context::Context;
pub use count::{CountCall, Counted};
pub use demand::Demand;
pub use embeddings::EmbeddingsCall;
pub use errand::Whole;
pub use events::EventStream;
pub use explain::{Explanation, Rank};
pub use features::{Feature, features};
pub use gateway::Gateway;
pub use plan::Lane;
pub use refusal::{Refusal, log, sentence};
pub use relay::Relay;
pub use resolve::{Target, find_model, may_ask};
pub use test::{Proof, test};

/// A chat in the canonical form: the request, and by whom it shall be answered.
pub struct ChatCall {
    /// The registered name of a provider; the default one when unset.
    pub provider: Option<String>,
    /// The request. An empty model means the provider's default model; without a provider, it may be a route's name.
    pub request: Request,
    /// Who calls.
    pub context: Context,
}

impl Gateway {
    /// Answers a chat in the caller's own dialect.
    ///
    /// Returns once a streamed answer has begun, so that whatever fails before can still be told by a status.
    ///
    /// # Errors
    ///
    /// Fails with what the caller is to be told; what is known about the call comes with it.
    pub async fn answer(&self, call: &InferenceCall) -> Result<(About, Answer), Refusal> {
        let mut account = Account::open(self, &call.context, Operation::Chat);
        let outcome = self.answer_on(call, &mut account).await;
        settled(account, outcome, |fault| call.endpoint.error_status(fault))
    }

    async fn answer_on(
        &self,
        call: &InferenceCall,
        account: &mut Account,
    ) -> Result<(About, Answer), Refusal> {
        let opened = open::open(call)?;
        account.asked(call.endpoint.dialect().as_str(), &opened.model, opened.stream.into());
        let snapshot = self.snapshot();
        let caller = &call.context.caller;
        let mut candidates = resolve_name(&snapshot, caller, &opened.model).await?;
        for candidate in &mut candidates.able {
            candidate.target.speak_like(call.endpoint.dialect());
        }
        if let Some(Candidate { target, .. }) = candidates.able.first()
            && let Some(idle) = open::idle(call, &opened, target)
        {
            account.resolved(&snapshot, &candidates);
            let about = About::of(target, &candidates, snapshot.generation(), account.opened);
            return Ok((about, idle));
        }
        let demand = if candidates.ask_for_demand(caller) {
            Demand::of(&call.endpoint.decode_request(&call.body, &mut Losses::default())?)
        } else {
            Demand::default()
        };
        let errand = Chat { call, opened: &opened };
        self.ask(&errand, &snapshot, &call.context, candidates, &demand, account).await
    }

    /// Asks for a whole answer.
    ///
    /// # Errors
    ///
    /// Fails with what the caller is to be told; what is known about the call comes with it.
    pub async fn chat(&self, call: &ChatCall) -> Result<(About, Response), Refusal> {
        let (about, whole) = self.chat_by(&WholeChat(&call.request), call, Delivery::Whole).await?;
        Ok((about, whole.content))
    }

    /// Asks for an answer in pieces.
    ///
    /// Returns once the answer has begun, so that whatever fails before can still be told by a status.
    ///
    /// # Errors
    ///
    /// Fails with what the caller is to be told; what is known about the call comes with it.
    pub async fn stream(&self, call: &ChatCall) -> Result<(About, EventStream), Refusal> {
        self.chat_by(&StreamedChat(&call.request), call, Delivery::Streamed).await
    }

    async fn chat_by<E: Errand>(
        &self,
        errand: &E,
        call: &ChatCall,
        delivery: Delivery,
    ) -> Result<(About, E::Answer), Refusal> {
        let mut account = Account::open(self, &call.context, Operation::Chat);
        account.asked("management", &call.request.model, delivery);
        let snapshot = self.snapshot();
        let (caller, model) = (&call.context.caller, &call.request.model);
        let outcome = match resolve(&snapshot, caller, call.provider.as_deref(), model) {
            Ok(candidates) => {
                let demand = Demand::of(&call.request);
                self.ask(errand, &snapshot, &call.context, candidates, &demand, &mut account).await
            }
            Err(fault) => Err(fault.into()),
        };
        settled(account, outcome, Fault::status)
    }

    /// Fits the candidates to the request, lets it in, and goes the way over them.
    async fn ask<E: Errand>(
        &self,
        errand: &E,
        snapshot: &Snapshot,
        context: &Context,
        mut candidates: Candidates,
        demand: &Demand,
        account: &mut Account,
    ) -> Result<(About, E::Answer), Refusal> {
        account.resolved(snapshot, &candidates);
        candidates.fit(snapshot, &context.caller, demand);
        if candidates.able.is_empty() {
            return Err(candidates.nobody().into());
        }
        let tokens = match errand.operation() {
            Operation::Chat | Operation::Embeddings => demand.tokens(),
            // What is counted is not used.
            Operation::Count => 0,
        };
        account.admitted(allowance::let_in(&context.caller, tokens, account.opened)?);
        self.retries().deposit();
        let way = Way { gateway: self, snapshot, context, candidates: &candidates, demand };
        way.go(errand, account).await
    }
}

/// Closes the account of a call that failed, and hands that of one that is answered to its answer.
fn settled<A: errand::Answered>(
    account: Account,
    outcome: Result<(About, A), Refusal>,
    status: impl Fn(&Fault) -> u16,
) -> Result<(About, A), Refusal> {
    match outcome {
        Ok((about, mut answer)) => {
            answer.close_later(account);
            Ok((about, answer))
        }
        Err(refusal) => {
            let status = status(&refusal.fault);
            account.close(End::Told(refusal.fault.clone(), status), &Usage::default());
            Err(refusal)
        }
    }
}
