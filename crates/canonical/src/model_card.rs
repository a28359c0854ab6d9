//! What is known of a model, for lists of models.

/// What is known of a model. What nobody says is unset, never guessed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelCard {
    /// The id that callers send.
    pub id: String,
    /// The registered name of the provider that serves it.
    pub provider: String,
    /// A name for people.
    pub display_name: Option<String>,
    /// When it was released, in seconds since 1970.
    pub created_s: Option<u64>,
    /// Tokens of input and output together.
    pub context_window_tokens: Option<u64>,
    /// Tokens that an answer may have.
    pub max_output_tokens: Option<u64>,
    /// What it reads; empty where unknown.
    pub input_modalities: Vec<Modality>,
    /// What it writes; empty where unknown.
    pub output_modalities: Vec<Modality>,
    /// What it is known to be able to do.
    pub abilities: Vec<Ability>,
    /// What it costs.
    pub price: Price,
}

/// A form of input or output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Modality {
    /// Text.
    Text,
    /// Pictures.
    Image,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
    /// Documents such as PDF.
    Document,
    /// Vectors.
    Embedding,
}

impl Modality {
    /// The name in lists of models.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Document => "document",
            Self::Embedding => "embedding",
        }
    }
}

/// Something that a model can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ability {
    /// Calls tools.
    Tools,
    /// Thinks before it answers.
    Reasoning,
    /// Holds its answer to a JSON schema.
    JsonSchema,
}

impl Ability {
    /// The name in lists of models.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Reasoning => "reasoning",
            Self::JsonSchema => "json_schema",
        }
    }
}

/// What a model costs, in millionths of a US dollar for a million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// Input that is neither read from nor written to a cache.
    pub input_micro_usd: Option<u64>,
    /// Output, thinking included.
    pub output_micro_usd: Option<u64>,
    /// Input read from a cache.
    pub cache_read_micro_usd: Option<u64>,
    /// Input written to a cache.
    pub cache_write_micro_usd: Option<u64>,
}
