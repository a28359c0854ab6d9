//! What would happen to a request, or what did, as callers see it.

use pipeline::{Allowance, Explanation, PassedOver, Rank};
use providers::Need;
use schemars::JsonSchema;
use serde::Serialize;
use store::{AttemptRow, RequestRow};

use crate::request_view::RequestDetails;

/// What would happen to the request now.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ExplanationView {
    /// What would happen, in a sentence.
    summary: String,
    /// Which snapshot of providers and routes it would see.
    generation: u64,
    /// The route that the model's name is, if it is one.
    route: Option<String>,
    /// How candidates are ordered.
    strategy: &'static str,
    /// What the request demands.
    demand: DemandView,
    /// Who may answer, in the order of the tries; those that may not be asked now stand last.
    candidates: Vec<CandidateView>,
    /// Who may not answer, and why.
    passed_over: Vec<PassedOverView>,
    /// What is left of the caller's own limits.
    limits: LimitsView,
}

/// What the request demands.
#[derive(Serialize, JsonSchema)]
struct DemandView {
    /// Estimated tokens of input.
    input_tokens: u64,
    /// Tokens of output that are reckoned with.
    output_tokens: u64,
    /// What the model must be able to do.
    needs: Vec<&'static str>,
}

/// How one candidate stands.
#[derive(Serialize, JsonSchema)]
struct CandidateView {
    /// The provider.
    provider: String,
    /// Its model.
    model: String,
    /// Its place in the order of tries, counted from 1; `null` where it may not be asked now.
    place: Option<usize>,
    /// Why it stands there.
    reason: String,
    /// `closed`, `open` or `half_open`.
    breaker: &'static str,
    /// Requests that run there.
    in_flight: u32,
    /// Whether a request would wait for its turn.
    busy: bool,
    /// Whether it is on this machine or its network.
    local: bool,
    /// Its share among weighted candidates.
    weight: u32,
    /// What its first byte is expected to take, in milliseconds.
    expected_ms: f64,
    /// What the request is estimated to cost, in billionths of a US dollar; `null` where no price is known.
    cost_nano_usd: Option<u64>,
}

/// One who may not answer.
#[derive(Serialize, JsonSchema)]
struct PassedOverView {
    /// The provider.
    provider: String,
    /// Its model.
    model: String,
    /// Why not.
    reason: String,
}

/// What is left of the caller's own limits.
#[derive(Serialize, JsonSchema)]
struct LimitsView {
    /// Requests that may still start in this minute; `null` where they are not limited.
    requests_remaining: Option<u64>,
    /// Tokens that may still be used in this minute; `null` where they are not limited.
    tokens_remaining: Option<u64>,
    /// Why the request would be refused now; `null` where it would be let in.
    reached: Option<String>,
}

/// What did happen to a request.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Account {
    /// What happened, in a sentence.
    summary: String,
    /// Its record, as `GET /api/requests/{id}` shows it.
    request: RequestDetails,
}

impl From<Explanation> for ExplanationView {
    fn from(explanation: Explanation) -> Self {
        let Explanation {
            generation,
            route,
            strategy,
            demand,
            ranks,
            passed_over,
            allowance,
            kept_out,
        } = explanation;
        let kept_out = kept_out.map(|fault| fault.public);
        Self {
            summary: summary(&ranks, kept_out.as_deref()),
            generation,
            route,
            strategy: strategy.as_str(),
            demand: DemandView {
                input_tokens: demand.input_tokens,
                output_tokens: demand.output_tokens,
                needs: demand.needs.into_iter().map(Need::as_str).collect(),
            },
            candidates: ranks.into_iter().map(CandidateView::from).collect(),
            passed_over: passed_over.into_iter().map(PassedOverView::from).collect(),
            limits: LimitsView::of(allowance, kept_out),
        }
    }
}

/// What would happen, in a sentence.
fn summary(ranks: &[Rank], kept_out: Option<&str>) -> String {
    if let Some(sentence) = kept_out {
        return format!("Nobody would be asked: {sentence}");
    }
    let names: Vec<_> = ranks
        .iter()
        .filter(|rank| rank.place.is_some())
        .map(|rank| format!("{}/{}", rank.provider, rank.model))
        .collect();
    match names.split_first() {
        None => "Nobody would be asked now: see why under candidates and passed_over".to_owned(),
        Some((first, [])) => format!("{first} would be asked, and nobody after it"),
        Some((first, others)) => {
            format!("{first} would be asked; should it fail, {}", others.join(", then "))
        }
    }
}

impl From<Rank> for CandidateView {
    fn from(rank: Rank) -> Self {
        Self {
            provider: rank.provider,
            model: rank.model,
            place: rank.place,
            reason: rank.reason,
            breaker: rank.breaker.as_str(),
            in_flight: rank.in_flight,
            busy: rank.is_full,
            local: rank.is_local,
            weight: rank.weight,
            expected_ms: rank.expected_ms,
            cost_nano_usd: rank.cost_nano_usd,
        }
    }
}

impl From<PassedOver> for PassedOverView {
    fn from(PassedOver { provider, model, reason }: PassedOver) -> Self {
        Self { provider, model, reason }
    }
}

impl LimitsView {
    fn of(allowance: Allowance, reached: Option<String>) -> Self {
        let remaining = |level: Option<limits::Level>| level.map(|level| level.remaining);
        Self {
            requests_remaining: remaining(allowance.requests),
            tokens_remaining: remaining(allowance.tokens),
            reached,
        }
    }
}

impl Account {
    pub(crate) fn of(request: RequestRow) -> Self {
        Self { summary: told(&request), request: request.into() }
    }
}

/// What did happen, in a sentence.
fn told(request: &RequestRow) -> String {
    let name = |try_: &AttemptRow| format!("{}/{}", try_.provider, try_.model);
    let failure = |try_: &AttemptRow| {
        let what = try_.error.as_deref().unwrap_or("no answer");
        let status = try_.status.map(|status| format!(", status {status}"));
        format!("{} failed ({what}{})", name(try_), status.unwrap_or_default())
    };
    let error = request.error.as_deref().unwrap_or("no reason is known");
    let Some((last, before)) = request.attempts.split_last() else {
        return match request.outcome.as_str() {
            "cancelled" => "The caller went away before anybody was asked".to_owned(),
            _ => format!("Nobody was asked: {error}, told with status {}", request.status),
        };
    };
    let before: String = before.iter().map(|try_| failure(try_) + "; then ").collect();
    let end = match request.outcome.as_str() {
        "answered" => format!("{} answered", name(last)),
        "broken_off" => format!("{} began to answer and broke off ({error})", name(last)),
        "cancelled" => format!("the caller went away while {} was asked", name(last)),
        _ => format!("{}, told with status {}", failure(last), request.status),
    };
    before + &end
}

#[cfg(test)]
mod tests {
    use store::{AttemptRow, RequestRow};

    use super::told;

    #[test]
    fn a_record_is_told_in_a_sentence() {
        let failed = |provider: &str, status: Option<u16>, error: &str| AttemptRow {
            provider: provider.to_owned(),
            status,
            error: Some(error.to_owned()),
            ..attempt()
        };
        let check = |outcome: &str, attempts: Vec<AttemptRow>, expected: &str| {
            let error = (outcome != "answered").then(|| "overloaded".to_owned());
            let outcome = outcome.to_owned();
            let row = RequestRow { outcome, error, attempts, ..request() };
            assert_eq!(told(&row), expected);
        };
        check("answered", vec![attempt()], "p/m answered");
        check(
            "answered",
            vec![failed("q", Some(503), "overloaded"), failed("r", None, "timeout"), attempt()],
            "q/m failed (overloaded, status 503); then r/m failed (timeout); then p/m answered",
        );
        check(
            "failed",
            vec![failed("q", Some(503), "overloaded")],
            "q/m failed (overloaded, status 503), told with status 503",
        );
        check("broken_off", vec![attempt()], "p/m began to answer and broke off (overloaded)");
        check("cancelled", vec![attempt()], "the caller went away while p/m was asked");
        check("cancelled", vec![], "The caller went away before anybody was asked");
        check("refused", vec![], "Nobody was asked: overloaded, told with status 503");
    }

    fn attempt() -> AttemptRow {
        AttemptRow {
            provider: "p".to_owned(),
            model: "m".to_owned(),
            key: 0,
            reason: String::new(),
            began_ms: 0,
            duration_ms: 0,
            first_byte_ms: None,
            status: Some(200),
            error: None,
            blame: None,
        }
    }

    fn request() -> RequestRow {
        RequestRow {
            id: String::new(),
            began_at_ms: 0,
            generation: 1,
            key: String::new(),
            project: None,
            operation: String::new(),
            dialect: String::new(),
            stream: false,
            asked_model: String::new(),
            route: None,
            provider: None,
            model: None,
            status: 503,
            outcome: String::new(),
            error: None,
            input_tokens: None,
            cache_read_tokens: None,
            cache_write_tokens: None,
            output_tokens: None,
            reasoning_tokens: None,
            cost_nano_usd: None,
            duration_ms: 0,
            first_byte_ms: None,
            queued_ms: 0,
            attempts: Vec::new(),
            traceparent: None,
        }
    }
}
