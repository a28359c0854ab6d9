//! Requests that SDKs really sent, where there are some to read.

use canonical::Losses;
use serde_json::Value;
use testkit::fixtures;

use crate::{
    CountEndpoint, EmbeddingsEndpoint, GEMINI_GENERATE,
    gemini::client::{BatchEmbedContents, CountTokens, EmbedContent},
};

#[test]
fn what_sdks_send_is_understood() {
    let folders = ["google", "clients"].map(fixtures::extra_requests);
    if folders.contains(&None) {
        println!("no extra cases: CLOSEDPAW_EXTRA_CASES is not set");
        return;
    }
    let mut read = 0;
    for (name, request) in folders.into_iter().flatten().flatten() {
        let path = request.get("path").or(request.get("url")).and_then(Value::as_str);
        let path = path.and_then(|path| path.split('?').next()).unwrap_or_default();
        let Some((_, verb)) = path.rsplit_once(':') else { continue };
        let body = request["body"].to_string().into_bytes();
        let losses = &mut Losses::default();
        let fault = match verb {
            "generateContent" | "streamGenerateContent" => {
                GEMINI_GENERATE.decode_request(&body, losses).err()
            }
            "countTokens" => CountTokens.decode_request(&body, losses).err(),
            "embedContent" => EmbedContent.decode_request(&body, losses).err(),
            "batchEmbedContents" => BatchEmbedContents.decode_request(&body, losses).err(),
            _ => continue,
        };
        assert_eq!(fault, None, "{name}");
        println!("{name}: {losses}");
        read += 1;
    }
    assert!(read > 20, "only {read} requests were found");
}
