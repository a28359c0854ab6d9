//! A chat request in the canonical form.

use serde_json::{Map, Value};

use crate::{Dialect, Part};

/// A chat request, free of any dialect.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The model's id, as the provider knows it.
    pub model: String,
    /// Instructions that stand before the conversation.
    pub system: Vec<Part>,
    /// The conversation, oldest first.
    pub messages: Vec<Message>,
    /// The tools that the model may call.
    pub tools: Vec<Tool>,
    /// Whether and which tool must be called; unset leaves it to the provider.
    pub tool_choice: Option<ToolChoice>,
    /// Whether several tools may be called in one turn.
    pub parallel_tool_calls: Option<bool>,
    /// How tokens are drawn, and how many.
    pub sampling: Sampling,
    /// The form of the answer.
    pub output: OutputFormat,
    /// How much the model should think.
    pub reasoning: ReasoningControl,
    /// Texts that end the answer.
    pub stop: Vec<String>,
    /// Whether the answer comes in pieces.
    pub stream: bool,
    /// Whether a streamed answer tells its counts, in dialects that leave that to the caller.
    pub stream_usage: bool,
    /// Whom the caller asks for: an opaque id that providers use against abuse.
    pub user: Option<String>,
    /// Top-level members that the canonical form has no name for, and the dialect they came in.
    pub extras: Option<(Dialect, Map<String, Value>)>,
}

/// One turn of the conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub parts: Vec<Part>,
}

/// Who speaks in a [`Message`]. Tool results are parts of a user's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Instructions in the middle of a conversation.
    System,
    /// The person, or the program that acts for one.
    User,
    /// The model.
    Assistant,
}

/// A function that the model may call.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// The function's name.
    pub name: String,
    /// What it does, for the model to read.
    pub description: Option<String>,
    /// JSON Schema of its arguments.
    pub parameters: Option<Value>,
    /// Whether the provider must hold the arguments to the schema.
    pub strict: Option<bool>,
    /// Whether it takes one free text, which dialects without such tools are told of as an object with the one
    /// string `input`.
    pub freeform: bool,
}

/// Whether and which tool must be called.
#[derive(Clone, Debug, PartialEq)]
pub enum ToolChoice {
    /// The model decides.
    Auto,
    /// No tool may be called.
    None,
    /// At least one tool must be called.
    Required,
    /// This tool must be called.
    Tool(String),
}

/// How tokens are drawn, and how many. Unset members are left to the provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampling {
    /// Randomness; 0 is greedy. The upper bound differs by dialect.
    pub temperature: Option<f64>,
    /// Nucleus sampling, 0 to 1.
    pub top_p: Option<f64>,
    /// How many of the likeliest tokens are drawn from.
    pub top_k: Option<u64>,
    /// Tokens that the answer may have, thinking included.
    pub max_tokens: Option<u64>,
    /// Makes draws repeatable where the provider can.
    pub seed: Option<i64>,
    /// Penalty on tokens that already stand in the text, -2 to 2.
    pub presence_penalty: Option<f64>,
    /// Penalty by how often tokens already stand in the text, -2 to 2.
    pub frequency_penalty: Option<f64>,
    /// How many answers are wanted.
    pub choices: Option<u64>,
    /// How many alternatives to report for each token; `Some(0)` reports the chosen tokens alone.
    pub logprobs: Option<u64>,
}

/// The form of the answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum OutputFormat {
    /// Free text.
    #[default]
    Text,
    /// Any JSON value.
    Json,
    /// JSON that fits a schema.
    JsonSchema {
        /// A name that some dialects ask for.
        name: Option<String>,
        /// The JSON Schema.
        schema: Value,
        /// Whether the provider must hold the answer to the schema.
        strict: Option<bool>,
    },
}

/// How much the model should think. All unset leaves it to the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReasoningControl {
    /// A level, where the caller gave one.
    pub effort: Option<Effort>,
    /// A bound in tokens, where the caller gave one; 0 turns thinking off.
    pub budget_tokens: Option<u64>,
    /// Whether thoughts are shown.
    pub include: Option<bool>,
}

/// Levels of thinking, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// No thinking.
    None,
    /// As little as can be.
    Minimal,
    /// A little.
    Low,
    /// The usual amount.
    Medium,
    /// A lot.
    High,
    /// More than a lot.
    ExtraHigh,
    /// As much as can be.
    Max,
}
