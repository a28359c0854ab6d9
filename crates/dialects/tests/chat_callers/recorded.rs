//! Requests that were recorded, where the environment names a folder of them.

use std::{fs, path::Path};

use canonical::Losses;
use dialects::{
    ChatEndpoint, EmbeddingsEndpoint, MISTRAL_CHAT, MISTRAL_EMBEDDINGS, OPENAI_CHAT,
    OPENAI_EMBEDDINGS,
};
use serde_json::Value;
use testkit::fixtures;

const EXTRA_CASES: &str = "CLOSEDPAW_EXTRA_CASES";

/// Reads a request if it is for one of the endpoints; false when it isn't.
fn is_read(
    path: &str,
    body: &Value,
    chat: &dyn ChatEndpoint,
    embeddings: &dyn EmbeddingsEndpoint,
    name: &str,
) -> bool {
    let (bytes, losses) = (body.to_string().into_bytes(), &mut Losses::default());
    if path.ends_with("/chat/completions") {
        chat.decode_request(&bytes, losses).expect(name);
    } else if path.ends_with("/embeddings") {
        embeddings.decode_request(&bytes, losses).expect(name);
    } else {
        return false;
    }
    true
}

#[test]
fn requests_that_providers_answered_are_read() {
    for (folder, chat, embeddings) in [
        ("openai", OPENAI_CHAT, OPENAI_EMBEDDINGS),
        ("openai-compatible", OPENAI_CHAT, OPENAI_EMBEDDINGS),
        ("mistral", MISTRAL_CHAT, MISTRAL_EMBEDDINGS),
    ] {
        let Some(cases) = fixtures::extra(folder) else {
            println!("no extra cases: {EXTRA_CASES} is not set");
            return;
        };
        let mut count = 0;
        for case in cases.iter().filter(|case| case.status == 200) {
            let body = case.request.as_ref().and_then(|request| request.get("body"));
            if let (Some(path), Some(body)) = (case.path(), body)
                && is_read(path, body, chat, embeddings, &case.name)
            {
                count += 1;
            }
        }
        println!("{folder}: {count} requests");
        assert!(count > 0, "{folder}");
    }
}

#[test]
fn requests_of_the_sdks_are_read() {
    let Some(root) = std::env::var_os(EXTRA_CASES).filter(|root| !root.is_empty()) else {
        println!("no extra cases: {EXTRA_CASES} is not set");
        return;
    };
    let sdks = Path::new(&root).join("fixtures/clients");
    let mut count = 0;
    for sdk in fs::read_dir(sdks).expect("a folder of SDKs").map(|sdk| sdk.expect("an SDK").path())
    {
        let name = sdk.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        let (chat, embeddings): (&dyn ChatEndpoint, &dyn EmbeddingsEndpoint) =
            match name.split('-').next() {
                Some("openai") => (OPENAI_CHAT, OPENAI_EMBEDDINGS),
                Some("mistralai") => (MISTRAL_CHAT, MISTRAL_EMBEDDINGS),
                _ => continue,
            };
        for file in fs::read_dir(sdk).expect("a folder").map(|file| file.expect("a file").path()) {
            let request: Value =
                serde_json::from_slice(&fs::read(&file).expect("a file")).expect("JSON");
            let path = request["path"].as_str().unwrap_or_default();
            let name = file.display().to_string();
            count += usize::from(is_read(path, &request["body"], chat, embeddings, &name));
        }
    }
    println!("{count} requests of SDKs");
    assert!(count > 0);
}
