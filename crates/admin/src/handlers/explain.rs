//! What would happen to a request and why: `POST /api/explain`.

use std::sync::Arc;

use canonical::{Message, Part, Request, Role};
use pipeline::{Allowance, Context, Demand, Explanation, PassedOver, Rank};
use providers::Need;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use server::{Call, Response};

use crate::{Admin, answer, parameters::Parameters, problem};

/// The longest description of a request that is taken.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Output that is reckoned with where nothing is said.
const USUAL_OUTPUT_TOKENS: u64 = 512;

/// A request as it might be sent.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ExplainParameters {
    /// The model's name: a route, `PROVIDER/MODEL` or a bare one; the default provider's default model when unset.
    model: Option<String>,
    /// The registered name of a provider, where the model is named apart.
    provider: Option<String>,
    /// What would be said, to estimate its tokens by.
    message: Option<String>,
    /// Tokens of input, where they are known better.
    input_tokens: Option<u64>,
    /// Tokens that the answer may have.
    max_tokens: Option<u64>,
    /// What the request needs of a model.
    needs: Option<Vec<NeedName>>,
}

/// Something that a request needs of a model.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum NeedName {
    /// Reading pictures.
    Vision,
    /// Calling tools.
    Tools,
    /// Holding the answer to a JSON schema.
    JsonSchema,
}

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
}

/// `POST /api/explain`
pub(crate) async fn explain(
    admin: Arc<Admin>,
    parameters: Arc<Parameters<ExplainParameters>>,
    mut call: Call,
) -> Response {
    let asked = match parameters.read(&mut call, MOST_BYTES).await {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let context = Context::of(Arc::clone(&call.caller), call.request_id.to_string(), &call.headers);
    let provider = asked.provider.as_deref().filter(|name| !name.is_empty());
    let model = asked.model.clone().unwrap_or_default();
    match admin.gateway.explain(&context, provider, &model, asked.demand()).await {
        Ok(explanation) => answer::ok(&ExplanationView::from(explanation)),
        Err(fault) => problem::refusal(&fault.into(), &call.log),
    }
}

impl ExplainParameters {
    fn demand(&self) -> Demand {
        let said = self.message.as_ref().map(|message| {
            let turn = Message { role: Role::User, parts: vec![Part::text(message)] };
            Demand::of(&Request { messages: vec![turn], ..Request::default() }).input_tokens
        });
        let needs = self.needs.iter().flatten().map(|need| match need {
            NeedName::Vision => Need::Vision,
            NeedName::Tools => Need::Tools,
            NeedName::JsonSchema => Need::JsonSchema,
        });
        Demand {
            input_tokens: self.input_tokens.or(said).unwrap_or_default(),
            output_tokens: self.max_tokens.unwrap_or(USUAL_OUTPUT_TOKENS),
            needs: needs.collect(),
        }
    }
}

impl From<Explanation> for ExplanationView {
    fn from(explanation: Explanation) -> Self {
        let Explanation { generation, route, strategy, demand, ranks, passed_over, allowance } =
            explanation;
        Self {
            summary: summary(&ranks),
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
            limits: LimitsView::from(allowance),
        }
    }
}

/// What would happen, in a sentence.
fn summary(ranks: &[Rank]) -> String {
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

impl From<Allowance> for LimitsView {
    fn from(allowance: Allowance) -> Self {
        let remaining = |level: Option<limits::Level>| level.map(|level| level.remaining);
        Self {
            requests_remaining: remaining(allowance.requests),
            tokens_remaining: remaining(allowance.tokens),
        }
    }
}
