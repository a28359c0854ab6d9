//! How large a context window has to be for a request and its answer.
//!
//! Ollama cuts from a conversation what does not fit its window, without a word, and the window has 4,096 tokens
//! unless the server or `options.num_ctx` says otherwise. So a window is asked for where the usual one is too small.
//! Its size is a power of two, because a server that is asked for another size than before loads the model anew: a
//! conversation that grows should make it do so seldom.
//!
//! Source: <https://github.com/ollama/ollama/blob/main/docs/context-length.mdx>.

use canonical::Request;

use crate::prompt_tokens::prompt_tokens;

/// The window that servers have at least, in tokens.
const USUAL_TOKENS: u64 = 4096;

/// The largest window to ask for when nobody says: what most models are trained for.
const LARGEST_TOKENS: u64 = 1 << 17;

/// Room for an answer that has no bound of its own.
const ANSWER_TOKENS: u64 = 1024;

/// What to say about the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ContextWindow {
    /// `options.num_ctx`, unless the usual window will do.
    pub(super) num_ctx: Option<u64>,
    /// Whether even the largest window may be too small. Then `truncate` is false: better refused than cut.
    pub(super) is_tight: bool,
}

impl ContextWindow {
    /// Fits a window of at most `largest` tokens to the request.
    pub(super) fn fit(request: &Request, largest: Option<u64>) -> Self {
        let answer = request.sampling.max_tokens.unwrap_or(ANSWER_TOKENS);
        let needed = prompt_tokens(request).saturating_add(answer);
        let largest = largest.unwrap_or(LARGEST_TOKENS);
        let power = needed.checked_next_power_of_two().unwrap_or(u64::MAX);
        let size = power.min(largest);
        Self {
            num_ctx: Some(size).filter(|size| *size > USUAL_TOKENS),
            is_tight: needed > largest.max(USUAL_TOKENS),
        }
    }
}

#[cfg(test)]
mod tests {
    use canonical::{
        Media, MediaKind, MediaSource, Message, Part, Request, Role, Sampling, Tool, ToolResult,
    };
    use serde_json::json;

    use super::ContextWindow;
    use crate::prompt_tokens::{IMAGE_TOKENS, MESSAGE_TOKENS, prompt_tokens};

    fn request(parts: Vec<Part>, max_tokens: Option<u64>) -> Request {
        let sampling = Sampling { max_tokens, ..Sampling::default() };
        let messages = vec![Message { role: Role::User, parts }];
        Request { messages, sampling, ..Request::default() }
    }

    fn text(tokens: usize) -> Vec<Part> {
        vec![Part::text("abc".repeat(tokens))]
    }

    #[test]
    fn the_window_is_the_next_power_of_two_up_to_its_bound() {
        for (tokens, max_tokens, largest, num_ctx, is_tight) in [
            (10, None, None, None, false),
            (3056, None, None, None, false),
            (3057, None, None, Some(8192), false),
            (10, Some(4070), None, None, false),
            (10, Some(4071), None, Some(8192), false),
            (10, Some(20_000), None, Some(32_768), false),
            (10, Some(200_000), None, Some(131_072), true),
            (10, Some(u64::MAX), None, Some(131_072), true),
            (10, Some(20_000), Some(10_000), Some(10_000), true),
            (5000, None, Some(7000), Some(7000), false),
            (5000, None, Some(2048), None, true),
            (10, None, Some(256), None, false),
        ] {
            let window = ContextWindow::fit(&request(text(tokens), max_tokens), largest);
            let expected = ContextWindow { num_ctx, is_tight };
            assert_eq!(window, expected, "{tokens} {max_tokens:?} {largest:?}");
        }
    }

    #[test]
    fn everything_that_the_model_reads_counts() {
        let nothing = prompt_tokens(&request(vec![], None));
        let more = |parts| prompt_tokens(&request(parts, None)) - nothing;
        let image = Part::Media(Media {
            kind: MediaKind::Image,
            mime: None,
            source: MediaSource::Base64("QUJD".repeat(100_000)),
            detail: None,
            name: None,
        });
        assert_eq!(more(vec![image.clone(), image.clone()]), 2 * IMAGE_TOKENS);
        assert_eq!(more(vec![Part::text("abcd")]), 2);
        let Part::Media(media) = image.clone() else { panic!("it is media") };
        assert_eq!(more(vec![Part::Media(Media { kind: MediaKind::Audio, ..media })]), 0);
        let (call_id, content) = (String::new(), vec![Part::text("abc"), image]);
        let result = ToolResult { call_id, name: None, content, is_error: false };
        assert_eq!(more(vec![Part::ToolResult(result)]), MESSAGE_TOKENS + 1 + IMAGE_TOKENS);
        let tool = Tool {
            name: "map".to_owned(),
            description: Some("Finds".to_owned()),
            parameters: Some(json!({ "type": "object" })),
            strict: None,
            freeform: false,
        };
        let with_tool = Request { tools: vec![tool], ..request(vec![], None) };
        assert_eq!(prompt_tokens(&with_tool) - nothing, MESSAGE_TOKENS + 1 + 2 + 6);
        let system = Request { system: text(5), ..request(vec![], None) };
        assert_eq!(prompt_tokens(&system) - nothing, 5);
    }
}
