//! A key's life: made, found, rotated, ended, revoked; and the same after a start.

use std::{sync::Arc, time::Duration};

use limits::Limits;

use super::*;
use crate::{CallerId, DeclaredKeys, KeyError, Project};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn a_key_works_from_the_moment_that_it_is_made() {
    let bench = Bench::new();
    let keys = bench.open();
    let made = make(&keys, &Caller::admin(), named("ci")).await;
    let caller = presenting(&keys, &made);
    assert_eq!(caller.id, CallerId::Key(made.view.id.as_str().into()));
    assert_eq!(caller.name, "ci");
    assert_eq!(caller.grant.scopes.iter().collect::<Vec<_>>(), [grants::Scope::Inference]);
    assert!(caller.meters.is_empty(), "nothing is limited");
    assert_eq!(keys.find(ADMIN).unwrap().id, CallerId::Admin);
    drop(keys);
    let keys = bench.open();
    assert_eq!(presenting(&keys, &made).grant, caller.grant);
}

#[tokio::test]
async fn nothing_but_the_whole_text_is_the_key() {
    let bench = Bench::new();
    let keys = bench.open();
    let made = make(&keys, &Caller::admin(), named("ci")).await;
    let other = make(&keys, &Caller::admin(), named("other")).await;
    let text = made.key.expose();
    let (start, secret) = text.rsplit_once('-').unwrap();
    let others = other.key.expose().rsplit_once('-').unwrap().1;
    for wrong in [
        String::new(),
        made.view.id.clone(),
        start.to_owned(),
        format!("{start}-"),
        format!("{start}-{others}"),
        format!("{start}-{}", secret.to_lowercase()),
        text[..text.len() - 1].to_owned(),
        format!("{text}0"),
        format!("sk-cp-aaaaaaaaaaaa-{secret}"),
        format!("sk-cp-{}-{secret}", other.view.id),
        format!("sk-cp-' OR '1'='1-{secret}"),
        "' OR 1=1 --".to_owned(),
        "sk-cp-%-%".to_owned(),
    ] {
        assert!(keys.find(&wrong).is_none(), "{wrong}");
    }
}

#[tokio::test]
async fn a_key_ends_when_it_was_to() {
    let bench = Bench::new();
    let keys = bench.open();
    let new = NewKey { expires_at: Some(bench.time_in(60)), ..named("short") };
    let made = make(&keys, &Caller::admin(), new).await;
    bench.pass(59);
    assert!(works(&keys, &made));
    bench.pass(1);
    assert!(!works(&keys, &made));
    assert_eq!(keys.show(&Caller::admin(), &made.view.id).unwrap().status, "expired");
    let rotated = keys.rotate(&Caller::admin(), &made.view.id, Duration::ZERO).await;
    assert!(matches!(rotated, Err(KeyError::Conflict(_))), "{rotated:?}");
    let past = NewKey { expires_at: Some(bench.time_in(0)), ..named("past") };
    let refused = keys.create(&Caller::admin(), past).await;
    assert!(matches!(refused, Err(KeyError::Invalid(_))), "{refused:?}");
}

#[tokio::test]
async fn old_and_new_overlap_for_the_time_chosen() {
    let bench = Bench::new();
    let mut keys = bench.open();
    let first = make(&keys, &Caller::admin(), named("ci")).await;
    let id = first.view.id.clone();
    let second = keys.rotate(&Caller::admin(), &id, DAY).await.unwrap();
    assert_eq!(second.view.id, id);
    bench.pass(DAY.as_secs() - 1);
    for _ in 0..2 {
        assert!(works(&keys, &first) && works(&keys, &second));
        drop(keys);
        keys = bench.open();
    }
    bench.pass(1);
    assert!(!works(&keys, &first) && works(&keys, &second));

    let third = keys.rotate(&Caller::admin(), &id, DAY).await.unwrap();
    assert!(works(&keys, &second));
    let fourth = keys.rotate(&Caller::admin(), &id, Duration::ZERO).await.unwrap();
    let all = [&first, &second, &third, &fourth].map(|key| works(&keys, key));
    assert_eq!(all, [false, false, false, true], "one that was rotated again ends at once");
    let long = keys.rotate(&Caller::admin(), &id, DAY * 31).await;
    assert!(matches!(long, Err(KeyError::Invalid(_))), "{long:?}");
}

#[tokio::test]
async fn revoking_takes_all_that_were_made_with_it_for_good() {
    let bench = Bench::new();
    let keys = bench.open();
    let root = make(&keys, &Caller::admin(), maker("root")).await;
    let beside = make(&keys, &Caller::admin(), maker("beside")).await;
    let child = make(&keys, &presenting(&keys, &root), maker("child")).await;
    let grandchild = make(&keys, &presenting(&keys, &child), named("grandchild")).await;
    keys.rotate(&Caller::admin(), &grandchild.view.id, DAY).await.unwrap();
    let revoked = keys.revoke(&Caller::admin(), &root.view.id).await.unwrap();
    assert_eq!(revoked.status, "revoked");
    let check = |keys: &Arc<KeyManager>| {
        let all = [&root, &child, &grandchild, &beside].map(|key| works(keys, key));
        assert_eq!(all, [false, false, false, true]);
        let views = keys.list(&Caller::admin());
        let statuses: Vec<_> = views.iter().map(|view| (&*view.name, view.status)).collect();
        let expected = ["root", "beside", "child", "grandchild"]
            .map(|name| (name, if name == "beside" { "active" } else { "revoked" }));
        assert_eq!(statuses, expected);
    };
    check(&keys);
    let again = keys.revoke(&Caller::admin(), &root.view.id).await.unwrap();
    assert_eq!(again.revoked_at, revoked.revoked_at);
    drop(keys);
    let keys = bench.open();
    check(&keys);
    let rotated = keys.rotate(&Caller::admin(), &child.view.id, DAY).await;
    assert!(matches!(rotated, Err(KeyError::Conflict(_))), "{rotated:?}");
}

#[tokio::test]
async fn a_thousand_keys_are_refused_the_moment_that_they_are_revoked() {
    let bench = Bench::new();
    let keys = bench.open();
    for _ in 0..1_000 {
        let made = make(&keys, &Caller::admin(), named("trial")).await;
        assert!(works(&keys, &made));
        keys.revoke(&Caller::admin(), &made.view.id).await.unwrap();
        assert!(!works(&keys, &made));
    }
}

#[tokio::test]
async fn a_change_that_nobody_waits_for_is_made_all_the_same() {
    let bench = Bench::new();
    let keys = bench.open();
    let made = make(&keys, &Caller::admin(), named("ci")).await;
    let admin = Caller::admin();
    let mut revoking = Box::pin(keys.revoke(&admin, &made.view.id));
    let waker = std::task::Waker::noop();
    let _begun = revoking.as_mut().poll(&mut std::task::Context::from_waker(waker));
    drop(revoking);
    // Changes come one at a time, but not in the order of their asking.
    for _ in 0..1_000 {
        make(&keys, &Caller::admin(), named("next")).await;
        if !works(&keys, &made) {
            return;
        }
    }
    panic!("the key was never revoked");
}

#[tokio::test]
async fn meters_outlive_every_change() {
    let bench = Bench::new();
    let keys = bench.open();
    let limits = Limits { concurrency: Some(9), ..Limits::default() };
    let project = |most| Project { limits: Some(Limits { concurrency: most, ..limits }) };
    keys.set_project("blue".to_owned(), project(Some(5))).await.unwrap();
    let new = NewKey { project: Some("blue".to_owned()), limits: Some(limits), ..maker("a") };
    let a = make(&keys, &Caller::admin(), new).await;
    let b = make(&keys, &presenting(&keys, &a), named("b")).await;
    let other = NewKey { project: Some("blue".to_owned()), ..named("c") };
    let c = make(&keys, &Caller::admin(), other).await;

    let meters = |key| presenting(&keys, key).meters.clone();
    assert_eq!((meters(&a).len(), meters(&b).len(), meters(&c).len()), (2, 3, 1));
    assert!(Arc::ptr_eq(&meters(&b)[1], &meters(&a)[0]), "the maker's");
    for key in [&a, &b] {
        assert!(Arc::ptr_eq(meters(key).last().unwrap(), &meters(&c)[0]), "the project's");
    }
    let before = meters(&b);
    let running = limits::admit(&before, 1, std::time::Instant::now()).unwrap();
    keys.rotate(&Caller::admin(), &a.view.id, DAY).await.unwrap();
    keys.set_project("blue".to_owned(), project(Some(6))).await.unwrap();
    make(&keys, &Caller::admin(), named("d")).await;
    keys.set_declared(DeclaredKeys::default()).unwrap();
    let after = meters(&b);
    assert!(before.iter().zip(&after).all(|(before, after)| Arc::ptr_eq(before, after)));
    assert_eq!(after[2].limits().concurrency, Some(6));
    let in_flight = |key: &MadeKey| {
        keys.show(&Caller::admin(), &key.view.id).unwrap().usage.map(|usage| usage.in_flight)
    };
    assert_eq!([in_flight(&a), in_flight(&b), in_flight(&c)], [Some(1), Some(1), None]);
    drop(running);
    assert_eq!([in_flight(&a), in_flight(&b), in_flight(&c)], [Some(0), Some(0), None]);

    keys.set_project("blue".to_owned(), project(None)).await.unwrap();
    assert_eq!(meters(&c).len(), 0);
    keys.remove_project("blue".to_owned()).await.unwrap();
    assert_eq!((meters(&a).len(), meters(&b).len()), (1, 2));
    let refused = keys.remove_project("blue".to_owned()).await;
    assert!(matches!(refused, Err(KeyError::NoSuchProject)));
}

#[tokio::test]
async fn when_there_is_no_room_the_dead_make_it() {
    let bench = Bench::new();
    let keys = bench.open_with_room_for(4);
    let root = make(&keys, &Caller::admin(), maker("root")).await;
    let child = make(&keys, &presenting(&keys, &root), named("child")).await;
    let sound = make(&keys, &Caller::admin(), named("sound")).await;
    let last = make(&keys, &Caller::admin(), named("last")).await;
    let refused = keys.create(&Caller::admin(), named("more")).await;
    assert!(matches!(refused, Err(KeyError::Conflict(_))), "{refused:?}");
    keys.revoke(&Caller::admin(), &root.view.id).await.unwrap();
    let more = make(&keys, &Caller::admin(), named("more")).await;
    drop(keys);
    let keys = bench.open();
    let names: Vec<_> = keys.list(&Caller::admin()).into_iter().map(|view| view.name).collect();
    assert_eq!(names, ["sound", "last", "more"]);
    assert!([&sound, &last, &more].into_iter().all(|key| works(&keys, key)));
    assert!(!works(&keys, &root) && !works(&keys, &child));
}

#[tokio::test]
async fn projects_are_those_with_limits_or_keys() {
    let bench = Bench::new();
    let keys = bench.open();
    let limits = Limits { tokens_per_minute: Some(5), ..Limits::default() };
    keys.set_project("blue".to_owned(), Project { limits: Some(limits) }).await.unwrap();
    let red = NewKey { project: Some("red".to_owned()), ..maker("r") };
    let red = make(&keys, &Caller::admin(), red).await;
    for keys in [&keys, &bench.open()] {
        let views = keys.projects();
        let shown: Vec<_> =
            views.iter().map(|view| (&*view.name, view.limits, view.active_keys)).collect();
        assert_eq!(shown, [("blue", limits, 0), ("red", Limits::default(), 1)]);
    }
    let caller = presenting(&keys, &red);
    let seen: Vec<_> = keys.projects_seen_by(&caller).into_iter().map(|view| view.name).collect();
    assert_eq!(seen, ["red"]);
    assert!(matches!(keys.show_project(&caller, "blue"), Err(KeyError::NoSuchProject)));
    for name in ["", "a b", "-a"] {
        let refused = keys.set_project(name.to_owned(), Project::default()).await;
        assert!(matches!(refused, Err(KeyError::Invalid(_))), "{name}");
    }
}

#[tokio::test]
async fn nothing_prints_a_key() {
    let bench = Bench::new();
    let keys = bench.open();
    let made = make(&keys, &Caller::admin(), named("ci")).await;
    let text = made.key.expose();
    let secret = text.rsplit_once('-').unwrap().1;
    assert!(!format!("{made:?} {:?}", presenting(&keys, &made)).contains(secret));
    assert_eq!(serde_json::to_value(&made).unwrap()["key"], text);
    let views = serde_json::to_string(&keys.list(&Caller::admin())).unwrap();
    assert!(!views.contains(secret) && views.contains(&made.view.id));
}
