//! Who sees what, and that nobody gets hold of more than they hold.

use std::time::Duration;

use grants::Scope;
use limits::Limits;

use super::*;
use crate::KeyError;

#[tokio::test]
async fn a_key_sees_itself_and_what_it_made() {
    let bench = Bench::new();
    let keys = bench.open();
    let root = make(&keys, &Caller::admin(), maker("root")).await;
    let child = make(&keys, &presenting(&keys, &root), maker("child")).await;
    let grandchild = make(&keys, &presenting(&keys, &child), named("grandchild")).await;
    let other = make(&keys, &Caller::admin(), maker("other")).await;
    let all_scopes = NewKey { scopes: Some(vec![Scope::Admin]), ..named("all") };
    let all = make(&keys, &Caller::admin(), all_scopes).await;
    let seen = |key| -> Vec<String> {
        keys.list(&presenting(&keys, key)).into_iter().map(|view| view.name).collect()
    };
    assert_eq!(seen(&root), ["root", "child", "grandchild"]);
    assert_eq!(seen(&child), ["child", "grandchild"]);
    assert_eq!(seen(&grandchild), ["grandchild"]);
    assert_eq!(seen(&other), ["other"]);
    assert_eq!(seen(&all).len(), 5);
    assert_eq!(keys.list(&Caller::nobody()).len(), 0);

    for (caller, id) in [(&child, &root), (&other, &root), (&root, &other), (&grandchild, &child)] {
        let (caller, id) = (presenting(&keys, caller), &id.view.id);
        assert_eq!(keys.show(&caller, id).unwrap_err(), KeyError::NotFound);
        assert_eq!(keys.revoke(&caller, id).await.unwrap_err(), KeyError::NotFound);
        let rotated = keys.rotate(&caller, id, Duration::ZERO).await;
        assert_eq!(rotated.unwrap_err(), KeyError::NotFound);
    }
    let own = keys.rotate(&presenting(&keys, &child), &child.view.id, Duration::ZERO).await;
    assert!(works(&keys, &own.unwrap()));
    keys.revoke(&presenting(&keys, &root), &grandchild.view.id).await.unwrap();
    assert!(!works(&keys, &grandchild));
}

#[tokio::test]
async fn rotating_gives_nobody_more_than_they_hold() {
    let bench = Bench::new();
    let keys = bench.open();
    let everything = NewKey { scopes: Some(vec![Scope::Admin]), ..named("everything") };
    let everything = make(&keys, &Caller::admin(), everything).await;
    let patterns = Some(vec!["near-*".to_owned()]);
    let narrow =
        NewKey { scopes: Some(vec![Scope::Admin]), providers: patterns, ..named("narrow") };
    let narrow = make(&keys, &Caller::admin(), narrow).await;
    let caller = presenting(&keys, &narrow);
    let refused = keys.rotate(&caller, &everything.view.id, Duration::ZERO).await;
    assert!(matches!(refused, Err(KeyError::Beyond(_))), "{refused:?}");
    assert!(works(&keys, &everything), "nothing happened to it");
    let caller = presenting(&keys, &everything);
    keys.rotate(&caller, &narrow.view.id, Duration::ZERO).await.unwrap();
}

#[tokio::test]
async fn keys_are_made_with_keys_five_deep() {
    let bench = Bench::new();
    let keys = bench.open();
    let mut last = make(&keys, &Caller::admin(), maker("1")).await;
    for depth in 2..=5 {
        last = make(&keys, &presenting(&keys, &last), maker(&depth.to_string())).await;
    }
    let refused = keys.create(&presenting(&keys, &last), maker("6")).await;
    assert!(matches!(refused, Err(KeyError::Invalid(_))), "{refused:?}");
    drop(keys);
    let keys = bench.open();
    let refused = keys.create(&presenting(&keys, &last), maker("6")).await;
    assert!(matches!(refused, Err(KeyError::Invalid(_))), "{refused:?}");
}

#[tokio::test]
async fn a_key_revoked_in_the_meantime_makes_none() {
    let bench = Bench::new();
    let keys = bench.open();
    let root = make(&keys, &Caller::admin(), maker("root")).await;
    let caller = presenting(&keys, &root);
    keys.revoke(&Caller::admin(), &root.view.id).await.unwrap();
    let made = keys.create(&caller, named("late")).await;
    assert!(matches!(made, Err(KeyError::Beyond(_))), "{made:?}");
    let rotated = keys.rotate(&caller, &root.view.id, Duration::ZERO).await;
    assert!(matches!(rotated, Err(KeyError::Conflict(_))), "{rotated:?}");
    assert_eq!(keys.list(&Caller::admin()).len(), 1);
}

#[tokio::test]
async fn what_is_left_out_is_the_makers_and_more_is_refused() {
    let bench = Bench::new();
    let keys = bench.open();
    let limits = Limits { requests_per_minute: Some(10), ..Limits::default() };
    let new = NewKey {
        project: Some("blue".to_owned()),
        providers: Some(vec!["near-*".to_owned()]),
        models: Some(vec!["llama*".to_owned()]),
        limits: Some(limits),
        expires_at: Some(bench.time_in(60)),
        local_only: Some(true),
        ..maker("root")
    };
    let root = make(&keys, &Caller::admin(), new).await;
    let caller = presenting(&keys, &root);
    let child = make(&keys, &caller, named("child")).await.view;
    assert_eq!(child.project, root.view.project);
    assert_eq!(child.providers, root.view.providers);
    assert_eq!(child.models, root.view.models);
    assert_eq!(child.limits, limits);
    assert_eq!(child.expires_at, root.view.expires_at);
    assert!(child.local_only);
    assert_eq!((child.made_by, child.scopes), (root.view.id.clone(), vec![Scope::Inference]));

    let over = Limits { requests_per_minute: Some(11), ..Limits::default() };
    let more = |text: &str| Some(vec![text.to_owned()]);
    let cases = [
        (NewKey { scopes: Some(vec![Scope::Usage]), ..named("x") }, "the scope 'usage'"),
        (NewKey { providers: more("*"), ..named("x") }, "all providers that '*' means"),
        (NewKey { models: more("gpt-4o"), ..named("x") }, "all models that 'gpt-4o' means"),
        (NewKey { limits: Some(over), ..named("x") }, "requests_per_minute is 10"),
        (NewKey { expires_at: Some(bench.time_in(61)), ..named("x") }, "can't end later"),
        (NewKey { project: Some("red".to_owned()), ..named("x") }, "the project 'blue'"),
    ];
    for (new, part) in cases {
        let refused = keys.create(&caller, new).await.unwrap_err();
        assert!(matches!(refused, KeyError::NotHeld(_) | KeyError::Beyond(_)), "{refused:?}");
        assert!(refused.to_string().contains(part), "{refused}");
    }
    let wrong = [
        named(""),
        NewKey { scopes: Some(vec![]), ..named("x") },
        NewKey { providers: Some(vec![]), ..named("x") },
        NewKey { models: more(""), ..named("x") },
        NewKey { expires_at: Some("soon".to_owned()), ..named("x") },
        NewKey { project: Some("a b".to_owned()), ..named("x") },
        NewKey { limits: Some(Limits { concurrency: Some(0), ..over }), ..named("x") },
    ];
    for new in wrong {
        let what = format!("{new:?}");
        let refused = keys.create(&Caller::admin(), new).await;
        assert!(matches!(refused, Err(KeyError::Invalid(_))), "{what}: {refused:?}");
    }
}
