//! From names to a provider and a model, and the sentences when there is none.

use canonical::ErrorKind;
use pipeline::{ChatCall, Refusal};
use serde_json::json;
use testkit::scripted::{Answer, ScriptedProvider};

use crate::support::{ANSWERS, Gateway, call};

fn to(provider: Option<&str>, model: &str) -> ChatCall {
    let mut call = call();
    call.request.model = model.to_owned();
    ChatCall { provider: provider.map(str::to_owned), ..call }
}

/// The provider that a refused call had chosen.
fn chosen(refusal: &Refusal) -> Option<&str> {
    refusal.about.as_ref().map(|about| about.provider.as_str())
}

/// Asks for a whole answer and for one in pieces: both are refused in the same words.
async fn refusal(gateway: &Gateway, provider: Option<&str>, model: &str) -> Refusal {
    let whole = gateway.chat(to(provider, model)).await.unwrap_err();
    let streamed = gateway.stream(to(provider, model)).await.err().unwrap();
    assert_eq!((&whole.fault, chosen(&whole)), (&streamed.fault, chosen(&streamed)));
    whole
}

#[track_caller]
fn check(refusal: Refusal, kind: ErrorKind, sentence: &str) {
    assert_eq!((refusal.fault.kind, refusal.fault.public.as_str()), (kind, sentence));
    assert_eq!(refusal.fault.upstream_status, None);
    assert!(refusal.about.is_none());
}

#[tokio::test]
async fn who_can_not_be_asked_is_said_exactly() {
    let scripted = ScriptedProvider::always(Answer::json(200, ANSWERS[0].1));
    let gateway = Gateway::new();
    check(
        refusal(&gateway, None, "m").await,
        ErrorKind::InvalidRequest,
        "No provider given, and none is the default: send 'provider' or set one",
    );
    check(refusal(&gateway, Some("X"), "m").await, ErrorKind::NotFound, "Provider not found: X");

    let description = json!({
        "name": "p", "provider_type": "openai", "api_key": "sk-x", "base_url": scripted.url(),
        "network": "local",
    });
    gateway.register(description).await;
    for provider in [None, Some("p")] {
        check(
            refusal(&gateway, provider, "").await,
            ErrorKind::InvalidRequest,
            "No model given, and provider p has no default_model: send 'model' or set one",
        );
    }
    check(refusal(&gateway, Some("P"), "m").await, ErrorKind::NotFound, "Provider not found: P");

    gateway.change(json!({ "api_key": null })).await;
    check(
        refusal(&gateway, None, "m").await,
        ErrorKind::InvalidRequest,
        "OpenAI API key not configured",
    );
    gateway.change(json!({ "enabled": false })).await;
    check(
        refusal(&gateway, None, "m").await,
        ErrorKind::InvalidRequest,
        "Provider p is disabled: enable it, or choose another provider",
    );
    assert_eq!(scripted.connections(), 0);
}

#[tokio::test]
async fn a_missing_key_is_named_after_the_vendor() {
    for (provider_type, settings, title) in [
        ("openai", json!({}), "OpenAI"),
        ("anthropic", json!({}), "Anthropic"),
        ("google", json!({}), "Google"),
        ("mistral", json!({}), "Mistral"),
        ("custom", json!({ "preset": "groq" }), "Groq"),
    ] {
        let gateway = Gateway::new();
        let description = json!({
            "name": "p", "provider_type": provider_type, "api_key": "sk-x", "settings": settings,
        });
        gateway.register(description).await;
        gateway.change(json!({ "api_key": null })).await;
        let sentence = format!("{title} API key not configured");
        check(refusal(&gateway, None, "m").await, ErrorKind::InvalidRequest, &sentence);
    }
}

#[tokio::test]
async fn the_named_provider_and_model_come_before_the_defaults() {
    let scripted = [(); 2].map(|()| ScriptedProvider::always(Answer::json(200, ANSWERS[0].1)));
    let gateway = Gateway::new();
    for (name, scripted) in ["first", "second"].into_iter().zip(&scripted) {
        let description = json!({
            "name": name, "provider_type": "custom", "base_url": scripted.url(),
            "network": "local", "default_model": format!("default-of-{name}"),
        });
        gateway.register(description).await;
    }
    for (provider, model, expected_provider, expected_model) in [
        (None, "", 0, "default-of-first"),
        (None, "m", 0, "m"),
        (Some("second"), "", 1, "default-of-second"),
        (Some("second"), "a/b:c", 1, "a/b:c"),
    ] {
        let (about, _) = gateway.chat(to(provider, model)).await.unwrap();
        let asked = scripted[expected_provider].requests().pop().unwrap();
        assert_eq!(asked.json()["model"], expected_model);
        assert_eq!(about.model, expected_model);
        assert_eq!(about.provider.as_str(), ["first", "second"][expected_provider]);
    }
    gateway.manager.set_default("second".to_owned()).await.unwrap();
    let (about, _) = gateway.chat(to(None, "")).await.unwrap();
    assert_eq!(about.provider.as_str(), "second");
    assert_eq!((scripted[0].calls(), scripted[1].calls()), (2, 3));
}

#[tokio::test]
async fn what_is_no_model_id_is_not_sent() {
    let gateway = Gateway::to(&ScriptedProvider::queue([]), "openai").await;
    for model in ["a\nb", "a\0", &"m".repeat(257)] {
        let refusal = refusal(&gateway, None, model).await;
        assert_eq!(refusal.fault.kind, ErrorKind::InvalidRequest);
        assert!(refusal.fault.public.starts_with("Invalid model: "), "{:?}", refusal.fault);
    }
}

#[tokio::test]
async fn a_provider_without_a_model_is_not_asked() {
    let gateway = Gateway::to(&ScriptedProvider::queue([]), "openai").await;
    let refused = pipeline::find_model(&gateway.manager.snapshot(), &keys::Caller::admin(), "p/")
        .await
        .err()
        .unwrap();
    assert_eq!(refused.kind, ErrorKind::InvalidRequest);
    assert_eq!(refused.public, "`model` names a provider and no model: send p/MODEL");
}
