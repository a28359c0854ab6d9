//! The account of one request: what it holds while it runs, and what is recorded when it ends.
//!
//! Whatever becomes of a request, its account is closed exactly once: by whoever knows how it ended, else when it is
//! dropped, which means that the caller went away.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use canonical::{ErrorKind, Fault, Origin, Usage};
use limits::Admission;
use providers::{Provider, Snapshot, Turn};
use records::{AttemptRecord, Operation, Outcome, RequestRecord, Sink};
use routing::{Blame, ModelState, Outcome as Tried, Trial};

use crate::{Candidates, Context, Gateway, Target};

/// How a request ends.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// With the provider's whole answer.
    Answered,
    /// With an error before the first byte, told by this status.
    Told(Fault, u16),
    /// With an error after the first byte.
    BrokenOff(Fault),
    /// By the caller, who went away.
    Cancelled,
}

/// The account of one request.
pub(crate) struct Account {
    sinks: Arc<[Arc<dyn Sink>]>,
    log: Option<Arc<dyn Sink>>,
    pub(crate) opened: Instant,
    /// How long its caller waits.
    timeout: Duration,
    record: RequestRecord,
    /// Its place under the limits of its key and project.
    admission: Option<Admission>,
    /// The try that is under way or was answered.
    seat: Option<Seat>,
    price: canonical::Price,
    closed: bool,
}

/// What a try holds while it runs.
pub(crate) struct Seat {
    pub(crate) provider: Arc<Provider>,
    pub(crate) model: String,
    pub(crate) key: usize,
    pub(crate) state: Arc<ModelState>,
    pub(crate) trial: Trial,
    pub(crate) admission: Option<Admission>,
    /// Held for as long as the provider works on it.
    pub(crate) _turn: Option<Turn>,
    pub(crate) began: Instant,
}

impl Account {
    /// Opens the account of a request that came now.
    pub(crate) fn open(gateway: &Gateway, context: &Context, operation: Operation) -> Self {
        let record = RequestRecord {
            id: context.id.clone(),
            began_at: SystemTime::now(),
            generation: 0,
            key: context.caller.id.as_str().to_owned(),
            project: context.caller.project.clone(),
            operation,
            dialect: "management",
            stream: false,
            asked_model: String::new(),
            route: None,
            provider: None,
            model: None,
            status: 0,
            outcome: Outcome::Cancelled,
            error: None,
            usage: Usage::default(),
            cost_nano_usd: None,
            duration: Duration::ZERO,
            first_byte: None,
            queued: Duration::ZERO,
            attempts: Vec::new(),
            traceparent: context.trace.map(|trace| trace.to_string()),
        };
        Self {
            sinks: Arc::clone(&gateway.sinks),
            log: context.log.clone(),
            opened: Instant::now(),
            timeout: context.timeout,
            record,
            admission: None,
            seat: None,
            price: canonical::Price::default(),
            closed: false,
        }
    }

    /// Notes what was asked.
    pub(crate) fn asked(&mut self, dialect: &'static str, model: &str, is_streamed: Streamed) {
        self.record.dialect = dialect;
        model.clone_into(&mut self.record.asked_model);
        self.record.stream = is_streamed == Streamed::Yes;
    }

    /// Notes which snapshot the request sees, and which route its model's name is.
    pub(crate) fn resolved(&mut self, snapshot: &Snapshot, candidates: &Candidates) {
        self.record.generation = snapshot.generation();
        self.record.route = candidates.route.as_ref().map(|route| route.name.clone());
    }

    /// Notes that the limits of its key and project let it in.
    pub(crate) fn admitted(&mut self, admission: Option<Admission>) {
        self.admission = admission;
    }

    /// Notes how long it waited for its turn at a provider.
    pub(crate) fn queued(&mut self, waited: Duration) {
        self.record.queued += waited;
    }

    /// Notes that a try begins.
    pub(crate) fn begin_try(
        &mut self,
        target: &Target,
        price: canonical::Price,
        reason: String,
        seat: Seat,
    ) {
        let provider = target.provider.config().name.to_string();
        self.record.attempts.push(AttemptRecord {
            provider: provider.clone(),
            model: target.model.clone(),
            key: seat.key,
            reason,
            began: seat.began.duration_since(self.opened),
            duration: Duration::ZERO,
            first_byte: None,
            status: None,
            error: None,
            blame: None,
        });
        self.record.provider = Some(provider);
        self.record.model = Some(target.model.clone());
        self.price = price;
        self.seat = Some(seat);
    }

    /// When its caller waits no longer.
    pub(crate) fn deadline(&self) -> Instant {
        self.opened + self.timeout
    }

    /// Notes that the try failed before its answer began, and says whose fault that is.
    pub(crate) fn fail_try(&mut self, fault: &mut Fault) -> Blame {
        self.own_up(fault);
        let blame = blame_of(fault);
        if let Some(seat) = self.seat.take() {
            seat.leave(Some((fault, blame)), &mut self.record);
        }
        blame
    }

    /// Takes a provider's fault back that is none: its caller waited less long than the provider may take.
    fn own_up(&self, fault: &mut Fault) {
        let may_take = self.seat.as_ref().map(|seat| seat.provider.config().timeout());
        let is_ours = fault.kind == ErrorKind::Timeout
            && fault.upstream_status.is_none()
            && may_take.is_some_and(|longest| self.timeout < longest)
            && Instant::now() >= self.deadline();
        if is_ours {
            *fault = self.out_of_time();
        }
    }

    /// The fault of a request whose caller waits no longer.
    pub(crate) fn out_of_time(&self) -> Fault {
        let sentence = format!(
            "there was no whole answer within the {} s that this request may take: allow it more by x-closedpaw-timeout",
            self.timeout.as_secs_f64()
        );
        Fault { origin: Origin::Downstream, ..Fault::new(ErrorKind::Timeout, sentence) }
    }

    /// Notes when the first byte of the answer came.
    pub(crate) fn first_byte(&mut self, at: Instant) {
        let since_opened = at.saturating_duration_since(self.opened);
        let first = *self.record.first_byte.get_or_insert(since_opened);
        if let (Some(seat), Some(attempt)) = (&mut self.seat, self.record.attempts.last_mut())
            && attempt.first_byte.is_none()
        {
            attempt.first_byte = Some(first.saturating_sub(attempt.began));
            // How long it takes to count says nothing of answers.
            if self.record.operation != Operation::Count {
                let took = at.saturating_duration_since(seat.began);
                seat.state.first_byte(&mut seat.trial, took, at);
            }
        }
    }

    /// Closes the account.
    pub(crate) fn close(mut self, end: End, usage: &Usage) {
        self.settle(end, usage);
    }

    fn settle(&mut self, mut end: End, usage: &Usage) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        if let End::BrokenOff(fault) = &mut end {
            self.own_up(fault);
        }
        let record = &mut self.record;
        if let Some(mut seat) = self.seat.take() {
            if matches!(end, End::Answered) && record.first_byte.is_none() {
                seat.answered_whole();
            }
            if let (Some(admission), Some(tokens)) = (&seat.admission, usage.total_tokens()) {
                admission.correct(tokens);
            }
            let failure = match &end {
                End::BrokenOff(fault) => Some((fault, blame_of(fault))),
                End::Answered | End::Told(..) | End::Cancelled => None,
            };
            match (&end, record.first_byte) {
                // Nobody waited for what the provider would have said.
                (End::Cancelled, None) => seat.abandon(record),
                (End::Cancelled | End::Answered | End::Told(..) | End::BrokenOff(_), _) => {
                    seat.leave(failure, record);
                }
            }
        }
        if let Some(admission) = self.admission.take() {
            let was_refused = record.attempts.is_empty() && matches!(end, End::Told(..));
            match usage.total_tokens() {
                Some(tokens) => admission.correct(tokens),
                None if was_refused => admission.retract(),
                None => {}
            }
        }
        record.usage = *usage;
        record.cost_nano_usd = self.price.cost_nano_usd(usage);
        record.duration = self.opened.elapsed();
        let (status, outcome, fault) = match end {
            End::Answered => (200, Outcome::Answered, None),
            End::BrokenOff(fault) => (200, Outcome::BrokenOff, Some(fault)),
            End::Cancelled => (499, Outcome::Cancelled, None),
            End::Told(fault, status) if record.attempts.is_empty() => {
                (status, Outcome::Refused, Some(fault))
            }
            End::Told(fault, status) => (status, Outcome::Failed, Some(fault)),
        };
        record.status = status;
        record.outcome = outcome;
        record.error = fault.map(|fault| fault.kind.as_str());
        let settled = Arc::new(record.clone());
        for sink in self.log.iter().chain(self.sinks.iter()) {
            sink.settled(&settled);
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.settle(End::Cancelled, &Usage::default());
    }
}

/// Whose fault a failed try is; what goes wrong on our side counts against nobody.
fn blame_of(fault: &Fault) -> Blame {
    match fault.origin {
        Origin::Internal => Blame::Ours,
        Origin::Downstream if fault.kind == ErrorKind::Timeout => Blame::Caller,
        Origin::Upstream | Origin::Downstream => routing::blame(fault),
    }
}

/// What a failed try says about the model.
fn tried(fault: &Fault, blame: Blame) -> Tried {
    match (blame, fault.kind) {
        // It was not waited for.
        (Blame::Caller, ErrorKind::Timeout) => Tried::Abandoned,
        (blame, _) => Tried::of(blame),
    }
}

impl From<bool> for Streamed {
    fn from(is_streamed: bool) -> Self {
        if is_streamed { Self::Yes } else { Self::No }
    }
}

/// Whether an answer is streamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Streamed {
    /// Piece by piece.
    Yes,
    /// All at once.
    No,
}

impl Seat {
    /// Notes how long a whole answer took, which is how long its first byte did.
    fn answered_whole(&mut self) {
        let now = Instant::now();
        let took = now.saturating_duration_since(self.began);
        self.state.first_byte(&mut self.trial, took, now);
    }

    /// Ends the try, with what went wrong if anything did.
    fn leave(self, failure: Option<(&Fault, Blame)>, record: &mut RequestRecord) {
        let now = Instant::now();
        self.note(failure, now, record);
        let tried = failure.map_or(Tried::Answered, |(fault, blame)| tried(fault, blame));
        let mut keys = self.provider.key_ring();
        match failure {
            Some((fault, blame @ (Blame::Key | Blame::Rate(_)))) => {
                keys.failed(self.key, &self.model, blame, fault, now);
            }
            None => keys.accepted(self.key, &self.model, self.began),
            Some((_, Blame::Caller | Blame::Candidate | Blame::Provider | Blame::Ours)) => {}
        }
        drop(keys);
        self.state.end(self.trial, tried, now);
    }

    /// Ends a try of which nobody knows what would have come.
    fn abandon(self, record: &mut RequestRecord) {
        let now = Instant::now();
        self.note(None, now, record);
        self.state.end(self.trial, Tried::Abandoned, now);
    }

    fn note(&self, failure: Option<(&Fault, Blame)>, now: Instant, record: &mut RequestRecord) {
        let Some(attempt) = record.attempts.last_mut() else { return };
        attempt.duration = now.duration_since(self.began);
        attempt.status = failure.map_or(Some(200), |(fault, _)| fault.upstream_status);
        attempt.error = failure.map(|(fault, _)| fault.kind.as_str());
        attempt.blame = failure.map(|(_, blame)| blame.as_str());
    }
}
