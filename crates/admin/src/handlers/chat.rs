//! Chat with any provider: `POST /api/chat/multi`.

use std::sync::Arc;

use canonical::{Message, OutputFormat, Part, ReasoningControl, Request, Role, Sampling};
use http::{HeaderName, HeaderValue, StatusCode};
use pipeline::{About, ChatCall};
use providers::ProviderManager;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use server::{Call, Response, response};

use super::chat_stream;
use crate::{
    answer,
    parameters::{self, Fault, Parameters},
    problem,
    view::milliseconds,
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

/// A whole answer.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ChatAnswer {
    /// The answer's text.
    response: String,
    #[serde(flatten)]
    summary: Summary,
}

/// Everything about an answer but its text.
#[derive(Serialize, JsonSchema)]
pub(super) struct Summary {
    /// The model that was asked.
    model: String,
    /// The registered name of the provider that answered.
    provider: String,
    /// All tokens, as far as the provider says.
    tokens: Option<u64>,
    /// How long it took, to the end of the answer.
    latency_ms: u64,
    /// `stop`, `length`, `tool_calls`, `content_filter`, or the provider's own word.
    finish_reason: Option<String>,
    /// Tokens in their parts, as far as the provider says.
    usage: TokenUsage,
}

/// Token counts; `null` where the provider does not say.
#[derive(Serialize, JsonSchema)]
pub(super) struct TokenUsage {
    /// Tokens of the question, cached ones included.
    prompt_tokens: Option<u64>,
    /// Tokens of the answer, thinking included.
    completion_tokens: Option<u64>,
    /// Both together.
    total_tokens: Option<u64>,
}

/// `POST /api/chat/multi`
pub(crate) async fn multi(
    manager: Arc<ProviderManager>,
    parameters: Arc<Parameters<ChatParameters>>,
    call: Call,
) -> Response {
    let read = parameters.read(call, MOST_BYTES).await;
    let chat = match read.and_then(ChatParameters::into_call) {
        Ok(chat) => chat,
        Err(refused) => return refused,
    };
    let snapshot = manager.snapshot();
    if chat.request.stream {
        return match pipeline::stream(&snapshot, chat).await {
            Ok((about, events)) => {
                let headers = AnswerHeaders::of(&about);
                headers.on(chat_stream::answer(about, events))
            }
            Err(refusal) => problem::refusal(&refusal),
        };
    }
    match pipeline::chat(&snapshot, chat).await {
        Ok((about, whole)) => {
            let finish = whole.choices.first().map(|choice| choice.finish.reason.as_str());
            let summary = Summary::of(&about, finish, &whole.usage);
            let body = ChatAnswer { response: whole.text(), summary };
            AnswerHeaders::of(&about).on(answer::ok(&body))
        }
        Err(refusal) => problem::refusal(&refusal),
    }
}

impl ChatParameters {
    /// Makes the canonical request.
    fn into_call(self) -> Result<ChatCall, Response> {
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
            extras: None,
        };
        Ok(ChatCall { provider: self.provider.filter(|name| !name.is_empty()), request })
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

impl Summary {
    /// Sums up an answer.
    pub(super) fn of(about: &About, finish: Option<&str>, usage: &canonical::Usage) -> Self {
        Self {
            model: about.model.clone(),
            provider: about.provider.to_string(),
            tokens: usage.total_tokens(),
            latency_ms: milliseconds(about.opened.elapsed()),
            finish_reason: finish.map(str::to_owned),
            usage: TokenUsage {
                prompt_tokens: usage.prompt_tokens(),
                completion_tokens: usage.output_tokens,
                total_tokens: usage.total_tokens(),
            },
        }
    }
}

/// What is told about an answer in its headers.
struct AnswerHeaders(Vec<(HeaderName, String)>);

impl AnswerHeaders {
    fn of(about: &About) -> Self {
        let milliseconds = |duration: std::time::Duration| duration.as_secs_f64() * 1000.0;
        let own = about.opened.elapsed().saturating_sub(about.upstream);
        let timing = format!(
            "gateway;dur={:.3}, upstream;dur={:.3}",
            milliseconds(own),
            milliseconds(about.upstream)
        );
        let mut headers = vec![
            (HeaderName::from_static("x-closedpaw-provider"), about.provider.to_string()),
            (HeaderName::from_static("x-closedpaw-model"), about.model.clone()),
            (HeaderName::from_static("x-closedpaw-attempts"), "1".to_owned()),
            (HeaderName::from_static("server-timing"), timing),
        ];
        if !about.losses.is_empty() {
            let dropped = HeaderName::from_static("x-closedpaw-dropped");
            headers.push((dropped, about.losses.to_string()));
        }
        Self(headers)
    }

    /// Adds the headers to an answer; a value that fits no header is left out.
    fn on(self, mut answer: Response) -> Response {
        for (name, text) in self.0 {
            if let Ok(value) = HeaderValue::try_from(text) {
                answer.headers_mut().insert(name, value);
            }
        }
        answer
    }
}
