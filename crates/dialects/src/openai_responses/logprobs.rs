//! How likely tokens were, as OpenAI writes it.

use canonical::TokenLogprob;
use serde_json::{Value, json};

use crate::json::{list, member, text};

/// Reads tokens; what is none is left out.
pub(super) fn read(tokens: &[Value]) -> Vec<TokenLogprob> {
    tokens.iter().filter_map(token).collect()
}

fn token(json: &Value) -> Option<TokenLogprob> {
    let bytes = member(json, "bytes")
        .as_array()
        .map(|bytes| bytes.iter().filter_map(|byte| u8::try_from(byte.as_u64()?).ok()).collect());
    let top = list(json, "top_logprobs").iter().filter_map(token).collect();
    let (token, logprob) = (text(json, "token")?.to_owned(), member(json, "logprob").as_f64()?);
    Some(TokenLogprob { token, logprob, bytes, top })
}

/// Writes tokens with all the members that a whole answer's have.
pub(super) fn write(tokens: &[TokenLogprob]) -> Value {
    let written = |token: &TokenLogprob| {
        let mut json = bare(token);
        if let Some(members) = json.as_object_mut() {
            members.insert("top_logprobs".to_owned(), token.top.iter().map(bare).collect());
        }
        json
    };
    tokens.iter().map(written).collect()
}

fn bare(token: &TokenLogprob) -> Value {
    let bytes = token.bytes.as_deref().unwrap_or(token.token.as_bytes());
    json!({ "token": token.token, "logprob": token.logprob, "bytes": bytes })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{read, write};

    #[test]
    fn tokens_come_back_as_they_went() {
        let heron = json!({ "token": "hé", "logprob": -0.5, "bytes": [104, 195, 169],
            "top_logprobs": [{ "token": "ox", "logprob": -2.5, "bytes": [111, 120] }] });
        let read = read(&[heron.clone(), json!({ "token": "no number" })]);
        assert_eq!(write(&read), json!([heron]));
    }
}
