//! Keys and projects of the configuration, beside those that are stored.

use std::time::Duration;

use grants::Scope;
use limits::Limits;
use vault::Secret;

use super::*;
use crate::{DeclaredKey, DeclaredKeys, KeyError, Project};

const FIRST: &str = "sk-cp-aaaaaaaaaaaa-0123456789abcdef0123456789abcdef";
const SECOND: &str = "sk-cp-bbbbbbbbbbbb-0123456789abcdef0123456789abcdef";

fn declared(text: &str, new: NewKey) -> DeclaredKey {
    let declared_at = format!("config.toml: keys.{}", new.name);
    DeclaredKey { text: Secret::new(text), new, declared_at }
}

fn take_over(
    manager: &KeyManager,
    keys: Vec<DeclaredKey>,
    projects: Vec<(String, Project, String)>,
) {
    manager.set_declared(DeclaredKeys::check(keys, projects).unwrap()).unwrap();
}

#[tokio::test]
async fn they_work_as_long_as_they_are_declared() {
    let bench = Bench::new();
    let keys = bench.open();
    let stored = make(&keys, &Caller::admin(), named("stored")).await;
    take_over(&keys, vec![declared(FIRST, named("first"))], Vec::new());
    assert_eq!(keys.find(FIRST).unwrap().name, "first");
    let view = keys.show(&Caller::admin(), "aaaaaaaaaaaa").unwrap();
    assert_eq!(view.declared_at.as_deref(), Some("config.toml: keys.first"));
    assert_eq!((view.made_by.as_str(), view.status), ("config", "active"));
    let names: Vec<_> = keys.list(&Caller::admin()).into_iter().map(|view| view.name).collect();
    assert_eq!(names, ["first", "stored"]);
    assert!(bench.open().find(FIRST).is_none(), "it is not stored");

    let refused = keys.revoke(&Caller::admin(), "aaaaaaaaaaaa").await;
    assert!(matches!(refused, Err(KeyError::Conflict(_))), "{refused:?}");
    let refused = keys.rotate(&Caller::admin(), "aaaaaaaaaaaa", Duration::ZERO).await;
    assert!(matches!(refused, Err(KeyError::Conflict(_))), "{refused:?}");

    take_over(&keys, vec![declared(SECOND, named("second"))], Vec::new());
    assert!(keys.find(FIRST).is_none() && keys.find(SECOND).is_some());
    assert!(works(&keys, &stored));
}

#[test]
fn faults_are_told_all_at_once() {
    let zero = Limits { concurrency: Some(0), ..Limits::default() };
    let faults = DeclaredKeys::check(
        vec![
            declared("sk-cp-short-x", named("no-key")),
            declared(SECOND, named("second")),
            declared(SECOND, named("again")),
            declared(FIRST, NewKey { scopes: Some(vec![]), ..named("no-scopes") }),
        ],
        vec![
            ("a b".to_owned(), Project::default(), "config.toml: projects.a b".to_owned()),
            ("p".to_owned(), Project { limits: Some(zero) }, "config.toml: projects.p".to_owned()),
        ],
    )
    .unwrap_err();
    let places: Vec<_> = faults.iter().map(|fault| fault.declared_at.as_str()).collect();
    let expected = ["keys.no-key", "keys.again", "keys.no-scopes", "projects.a b", "projects.p"];
    assert_eq!(places, expected.map(|place| format!("config.toml: {place}")));
    for fault in faults {
        assert!(!fault.sentence.contains("0123456789abcdef"), "{fault:?}");
    }
}

#[tokio::test]
async fn what_they_made_works_while_they_hold_it() {
    let bench = Bench::new();
    let keys = bench.open();
    let declare = |new: Option<NewKey>| {
        let keys_of = new.map(|new| declared(FIRST, new)).into_iter().collect();
        take_over(&keys, keys_of, Vec::new());
    };
    let providers = |text: &str| Some(vec![text.to_owned()]);
    declare(Some(NewKey { providers: providers("near-*"), ..maker("first") }));
    let child = make(&keys, &keys.find(FIRST).unwrap(), maker("child")).await;
    let grandchild = make(&keys, &presenting(&keys, &child), named("grandchild")).await;
    let all_work = || [&child, &grandchild].map(|key| works(&keys, key));
    let status = || keys.show(&Caller::admin(), &grandchild.view.id).unwrap().status;
    assert_eq!((all_work(), status()), ([true; 2], "active"));
    declare(Some(NewKey { providers: providers("near-1"), ..maker("first") }));
    assert_eq!((all_work(), status()), ([false; 2], "suspended"), "it holds less");
    declare(Some(NewKey { scopes: Some(vec![Scope::Admin]), ..maker("first") }));
    assert_eq!((all_work(), status()), ([true; 2], "active"), "it holds more");
    declare(None);
    assert_eq!((all_work(), status()), ([false; 2], "suspended"), "it is gone");
    assert!(!works(&bench.open(), &child), "nor after a start");
}

#[tokio::test]
async fn declared_projects_hide_stored_ones_and_can_t_be_changed() {
    let bench = Bench::new();
    let keys = bench.open();
    let limited =
        |most| Project { limits: Some(Limits { concurrency: Some(most), ..Limits::default() }) };
    keys.set_project("blue".to_owned(), limited(1)).await.unwrap();
    let new = NewKey { project: Some("blue".to_owned()), ..named("k") };
    let key = make(&keys, &Caller::admin(), new).await;
    let most = || presenting(&keys, &key).meters[0].limits().concurrency;
    let meter = presenting(&keys, &key).meters[0].clone();
    take_over(&keys, Vec::new(), vec![("blue".to_owned(), limited(2), "here".to_owned())]);
    assert_eq!(most(), Some(2));
    let view = keys.show_project(&Caller::admin(), "blue").unwrap();
    assert_eq!(view.declared_at.as_deref(), Some("here"));
    let refused = keys.set_project("blue".to_owned(), limited(3)).await;
    assert!(matches!(refused, Err(KeyError::Conflict(_))));
    let refused = keys.remove_project("blue".to_owned()).await;
    assert!(matches!(refused, Err(KeyError::Conflict(_))));
    take_over(&keys, Vec::new(), Vec::new());
    assert_eq!(most(), Some(1), "the stored one shows again");
    assert!(Arc::ptr_eq(&meter, &presenting(&keys, &key).meters[0]));
}
