//! Who is asked first: each strategy, as far as it leaves nothing to chance.

use serde_json::{Value, json};
use testkit::scripted::Answer as Script;

use crate::harness::{Answer, Gateway, Moody, eventually};

/// So many providers called `p0`, `p1` and so on.
fn rig(count: usize) -> (Gateway, Vec<Moody>) {
    let gateway = Gateway::start();
    let providers: Vec<_> = (0..count).map(|_| Moody::start()).collect();
    for (number, provider) in providers.iter().enumerate() {
        provider.register(&gateway, &format!("p{number}"));
    }
    (gateway, providers)
}

fn asked(answer: &Answer) -> &str {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.header("x-closedpaw-provider").expect("who was asked")
}

fn places(explained: &Value) -> Vec<(&str, u64)> {
    let candidates = explained["candidates"].as_array().expect("candidates").iter();
    let placed = candidates.filter_map(|candidate| {
        Some((candidate["provider"].as_str()?, candidate["place"].as_u64()?))
    });
    placed.collect()
}

#[test]
fn priority_asks_in_order() {
    let (gateway, providers) = rig(3);
    gateway.route("r", "priority", &["p1/alpha", "p0/alpha", "p2/alpha"]);
    for _ in 0..5 {
        let answer = gateway.small_chat("r").send();
        assert_eq!(asked(&answer), "p1");
        assert_eq!(answer.header("x-closedpaw-route"), Some("r"));
        assert_eq!(answer.header("x-closedpaw-model"), Some("alpha"));
        assert_eq!(answer.header("x-closedpaw-attempts"), Some("1"));
    }
    providers[1].fail(500);
    let answer = gateway.small_chat("r").send();
    assert_eq!((asked(&answer), answer.header("x-closedpaw-attempts")), ("p0", Some("2")));
    providers[0].fail(500);
    let answer = gateway.small_chat("r").send();
    assert_eq!((asked(&answer), answer.header("x-closedpaw-attempts")), ("p2", Some("3")));
    let named = gateway.small_chat("p2/alpha").send();
    assert_eq!((asked(&named), named.header("x-closedpaw-route")), ("p2", None));
}

#[test]
fn weights_are_proportions() {
    let (gateway, providers) = rig(3);
    let candidate = |number: usize, weight: u32| {
        let provider = format!("p{number}");
        json!({ "provider": provider, "model": "alpha", "weight": weight })
    };
    let candidates = [candidate(0, 6), candidate(1, 3), candidate(2, 1)];
    gateway.put_route("r", &json!({ "strategy": "weighted", "candidates": candidates }));
    for _ in 0..500 {
        asked(&gateway.small_chat("r").send());
    }
    // More than six standard deviations either way.
    for (provider, share) in providers.iter().zip([300, 150, 50]) {
        assert!(provider.chats().abs_diff(share) < 70, "{} of {share}", provider.chats());
    }
    let chats: Vec<_> = providers.iter().map(Moody::chats).collect();
    assert_eq!(chats.iter().sum::<usize>(), 500);
    assert!(chats[0] > chats[1] && chats[1] > chats[2], "{chats:?}");
}

#[test]
fn the_least_in_flight_is_asked() {
    let (gateway, providers) = rig(3);
    gateway.route("r", "least-in-flight", &["p0/alpha", "p1/alpha", "p2/alpha"]);
    for provider in &providers {
        provider.say(Script::silence());
    }
    let total = |providers: &[Moody]| providers.iter().map(Moody::chats).sum::<usize>();
    let mut held = Vec::new();
    for round in 1..=3 {
        for further in 1..=3 {
            held.push(gateway.small_chat("r").send_only());
            let expected = 3 * (round - 1) + further;
            eventually("the request is held", || total(&providers) == expected);
        }
        let chats: Vec<_> = providers.iter().map(Moody::chats).collect();
        assert_eq!(chats, [round; 3], "each has as many");
    }
    // Whoever is freed is next.
    providers[1].recover();
    let freed = gateway.small_chat("p1/alpha").send();
    assert_eq!(asked(&freed), "p1");
    drop(held);
    let in_flight = |name: &str| {
        let health = gateway.get(&format!("/api/providers/{name}/health")).expect(200);
        health["models"][0]["in_flight"].as_u64().expect("a count")
    };
    for name in ["p0", "p1", "p2"] {
        eventually("those whose callers went away are not counted", || in_flight(name) == 0);
    }
}

#[test]
fn the_cheapest_by_known_prices_is_asked() {
    let (gateway, _providers) = rig(4);
    // Of `house` no price is known.
    let candidates = ["p0/house", "p1/gpt-4", "p2/gpt-4o-mini", "p3/gpt-4o"];
    gateway.route("r", "cheapest", &candidates);
    assert_eq!(asked(&gateway.small_chat("r").send()), "p2");
    let explained = gateway.post("/api/explain", &json!({ "model": "r" })).expect(200);
    assert_eq!(places(&explained), [("p2", 1), ("p3", 2), ("p1", 3), ("p0", 4)]);
    assert_eq!(explained["candidates"][3]["cost_nano_usd"], Value::Null);
    assert!(explained["candidates"][0]["cost_nano_usd"].as_u64() > Some(0));
}

#[test]
fn the_faster_one_of_two_is_asked_once_both_are_known() {
    let (gateway, providers) = rig(2);
    gateway.route("r", "latency", &["p0/alpha", "p1/alpha"]);
    let slowly = openai_answer().after(std::time::Duration::from_secs(1));
    providers[0].say(slowly);
    for name in ["p0/alpha", "p1/alpha"] {
        assert_eq!(gateway.small_chat(name).send().status, 200);
    }
    let before = providers[0].chats();
    for _ in 0..10 {
        assert_eq!(asked(&gateway.small_chat("r").send()), "p1");
    }
    assert_eq!(providers[0].chats(), before);
}

fn openai_answer() -> Script {
    Script::json(200, crate::harness::openai().answer)
}

/// A route over a local model and a cloud's, and who would be asked in which order.
#[test]
fn local_models_come_first_while_they_are_up_and_free() {
    let gateway = Gateway::start();
    let (local, other) = (Moody::start(), Moody::start());
    let one_at_a_time = json!({ "limits": { "concurrency": 1 } });
    local.register_with(&gateway, "local", one_at_a_time);
    other.register(&gateway, "other");
    gateway.register(&crate::harness::openai().smallest("cloud"));
    gateway.route("r", "local-first", &["cloud/alpha", "local/alpha"]);
    gateway.route("locals", "local_first", &["local/alpha", "other/alpha"]);
    let explain = || gateway.post("/api/explain", &json!({ "model": "r" })).expect(200);

    assert_eq!(places(&explain()), [("local", 1), ("cloud", 2)]);
    assert_eq!(asked(&gateway.small_chat("r").send()), "local");

    local.say(Script::silence());
    let before = local.chats();
    let held = gateway.small_chat("r").send_only();
    eventually("it is busy", || local.chats() > before);
    let explained = explain();
    assert_eq!(places(&explained), [("cloud", 1), ("local", 2)]);
    assert_eq!(explained["candidates"][1]["busy"], true);
    // Nobody waits for the busy one where another is free.
    assert_eq!(asked(&gateway.small_chat("locals").send()), "other");
    drop(held);
    eventually("it is free again", || places(&explain()) == [("local", 1), ("cloud", 2)]);

    drop(local);
    for _ in 0..5 {
        let answer = gateway.small_chat("locals").send();
        assert_eq!((asked(&answer), answer.header("x-closedpaw-attempts")), ("other", Some("2")));
    }
    let explained = explain();
    assert_eq!(places(&explained)[0], ("cloud", 1), "{explained}");
    assert_eq!(explained["candidates"][1]["breaker"], "open");
    let answer = gateway.small_chat("locals").send();
    assert_eq!((asked(&answer), answer.header("x-closedpaw-attempts")), ("other", Some("1")));
}
