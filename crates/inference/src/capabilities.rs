//! `GET /v1/capabilities`: what of a call would reach a provider, told before the call is made.

use std::sync::Arc;

use canonical::{Dialect, ErrorKind, Fault};
use dialects::{
    ANTHROPIC_COUNT, ANTHROPIC_MESSAGES, ChatEndpoint, CountEndpoint, EmbeddingsEndpoint,
    GEMINI_BATCH_EMBED, GEMINI_COUNT, GEMINI_EMBED, GEMINI_GENERATE, GEMINI_GENERATE_ARRAY,
    MISTRAL_CHAT, MISTRAL_EMBEDDINGS, MISTRAL_FIM, OLLAMA_CHAT, OLLAMA_EMBED, OLLAMA_EMBEDDINGS,
    OLLAMA_GENERATE, OPENAI_CHAT, OPENAI_EMBEDDINGS, OPENAI_RESPONSES, models_endpoint,
};
use http::StatusCode;
use keys::Caller;
use pipeline::{Lane, Target, features, targets};
use providers::Snapshot;
use serde_json::{Map, Value, json};
use server::{Call, Response, response};
use url::form_urlencoded;

use crate::{Inference, tell};

/// Where chats are sent, each with the smallest body that it takes.
const CHATS: [(&str, &dyn ChatEndpoint, &str); 9] = [
    ("/v1/chat/completions", OPENAI_CHAT, CHAT),
    ("/v1/responses", OPENAI_RESPONSES, r#"{"model":"m","input":"a"}"#),
    ("/v1/messages", ANTHROPIC_MESSAGES, BOUNDED_CHAT),
    ("/v1beta/models/{model}:generateContent", GEMINI_GENERATE, CONTENTS),
    ("/v1beta/models/{model}:streamGenerateContent", GEMINI_GENERATE_ARRAY, CONTENTS),
    ("/mistral/v1/chat/completions", MISTRAL_CHAT, CHAT),
    (FIM, MISTRAL_FIM, r#"{"model":"m","prompt":"a","suffix":"b"}"#),
    ("/api/chat", OLLAMA_CHAT, CHAT),
    ("/api/generate", OLLAMA_GENERATE, r#"{"model":"m","prompt":"a"}"#),
];

const FIM: &str = "/mistral/v1/fim/completions";
const CHAT: &str = r#"{"model":"m","messages":[{"role":"user","content":"a"}]}"#;
const BOUNDED_CHAT: &str =
    r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"}]}"#;
const CONTENTS: &str = r#"{"contents":[{"role":"user","parts":[{"text":"a"}]}]}"#;

/// Where embeddings are asked for.
const EMBEDDINGS: [(&str, &dyn EmbeddingsEndpoint); 6] = [
    ("/v1/embeddings", OPENAI_EMBEDDINGS),
    ("/v1beta/models/{model}:embedContent", GEMINI_EMBED),
    ("/v1beta/models/{model}:batchEmbedContents", GEMINI_BATCH_EMBED),
    ("/mistral/v1/embeddings", MISTRAL_EMBEDDINGS),
    ("/api/embed", OLLAMA_EMBED),
    ("/api/embeddings", OLLAMA_EMBEDDINGS),
];

/// Where tokens are counted.
const COUNTS: [(&str, &dyn CountEndpoint); 2] = [
    ("/v1/messages/count_tokens", ANTHROPIC_COUNT),
    ("/v1beta/models/{model}:countTokens", GEMINI_COUNT),
];

/// Answers for the provider, the model or both that the query names; else for every provider that may be asked.
pub(crate) async fn answer(inference: Arc<Inference>, call: Call) -> Response {
    let snapshot = inference.gateway.snapshot();
    match told(&snapshot, &call.caller, call.query.as_deref()).await {
        Ok(told) => response::json(StatusCode::OK, &told),
        Err(fault) => tell::fault(Dialect::OpenAiChat, fault, call.request_id),
    }
}

async fn told(snapshot: &Snapshot, caller: &Caller, query: Option<&str>) -> Result<Value, Fault> {
    let asked = Asked::parse(query)?;
    let targets =
        targets(snapshot, caller, asked.provider.as_deref(), asked.model.as_deref()).await?;
    let providers: Map<String, Value> = targets
        .iter()
        .map(|target| (target.provider.config().name.to_string(), provider(target)))
        .collect();
    let mut told = Map::from_iter([("providers".to_owned(), providers.into())]);
    if let (Some(name), [target]) = (&asked.model, targets.as_slice()) {
        told.insert("model".to_owned(), model(snapshot, target, name)?);
    }
    Ok(told.into())
}

/// What the query asks about.
#[derive(Default)]
struct Asked {
    provider: Option<String>,
    model: Option<String>,
}

impl Asked {
    fn parse(query: Option<&str>) -> Result<Self, Fault> {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match name.as_ref() {
                "provider" => asked.provider = Some(value.into_owned()),
                "model" => asked.model = Some(value.into_owned()),
                _ => {
                    let sentence =
                        format!("unknown parameter `{name}`: send `provider`, `model` or both");
                    return Err(Fault::invalid_request(sentence));
                }
            }
        }
        Ok(asked)
    }
}

fn provider(target: &Target) -> Value {
    let config = target.provider.config();
    let chats =
        CHATS.map(|(path, endpoint, body)| (path, target.chat_lane(endpoint, body.as_bytes())));
    let embeddings = EMBEDDINGS.map(|(path, endpoint)| (path, target.embeddings_lane(endpoint)));
    let counts = COUNTS.map(|(path, endpoint)| (path, Some(target.count_lane(endpoint))));
    let features: Map<String, Value> = features(target)
        .into_iter()
        .map(|feature| {
            let lost: Vec<&str> = feature.losses.iter().collect();
            (feature.name.to_owned(), json!({ "supported": lost.is_empty(), "lost": lost }))
        })
        .collect();
    let names: Vec<&str> = config.dialects().iter().map(|dialect| dialect.as_str()).collect();
    json!({
        "type": config.provider_type.as_str(),
        "dialects": names,
        "features": features,
        "embeddings": embeddings.iter().any(|(_, lane)| lane.is_some()),
        "count_tokens": target.counts_tokens() || counts.iter().any(|(_, lane)| *lane == Some(Lane::Bytes)),
        "fim": chats.iter().any(|(path, lane)| *path == FIM && lane.is_some()),
        "endpoints": lanes(chats.into_iter().chain(embeddings).chain(counts)),
    })
}

fn lanes(lanes: impl Iterator<Item = (&'static str, Option<Lane>)>) -> Map<String, Value> {
    let word = |lane: Option<Lane>| lane.map_or("refused", Lane::as_str);
    lanes.map(|(path, lane)| (path.to_owned(), word(lane).into())).collect()
}

/// What is known of the model, as OpenAI's list tells it.
fn model(snapshot: &Snapshot, target: &Target, name: &str) -> Result<Value, Fault> {
    let card = snapshot.card(&target.provider, &target.model, name);
    let told = models_endpoint(Dialect::OpenAiChat).encode_model(&card);
    serde_json::from_slice(&told)
        .map_err(|error| Fault::new(ErrorKind::Internal, error.to_string()))
}

#[cfg(test)]
mod tests {
    use canonical::Losses;

    use super::{Asked, CHATS, FIM};

    #[test]
    fn each_endpoint_takes_its_smallest_body() {
        for (path, endpoint, body) in CHATS {
            let read = endpoint.decode_request(body.as_bytes(), &mut Losses::default());
            assert_eq!(read.is_ok(), path != FIM, "{path}: {read:?}");
        }
    }

    #[test]
    fn a_query_names_provider_and_model() {
        let asked = Asked::parse(Some("provider=a%20b&model=x/y")).unwrap();
        assert_eq!((asked.provider.as_deref(), asked.model.as_deref()), (Some("a b"), Some("x/y")));
        assert!(Asked::parse(None).unwrap().model.is_none());
        let fault = Asked::parse(Some("modle=x")).err().unwrap();
        assert!(fault.public.contains("`modle`"), "{}", fault.public);
    }
}
