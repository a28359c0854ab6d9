//! Reads what Mistral says when it fails, in one of four shapes.
//!
//! Source: <https://docs.mistral.ai/resources/error-glossary>.

use canonical::Fault;
use serde_json::Value;

use crate::{ErrorAnswer, error_text::error_text, status};

/// Reads an answer of another status than 200.
pub(super) fn decode(answer: &ErrorAnswer<'_>) -> Fault {
    let body: Value = serde_json::from_slice(answer.body).unwrap_or_default();
    status::fault(answer, None, error_text(&body))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use canonical::ErrorKind;

    use super::decode;
    use crate::ErrorAnswer;

    #[test]
    fn reads_every_shape() {
        for (status, body, kind, public) in [
            (401, r#"{"detail":"Unauthorized"}"#, ErrorKind::KeyRefused, "Unauthorized"),
            (
                400,
                r#"{"object":"error","message":"no such model","type":"invalid_model","code":"1500"}"#,
                ErrorKind::InvalidRequest,
                "no such model",
            ),
            (
                422,
                r#"{"object":"error","message":{"detail":[{"loc":["body","seed"],"msg":"no extras"}]}}"#,
                ErrorKind::Unprocessable,
                "body.seed: no extras",
            ),
            (
                422,
                r#"{"object":"Error","message":[{"loc":["body","tools"],"msg":"no extras"}]}"#,
                ErrorKind::Unprocessable,
                "body.tools: no extras",
            ),
            (429, r#"{"message":"slow down"}"#, ErrorKind::RateLimited, "slow down"),
            (502, "<html/>", ErrorKind::UpstreamFailed, "HTTP 502 without a message"),
        ] {
            let answer = ErrorAnswer {
                status,
                header: &|_| None,
                received_at: UNIX_EPOCH,
                body: body.as_bytes(),
            };
            let fault = decode(&answer);
            assert_eq!((fault.kind, fault.public.as_str()), (kind, public));
        }
    }
}
