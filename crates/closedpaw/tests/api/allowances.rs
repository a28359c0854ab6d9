//! Limits of keys, projects, providers and models: what is let in, and what whoever is not is told.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::scripted::Answer as Script;

use crate::{
    harness::{Answer, Ask, CALLERS, Gateway, Moody, eventually, vendor},
    virtual_keys::{make, text},
};

struct Rig {
    gateway: Gateway,
    provider: Moody,
}

impl Rig {
    fn start() -> Self {
        Self::start_with(json!({}))
    }

    /// Starts with a provider `x` that has these members.
    fn start_with(members: Value) -> Self {
        let gateway = Gateway::start();
        gateway.delete("ollama").expect(200);
        let provider = Moody::start_of(vendor("custom"));
        provider.register_with(&gateway, "x", members);
        Self { gateway, provider }
    }

    fn key(&self, limits: &Value) -> String {
        text(&make(&self.gateway, &json!({ "name": "limited", "limits": limits })))
    }

    fn ask(&self, key: &str) -> Ask {
        self.gateway.small_chat("x/alpha").with_key(key)
    }

    /// A chat whose answer may have so many tokens.
    fn ask_for(&self, key: &str, max_tokens: u64) -> Ask {
        let messages = json!([{ "role": "user", "content": "hi" }]);
        let body = json!({ "model": "x/alpha", "max_tokens": max_tokens, "messages": messages });
        self.gateway.ask("POST", "/v1/chat/completions").with_key(key).json(&body)
    }
}

#[track_caller]
fn number(answer: &Answer, header: &str) -> u64 {
    let value = answer.header(header).unwrap_or_else(|| panic!("no {header}"));
    value.parse().unwrap_or_else(|_| panic!("{header}: {value}"))
}

#[test]
fn one_request_too_many_is_told_in_every_dialect() {
    let rig = Rig::start();
    for caller in CALLERS.iter().filter(|caller| caller.name != "mistral_fim") {
        let key = rig.key(&json!({ "requests_per_minute": 2 }));
        let ask = |stream| caller.ask(&rig.gateway, "x/alpha", stream).with_key(&key).send();
        let names = match caller.name {
            "openai_chat" | "openai_responses" => {
                ["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests"]
            }
            "anthropic" => {
                ["anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-remaining"]
            }
            "mistral" => ["x-ratelimit-limit-req-minute", "x-ratelimit-remaining-req-minute"],
            // These vendors have none.
            _ => [""; 2],
        };
        let told = |answer: &Answer| {
            let has_names = !names[0].is_empty();
            has_names.then(|| names.map(|name| number(answer, name)))
        };
        let before = rig.provider.chats();
        for (stream, remaining) in [(false, 1), (true, 0)] {
            let answer = ask(stream);
            assert_eq!(answer.status, 200, "{}: {}", caller.name, answer.text());
            assert!(told(&answer).is_none_or(|told| told == [2, remaining]), "{}", caller.name);
            assert_eq!(answer.header("retry-after"), None);
        }
        for stream in [false, true] {
            let refused = ask(stream);
            let message = caller.error(429, &refused.expect(429));
            assert!(message.contains("2 requests a minute"), "{}: {message}", caller.name);
            assert!((1..=60).contains(&number(&refused, "retry-after")), "{}", caller.name);
            assert!(told(&refused).is_none_or(|told| told == [2, 0]), "{}", caller.name);
            assert_eq!(refused.header("x-closedpaw-attempts"), Some("0"));
        }
        assert_eq!(rig.provider.chats(), before + 2, "{}", caller.name);
    }
    let key = rig.key(&json!({ "requests_per_minute": 1 }));
    let multi = || {
        let chat = json!({ "message": "hi", "provider": "x" });
        rig.gateway.ask("POST", "/api/chat/multi").with_key(&key).json(&chat).send()
    };
    assert_eq!(multi().status, 200);
    let refused = multi();
    refused.refused_with(429, "1 requests a minute");
    assert!((1..=60).contains(&number(&refused, "retry-after")));
}

#[test]
fn the_wait_that_is_told_is_the_true_one() {
    let rig = Rig::start();
    let key = rig.key(&json!({ "requests_per_minute": 1 }));
    let before = Instant::now();
    assert_eq!(rig.ask(&key).send().status, 200);
    let after = Instant::now();
    for _ in 0..5 {
        let asked = Instant::now();
        let told = number(&rig.ask(&key).send(), "retry-after");
        let left = |from: Instant, to: Instant| {
            let passed = to.saturating_duration_since(from);
            Duration::from_secs(60).saturating_sub(passed).as_secs_f64().ceil() as u64
        };
        let (least, most) = (left(before, Instant::now()), left(after, asked));
        assert!((least..=most).contains(&told), "{told} is not within {least}..={most}");
    }
}

#[test]
fn tokens_are_estimated_first_and_corrected_then() {
    let rig = Rig::start();
    let key = rig.key(&json!({ "tokens_per_minute": 1000 }));
    for used in [10, 20] {
        // Reckoned with 600 and more; used were 7 and 3.
        let answer = rig.ask_for(&key, 600).send();
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(number(&answer, "x-ratelimit-limit-tokens"), 1000);
        assert_eq!(number(&answer, "x-ratelimit-remaining-tokens"), 1000 - used);
    }
    let too_large = rig.ask_for(&key, 2000).send();
    assert_eq!(too_large.status, 413, "{}", too_large.text());
    assert_eq!(too_large.header("retry-after"), None, "no wait helps");

    rig.provider.say(Script::silence());
    let before = rig.provider.chats();
    let held = rig.ask_for(&key, 600).send_only();
    eventually("it runs", || rig.provider.chats() > before);
    let refused = rig.ask_for(&key, 600).send();
    assert_eq!(refused.status, 429, "{}", refused.text());
    assert!(refused.text().contains("1000 tokens a minute"), "{}", refused.text());
    assert!((1..=60).contains(&number(&refused, "retry-after")));
    assert!(number(&refused, "x-ratelimit-remaining-tokens") < 400);
    drop(held);
    rig.provider.recover();
    assert_eq!(rig.ask_for(&key, 100).send().status, 200);
}

#[test]
fn streams_are_corrected_at_their_end() {
    let rig = Rig::start();
    let key = rig.key(&json!({ "tokens_per_minute": 1000 }));
    let caller = crate::harness::caller("openai_chat");
    let stream = caller.ask(&rig.gateway, "x/alpha", true).with_key(&key).send();
    assert_eq!(stream.status, 200);
    let reckoned = number(&stream, "x-ratelimit-remaining-tokens");
    assert!(reckoned < 500, "{reckoned}: what the answer may have is reckoned with");
    let next = || number(&rig.ask_for(&key, 1).send(), "x-ratelimit-remaining-tokens");
    assert!(next() >= 970, "both used 10");
}

#[test]
fn so_many_run_at_once() {
    let rig = Rig::start();
    let key = rig.key(&json!({ "concurrency": 2 }));
    rig.provider.say(Script::silence());
    let held = [rig.ask(&key).send_only(), rig.ask(&key).send_only()];
    eventually("both run", || rig.provider.chats() == 2);
    let refused = rig.ask(&key).send();
    assert_eq!(refused.status, 429, "{}", refused.text());
    assert!(refused.text().contains("2 requests at once"), "{}", refused.text());
    assert!(number(&refused, "retry-after") >= 1);
    rig.provider.recover();
    drop(held);
    eventually("there is room again", || rig.ask(&key).send().status == 200);
}

#[test]
fn a_projects_limits_are_shared_by_its_keys_and_a_makers_by_what_it_made() {
    let rig = Rig::start();
    let project = json!({ "limits": { "requests_per_minute": 3 } });
    rig.gateway.ask("PUT", "/api/projects/web").json(&project).send().expect(200);
    let of_web = |name: &str| text(&make(&rig.gateway, &json!({ "name": name, "project": "web" })));
    let (one, two) = (of_web("one"), of_web("two"));
    let statuses = [&one, &two, &one, &two, &one].map(|key| rig.ask(key).send().status);
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    assert_eq!(rig.gateway.small_chat("x/alpha").send().status, 200, "nobody else is kept out");
    let level = rig.gateway.get("/api/projects/web").expect(200);
    assert_eq!(level["usage"]["requests"]["remaining"], 0, "{level}");

    let scopes = json!(["keys", "inference"]);
    let maker = json!({ "name": "m", "scopes": scopes, "limits": { "requests_per_minute": 2 } });
    let maker = text(&make(&rig.gateway, &maker));
    let child = rig.gateway.ask("POST", "/api/keys").with_key(&maker);
    let child = text(&child.json(&json!({ "name": "c" })).send().expect(200));
    let statuses = [&child, &maker, &child, &maker].map(|key| rig.ask(key).send().status);
    assert_eq!(statuses, [200, 200, 429, 429]);
}

#[test]
fn what_is_refused_before_anybody_is_asked_costs_nothing() {
    let rig = Rig::start();
    let key = rig.key(&json!({ "requests_per_minute": 1 }));
    for _ in 0..5 {
        let unknown = rig.gateway.small_chat("x-nobody/alpha").with_key(&key).send();
        assert_eq!(unknown.status, 404);
        let bad = rig.ask(&key).body("application/json", "{").send();
        assert_eq!(bad.status, 400);
    }
    assert_eq!(rig.ask(&key).send().status, 200);
    assert_eq!(rig.ask(&key).send().status, 429);
}

#[test]
fn a_providers_limits_hold_all_and_routes_go_round_them() {
    let rig = Rig::start_with(json!({
        "limits": { "requests_per_minute": 3, "tokens_per_minute": 100_000 },
        "model_limits": { "beta*": { "requests_per_minute": 1 } },
    }));
    let other = Moody::start();
    other.register(&rig.gateway, "other");
    rig.gateway.route("r", "priority", &["x/beta", "other/alpha"]);
    let asked = |model: &str| {
        let answer = rig.gateway.small_chat(model).send();
        assert_eq!(
            answer.header("x-closedpaw-attempts"),
            Some(if answer.status == 200 { "1" } else { "0" })
        );
        (answer.status, answer.header("x-closedpaw-provider").map(str::to_owned), answer)
    };
    assert_eq!(asked("r").1.as_deref(), Some("x"));
    assert_eq!(asked("r").1.as_deref(), Some("other"), "the model's limit is reached");
    let (status, _, refused) = asked("x/beta");
    assert_eq!(status, 429);
    assert!(refused.text().contains("Model beta* of provider x is limited to 1 requests a minute"));
    assert!((1..=60).contains(&number(&refused, "retry-after")));
    assert_eq!([asked("x/alpha").0, asked("x/alpha").0, asked("x/alpha").0], [200, 200, 429]);
    let large = rig.ask_for(&rig.gateway.key, 200_000).send();
    assert_eq!(large.status, 413, "{}", large.text());
    assert_eq!(large.header("retry-after"), None);
    assert_eq!(rig.provider.chats(), 3);
}

#[test]
fn who_may_wait_waits_and_the_others_are_told_when_to_come_back() {
    let rig = Rig::start_with(json!({
        "limits": { "concurrency": 1 },
        "queue": { "length": 1 },
    }));
    rig.provider.say(Script::silence());
    let held = rig.ask(&rig.gateway.key).send_only();
    eventually("one runs", || rig.provider.chats() == 1);
    let waiting = || rig.gateway.show("x")["waiting"].as_u64();
    std::thread::scope(|scope| {
        let second = scope.spawn(|| rig.ask(&rig.gateway.key).send());
        eventually("one waits", || waiting() == Some(1));
        for caller in CALLERS.iter().filter(|caller| caller.name != "mistral_fim") {
            let refused = caller.ask(&rig.gateway, "x/alpha", false).send();
            let status = if caller.name == "anthropic" { 529 } else { 503 };
            let message = caller.error(status, &refused.expect(status));
            assert!(message.contains("too many wait"), "{}: {message}", caller.name);
            assert!(number(&refused, "retry-after") >= 1, "{}", caller.name);
            assert_eq!(refused.header("x-closedpaw-attempts"), Some("0"));
        }
        rig.provider.recover();
        drop(held);
        let second = second.join().unwrap();
        assert_eq!(second.status, 200, "{}", second.text());
        assert!(rig.gateway.record(&second)["queued_ms"].as_u64() > Some(0));
    });
    assert_eq!((rig.provider.chats(), waiting()), (2, Some(0)));
}

#[test]
fn nobody_waits_longer_than_is_set() {
    let rig = Rig::start_with(json!({
        "limits": { "concurrency": 1 },
        "queue": { "length": 5, "wait": 0.05 },
    }));
    rig.provider.say(Script::silence());
    let _held = rig.ask(&rig.gateway.key).send_only();
    eventually("one runs", || rig.provider.chats() == 1);
    let refused = rig.ask(&rig.gateway.key).send();
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(number(&refused, "retry-after") >= 1);
    assert_eq!(rig.provider.chats(), 1);
}
