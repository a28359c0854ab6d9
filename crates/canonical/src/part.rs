//! The blocks that messages and answers are made of.

use serde_json::Value;

use crate::Dialect;

/// One block of a message or of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Visible text.
    Text {
        /// The text; may be empty.
        text: String,
        /// A provider's mark on this text, to be sent back unchanged.
        seal: Option<Seal>,
    },
    /// An image, a document or a sound.
    Media(Media),
    /// The model's wish to call a tool.
    ToolCall(ToolCall),
    /// What a tool answered.
    ToolResult(ToolResult),
    /// The model's own thinking.
    Reasoning(Reasoning),
    /// A block that only its own dialect understands.
    Opaque(Opaque),
}

impl Part {
    /// Makes a text block without a seal.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), seal: None }
    }
}

/// An image, a document or a sound, by value or by address.
#[derive(Clone, Debug, PartialEq)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// The media type such as `image/png`, where known.
    pub mime: Option<String>,
    /// Where its bytes are.
    pub source: MediaSource,
    /// How closely an image should be looked at (`low`, `high`, `auto`), where the caller said.
    pub detail: Option<String>,
    /// A file name, where the caller gave one.
    pub name: Option<String>,
}

/// The kinds of media that dialects tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A document such as a PDF.
    Document,
    /// A recording.
    Audio,
}

/// Where the bytes of a [`Media`] are.
#[derive(Clone, Debug, PartialEq)]
pub enum MediaSource {
    /// Standard base64, with padding and without a `data:` prefix.
    Base64(String),
    /// An address that the provider fetches; the gateway never does.
    Url(String),
}

/// A call of a tool, as the model asked for it.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    /// Ties the call to its result; empty where the provider gave none.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments as JSON text, which a cut-off answer can leave incomplete.
    pub arguments: String,
    /// A provider's mark on this call, to be sent back unchanged.
    pub seal: Option<Seal>,
}

/// What a tool answered.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolResult {
    /// The id of the [`ToolCall`] that this answers.
    pub call_id: String,
    /// The tool's name, where the dialect gives it.
    pub name: Option<String>,
    /// Text and media.
    pub content: Vec<Part>,
    /// Whether the tool failed.
    pub is_error: bool,
}

/// The model's own thinking.
#[derive(Clone, Debug, PartialEq)]
pub struct Reasoning {
    /// Readable thoughts; empty where the provider only gives a seal.
    pub text: String,
    /// What the provider wants back in the next turn.
    pub seal: Option<Seal>,
}

/// A signature or ciphertext that only its own dialect can use; it is sent to no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The dialect that made it.
    pub dialect: Dialect,
    /// The value as the provider wrote it.
    pub data: String,
}

/// A block that only its own dialect understands; it is sent to no other.
#[derive(Clone, Debug, PartialEq)]
pub struct Opaque {
    /// The dialect that made it.
    pub dialect: Dialect,
    /// The block as the provider or caller wrote it.
    pub json: Value,
}
