//! Embeddings and counts at the provider.

use canonical::{
    Dialect, EmbeddingInput, EmbeddingRequest, EmbeddingResponse, ErrorKind, Fault, Losses, Usage,
};
use serde_json::{Value, json};

use super::Gemini;
use crate::Codec;

fn read(body: &Value) -> Result<EmbeddingResponse, Fault> {
    Gemini.decode_embeddings(body.to_string().as_bytes())
}

#[test]
fn every_input_is_a_request_of_its_batch() {
    let extras = json!({"encoding": "x"}).as_object().unwrap().clone();
    let request = EmbeddingRequest {
        model: "lab/m".to_owned(),
        inputs: ["a", "b"].map(|text| EmbeddingInput::Text(text.to_owned())).to_vec(),
        dimensions: Some(64),
        user: Some("u".to_owned()),
        extras: Some((Dialect::OpenAiChat, extras)),
        ..EmbeddingRequest::default()
    };
    let mut losses = Losses::default();
    let body = Gemini.encode_embeddings(&request, &mut losses).unwrap();
    let one = |text: &str| {
        json!({"model": "models/lab/m", "content": {"parts": [{"text": text}]},
               "outputDimensionality": 64})
    };
    let expected = json!({"requests": [one("a"), one("b")]});
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), expected);
    assert_eq!(losses.to_string(), "user, encoding");
    assert_eq!(
        Gemini.embeddings_target("lab/m", 1).as_deref(),
        Some("/models/lab%2Fm:batchEmbedContents"),
    );

    let tokens = EmbeddingRequest { inputs: vec![EmbeddingInput::Tokens(vec![1])], ..request };
    let fault = Gemini.encode_embeddings(&tokens, &mut losses).unwrap_err();
    assert_eq!((fault.kind, fault.status()), (ErrorKind::InvalidRequest, 400));
}

#[test]
fn vectors_are_read() {
    let body = json!({"embeddings": [{"values": [0.5, 1]}, {"values": []}],
                      "usageMetadata": {"promptTokenCount": 7}});
    let expected = EmbeddingResponse {
        model: None,
        vectors: vec![vec![0.5, 1.0], Vec::new()],
        usage: Usage { input_tokens: Some(7), ..Usage::default() },
    };
    assert_eq!(read(&body), Ok(expected));
    for (body, kind) in [
        (json!({}), ErrorKind::Malformed),
        (json!({"embeddings": [{"values": ["a"]}]}), ErrorKind::Malformed),
        (json!({"embeddings": [{}]}), ErrorKind::Malformed),
        (json!({"error": {"status": "UNAVAILABLE"}}), ErrorKind::Overloaded),
    ] {
        assert_eq!(read(&body).unwrap_err().kind, kind, "{body}");
    }
}

#[test]
fn counts_are_read() {
    let read = |body: &str| Gemini.decode_count(body.as_bytes()).map_err(|fault| fault.kind);
    assert_eq!(Gemini.count_target("m").as_deref(), Some("/models/m:countTokens"));
    assert_eq!(read(r#"{"totalTokens":61,"promptTokensDetails":[]}"#), Ok(61));
    assert_eq!(read("{}"), Err(ErrorKind::Malformed));
    assert_eq!(read("<html>"), Err(ErrorKind::Malformed));
    assert_eq!(read(r#"{"error":{"status":"UNAVAILABLE"}}"#), Err(ErrorKind::Overloaded));
}
