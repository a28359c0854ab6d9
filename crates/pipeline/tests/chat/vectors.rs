//! Embeddings and counts: of callers who speak the provider's own dialect the bytes pass, but not its errors; for all
//! others it is asked in whichever of its languages has the question.

use canonical::ErrorKind;
use dialects::{
    ANTHROPIC_COUNT, EmbeddingsEndpoint, GEMINI_COUNT, OLLAMA_EMBEDDINGS, OPENAI_EMBEDDINGS,
};
use keys::Caller;
use pipeline::{CountCall, EmbeddingsCall, Lane, Refusal, targets};
use serde_json::{Value, json};
use testkit::scripted::{Answer, ScriptedProvider};

use crate::support::{Gateway, KEY, context};

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
        context: context(),
    };
    let (_, body) = gateway.pipeline.embed(&call).await?;
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

async fn tokens(answer: Answer) -> Result<String, Refusal> {
    let scripted = ScriptedProvider::always(answer);
    let gateway = Gateway::to(&scripted, "anthropic").await;
    let call = CountCall {
        endpoint: ANTHROPIC_COUNT,
        body: BODY.into(),
        path_model: None,
        headers: http::HeaderMap::new(),
        strict: false,
        context: context(),
    };
    let (_, counted) = gateway.pipeline.count(&call).await?;
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

/// A gateway to a server that speaks these languages.
async fn gateway_to(scripted: &ScriptedProvider, dialects: &[&str]) -> Gateway {
    let gateway = Gateway::new();
    gateway
        .register(json!({
            "name": "p", "provider_type": "custom", "base_url": scripted.url(),
            "network": "local", "settings": { "dialects": dialects },
        }))
        .await;
    gateway
}

#[tokio::test]
async fn embeddings_are_asked_in_the_first_language_that_has_them() {
    let vectors = r#"{"object":"list","data":[{"index":0,"embedding":[0.5]}]}"#;
    let call = || EmbeddingsCall {
        endpoint: OLLAMA_EMBEDDINGS,
        body: BODY.into(),
        path_model: None,
        strict: false,
        context: context(),
    };
    let scripted = ScriptedProvider::always(Answer::json(200, vectors));
    let gateway = gateway_to(&scripted, &["anthropic", "openai_chat"]).await;
    let (_, body) = gateway.pipeline.embed(&call()).await.unwrap();
    assert_eq!(body, r#"{"embedding":[0.5]}"#);
    let asked = scripted.requests().pop().unwrap();
    assert!(asked.target.ends_with("/embeddings"), "{}", asked.target);
    let targets =
        targets(&gateway.manager.snapshot(), &Caller::admin(), Some("p"), Some("m")).await.unwrap();
    assert_eq!(targets[0].embeddings_lane(OLLAMA_EMBEDDINGS), Some(Lane::Translate));

    let gateway = gateway_to(&scripted, &["anthropic"]).await;
    let refusal = gateway.pipeline.embed(&call()).await.unwrap_err();
    assert_eq!(refusal.fault.kind, ErrorKind::InvalidRequest);
}

#[tokio::test]
async fn tokens_are_counted_in_the_first_language_that_asks_for_it() {
    let counted = async |answer: Answer, dialects: &[&str]| {
        let scripted = ScriptedProvider::always(answer);
        let gateway = gateway_to(&scripted, dialects).await;
        let snapshot = gateway.manager.snapshot();
        let targets = targets(&snapshot, &Caller::admin(), Some("p"), Some("m")).await.unwrap();
        let call = CountCall {
            endpoint: GEMINI_COUNT,
            body: r#"{"contents":[{"role":"user","parts":[{"text":"how deep?"}]}]}"#.into(),
            path_model: Some("p/m".to_owned()),
            headers: http::HeaderMap::new(),
            strict: false,
            context: context(),
        };
        let counted = gateway.pipeline.count(&call).await.map(|(_, counted)| counted);
        (targets[0].counts_tokens(), counted, scripted.requests().pop())
    };
    let four = || Answer::json(200, r#"{"input_tokens":4}"#);
    let missing = || Answer::json(404, r#"{"error":"no such path"}"#);

    let (counts, told, asked) = counted(four(), &["openai_chat", "anthropic"]).await;
    assert!(counts && asked.unwrap().target.ends_with("/messages/count_tokens"));
    let told = told.unwrap();
    let body: Value = serde_json::from_slice(&told.body).unwrap();
    assert_eq!((body["totalTokens"].as_u64(), told.is_estimate), (Some(4), false));

    let (counts, told, asked) = counted(four(), &["openai_chat"]).await;
    assert!(!counts && asked.is_none() && told.unwrap().is_estimate);

    let (_, told, asked) = counted(missing(), &["openai_chat", "anthropic"]).await;
    assert!(asked.is_some() && told.unwrap().is_estimate);

    let (_, told, _) = counted(missing(), &["anthropic", "openai_chat"]).await;
    assert_eq!(told.err().map(|refusal| refusal.fault.kind), Some(ErrorKind::NotFound));
}
