//! What would happen to a request and why, or what did happen to one: `POST /api/explain`.

use std::sync::Arc;

use canonical::Fault;
use grants::Scope;
use http::StatusCode;
use keys::Caller;
use pipeline::Demand;
use providers::Need;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use server::{Call, Response, response};

use super::requests;
use crate::{
    Admin, answer,
    explanation_view::{Account, ExplanationView},
    parameters::Parameters,
    problem,
};

/// The longest description of a request that is taken.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// A request as it might be sent, or the id of one that was.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ExplainParameters {
    /// The `x-request-id` of a request that was sent: says what did happen to it. Nothing else is sent with it.
    request_id: Option<String>,
    /// The id of a virtual key: says what would happen to a request with that key, instead of the caller's own. Needs
    /// the scope `admin`.
    key: Option<String>,
    /// The model's name: a route, `PROVIDER/MODEL` or a bare one; the default provider's default model when unset.
    model: Option<String>,
    /// The registered name of a provider, where the model is named apart.
    provider: Option<String>,
    /// What would be said, to estimate its tokens by.
    message: Option<String>,
    /// The conversation so far, as `/v1/chat/completions` takes it; what it needs of a model is read from it. Send this or
    /// `message`.
    messages: Option<Vec<Map<String, Value>>>,
    /// The tools that the model may call.
    tools: Option<Vec<Map<String, Value>>>,
    /// The form of the answer.
    response_format: Option<Map<String, Value>>,
    /// Whether the answer would be streamed, which changes nothing.
    stream: Option<bool>,
    /// Tokens of input, where they are known better.
    input_tokens: Option<u64>,
    /// Tokens that the answer may have.
    max_tokens: Option<u64>,
    /// What the request needs of a model, beside what is seen from the rest.
    needs: Option<Vec<Need>>,
}

/// What would happen to a request, or what did.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes both answers in one schema")]
pub(crate) enum Explained {
    /// What would happen now.
    Foretold(Box<ExplanationView>),
    /// What did happen.
    Recorded(Box<Account>),
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
    match &asked.request_id {
        Some(id) if asked.foretells_nothing() => recorded(&admin, &call.caller, id).await,
        Some(_) => {
            let sentence = "request_id stands alone: leave the other members out";
            response::detail(StatusCode::BAD_REQUEST, sentence)
        }
        None => foretold(&admin, call, &asked).await,
    }
}

/// What did happen.
async fn recorded(admin: &Admin, caller: &Caller, id: &str) -> Response {
    if let Some(refused) = lacks(caller, Scope::Usage) {
        return refused;
    }
    match requests::find(admin, caller, id).await {
        Ok(request) => answer::ok(&Account::of(request)),
        Err(refused) => refused,
    }
}

/// What would happen now.
async fn foretold(admin: &Admin, call: Call, asked: &ExplainParameters) -> Response {
    let caller = match &asked.key {
        None => Arc::clone(&call.caller),
        Some(id) => match holder(admin, &call.caller, id) {
            Ok(caller) => caller,
            Err(refused) => return refused,
        },
    };
    let provider = asked.provider.as_deref().filter(|name| !name.is_empty());
    let model = asked.model.as_deref().unwrap_or_default();
    let explained = match asked.demand() {
        Ok(demand) => admin.gateway.explain(&caller, provider, model, demand).await,
        Err(fault) => Err(fault),
    };
    match explained {
        Ok(explanation) => answer::ok(&ExplanationView::from(explanation)),
        Err(fault) => problem::refusal(&fault.into(), &call.log),
    }
}

/// Whoever holds a key, if it may ask for answers at all.
fn holder(admin: &Admin, asking: &Caller, id: &str) -> Result<Arc<Caller>, Response> {
    if let Some(refused) = lacks(asking, Scope::Admin) {
        return Err(refused);
    }
    let holder = admin.keys.holder_of(asking, id);
    let holder = holder.map_err(|error| problem::key_error(&error, "Failed to find the key"))?;
    if !holder.grant.allows(Scope::Inference) {
        let sentence =
            "This key lacks the scope `inference`: every such request with it is refused";
        return Err(response::detail(StatusCode::CONFLICT, sentence));
    }
    Ok(holder)
}

/// Refuses whoever lacks a scope that only some questions need.
fn lacks(caller: &Caller, scope: Scope) -> Option<Response> {
    if caller.grant.allows(scope) {
        return None;
    }
    let sentence = format!("this key lacks the scope `{scope}`: use one that has it");
    Some(response::detail(StatusCode::FORBIDDEN, &sentence))
}

impl ExplainParameters {
    /// Whether it describes no request that might be sent.
    fn foretells_nothing(&self) -> bool {
        let Self { key, model, provider, message, messages, tools, .. } = self;
        let Self { response_format, stream, input_tokens, max_tokens, needs, .. } = self;
        [key, model, provider, message].into_iter().all(Option::is_none)
            && [messages, tools].into_iter().all(Option::is_none)
            && input_tokens.or(*max_tokens).is_none()
            && response_format.is_none()
            && stream.is_none()
            && needs.is_none()
    }

    fn demand(&self) -> Result<Demand, Fault> {
        let turns = match (&self.message, &self.messages) {
            (Some(_), Some(_)) => {
                let sentence = "send either 'message' or 'messages', not both";
                return Err(Fault::invalid_request(sentence));
            }
            (message, None) => {
                json!([{ "role": "user", "content": message.as_deref().unwrap_or_default() }])
            }
            (None, Some(messages)) => json!(messages),
        };
        let parts = [
            ("model", Some(json!(self.model.as_deref().unwrap_or("model")))),
            ("messages", Some(turns)),
            ("tools", self.tools.as_ref().map(|tools| json!(tools))),
            ("response_format", self.response_format.as_ref().map(|form| json!(form))),
            ("max_tokens", self.max_tokens.map(|tokens| json!(tokens))),
        ];
        let named = |(name, part): (&str, Option<Value>)| Some((name.to_owned(), part?));
        let chat: Map<_, _> = parts.into_iter().filter_map(named).collect();
        let mut demand = Demand::of_chat(json!(chat).to_string().as_bytes())?;
        // Where nothing is told of the input, nothing is guessed.
        let told = self.message.is_some() || self.messages.is_some();
        demand.input_tokens =
            self.input_tokens.unwrap_or(if told { demand.input_tokens } else { 0 });
        let named = self.needs.iter().flatten().filter(|need| !demand.needs.contains(need));
        let named: Vec<_> = named.copied().collect();
        demand.needs.extend(named);
        Ok(demand)
    }
}
