//! What the config file declares: taken over whole, over what is stored, and changed nowhere else.

use std::sync::Arc;

use catalog::Catalog;
use providers::{
    DeclarationFault, Declarations, DeclaredProvider, DeclaredRoute, Provider, ProviderError,
};
use serde_json::{Value, json};

use crate::support::Registry;

/// What a file declares of providers and routes.
fn declarations(
    registry: &Registry,
    providers: &[Value],
    routes: &[(&str, Value)],
    default: Option<&str>,
) -> Result<Declarations, Vec<DeclarationFault>> {
    let at = |line: usize| format!("config.toml:{line}");
    let provider = |(line, members): (usize, &Value)| {
        let registration = serde_json::from_value(members.clone()).unwrap();
        DeclaredProvider::new(registration, at(line), &registry.egress).unwrap()
    };
    let route = |(line, (name, members)): (usize, &(&str, Value))| {
        let description = serde_json::from_value(members.clone()).unwrap();
        DeclaredRoute::new(name, description, at(100 + line)).unwrap()
    };
    Declarations::new(
        providers.iter().enumerate().map(provider).collect(),
        routes.iter().enumerate().map(route).collect(),
        default,
    )
}

impl Registry {
    fn declare(&self, providers: &[Value], routes: &[(&str, Value)], default: Option<&str>) -> u64 {
        let declared = declarations(self, providers, routes, default).unwrap();
        self.manager.set_declared(declared, Catalog::default(), || Ok(())).unwrap()
    }
}

fn ollama(name: &str) -> Value {
    json!({ "name": name, "provider_type": "ollama", "base_url": "http://127.0.0.1:9" })
}

fn route() -> Value {
    json!({ "candidates": [{ "provider": "filed", "model": "m" }] })
}

fn is_same_state(one: &Provider, other: &Provider) -> bool {
    Arc::ptr_eq(&one.model_state("m"), &other.model_state("m"))
}

#[tokio::test]
async fn what_is_declared_hides_what_is_stored_and_gives_it_back() {
    let registry = Registry::new();
    registry.register(json!({ "name": "p", "provider_type": "ollama", "rate_limit": 1 })).await;
    let before = registry.manager.snapshot().generation();
    let generation = registry.declare(&[ollama("filed"), ollama("p")], &[("r", route())], None);
    assert_eq!(generation, before + 1, "one swap");
    assert_eq!(registry.manager.snapshot().generation(), generation);
    assert_eq!(registry.names(), ["filed", "p"]);
    assert_eq!(registry.get("p").config().rate_limit, None);
    assert_eq!(registry.get("p").config().declared_at.as_deref(), Some("config.toml:1"));
    assert_eq!(registry.default_name().as_deref(), Some("p"), "the chosen one, by its name");
    assert!(registry.manager.snapshot().route("r").unwrap().declared_at.is_some());

    registry.declare(&[], &[], None);
    assert_eq!(registry.names(), ["p"]);
    assert_eq!(registry.get("p").config().rate_limit, Some(1));
    assert!(registry.manager.snapshot().route("r").is_none());
    let registry = registry.reopen();
    assert_eq!(registry.names(), ["p"], "nothing of it was stored");
}

#[tokio::test]
async fn changes_elsewhere_are_refused_with_the_place() {
    let registry = Registry::new();
    registry.register(json!({ "name": "other", "provider_type": "ollama" })).await;
    registry.declare(&[ollama("p")], &[("r", route())], Some("p"));
    let all = grants::Grant::all;
    let description = || serde_json::from_value(route()).unwrap();
    let registered = registry.try_register(ollama("p")).await;
    let outcomes = [
        ("config.toml:0", registered.map(|_| ())),
        ("config.toml:0", registry.change(json!({ "rate_limit": 1 })).await.map(|_| ())),
        ("config.toml:0", registry.manager.remove("p".to_owned()).await.map(|_| ())),
        ("config.toml:0", registry.manager.set_default("p".to_owned()).await.map(|_| ())),
        ("config.toml:0", registry.manager.set_default("other".to_owned()).await.map(|_| ())),
        (
            "config.toml:100",
            registry.manager.put_route(all(), "r".to_owned(), description()).await.map(|_| ()),
        ),
        ("config.toml:100", registry.manager.remove_route(all(), "r".to_owned()).await),
    ];
    for (place, outcome) in outcomes {
        let Err(ProviderError::Declared(sentence)) = outcome else { panic!("{outcome:?}") };
        assert!(sentence.contains(place), "{sentence}");
    }
    assert_eq!(registry.names(), ["p", "other"]);
    // What is not declared goes on being changed.
    registry.manager.remove("other".to_owned()).await.unwrap();
    registry.manager.put_route(all(), "further".to_owned(), description()).await.unwrap();
    assert_eq!(registry.manager.snapshot().routes().count(), 2);
}

#[tokio::test]
async fn the_default_is_the_files_then_the_chosen_then_the_first_declared() {
    let registry = Registry::new();
    let disabled = json!({ "name": "off", "provider_type": "ollama", "enabled": false });
    registry.declare(&[disabled, ollama("first"), ollama("second")], &[], None);
    assert_eq!(registry.default_name().as_deref(), Some("first"));
    registry.register(ollama("stored")).await;
    assert_eq!(registry.default_name().as_deref(), Some("first"), "there was a default already");
    registry.manager.set_default("stored".to_owned()).await.unwrap();
    assert_eq!(registry.default_name().as_deref(), Some("stored"));
    registry.declare(&[ollama("first"), ollama("second")], &[], Some("second"));
    assert_eq!(registry.default_name().as_deref(), Some("second"));
    registry.declare(&[], &[], None);
    assert_eq!(registry.default_name().as_deref(), Some("stored"));
    assert_eq!(registry.reopen().default_name().as_deref(), Some("stored"));
}

#[tokio::test]
async fn who_is_reached_as_before_goes_on_as_before() {
    let registry = Registry::new();
    registry.declare(&[ollama("same"), ollama("moved")], &[], None);
    let (same, moved) = (registry.get("same"), registry.get("moved"));
    let elsewhere =
        json!({ "name": "moved", "provider_type": "ollama", "base_url": "http://127.0.0.1:8" });
    registry.declare(&[ollama("same"), elsewhere], &[], None);
    assert!(is_same_state(&same, &registry.get("same")));
    assert!(!is_same_state(&moved, &registry.get("moved")));
    assert_eq!(same.config().created_at, registry.get("same").config().created_at);
}

#[tokio::test]
async fn what_others_refuse_changes_nothing() {
    let registry = Registry::new();
    registry.declare(&[ollama("old")], &[], None);
    let before = registry.manager.snapshot().generation();
    let declared = declarations(&registry, &[ollama("new")], &[("r", route())], None).unwrap();
    let refused = registry
        .manager
        .set_declared(declared, Catalog::default(), || Err(vec!["a key is no key".to_owned()]));
    assert_eq!(refused, Err(vec!["a key is no key".to_owned()]));
    assert_eq!(registry.names(), ["old"]);
    assert_eq!(registry.manager.snapshot().generation(), before);
}

#[test]
fn declarations_are_held_against_each_other() {
    let registry = Registry::new();
    let faults =
        declarations(&registry, &[ollama("p")], &[("p/x", route())], Some("q")).unwrap_err();
    let [
        DeclarationFault::Route { name, sentence },
        DeclarationFault::Default { sentence: default },
    ] = faults.as_slice()
    else {
        panic!("{faults:?}")
    };
    assert_eq!(name, "p/x");
    assert!(sentence.contains("ambiguous"), "{sentence}");
    assert!(default.contains("[providers.q]"), "{default}");
    let name = |number| format!("r{number}");
    let routes: Vec<_> = (0..1001).map(name).collect();
    let routes: Vec<_> = routes.iter().map(|name| (name.as_str(), route())).collect();
    assert!(declarations(&registry, &[], &routes[..1000], None).is_ok());
    let one_more = declarations(&registry, &[], &routes, None).unwrap_err();
    assert!(matches!(&one_more[..], [DeclarationFault::Route { name, .. }] if name == "r1000"));
}
