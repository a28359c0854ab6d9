//! Every rule that a new provider is held to, and every default that is filled in.

use providers::{ProviderError, ProviderType, presets::PRESETS};
use serde_json::{Value, json};
use upstream::Network;

use crate::support::{KEY, Registry};

/// The given members on top of a valid registration of the type.
fn description(provider_type: &str, members: Value) -> Value {
    let mut description = json!({ "name": "p", "provider_type": provider_type, "api_key": KEY });
    let merged = description.as_object_mut().unwrap();
    merged.extend(members.as_object().unwrap().clone());
    description
}

/// Registers in a registry of its own and gives the sentence of the refusal.
async fn refusal(provider_type: &str, members: Value) -> String {
    let registry = Registry::new();
    let outcome = registry.try_register(description(provider_type, members)).await;
    assert!(registry.names().is_empty(), "registered all the same");
    match outcome {
        Err(ProviderError::Invalid(sentence)) => sentence,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_type_has_its_defaults() {
    let registry = Registry::new();
    for (provider_type, base_url, network) in [
        ("ollama", "http://127.0.0.1:11434", Network::Local),
        ("openai", "https://api.openai.com/v1", Network::Public),
        ("anthropic", "https://api.anthropic.com/v1", Network::Public),
        ("google", "https://generativelanguage.googleapis.com/v1beta", Network::Public),
        ("mistral", "https://api.mistral.ai/v1", Network::Public),
    ] {
        let members = json!({ "name": provider_type, "base_url": "" });
        let provider = registry.register(description(provider_type, members)).await;
        let config = provider.config();
        assert_eq!(config.provider_type.as_str(), provider_type);
        assert_eq!((config.base_url.as_str(), config.network), (base_url, network));
        assert_eq!((config.enabled, config.rate_limit, config.timeout_s), (true, None, None));
        assert_eq!(config.timeout().as_secs(), 600);
        assert_eq!((&config.default_model, config.models.len()), (&None, 0));
    }
}

#[tokio::test]
async fn a_preset_fills_in_where_the_vendor_is() {
    let registry = Registry::new();
    for preset in PRESETS {
        let members = json!({ "name": preset.id, "settings": { "preset": preset.id } });
        let provider = registry.register(description("custom", members)).await;
        let config = provider.config();
        assert_eq!((config.base_url.as_str(), config.network), (preset.base_url, preset.network));
        assert_eq!((config.title(), config.quirks()), (preset.title, preset.quirks));
    }
    let own = json!({
        "name": "own", "settings": { "preset": "groq" }, "base_url": "http://10.0.0.1/x/",
        "network": "local",
    });
    let provider = registry.register(description("custom", own)).await;
    assert_eq!(provider.config().base_url.as_str(), "http://10.0.0.1/x");
    assert_eq!(provider.config().network, Network::Local);
}

#[tokio::test]
async fn base_urls_are_normalised_by_type() {
    let registry = Registry::new();
    for (number, (provider_type, given, expected)) in [
        ("openai", "https://proxy.example", "https://proxy.example/v1"),
        ("google", "https://proxy.example/", "https://proxy.example/v1beta"),
        ("mistral", "https://proxy.example/v9/", "https://proxy.example/v9"),
        ("ollama", "http://api:11434/api/", "http://api:11434"),
        ("ollama", "http://gpu.lan/v1", "http://gpu.lan"),
        ("custom", "https://proxy.example/", "https://proxy.example"),
    ]
    .into_iter()
    .enumerate()
    {
        let members = json!({ "name": format!("p{number}"), "base_url": given });
        let provider = registry.register(description(provider_type, members)).await;
        assert_eq!(provider.config().base_url.as_str(), expected);
    }
}

#[tokio::test]
async fn the_type_and_the_name_are_checked() {
    assert_eq!(refusal("azure", json!({})).await, "Invalid provider type: azure");
    for name in ["", ".x", "a b", "a/b", &"a".repeat(65)] {
        let sentence = refusal("openai", json!({ "name": name })).await;
        assert!(sentence.starts_with("Invalid provider name: use 1 to 64 of"), "{sentence}");
    }
    for name in ["health", "models", "register"] {
        let sentence = refusal("openai", json!({ "name": name })).await;
        assert!(sentence.contains(&format!("'{name}' is a word of the API's own paths")));
    }
}

#[tokio::test]
async fn what_answers_nobody_without_a_key_needs_one() {
    let registry = Registry::new();
    let clouds =
        ProviderType::ALL.into_iter().filter(|provider_type| provider_type.needs_api_key());
    for provider_type in clouds {
        for missing in [Value::Null, json!("")] {
            let sentence = refusal(provider_type.as_str(), json!({ "api_key": missing })).await;
            let title = provider_type.title();
            let expected =
                format!("api_key is required for {title} providers: send it in the body");
            assert_eq!(sentence, expected);
        }
    }
    let settings = json!({ "settings": { "preset": "groq" }, "api_key": null });
    let sentence = refusal("custom", settings).await;
    assert_eq!(sentence, "api_key is required for Groq providers: send it in the body");
    for (name, members) in [
        ("ollama", json!({})),
        ("custom", json!({ "base_url": "https://llm.example" })),
        ("custom", json!({ "name": "vllm", "settings": { "preset": "vllm" } })),
    ] {
        let mut members = members;
        members["api_key"] = Value::Null;
        members["name"] = members.get("name").cloned().unwrap_or(json!(name));
        let provider = registry.register(description(name, members)).await;
        assert!(provider.config().api_key.is_none());
        assert!(!provider.config().lacks_api_key());
    }
}

#[tokio::test]
async fn a_key_that_fits_no_header_is_refused_without_repeating_it() {
    for key in ["sk hush", "sk-hush\n", "sk-h\u{fc}sh", &"hush".repeat(1025)] {
        let sentence = refusal("openai", json!({ "api_key": key })).await;
        assert!(sentence.starts_with("Invalid api_key: it must be at most 4096"), "{sentence}");
        assert!(!sentence.contains("hush"), "{sentence}");
    }
}

#[tokio::test]
async fn an_address_must_be_given_and_fit_its_network() {
    for (members, expected) in [
        (
            json!({}),
            "base_url is required for custom providers, unless settings.preset names a vendor",
        ),
        (
            json!({ "base_url": "http://127.0.0.1:8080/v1" }),
            "base_url points at the local address 127.0.0.1: set network: local to allow it",
        ),
        (
            json!({ "base_url": "http://llm.example/v1" }),
            "base_url uses http, which only a local provider may: use https, or set network: local",
        ),
        (
            json!({ "settings": { "preset": "vllm" }, "network": "public" }),
            "base_url points at the local address 127.0.0.1: set network: local to allow it",
        ),
        (
            json!({ "base_url": "http://169.254.169.254", "network": "local" }),
            "base_url points at 169.254.169.254, which is never reachable: link-local, metadata, \
             multicast and reserved addresses are refused",
        ),
    ] {
        assert_eq!(refusal("custom", members).await, expected);
    }
    let sentence = refusal("ollama", json!({ "network": "public" })).await;
    assert!(sentence.contains("set network: local"), "{sentence}");
}

#[tokio::test]
async fn our_own_address_is_refused_with_the_way_out() {
    let registry = Registry::new();
    let own = "leads back to this gateway: http://127.0.0.1:8000 is where it listens";
    let vllm = json!({ "settings": { "preset": "vllm" } });
    registry.egress.set_listeners(vec!["127.0.0.1:8000".parse().unwrap()]);
    let refused = registry.try_register(description("custom", vllm)).await.unwrap_err().to_string();
    assert!(refused.contains(own) && refused.contains("on another port"), "{refused}");
    let elsewhere = json!({ "base_url": "http://localhost:8001/v1", "network": "local" });
    registry.register(description("custom", elsewhere)).await;
    for host in ["127.0.0.1", "localhost"] {
        let back = json!({ "base_url": format!("http://{host}:8000/v1") });
        let refused = registry.change(back).await.err().unwrap().to_string();
        assert!(refused.contains("leads back to this gateway"), "{refused}");
    }
    assert_eq!(registry.get("p").config().base_url.as_str(), "http://localhost:8001/v1");
}

#[tokio::test]
async fn models_must_be_ids() {
    let longest = "é".repeat(256);
    let registry = Registry::new();
    let members = json!({ "default_model": longest, "models": [longest, "a/b:c d"] });
    registry.register(description("openai", members)).await;
    for bad in [format!("{longest}é"), "a\nb".to_owned(), "\u{1b}[2J".to_owned()] {
        for (member, value) in [("default_model", json!(bad)), ("models", json!(["good", bad]))] {
            let expected = format!(
                "Invalid {member}: a model's id has at most 256 characters, and no control characters"
            );
            assert_eq!(refusal("openai", json!({ member: value })).await, expected);
            let refused = registry.change(json!({ member: value })).await.err().unwrap();
            assert_eq!(refused, ProviderError::Invalid(expected));
        }
    }
}

#[tokio::test]
async fn settings_are_a_closed_set() {
    let sentence = refusal("custom", json!({ "settings": { "preset": "nobody" } })).await;
    assert!(sentence.starts_with("Unknown preset 'nobody': use one of openrouter, "), "{sentence}");
    assert!(sentence.ends_with(", jan"), "{sentence}");
    let sentence = refusal("custom", json!({ "settings": { "preset": 7 } })).await;
    assert!(sentence.starts_with("settings.preset must be one of: openrouter, "), "{sentence}");
    assert_eq!(
        refusal("custom", json!({ "settings": { "prest": "groq" } })).await,
        "Unknown setting 'prest' for a custom provider: there are 'preset' and 'dialects'"
    );
    assert_eq!(
        refusal("openai", json!({ "settings": { "preset": "groq" } })).await,
        "Unknown setting 'preset': providers of type openai have no settings"
    );
    assert_eq!(
        refusal("ollama", json!({ "settings": { "preset": "groq" } })).await,
        "Unknown setting 'preset' for an Ollama provider: use keep_alive or num_ctx"
    );
    for (member, value, expected) in [
        (
            "keep_alive",
            json!("soon"),
            "Invalid settings.keep_alive \"soon\": use a duration such as",
        ),
        ("keep_alive", json!(null), "Invalid settings.keep_alive null: use a duration such as"),
        ("num_ctx", json!(0), "Invalid settings.num_ctx 0: use the largest context window"),
        ("num_ctx", json!("8k"), "Invalid settings.num_ctx \"8k\": use the largest context window"),
        ("num_ctx", json!(1.5), "Invalid settings.num_ctx 1.5: use the largest context window"),
    ] {
        let sentence = refusal("ollama", json!({ "settings": { member: value } })).await;
        assert!(sentence.starts_with(expected), "{sentence}");
    }
}

#[tokio::test]
async fn an_ollama_server_is_told_how_long_and_how_large() {
    let cases = [
        ("plain", json!({}), None, None),
        ("lasting", json!({ "keep_alive": "1h30m" }), Some(5400), None),
        ("both", json!({ "keep_alive": -1, "num_ctx": 32_768 }), Some(-1), Some(32_768)),
    ];
    let registry = Registry::new();
    for (name, settings, _, _) in &cases {
        let members = json!({ "name": name, "settings": settings });
        registry.register(description("ollama", members)).await;
    }
    let registry = registry.reopen();
    for (name, settings, keep_alive_s, largest_context_tokens) in cases {
        let provider = registry.get(name);
        let quirks = provider.config().quirks();
        assert_eq!(quirks.keep_alive_s, keep_alive_s);
        assert_eq!(quirks.largest_context_tokens, largest_context_tokens);
        assert_eq!(Value::from(provider.config().settings.to_json()), settings);
    }
}

#[tokio::test]
async fn headers_are_checked() {
    assert_eq!(
        refusal("openai", json!({ "headers": { "Host": "hush" } })).await,
        "Header 'host' can't be set: the gateway sets it itself"
    );
}

#[tokio::test]
async fn names_are_unique_and_tell_case_apart() {
    let registry = Registry::new();
    registry.register(description("openai", json!({ "name": "a" }))).await;
    registry.register(description("openai", json!({ "name": "A" }))).await;
    let taken = registry.try_register(description("mistral", json!({ "name": "a" }))).await;
    assert_eq!(taken, Err(ProviderError::NameTaken("a".to_owned())));
    assert_eq!(
        taken.unwrap_err().to_string(),
        "Provider name 'a' is taken: choose another, or change the registered provider"
    );
    assert_eq!(registry.get("a").config().provider_type, ProviderType::OpenAi);
    assert_eq!(registry.names(), ["a", "A"]);
}

#[tokio::test]
async fn of_many_who_want_one_name_one_gets_it() {
    let registry = Registry::new();
    let attempts = (0..20).map(|_| registry.try_register(description("openai", json!({}))));
    let outcomes = futures_util::future::join_all(attempts).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(registry.names(), ["p"]);
}

#[tokio::test]
async fn the_first_is_the_default_while_there_is_none() {
    let registry = Registry::new();
    assert_eq!(registry.default_name(), None);
    for (name, enabled) in [("a", true), ("b", false), ("c", true), ("d", true)] {
        let members = json!({ "name": name, "enabled": enabled });
        registry.register(description("openai", members)).await;
        assert_eq!(registry.default_name().as_deref(), Some("a"));
    }
    let chosen = registry.manager.set_default("c".to_owned()).await.unwrap();
    assert_eq!(chosen.as_str(), "c");
    let unknown = registry.manager.set_default("x".to_owned()).await;
    assert_eq!(unknown, Err(ProviderError::NotFound));
    // Who is not the default goes without a trace; the default passes to the earliest that is enabled.
    for (removed, default) in [("a", Some("c")), ("c", Some("d")), ("d", None), ("b", None)] {
        let now = registry.manager.remove(removed.to_owned()).await.unwrap();
        assert_eq!(now.as_ref().map(providers::ProviderName::as_str), default, "{removed}");
        assert_eq!(registry.default_name().as_deref(), default, "{removed}");
    }
    let gone = registry.manager.remove("a".to_owned()).await;
    assert_eq!(gone, Err(ProviderError::NotFound));
    registry.register(description("openai", json!({ "name": "e" }))).await;
    assert_eq!(registry.default_name().as_deref(), Some("e"));
}

#[tokio::test]
async fn a_change_runs_to_its_end_though_the_caller_goes_away() {
    let registry = Registry::new();
    let left_alone = registry.try_register(description("openai", json!({})));
    tokio::select! {
        biased;
        _ = left_alone => panic!("done without waiting for the disk"),
        () = std::future::ready(()) => {}
    }
    let registered = async {
        while registry.names().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), registered).await.unwrap();
    assert_eq!(registry.reopen().names(), ["p"]);
}
