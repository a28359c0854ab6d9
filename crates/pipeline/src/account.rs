//! The account of one request: what it holds while it runs, and what is recorded when it ends.
//!
//! Whatever becomes of a request, its account is closed exactly once: by whoever knows how it ended, else when it is
//! dropped, which means that the caller went away.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use canonical::{ErrorKind, Fault, Origin, Price, Usage};
use limits::Admission;
use providers::{Delivery, Provider, Snapshot, Turn};
use records::{AttemptRecord, Operation, Outcome, RequestRecord, Sink};
use routing::{Blame, ModelState, Outcome as Tried, Trial};

use crate::{Candidates, Context, Gateway, Target};

/// A provider that had all of its time but for this much has had it.
const NEARLY: Duration = Duration::from_secs(1);

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

impl End {
    /// Corrects an estimate by what the provider said. Of an answer that has no end it has not told all: often nothing
    /// but the input, however much came after.
    fn correct(&self, admission: &Admission, tokens: u64) {
        match self {
            Self::Answered => admission.correct(tokens),
            Self::Told(..) | Self::BrokenOff(_) | Self::Cancelled => admission.raise(tokens),
        }
    }
}

/// The account of one request.
pub(crate) struct Account {
    sinks: Arc<[Arc<dyn Sink>]>,
    log: Option<Arc<dyn Sink>>,
    pub(crate) opened: Instant,
    /// When its caller waits no longer.
    pub(crate) deadline: Instant,
    record: RequestRecord,
    /// Its place under the limits of its key and project.
    admission: Option<Admission>,
    /// The try that is under way or was answered.
    seat: Option<Seat>,
    /// Of the model that was asked last.
    price: Price,
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
        let opened = Instant::now();
        Self {
            sinks: Arc::clone(&gateway.sinks),
            log: context.log.clone(),
            opened,
            deadline: opened + context.timeout,
            record,
            admission: None,
            seat: None,
            price: Price::default(),
            closed: false,
        }
    }

    /// Notes what was asked.
    pub(crate) fn asked(&mut self, dialect: &'static str, model: &str, delivery: Delivery) {
        self.record.dialect = dialect;
        model.clone_into(&mut self.record.asked_model);
        self.record.stream = delivery == Delivery::Streamed;
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
    pub(crate) fn begin_try(&mut self, target: &Target, reason: String, seat: Seat) {
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
        self.price = target.price;
        self.seat = Some(seat);
    }

    /// Notes that the try failed before its answer began, and says whose fault that is. What is nobody's is told as
    /// such.
    pub(crate) fn fail_try(&mut self, fault: &mut Fault) -> Blame {
        let blame = self.blame(fault);
        if blame == Blame::Deadline {
            *fault = self.out_of_time();
        }
        if let Some(seat) = self.seat.take() {
            seat.leave(Some((fault, blame)), &mut self.record);
        }
        blame
    }

    /// Whose fault the failure of the try under way is.
    fn blame(&self, fault: &Fault) -> Blame {
        let is_cut_short = self.seat.as_ref().is_some_and(|seat| seat.is_cut_short(self.deadline));
        let is_own_timeout = fault.kind == ErrorKind::Timeout && fault.upstream_status.is_none();
        match fault.origin {
            // What goes wrong on our side counts against nobody.
            Origin::Internal => Blame::Ours,
            Origin::Upstream | Origin::Downstream if is_own_timeout && is_cut_short => {
                Blame::Deadline
            }
            Origin::Upstream | Origin::Downstream => routing::blame(fault),
        }
    }

    /// The fault of a request whose caller waits no longer.
    pub(crate) fn out_of_time(&self) -> Fault {
        let sentence = format!(
            "there was no whole answer within the {} s that this request may take: allow it more by x-closedpaw-timeout",
            (self.deadline - self.opened).as_secs_f64()
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
            seat.begins_to_answer(self.record.operation, at);
        }
    }

    /// Closes the account.
    pub(crate) fn close(mut self, end: End, usage: &Usage) {
        self.settle(end, usage);
    }

    fn settle(&mut self, end: End, usage: &Usage) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        let failure = match &end {
            End::BrokenOff(fault) => Some((fault, self.blame(fault))),
            End::Answered | End::Told(..) | End::Cancelled => None,
        };
        let record = &mut self.record;
        if let Some(mut seat) = self.seat.take() {
            if matches!(end, End::Answered) && record.first_byte.is_none() {
                seat.begins_to_answer(record.operation, Instant::now());
            }
            if let (Some(admission), Some(tokens)) = (&seat.admission, usage.total_tokens()) {
                end.correct(admission, tokens);
            }
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
                Some(tokens) => end.correct(&admission, tokens),
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

impl Seat {
    /// Whether the caller's deadline is over before the provider had the time that it may take. Whoever is in a hurry
    /// must not make it look broken to everybody else.
    fn is_cut_short(&self, deadline: Instant) -> bool {
        let given = deadline.saturating_duration_since(self.began);
        let may_take = self.provider.config().timeout().saturating_sub(NEARLY);
        Instant::now() >= deadline && given < may_take
    }

    /// Notes that the answer begins; a whole one begins when it ends. How long it takes to count says nothing of answers.
    fn begins_to_answer(&mut self, operation: Operation, at: Instant) {
        match operation {
            Operation::Chat | Operation::Embeddings => {
                let took = at.saturating_duration_since(self.began);
                self.state.first_byte(&mut self.trial, took, at);
            }
            Operation::Count => {}
        }
    }

    /// Ends the try, with what went wrong if anything did.
    fn leave(self, failure: Option<(&Fault, Blame)>, record: &mut RequestRecord) {
        let now = Instant::now();
        self.note(failure, now, record);
        let tried = failure.map_or(Tried::Answered, |(_, blame)| Tried::of(blame));
        let mut keys = self.provider.key_ring();
        match failure {
            Some((fault, blame @ (Blame::Key | Blame::Rate(_)))) => {
                keys.failed(self.key, &self.model, blame, fault, now);
            }
            None => keys.accepted(self.key, &self.model, self.began),
            Some((
                _,
                Blame::Caller | Blame::Candidate | Blame::Provider | Blame::Deadline | Blame::Ours,
            )) => {}
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
