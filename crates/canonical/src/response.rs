//! A whole answer in the canonical form.

use crate::{Delta, Event, Part, PartKind, Reasoning, Seal, ToolCall, Usage};

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

/// A whole answer as the events of a streamed one.
impl From<Response> for Vec<Event> {
    fn from(response: Response) -> Self {
        let mut events = vec![Event::Start { id: response.id, model: response.model }];
        for (choice, answer) in (0..).zip(response.choices) {
            for (part, value) in (0..).zip(answer.parts) {
                let (kind, deltas) = opened(value);
                events.push(Event::PartStart { choice, part, kind });
                let grown =
                    deltas.into_iter().map(|delta| Event::PartDelta { choice, part, delta });
                events.extend(grown);
                events.push(Event::PartEnd { choice, part });
            }
            if !answer.logprobs.is_empty() {
                events.push(Event::Logprobs { choice, tokens: answer.logprobs });
            }
            events.push(Event::Finish { choice, finish: answer.finish });
        }
        events.push(Event::Usage(response.usage));
        events.push(Event::Stop);
        events
    }
}

/// What opens with a part, and what it then grows by.
fn opened(part: Part) -> (PartKind, Vec<Delta>) {
    let sealed = |first: Delta, seal: Option<Seal>| {
        std::iter::once(first).chain(seal.map(Delta::Seal)).collect()
    };
    match part {
        Part::Text { text, seal } => (PartKind::Text, sealed(Delta::Text(text), seal)),
        Part::Reasoning(Reasoning { text, seal }) => {
            (PartKind::Reasoning, sealed(Delta::Text(text), seal))
        }
        Part::ToolCall(ToolCall { id, name, arguments, seal }) => {
            (PartKind::ToolCall { id, name }, sealed(Delta::Arguments(arguments), seal))
        }
        Part::Media(media) => (PartKind::Media(media), Vec::new()),
        Part::Opaque(opaque) => (PartKind::Opaque(opaque), Vec::new()),
        // Only callers send results of tools; in an answer their text is what can be shown.
        Part::ToolResult(result) => {
            let texts = result.content.into_iter().filter_map(|part| match part {
                Part::Text { text, .. } => Some(Delta::Text(text)),
                Part::Media(_)
                | Part::ToolCall(_)
                | Part::ToolResult(_)
                | Part::Reasoning(_)
                | Part::Opaque(_) => None,
            });
            (PartKind::Text, texts.collect())
        }
    }
}

/// One of the answers to a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The blocks of the answer, in order.
    pub parts: Vec<Part>,
    /// Why it ended.
    pub finish: Finish,
    /// How likely its tokens were, in order; empty unless asked for.
    pub logprobs: Vec<TokenLogprob>,
}

/// How likely a token was, and what could have stood in its place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenLogprob {
    /// The token's text.
    pub token: String,
    /// The natural logarithm of its probability.
    pub logprob: f64,
    /// Its bytes, where the provider tells them.
    pub bytes: Option<Vec<u8>>,
    /// The likeliest tokens at its place, likeliest first; their own `top` is empty.
    pub top: Vec<TokenLogprob>,
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
    use super::{Choice, FinishReason, Response};
    use crate::{Collector, Dialect, Event, EventChecker, Part, Reasoning, Seal, ToolCall, Usage};

    #[test]
    fn a_whole_answer_survives_the_way_through_events() {
        let seal = Some(Seal { dialect: Dialect::Gemini, data: "s".into() });
        let parts = vec![
            Part::Reasoning(Reasoning { text: "hm".into(), seal: seal.clone() }),
            Part::Text { text: "Hello".into(), seal },
            Part::ToolCall(ToolCall {
                id: "1".into(),
                name: "clock".into(),
                arguments: "{}".into(),
                seal: None,
            }),
        ];
        let second = Choice {
            parts: vec![Part::text("Hi")],
            finish: FinishReason::Stop.into(),
            logprobs: Vec::new(),
        };
        let whole = Response {
            id: Some("a".into()),
            model: Some("m".into()),
            choices: vec![
                Choice { parts, finish: FinishReason::ToolCalls.into(), logprobs: Vec::new() },
                second,
            ],
            usage: Usage { output_tokens: Some(3), ..Usage::default() },
        };
        let (mut checker, mut collector) = (EventChecker::default(), Collector::default());
        for event in Vec::<Event>::from(whole.clone()) {
            checker.check(&event).unwrap();
            collector.push(event);
        }
        assert_eq!(collector.finish().unwrap(), whole);
    }

    #[test]
    fn the_normal_form_is_closed() {
        assert_eq!(FinishReason::Other("LANGUAGE".to_owned()).as_str(), "other");
    }
}
