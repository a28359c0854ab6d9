//! What a request demands of a model, before any is chosen.

use canonical::{
    Fault, Losses, Media, MediaKind, OutputFormat, Part, Request, Sampling, ToolResult,
};
use providers::Need;

/// Output that is reckoned with where a request sets no bound.
const USUAL_OUTPUT_TOKENS: u64 = 512;

/// What a request demands of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// About how many tokens its input has.
    pub input_tokens: u64,
    /// How many its output is reckoned to have: the bound that it sets, or a usual answer's, for each answer it asks for.
    pub output_tokens: u64,
    /// What the model must be able to do.
    pub needs: Vec<Need>,
}

impl Demand {
    /// Reads it from the canonical form.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let has = |need: &Need| match need {
            Need::Vision => holds_picture(request),
            Need::Tools => !request.tools.is_empty(),
            Need::JsonSchema => matches!(request.output, OutputFormat::JsonSchema { .. }),
        };
        let Sampling { max_tokens, choices, .. } = &request.sampling;
        let answer_tokens = max_tokens.unwrap_or(USUAL_OUTPUT_TOKENS);
        let answers = choices.unwrap_or(1).max(1);
        Self {
            input_tokens: dialects::prompt_tokens(request),
            output_tokens: answer_tokens.saturating_mul(answers),
            needs: Need::ALL.into_iter().filter(has).collect(),
        }
    }

    /// Reads it from a body as `/v1/chat/completions` takes it.
    ///
    /// # Errors
    ///
    /// Fails as the request would that had this body.
    pub fn of_chat(body: &[u8]) -> Result<Self, Fault> {
        let request = dialects::OPENAI_CHAT.decode_request(body, &mut Losses::default());
        Ok(Self::of(&request?))
    }

    /// Input and output together.
    #[must_use]
    pub const fn tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}

fn holds_picture(request: &Request) -> bool {
    let turns = request.messages.iter().map(|message| &message.parts);
    turns.chain([&request.system]).flatten().any(is_picture)
}

fn is_picture(part: &Part) -> bool {
    match part {
        Part::Media(Media { kind, .. }) => *kind == MediaKind::Image,
        Part::ToolResult(ToolResult { content, .. }) => content.iter().any(is_picture),
        Part::Text { .. } | Part::ToolCall(_) | Part::Reasoning(_) | Part::Opaque(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_that_is_asked_for_counts() {
        let check = |max_tokens, choices, expected| {
            let sampling = Sampling { max_tokens, choices, ..Sampling::default() };
            let request = Request { sampling, ..Request::default() };
            assert_eq!(Demand::of(&request).output_tokens, expected, "{max_tokens:?} {choices:?}");
        };
        check(None, None, 512);
        check(Some(7), None, 7);
        check(Some(7), Some(1), 7);
        check(Some(7), Some(128), 896);
        check(None, Some(2), 1024);
        check(Some(u64::MAX), Some(2), u64::MAX);
    }
}
