//! How likely tokens were, as `logprobs` of a choice tells it.
//!
//! Source: <https://platform.openai.com/docs/api-reference/chat/object>. Compatible servers leave `bytes` out.

use canonical::TokenLogprob;
use serde_json::{Value, json};

use crate::json::{list, member, present, text};

/// Reads the tokens of a choice, or of a piece of one; none where there is nothing of that shape.
pub(super) fn read(choice: &Value) -> Vec<TokenLogprob> {
    list(member(choice, "logprobs"), "content").iter().filter_map(token).collect()
}

/// Writes tokens as `logprobs`.
pub(super) fn write(tokens: &[TokenLogprob]) -> Value {
    let written = |token: &TokenLogprob| {
        let mut written = bare(token);
        let top = token.top.iter().map(bare).collect();
        if let Some(members) = written.as_object_mut() {
            members.insert("top_logprobs".to_owned(), top);
        }
        written
    };
    let content: Vec<Value> = tokens.iter().map(written).collect();
    json!({ "content": content, "refusal": null })
}

fn token(value: &Value) -> Option<TokenLogprob> {
    let top = list(value, "top_logprobs").iter().filter_map(alone).collect();
    Some(TokenLogprob { top, ..alone(value)? })
}

/// Reads a token without what could have stood in its place.
fn alone(value: &Value) -> Option<TokenLogprob> {
    let bytes = present(value, "bytes").and_then(Value::as_array).map(|bytes| {
        bytes.iter().filter_map(|byte| u8::try_from(byte.as_u64()?).ok()).collect::<Vec<u8>>()
    });
    let token = text(value, "token")?.to_owned();
    let logprob = value.get("logprob")?.as_f64()?;
    Some(TokenLogprob { token, logprob, bytes, top: Vec::new() })
}

fn bare(token: &TokenLogprob) -> Value {
    json!({ "token": token.token, "logprob": token.logprob, "bytes": token.bytes })
}

#[cfg(test)]
mod tests {
    use canonical::TokenLogprob;
    use serde_json::json;

    use super::{read, write};

    #[test]
    fn what_is_written_is_read() {
        let alone = |token: &str, logprob: f64, bytes: Option<Vec<u8>>| TokenLogprob {
            token: token.to_owned(),
            logprob,
            bytes,
            top: Vec::new(),
        };
        let top = vec![alone("Tern", -0.25, None), alone("Gull", -1.5, Some(b"Gull".to_vec()))];
        let tokens = vec![TokenLogprob { top, ..alone("Tern", -0.25, None) }];
        assert_eq!(read(&json!({ "logprobs": write(&tokens) })), tokens);
        for choice in
            [json!({}), json!({ "logprobs": null }), json!({ "logprobs": { "content": null } })]
        {
            assert_eq!(read(&choice), []);
        }
    }
}
