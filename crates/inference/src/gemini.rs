//! Gemini's calls, whose paths say what is asked of which model: `MODEL:VERB`.

use std::sync::Arc;

use canonical::{Dialect, ErrorKind, Fault};
use dialects::{
    ChatEndpoint, GEMINI_BATCH_EMBED, GEMINI_COUNT, GEMINI_EMBED, GEMINI_GENERATE,
    GEMINI_GENERATE_ARRAY,
};
use pipeline::PathCall;
use server::{Call, Response};

use crate::{Inference, chat, count, embeddings, tell};

/// Answers what the verb after the last colon asks; model ids may hold colons and slashes themselves.
pub(crate) async fn answer(inference: Arc<Inference>, call: Call) -> Response {
    let named = call.param("model").unwrap_or_default().to_owned();
    let (model, verb) = named.rsplit_once(':').unwrap_or((&named, ""));
    let model = model.to_owned();
    let chat = |endpoint: &'static dyn ChatEndpoint, stream, model, call| {
        chat::answer(Arc::clone(&inference), endpoint, Some(PathCall { model, stream }), call)
    };
    match verb {
        "generateContent" => chat(GEMINI_GENERATE, false, model, call).await,
        "streamGenerateContent" if asks_for_sse(&call) => {
            chat(GEMINI_GENERATE, true, model, call).await
        }
        "streamGenerateContent" => chat(GEMINI_GENERATE_ARRAY, true, model, call).await,
        "countTokens" => count::answer(inference, GEMINI_COUNT, Some(model), call).await,
        "embedContent" => embeddings::answer(inference, GEMINI_EMBED, Some(model), call).await,
        "batchEmbedContents" => {
            embeddings::answer(inference, GEMINI_BATCH_EMBED, Some(model), call).await
        }
        _ => {
            let sentence = "there is nothing at this path: a call is MODEL:generateContent, \
                            MODEL:streamGenerateContent, MODEL:countTokens, MODEL:embedContent or \
                            MODEL:batchEmbedContents";
            let fault = Fault::new(ErrorKind::NotFound, sentence);
            tell::fault(Dialect::Gemini, fault, call.request_id)
        }
    }
}

/// Whether the stream is wanted as server-sent events; else it is one JSON array.
fn asks_for_sse(call: &Call) -> bool {
    call.query.iter().flat_map(|query| query.split('&')).any(|pair| pair == "alt=sse")
}
