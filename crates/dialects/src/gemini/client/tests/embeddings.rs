//! Embeddings and counts, asked and answered.

use canonical::{
    Dialect, EmbeddingInput, EmbeddingRequest, EmbeddingResponse, Fault, Losses, Part,
};
use serde_json::{Value, json};

use super::echo;
use crate::{
    CountEndpoint, EmbeddingsEndpoint,
    gemini::client::{BatchEmbedContents, CountTokens, EmbedContent},
};

fn read(
    endpoint: &dyn EmbeddingsEndpoint,
    body: &Value,
) -> Result<(EmbeddingRequest, String), Fault> {
    let mut losses = Losses::default();
    let request = endpoint.decode_request(body.to_string().as_bytes(), &mut losses)?;
    Ok((request, losses.to_string()))
}

fn content(text: &str) -> Value {
    json!({"role": "user", "parts": [{"text": text}]})
}

fn inputs<const N: usize>(texts: [&str; N]) -> Vec<EmbeddingInput> {
    texts.map(|text| EmbeddingInput::Text(text.to_owned())).to_vec()
}

#[test]
fn one_content_is_one_input() {
    let body = json!({
        "model": "models/m", "taskType": "RETRIEVAL_QUERY", "output_dimensionality": 64.0,
        "content": {"parts": [{"text": "a"}, {"text": "b"}]},
    });
    let extras = json!({"taskType": "RETRIEVAL_QUERY"}).as_object().unwrap().clone();
    let expected = EmbeddingRequest {
        model: "m".to_owned(),
        inputs: inputs(["ab"]),
        dimensions: Some(64),
        extras: Some((Dialect::Gemini, extras)),
        ..EmbeddingRequest::default()
    };
    assert_eq!(read(&EmbedContent, &body), Ok((expected, String::new())));
}

#[test]
fn a_batch_is_one_request() {
    let body = json!({"requests": [
        {"model": "models/m", "content": content("a"), "title": "A", "taskType": "X"},
        {"model": "models/m", "content": content("b"), "title": "B", "taskType": "X"},
    ]});
    let (request, lost) = read(&BatchEmbedContents, &body).unwrap();
    assert_eq!((request.model.as_str(), request.inputs), ("m", inputs(["a", "b"])));
    assert_eq!(lost, "requests.title");
    for (body, expected) in [
        (json!({}), "`requests` is missing"),
        (json!({"requests": [{}]}), "`requests[0].content` is missing"),
        (
            json!({"requests": [{"model": "a", "content": content("a")},
                                {"model": "b", "content": content("a")}]}),
            "`requests[1].model` must be that of the first",
        ),
        (
            json!({"requests": [{"content": content("a")},
                                {"content": content("a"), "outputDimensionality": 5}]}),
            "`requests[1].outputDimensionality` must be that of the first",
        ),
        (
            json!({"requests": [{"content": {"parts": [{"inlineData": {"data": ""}}]}}]}),
            "`requests[0].content.parts[0]` must be a text: nothing else is embedded",
        ),
    ] {
        assert_eq!(read(&BatchEmbedContents, &body).unwrap_err().public, expected);
    }
}

#[test]
fn vectors_keep_their_digits() {
    let request = EmbeddingRequest::default();
    let response = EmbeddingResponse {
        vectors: vec![vec![0.1, -2.0], vec![1e-9]],
        ..EmbeddingResponse::default()
    };
    let one = EmbedContent.encode_response(&response, &request, &echo());
    assert_eq!(one, br#"{"embedding":{"values":[0.1,-2.0]}}"#);
    let all = BatchEmbedContents.encode_response(&response, &request, &echo());
    assert_eq!(all, br#"{"embeddings":[{"values":[0.1,-2.0]},{"values":[1e-9]}]}"#);
    assert_eq!(EmbedContent.provider_target("m"), "/models/m:embedContent");
    assert_eq!(BatchEmbedContents.provider_target("m"), "/models/m:batchEmbedContents");
}

#[test]
fn a_conversation_or_a_whole_request_is_counted() {
    for (body, model, lost) in [
        (json!({"contents": [content("a")]}), "", ""),
        (
            json!({"generate_content_request": {"model": "models/m", "contents": [content("a")]},
                   "contents": []}),
            "m",
            "countTokens.contents",
        ),
    ] {
        let mut losses = Losses::default();
        let request = CountTokens.decode_request(body.to_string().as_bytes(), &mut losses).unwrap();
        assert_eq!(request.messages[0].parts, [Part::text("a")]);
        assert_eq!((request.model.as_str(), losses.to_string().as_str()), (model, lost));
    }
    assert_eq!(CountTokens.encode_count(7), br#"{"totalTokens":7}"#);
}
