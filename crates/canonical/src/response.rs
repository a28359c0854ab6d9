//! A whole answer in the canonical form.

use crate::{Part, Usage};

/// A whole answer, free of any dialect.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Response {
    /// The provider's id of the answer.
    pub id: Option<String>,
    /// The model that answered, as the provider names it.
    pub model: Option<String>,
    /// The answers: one, unless more were asked for.
    pub choices: Vec<Choice>,
    /// What was counted.
    pub usage: Usage,
}

impl Response {
    /// Returns the visible text of the first choice.
    #[must_use]
    pub fn text(&self) -> String {
        let parts = self.choices.first().map(|choice| choice.parts.as_slice()).unwrap_or_default();
        parts
            .iter()
            .filter_map(|part| match part {
                Part::Text { text, .. } => Some(text.as_str()),
                Part::Media(_)
                | Part::ToolCall(_)
                | Part::ToolResult(_)
                | Part::Reasoning(_)
                | Part::Opaque(_) => None,
            })
            .collect()
    }
}

/// One of the answers to a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The blocks of the answer, in order.
    pub parts: Vec<Part>,
    /// Why it ended.
    pub finish: Finish,
}

/// Why an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finish {
    /// The reason, in the normal form.
    pub reason: FinishReason,
    /// The stop text that was met, where the provider says which.
    pub stop_sequence: Option<String>,
}

impl From<FinishReason> for Finish {
    fn from(reason: FinishReason) -> Self {
        Self { reason, stop_sequence: None }
    }
}

/// The reasons for which an answer ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// The model was done.
    Stop,
    /// A stop text was met.
    StopSequence,
    /// The bound on tokens, or the context window, was reached.
    Length,
    /// The model waits for the results of its tool calls.
    ToolCalls,
    /// The provider or the model refused, or a filter struck.
    ContentFilter,
    /// Anything else; the provider's own word is for the log.
    Other(String),
}

impl FinishReason {
    /// The normal form as text: `stop`, `length`, `tool_calls`, `content_filter` or `other`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Stop | Self::StopSequence => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
            Self::Other(_) => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FinishReason;

    #[test]
    fn the_normal_form_is_closed() {
        assert_eq!(FinishReason::Other("LANGUAGE".to_owned()).as_str(), "other");
    }
}
