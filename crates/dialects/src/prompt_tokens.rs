//! Estimates how many tokens a chat has, for want of the model's own tokenizer.

use canonical::{MediaKind, MediaSource, Part, Request};

/// What an image takes. Models differ between some hundreds and some thousands.
pub(crate) const IMAGE_TOKENS: u64 = 1024;

/// What a message takes beside its content.
pub(crate) const MESSAGE_TOKENS: u64 = 8;

/// Estimates what goes into the model, from above: few texts have less than three bytes a token.
#[must_use]
pub fn prompt_tokens(request: &Request) -> u64 {
    let messages = request.messages.iter().map(|message| message.parts.as_slice());
    let said: u64 = std::iter::once(request.system.as_slice())
        .chain(messages)
        .map(|parts| MESSAGE_TOKENS + parts.iter().map(part_tokens).sum::<u64>())
        .sum();
    let tools = request.tools.iter().map(|tool| {
        let described = tool.description.as_deref().map_or(0, text_tokens);
        let parameters = tool.parameters.as_ref().map(ToString::to_string);
        let parameters = parameters.as_deref().map_or(0, text_tokens);
        MESSAGE_TOKENS + text_tokens(&tool.name) + described + parameters
    });
    said + tools.sum::<u64>()
}

fn part_tokens(part: &Part) -> u64 {
    match part {
        Part::Text { text, .. } => text_tokens(text),
        Part::Media(media) => match (media.kind, &media.source) {
            (MediaKind::Image, MediaSource::Base64(_)) => IMAGE_TOKENS,
            // What nobody here has seen has no size to guess by.
            (MediaKind::Image, MediaSource::Url(_))
            | (MediaKind::Document | MediaKind::Audio, _) => 0,
        },
        Part::ToolCall(call) => {
            MESSAGE_TOKENS + text_tokens(&call.name) + text_tokens(&call.arguments)
        }
        Part::ToolResult(result) => {
            MESSAGE_TOKENS + result.content.iter().map(part_tokens).sum::<u64>()
        }
        Part::Reasoning(reasoning) => text_tokens(&reasoning.text),
        Part::Opaque(_) => 0,
    }
}

fn text_tokens(text: &str) -> u64 {
    text.len().div_ceil(3) as u64
}
