//! How servers and models that share a dialect differ.

/// Differences between servers of one dialect, and between their models; read by the codecs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quirks {
    /// The member of an OpenAI chat request that bounds the answer: `max_tokens` or `max_completion_tokens`.
    pub max_tokens_member: &'static str,
    /// Whether a streamed OpenAI chat request may ask for usage by `stream_options`.
    pub stream_usage: bool,
    /// The largest context window that an Ollama server may be asked for, in tokens; unset leaves it to the codec.
    pub largest_context_tokens: Option<u64>,
    /// How long an Ollama server keeps a model loaded after a chat, in seconds; negative is forever, unset leaves
    /// it to the server.
    pub keep_alive_s: Option<i64>,
    /// Tokens that an answer of the model that is asked may have, where known: what bounds an answer for which the
    /// caller named no bound, in a dialect that requires one.
    pub largest_answer_tokens: Option<u64>,
    /// How the model that is asked may be told to think.
    pub thinking: ThinkingQuirks,
}

/// How a model of Anthropic's may be told to think; unset where nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThinkingQuirks {
    /// Whether it takes levels: `thinking.type: adaptive`.
    pub takes_levels: Option<bool>,
    /// Whether it takes budgets: `thinking.type: enabled`.
    pub takes_budgets: Option<bool>,
    /// Whether it can't be told not to think.
    pub always_thinks: bool,
}

impl Quirks {
    /// What most OpenAI-compatible servers take.
    pub const COMPATIBLE: Self = Self {
        max_tokens_member: "max_tokens",
        stream_usage: true,
        largest_context_tokens: None,
        keep_alive_s: None,
        largest_answer_tokens: None,
        thinking: ThinkingQuirks { takes_levels: None, takes_budgets: None, always_thinks: false },
    };

    /// What OpenAI itself takes: its reasoning models refuse `max_tokens`.
    pub const OPENAI: Self =
        Self { max_tokens_member: "max_completion_tokens", ..Self::COMPATIBLE };
}
