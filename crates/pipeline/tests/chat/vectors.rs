//! Embeddings and counts of callers who speak the provider's own dialect: its bytes pass, its errors don't.

use canonical::ErrorKind;
use dialects::{ANTHROPIC_COUNT, EmbeddingsEndpoint, OLLAMA_EMBEDDINGS, OPENAI_EMBEDDINGS};
use pipeline::{CountCall, EmbeddingsCall, Refusal, count, embed};
use testkit::scripted::{Answer, ScriptedProvider};

use crate::support::{Gateway, KEY};

const BODY: &str = r#"{"model":"p/m","input":"a","prompt":"a","messages":[]}"#;

async fn vectors(
    provider_type: &str,
    endpoint: &'static dyn EmbeddingsEndpoint,
    answer: Answer,
) -> Result<String, Refusal> {
    let scripted = ScriptedProvider::always(answer);
    let gateway = Gateway::to(&scripted, provider_type).await;
    let call = EmbeddingsCall {
        endpoint,
        body: BODY.into(),
        path_model: None,
        strict: false,
        id: "1".to_owned(),
    };
    let (_, body) = embed(&gateway.manager.snapshot(), &call).await?;
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

async fn tokens(answer: Answer) -> Result<String, Refusal> {
    let scripted = ScriptedProvider::always(answer);
    let gateway = Gateway::to(&scripted, "anthropic").await;
    let call = CountCall { endpoint: ANTHROPIC_COUNT, body: BODY.into(), path_model: None };
    let (_, counted) = count(&gateway.manager.snapshot(), &call).await?;
    Ok(String::from_utf8(counted.body.to_vec()).unwrap())
}

#[tokio::test]
async fn an_answer_keeps_its_bytes() {
    for body in [
        r#"{ "data": [ {"embedding":"AACAPw==", "index":0} ], "more": 1 }"#,
        r#"{"data":[{"embedding":{"sparse":[1]}}]}"#,
    ] {
        let answer = vectors("openai", OPENAI_EMBEDDINGS, Answer::json(200, body)).await;
        assert_eq!(answer.unwrap(), body);
    }
    let body = r#"{"embedding":[0.5]}"#;
    let answer = vectors("ollama", OLLAMA_EMBEDDINGS, Answer::json(200, body)).await;
    assert_eq!(answer.unwrap(), body);
    let body = r#"{ "input_tokens": 4, "more": 1 }"#;
    assert_eq!(tokens(Answer::json(200, body)).await.unwrap(), body);
}

#[tokio::test]
async fn an_error_in_the_clothing_of_an_answer_is_told_without_our_key() {
    let body = format!(r#"{{"error":{{"message":"no such key: {KEY}","code":502}}}}"#);
    let refusal =
        vectors("openai", OPENAI_EMBEDDINGS, Answer::json(200, body.as_str())).await.unwrap_err();
    assert_eq!(refusal.fault.kind, ErrorKind::UpstreamFailed);
    assert_eq!(refusal.fault.public, "no such key: [redacted]");
    assert_eq!(refusal.verbatim, None);
}

#[tokio::test]
async fn what_is_no_answer_is_not_passed_on() {
    for body in ["", "<html>", "[]", "{"] {
        let vectors = vectors("openai", OPENAI_EMBEDDINGS, Answer::json(200, body)).await;
        assert_eq!(vectors.unwrap_err().fault.kind, ErrorKind::Malformed, "{body}");
    }
    for body in ["", "<html>", "{}", r#"{"type":"error","error":{"type":"x","message":"m"}}"#] {
        let tokens = tokens(Answer::json(200, body)).await;
        assert_eq!(tokens.unwrap_err().fault.kind, ErrorKind::Malformed, "{body}");
    }
}
