//! Routes: the rules of their descriptions, what is kept of them, and who may touch them.

use grants::{Grant, Pattern};
use providers::{Declarations, Need, ProviderError, RouteDescription};
use serde_json::{Value, json};

use crate::support::Registry;

fn describe(description: &Value) -> RouteDescription {
    serde_json::from_value(description.clone()).unwrap()
}

async fn put(registry: &Registry, name: &str, description: Value) -> Result<(), ProviderError> {
    let route = registry.manager.put_route(Grant::all(), name.to_owned(), describe(&description));
    route.await.map(|_| ())
}

fn one_candidate() -> Value {
    json!({ "candidates": [{ "provider": "ollama", "model": "m" }] })
}

#[track_caller]
fn check(description: Value, expected: &[&str]) {
    let found = describe(&description).check("r").err().unwrap_or_default();
    assert_eq!(found.len(), expected.len(), "{description}: {found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.contains(expected), "{description}: {found}");
    }
}

#[test]
fn descriptions_follow_the_rules_and_every_fault_is_told() {
    check(one_candidate(), &[]);
    for strategy in ["priority", "weighted", "least_in_flight", "local-first", "cheapest"] {
        let mut description = one_candidate();
        description["strategy"] = json!(strategy);
        check(description, &[]);
    }
    let candidates = |count: usize| {
        let candidate = |number| json!({ "provider": "p", "model": format!("m{number}") });
        json!({ "candidates": (0..count).map(candidate).collect::<Vec<_>>() })
    };
    check(candidates(64), &[]);
    check(candidates(0), &["give 1 to 64, not 0"]);
    check(candidates(65), &["give 1 to 64, not 65"]);
    let when =
        |when: Value| json!({ "candidates": [{ "provider": "p", "model": "m", "when": when }] });
    check(when(json!({ "input_tokens_at_least": 5, "input_tokens_at_most": 5 })), &[]);
    check(when(json!({ "input_tokens_at_least": 6, "input_tokens_at_most": 5 })), &["at most 5"]);
    check(when(json!({ "keys": [] })), &["when.keys: give 1 to 64"]);
    check(when(json!({ "projects": [""] })), &["when.projects: a pattern has"]);
    check(when(json!({ "needs": ["vision", "vision"] })), &["when.needs: name each once"]);
    check(
        json!({
            "name": "other", "strategy": "best",
            "candidates": [
                { "provider": "a/b", "model": "", "weight": 0 },
                { "provider": "p", "model": "m" },
                { "provider": "p", "model": "m", "weight": 2 },
                { "provider": "p", "model": "m", "when": { "needs": ["tools"] } },
            ],
        }),
        &[
            "name can't be changed",
            "candidates[0]: Invalid provider name",
            "candidates[0]: model is empty",
            "candidates[0]: weight 0",
            "candidates[2]: p/m is listed twice",
            "Unknown strategy: use one of priority, weighted",
        ],
    );
}

#[test]
fn names_fit_into_a_path() {
    let is_name = |name: &str| describe(&one_candidate()).check(name).is_ok();
    let longest = "a".repeat(128);
    for good in ["smart", "gpt-4o", "a/b", "claude-3.5:x", "9", "a/b/c.d", &longest] {
        assert!(is_name(good), "{good}");
    }
    let too_long = "a".repeat(129);
    for bad in ["", "/a", "a/", "a//b", "a/../b", "a/.", ".a", "-a", "a b", "é", "a\n", &too_long]
    {
        assert!(!is_name(bad), "{bad}");
    }
}

#[tokio::test]
async fn routes_outlive_the_process_and_changes_of_anything_else() {
    let registry = Registry::new();
    let description = json!({
        "strategy": "local_first",
        "candidates": [
            { "provider": "ollama", "model": "m", "weight": 3, "when": {
                "input_tokens_at_least": 1, "input_tokens_at_most": 9, "needs": ["vision", "json_schema"],
                "keys": ["ci-*"], "projects": ["p"],
            } },
            { "provider": "later", "model": "a/b:c" },
        ],
    });
    put(&registry, "smart/er", description).await.unwrap();
    let before = registry.manager.snapshot().route("smart/er").cloned().unwrap();
    assert_eq!(before.strategy.as_str(), "local-first");
    assert_eq!(before.candidates[0].when.needs, [Need::Vision, Need::JsonSchema]);
    assert_eq!((before.candidates[0].weight, before.candidates[1].weight), (3, 1));

    registry.register(json!({ "name": "p", "provider_type": "ollama" })).await;
    registry.change(json!({ "rate_limit": 3 })).await.unwrap();
    registry.manager.set_default("p".to_owned()).await.unwrap();
    let catalog = catalog::Catalog::embedded().clone();
    registry.manager.set_declared(Declarations::default(), catalog, || Ok(())).unwrap();
    registry.manager.remove("p".to_owned()).await.unwrap();
    assert_eq!(registry.manager.snapshot().route("smart/er"), Some(&before));

    let registry = registry.reopen();
    assert_eq!(registry.manager.snapshot().route("smart/er"), Some(&before));
    registry.manager.remove_route(Grant::all(), "smart/er".to_owned()).await.unwrap();
    let gone = registry.manager.remove_route(Grant::all(), "smart/er".to_owned()).await;
    assert_eq!(gone, Err(ProviderError::NoSuchRoute));
    assert_eq!(registry.reopen().manager.snapshot().routes().count(), 0);
}

#[tokio::test]
async fn every_swap_has_a_higher_generation() {
    let registry = Registry::new();
    let generation = || registry.manager.snapshot().generation();
    let mut last = generation();
    let mut risen = |what: &str| {
        assert!(generation() > last, "{what}");
        last = generation();
    };
    registry.register(json!({ "name": "p", "provider_type": "ollama" })).await;
    risen("register");
    registry.change(json!({ "rate_limit": 3 })).await.unwrap();
    risen("change");
    registry.manager.set_default("p".to_owned()).await.unwrap();
    risen("default");
    put(&registry, "r", one_candidate()).await.unwrap();
    risen("put_route");
    registry.manager.remove_route(Grant::all(), "r".to_owned()).await.unwrap();
    risen("remove_route");
    let catalog = catalog::Catalog::embedded().clone();
    registry.manager.set_declared(Declarations::default(), catalog, || Ok(())).unwrap();
    risen("declarations");
    registry.manager.remove("p".to_owned()).await.unwrap();
    risen("remove");
    let snapshot = registry.manager.snapshot();
    assert_eq!(providers::Snapshot::clone(&snapshot).generation(), snapshot.generation());
    assert!(put(&registry, "r", json!({ "candidates": [] })).await.is_err());
    assert_eq!(generation(), snapshot.generation(), "what was refused changed nothing");
}

#[tokio::test]
async fn a_name_that_begins_with_a_provider_is_ambiguous() {
    let registry = Registry::new();
    registry.register(json!({ "name": "work", "provider_type": "ollama" })).await;
    let refused = put(&registry, "work/fast", one_candidate()).await.unwrap_err();
    assert!(refused.to_string().contains("'work' is a provider"), "{refused}");
    for fine in ["gpt-4o", "work", "works/fast", "x/work"] {
        put(&registry, fine, one_candidate()).await.unwrap();
    }
}

#[tokio::test]
async fn a_provider_whose_models_routes_would_hide_is_refused() {
    let registry = Registry::new();
    put(&registry, "later/m", one_candidate()).await.unwrap();
    let register = |name: &str| {
        let registration = json!({ "name": name, "provider_type": "ollama" });
        registry.manager.register(serde_json::from_value(registration).unwrap())
    };
    let refused = register("later").await.unwrap_err();
    assert!(refused.to_string().contains("The route 'later/m' begins"), "{refused}");
    register("late").await.unwrap();
    registry.manager.remove_route(Grant::all(), "later/m".to_owned()).await.unwrap();
    register("later").await.unwrap();
}

#[tokio::test]
async fn a_route_takes_no_name_of_a_model_that_its_maker_does_not_hold() {
    let registry = Registry::new();
    let listed = |name: &str, models: Value| {
        json!({
            "name": name, "provider_type": "custom", "base_url": "http://127.0.0.1:9/v1",
            "network": "local", "models": models, "api_key": "k", "settings": { "preset": "perplexity" },
        })
    };
    registry.register(listed("foreign", json!(["gpt-4o"]))).await;
    registry.register(listed("own", json!(["mine"]))).await;
    let check = |providers: Option<&str>, models: Option<&str>, name: &str, is_made: bool| {
        let patterns = |text: Option<&str>| Some(vec![Pattern::parse(text?).unwrap()]);
        let (providers, models) = (patterns(providers), patterns(models));
        let grant = Grant { providers, models, ..Grant::all() };
        let own = json!({ "candidates": [{ "provider": "own", "model": "mine" }] });
        let (manager, name) = (registry.manager.clone(), name.to_owned());
        async move {
            let made = manager.put_route(grant, name.clone(), describe(&own)).await;
            assert_eq!(made.is_ok(), is_made, "{name}: {made:?}");
            let is_not_held = matches!(made, Err(ProviderError::NotHeld(_)));
            assert_eq!(is_not_held, !is_made, "{name}");
        }
    };
    check(Some("own"), None, "gpt-4o", false).await;
    check(None, Some("mine"), "gpt-4o", false).await;
    check(Some("own"), None, "gpt-4o-mini", true).await;
    check(Some("own"), None, "mine", true).await;
    check(None, None, "gpt-4o", true).await;
    // Whoever holds a route whole may replace it, whatever its name.
    check(Some("own"), None, "gpt-4o", true).await;
}

#[tokio::test]
async fn warnings_name_who_is_passed_over() {
    let registry = Registry::new();
    registry.register(json!({ "name": "up", "provider_type": "ollama" })).await;
    registry.register(json!({ "name": "off", "provider_type": "ollama", "enabled": false })).await;
    let candidate = |provider, model| json!({ "provider": provider, "model": model });
    let candidates = json!([
        candidate("up", "m"),
        candidate("off", "m"),
        candidate("none", "m"),
        candidate("none", "n"),
    ]);
    put(&registry, "r", json!({ "candidates": candidates })).await.unwrap();
    let snapshot = registry.manager.snapshot();
    let warnings = snapshot.warnings(snapshot.route("r").unwrap());
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("'off' is disabled"));
    assert!(warnings[1].contains("No provider is called 'none'"));
}

#[tokio::test]
async fn only_who_holds_all_of_a_route_may_touch_it() {
    let registry = Registry::new();
    let holder = |providers: &str, models: Option<&str>| Grant {
        providers: Some(vec![Pattern::parse(providers).unwrap()]),
        models: models.map(|models| vec![Pattern::parse(models).unwrap()]),
        ..Grant::all()
    };
    let mixed = json!({ "candidates": [
        { "provider": "own", "model": "m" }, { "provider": "foreign", "model": "m" },
    ] });
    let own = json!({ "candidates": [{ "provider": "own", "model": "m" }] });
    put(&registry, "mixed", mixed.clone()).await.unwrap();
    let put = |grant: Grant, name: &str, description: &Value| {
        registry.manager.put_route(grant, name.to_owned(), describe(description))
    };
    let not_held = |outcome: Result<_, ProviderError>| {
        assert!(matches!(outcome, Err(ProviderError::NotHeld(_))));
    };
    not_held(put(holder("own", None), "new", &mixed).await.map(|_| ()));
    not_held(put(holder("own", None), "mixed", &own).await.map(|_| ()));
    // That a key may call a route does not let it choose what the route leads to.
    not_held(put(holder("*", Some("new")), "new", &mixed).await.map(|_| ()));
    not_held(registry.manager.remove_route(holder("own", None), "mixed".to_owned()).await);
    let unseen = registry.manager.remove_route(holder("third", None), "mixed".to_owned()).await;
    assert_eq!(unseen, Err(ProviderError::NoSuchRoute));
    put(holder("own", Some("own/*")), "new", &own).await.unwrap();
    registry.manager.remove_route(holder("own", None), "new".to_owned()).await.unwrap();

    let snapshot = registry.manager.snapshot();
    let seen = |grant: &Grant| snapshot.route("mixed").unwrap().held(grant).count();
    assert_eq!(seen(&Grant::all()), 2);
    assert_eq!(seen(&holder("own", None)), 1);
    assert_eq!(seen(&holder("*", Some("mixed"))), 2);
    assert_eq!(seen(&holder("third", None)), 0);
}

#[tokio::test]
async fn a_thousand_routes_are_the_most() {
    let registry = Registry::new();
    for number in 0..1000 {
        put(&registry, &format!("r{number}"), one_candidate()).await.unwrap();
    }
    let refused = put(&registry, "further", one_candidate()).await.unwrap_err();
    assert!(refused.to_string().contains("1000 routes"), "{refused}");
    put(&registry, "r7", one_candidate()).await.unwrap();
}
