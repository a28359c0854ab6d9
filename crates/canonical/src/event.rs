//! A streamed answer as a sequence of events.

use crate::{Fault, Finish, Media, Opaque, Seal, TokenLogprob, Usage};

/// One step of a streamed answer.
///
/// The order is: `Start` once; then for each part `PartStart`, any number of `PartDelta`, `PartEnd`; per
/// choice at most one `Finish`; `Usage` and `Logprobs` anywhere; and exactly one of `Stop` or `Failed` as the last event.
/// Parts may overlap. [`crate::EventChecker`] holds a sequence to this.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The provider began to answer.
    Start {
        /// The provider's id of the answer.
        id: Option<String>,
        /// The model that answers, as the provider names it.
        model: Option<String>,
    },
    /// A part of a choice opens.
    PartStart {
        /// Which of the answers, from 0.
        choice: u32,
        /// Which part of the answer, from 0, unique within the choice.
        part: u32,
        /// What opens.
        kind: PartKind,
    },
    /// An open part grows.
    PartDelta {
        /// Which of the answers.
        choice: u32,
        /// Which part of the answer.
        part: u32,
        /// What is added.
        delta: Delta,
    },
    /// An open part is complete.
    PartEnd {
        /// Which of the answers.
        choice: u32,
        /// Which part of the answer.
        part: u32,
    },
    /// How likely the next tokens of a choice were.
    Logprobs {
        /// Which of the answers.
        choice: u32,
        /// The tokens, in order.
        tokens: Vec<TokenLogprob>,
    },
    /// A choice ended, and why.
    Finish {
        /// Which of the answers.
        choice: u32,
        /// Why it ended.
        finish: Finish,
    },
    /// Cumulative counts so far.
    Usage(Usage),
    /// The provider said that the answer is complete.
    Stop,
    /// The answer is not complete and will not be.
    Failed(Fault),
}

/// What opens with an [`Event::PartStart`].
#[derive(Clone, Debug, PartialEq)]
pub enum PartKind {
    /// Visible text, grown by [`Delta::Text`].
    Text,
    /// Thinking, grown by [`Delta::Text`].
    Reasoning,
    /// A tool call, grown by [`Delta::Arguments`].
    ToolCall {
        /// Ties the call to its result; empty where the provider gave none.
        id: String,
        /// The tool's name.
        name: String,
    },
    /// Media that comes whole.
    Media(Media),
    /// A block of the provider's own that comes whole.
    Opaque(Opaque),
}

/// What an [`Event::PartDelta`] adds to an open part.
#[derive(Clone, Debug, PartialEq)]
pub enum Delta {
    /// More text or thinking.
    Text(String),
    /// More of the arguments' JSON text.
    Arguments(String),
    /// The provider's mark on the part; the last one counts.
    Seal(Seal),
}
