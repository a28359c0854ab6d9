//! Chat with any provider: `POST /api/chat/multi`.

use std::sync::Arc;

use canonical::{Message, OutputFormat, Part, ReasoningControl, Request, Role, Sampling};
use http::StatusCode;
use pipeline::{ChatCall, Context};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use server::{Call, Response, response};

use super::{
    chat_answer::{ChatAnswer, Summary},
    chat_stream,
};
use crate::{
    Admin, answer,
    parameters::{self, Fault, Parameters},
    problem,
};

/// The longest chat that is taken.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// A chat: a single message or a whole conversation.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ChatParameters {
    /// A single message of the user. Send this or `messages`.
    message: Option<String>,
    /// The conversation so far, oldest first. Send this or `message`.
    messages: Option<Vec<ChatMessage>>,
    /// Instructions that stand before the conversation.
    system: Option<String>,
    /// The registered name of a provider; the default one when unset.
    provider: Option<String>,
    /// The model's id; the provider's `default_model` when unset.
    model: Option<String>,
    /// Whether the answer comes piece by piece, as server-sent events.
    stream: Option<bool>,
    /// Tokens that the answer may have, thinking included.
    #[schemars(range(min = 1))]
    max_tokens: Option<u64>,
    /// Randomness; 0 is greedy.
    #[schemars(range(min = 0, max = 2))]
    temperature: Option<f64>,
    /// Nucleus sampling.
    #[schemars(range(min = 0, max = 1))]
    top_p: Option<f64>,
    /// How many of the likeliest tokens are drawn from.
    #[schemars(range(min = 1))]
    top_k: Option<u64>,
    /// Makes draws repeatable where the provider can.
    seed: Option<i64>,
    /// Penalty on tokens that already stand in the text.
    #[schemars(range(min = -2, max = 2))]
    presence_penalty: Option<f64>,
    /// Penalty by how often tokens already stand in the text.
    #[schemars(range(min = -2, max = 2))]
    frequency_penalty: Option<f64>,
    /// Texts that end the answer: one, or a list.
    stop: Option<Vec<String>>,
}

/// One turn of the conversation.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChatMessage {
    /// Who speaks.
    role: ChatRole,
    /// What is said.
    content: String,
}

/// Who speaks.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum ChatRole {
    /// Instructions.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// `POST /api/chat/multi`
pub(crate) async fn multi(
    admin: Arc<Admin>,
    parameters: Arc<Parameters<ChatParameters>>,
    mut call: Call,
) -> Response {
    let read = parameters.read(&mut call, MOST_BYTES).await;
    let log = Arc::clone(&call.log);
    let context = Context {
        log: Some(Arc::clone(&log) as _),
        ..Context::of(Arc::clone(&call.caller), call.request_id.to_string(), &call.headers)
    };
    let chat = match read.and_then(|parameters| parameters.into_call(context)) {
        Ok(chat) => chat,
        Err(refused) => return refused,
    };
    if chat.request.stream {
        return match admin.gateway.stream(&chat).await {
            Ok((about, events)) => {
                let headers = about.headers();
                let mut answer = chat_stream::answer(about, events, log, admin.last_call.clone());
                answer.headers_mut().extend(headers);
                answer
            }
            Err(refusal) => problem::refusal(&refusal, &log),
        };
    }
    match admin.gateway.chat(&chat).await {
        Ok((about, whole)) => {
            let finish = whole.choices.first().map(|choice| choice.finish.reason.as_str());
            let summary = Summary::of(&about, finish, &whole.usage);
            let body = ChatAnswer { response: whole.text(), summary };
            let mut answer = answer::ok(&body);
            answer.headers_mut().extend(about.headers());
            answer
        }
        Err(refusal) => problem::refusal(&refusal, &log),
    }
}

impl ChatParameters {
    /// Makes the canonical request.
    fn into_call(self, context: Context) -> Result<ChatCall, Response> {
        let refused = |sentence| Err(response::detail(StatusCode::BAD_REQUEST, sentence));
        let turns = match (self.message, self.messages) {
            (Some(_), Some(_)) => return refused("Send either 'message' or 'messages', not both"),
            (Some(content), None) => vec![ChatMessage { role: ChatRole::User, content }],
            (None, Some(turns)) if !turns.is_empty() => turns,
            (None, Some(_)) => return refused("'messages' is empty: send at least one message"),
            (None, None) => {
                let missing = Fault::missing(vec![json!("body"), json!("message")]);
                return Err(parameters::answer(&[missing]));
            }
        };
        let (leading, messages) = split_instructions(turns);
        let request = Request {
            model: self.model.unwrap_or_default(),
            system: self.system.into_iter().chain(leading).map(Part::text).collect(),
            messages,
            tools: Vec::new(),
            tool_choice: None,
            parallel_tool_calls: None,
            sampling: Sampling {
                temperature: self.temperature,
                top_p: self.top_p,
                top_k: self.top_k,
                max_tokens: self.max_tokens,
                seed: self.seed,
                presence_penalty: self.presence_penalty,
                frequency_penalty: self.frequency_penalty,
                choices: None,
                logprobs: None,
            },
            output: OutputFormat::Text,
            reasoning: ReasoningControl::default(),
            stop: self.stop.unwrap_or_default(),
            stream: self.stream.unwrap_or_default(),
            stream_usage: true,
            user: None,
            extras: None,
        };
        Ok(ChatCall { provider: self.provider.filter(|name| !name.is_empty()), request, context })
    }
}

/// Takes the instructions that stand before the conversation out of it.
fn split_instructions(turns: Vec<ChatMessage>) -> (Vec<String>, Vec<Message>) {
    let mut leading = Vec::new();
    let mut messages = Vec::new();
    for turn in turns {
        match turn.role {
            ChatRole::System if messages.is_empty() => leading.push(turn.content),
            ChatRole::System => messages.push(message(Role::System, turn.content)),
            ChatRole::User => messages.push(message(Role::User, turn.content)),
            ChatRole::Assistant => messages.push(message(Role::Assistant, turn.content)),
        }
    }
    (leading, messages)
}

fn message(role: Role, content: String) -> Message {
    Message { role, parts: vec![Part::text(content)] }
}
