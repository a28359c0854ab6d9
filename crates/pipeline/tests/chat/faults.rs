//! A provider that fails: its own words and status are kept, our secrets are not, and nothing hangs.

use std::time::Duration;

use canonical::{ErrorKind, Event, Fault};
use serde_json::json;
use testkit::scripted::{Answer, Body, End, ScriptedProvider};

use crate::support::{ANSWERS, Gateway, KEY, call, chat_with, sse, stream_with};

/// A header value that an owner wants kept secret.
const HEADER: &str = "canary-header-value";

/// The fault of a whole chat, which is that of a streamed one too.
async fn fault(provider_type: &str, answer: Answer) -> Fault {
    let whole = chat_with(provider_type, answer.clone()).await.unwrap_err();
    assert_eq!(stream_with(provider_type, answer).await.unwrap_err(), whole);
    whole
}

#[tokio::test]
async fn the_providers_own_words_and_status_are_kept() {
    use ErrorKind::{
        InvalidRequest, KeyRefused, NotFound, Overloaded, QuotaExhausted, RateLimited,
        UpstreamFailed,
    };
    for (provider_type, status, body, kind, words) in [
        ("openai", 401, r#"{"error":{"message":"bad key"}}"#, KeyRefused, "bad key"),
        (
            "openai",
            429,
            r#"{"error":{"message":"pay","code":"insufficient_quota"}}"#,
            QuotaExhausted,
            "pay",
        ),
        (
            "anthropic",
            529,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"busy"}}"#,
            Overloaded,
            "busy",
        ),
        (
            "google",
            400,
            r#"{"error":{"message":"API key not valid.","details":[{"reason":"API_KEY_INVALID"}]}}"#,
            KeyRefused,
            "API key not valid.",
        ),
        ("mistral", 429, r#"{"message":"slow down"}"#, RateLimited, "slow down"),
        ("ollama", 404, r#"{"error":"model 'm' not found"}"#, NotFound, "model 'm' not found"),
        ("custom", 400, r#"{"detail":"no such member"}"#, InvalidRequest, "no such member"),
        ("custom", 418, "plain words\n", InvalidRequest, "plain words"),
        ("custom", 500, "<html>oops</html>", UpstreamFailed, "HTTP 500 without a message"),
        ("custom", 201, "{}", UpstreamFailed, "HTTP 201 without a message"),
    ] {
        let fault = fault(provider_type, Answer::new(status, body)).await;
        assert_eq!((fault.kind, fault.public.as_str()), (kind, words), "{provider_type} {body}");
        assert_eq!(fault.upstream_status, Some(status));
    }
}

#[tokio::test]
async fn who_was_asked_and_when_to_come_back_are_told() {
    let answer = Answer::json(429, "{}").header("retry-after", "7");
    let scripted = ScriptedProvider::always(answer);
    let gateway = Gateway::to(&scripted, "openai").await;
    let refusal = gateway.chat(call()).await.unwrap_err();
    assert_eq!(refusal.fault.retry_after, Some(Duration::from_secs(7)));
    assert_eq!(refusal.about.unwrap().provider.as_str(), "p");
    assert_eq!(scripted.calls(), 1);
}

#[tokio::test]
async fn words_of_a_preset_tell_a_wrong_key() {
    let body = r#"{"code":"invalid","error":"Incorrect API key provided: xa***le."}"#;
    for (preset, kind) in [("xai", ErrorKind::KeyRefused), ("groq", ErrorKind::InvalidRequest)] {
        let scripted = ScriptedProvider::always(Answer::json(400, body));
        let gateway = Gateway::to(&scripted, "custom").await;
        gateway.change(json!({ "settings": { "preset": preset } })).await;
        let fault = gateway.chat(call()).await.unwrap_err().fault;
        assert_eq!((fault.kind, fault.upstream_status), (kind, Some(400)), "{preset}");
    }
}

#[tokio::test]
async fn a_redirect_is_a_fault_of_the_provider_and_leads_nowhere() {
    let elsewhere = ScriptedProvider::always(Answer::json(200, ANSWERS[0].1));
    for status in [301, 302, 303, 307, 308] {
        let answer = Answer::new(status, "").header("location", elsewhere.url());
        let fault = fault("openai", answer).await;
        assert_eq!((fault.kind, fault.upstream_status), (ErrorKind::UpstreamFailed, Some(status)));
        assert!(fault.public.starts_with("it redirects, which is never followed"), "{fault}");
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn our_own_secrets_are_taken_out_of_what_comes_back() {
    let escaped = KEY.replace('-', "\\u002d");
    let cut_short = format!("{} {KEY} {KEY}", "x".repeat(200 - KEY.len()));
    let delta = r#"{"choices":[{"index":0,"delta":{"content":"hi"}}]}"#;
    let error = format!(r#"{{"error":{{"message":"no {KEY} {HEADER}"}}}}"#);
    for answer in [
        Answer::json(401, error.as_str()),
        Answer::json(401, format!(r#"{{"error":{{"message":"no {escaped}"}}}}"#)),
        Answer::json(400, format!(r#"{{"detail":[{{"loc":["{KEY}"],"msg":"{HEADER}"}}]}}"#)),
        Answer::new(400, format!("Bearer {KEY}, x-team: {HEADER}")),
        Answer::new(500, cut_short),
        Answer::json(200, error.as_str()),
        sse([error.as_str()]),
        sse([delta, error.as_str()]),
    ] {
        let scripted = ScriptedProvider::always(answer);
        let gateway = Gateway::to(&scripted, "custom").await;
        gateway.change(json!({ "headers": { "x-team": HEADER } })).await;
        let mut faults = vec![gateway.chat(call()).await.unwrap_err().fault];
        match gateway.stream(call()).await {
            Err(refusal) => faults.push(refusal.fault),
            Ok((_, mut events)) => {
                for event in crate::support::drain(&mut events).await {
                    if let Event::Failed(fault) = event {
                        faults.push(fault);
                    }
                }
            }
        }
        assert_eq!(scripted.requests()[0].header("x-team"), Some(HEADER));
        assert_eq!(faults.len(), 2);
        for fault in faults {
            let shown = format!("{fault:?}");
            for piece in [&KEY[..12], HEADER] {
                assert!(!shown.contains(piece), "{shown}");
            }
        }
    }
}

#[tokio::test]
async fn what_takes_too_long_is_a_timeout() {
    let mut trickle = Answer::json(200, "");
    trickle.body = Body::Chunks(vec![(Duration::from_millis(5), b" ".to_vec()); 1000]);
    for answer in [
        Answer::silence(),
        Answer::json(200, ANSWERS[0].1).ending(End::Hang),
        sse([r#"{"choices":[{"index":0,"delta":{"role":"assistant"}}]}"#]).ending(End::Hang),
        trickle,
    ] {
        let scripted = ScriptedProvider::always(answer);
        let gateway = Gateway::to(&scripted, "openai").await;
        gateway.change(json!({ "timeout": 0.05 })).await;
        let whole = gateway.chat(call()).await.unwrap_err().fault;
        assert_eq!((whole.kind, whole.upstream_status), (ErrorKind::Timeout, None));
        let streamed = gateway.stream(call()).await.err().unwrap().fault;
        assert_eq!(streamed.kind, ErrorKind::Timeout);
    }
}

#[tokio::test]
async fn who_is_not_there_is_unreachable() {
    let scripted = ScriptedProvider::always(Answer::silence());
    let gateway = Gateway::to(&scripted, "openai").await;
    drop(scripted);
    let fault = gateway.chat(call()).await.unwrap_err().fault;
    assert_eq!((fault.kind, fault.kind.status()), (ErrorKind::Unreachable, 502));
}

#[tokio::test]
async fn an_answer_that_is_none_is_a_fault() {
    for (provider_type, answer) in ANSWERS {
        let cut = Answer::json(200, answer).ending(End::Cut);
        let fault = chat_with(provider_type, cut).await.unwrap_err();
        assert_eq!(fault.kind, ErrorKind::Truncated, "{provider_type}");
        for foreign in ["<html>Sign in</html>", "", "[]", "{}", "7"] {
            let outcome = chat_with(provider_type, Answer::new(200, foreign)).await;
            let fault = outcome.unwrap_err();
            // A dialect may take an object without its own end for one that was cut short.
            let is_none = matches!(fault.kind, ErrorKind::Malformed | ErrorKind::Truncated);
            assert!(is_none, "{provider_type} {foreign:?}: {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_models_name_never_leads_out_of_its_place_in_the_path() {
    let scripted = ScriptedProvider::always(Answer::json(200, ANSWERS[4].1));
    let gateway = Gateway::to(&scripted, "google").await;
    for (model, segment) in [
        ("models/m", "m"),
        ("..", ".."),
        ("../../upload", "..%2F..%2Fupload"),
        ("m?key=x#y", "m%3Fkey%3Dx%23y"),
        ("m%2f..", "m%252f.."),
    ] {
        let mut call = call();
        call.request.model = model.to_owned();
        gateway.chat(call).await.unwrap();
        let target = scripted.requests().pop().unwrap().target;
        assert_eq!(target, format!("/v1beta/models/{segment}:generateContent"));
    }
}
