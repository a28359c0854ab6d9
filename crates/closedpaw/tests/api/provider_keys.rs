//! Several keys of one provider: which is used, which is parked, and what frees it.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use testkit::scripted::Answer as Script;

use crate::harness::{Answer, CALLERS, Gateway, Moody, eventually, failure, openai, vendor};

const SECOND: &str = "sk-second-0123456789-wxyz";

/// A provider `x` with two keys, of which some are refused.
struct Rig {
    gateway: Gateway,
    provider: Moody,
    /// What each key is refused with, by its end.
    refused: Arc<Mutex<Vec<(String, Script)>>>,
}

impl Rig {
    fn start(further: &[&str]) -> Self {
        let (gateway, provider) = (Gateway::start(), Moody::start());
        let refused: Arc<Mutex<Vec<(String, Script)>>> = Arc::default();
        let list = Arc::clone(&refused);
        provider.play(move |request| {
            let key = request.header("authorization").unwrap_or_default();
            let list = list.lock().unwrap();
            let refused = list.iter().find(|(end, _)| key.ends_with(end));
            refused.map_or_else(|| openai().answer_to(request), |(_, answer)| answer.clone())
        });
        provider.register_with(&gateway, "x", json!({ "api_keys": further }));
        Self { gateway, provider, refused }
    }

    fn refuse(&self, key: &str, answer: Script) {
        self.refused.lock().unwrap().push((key.to_owned(), answer));
    }

    fn accept_all(&self) {
        self.refused.lock().unwrap().clear();
    }

    fn ask(&self) -> Answer {
        self.gateway.small_chat("x/alpha").send()
    }

    /// The keys that chats came with, in order, each by its last four characters.
    fn used(&self) -> Vec<String> {
        let requests = self.provider.requests().into_iter();
        let chats = requests.filter(|request| request.method == "POST");
        let key = |header: &str| header[header.len() - 4..].to_owned();
        chats.map(|request| key(request.header("authorization").unwrap())).collect()
    }

    fn states(&self) -> Vec<Value> {
        let keys = self.gateway.show("x")["api_keys"].clone();
        keys.as_array().unwrap().iter().map(|key| key["state"].clone()).collect()
    }
}

fn first() -> String {
    openai().key()
}

/// The last four characters of the first key.
fn first_end() -> String {
    first()[first().len() - 4..].to_owned()
}

#[test]
fn a_refused_key_is_parked_and_the_next_one_used() {
    for status in [401, 402, 403] {
        let rig = Rig::start(&[SECOND]);
        rig.refuse(&first(), failure(status));
        let answer = rig.ask();
        assert_eq!(answer.status, 200, "{status}: {}", answer.text());
        assert_eq!(answer.header("x-closedpaw-attempts"), Some("2"));
        let record = rig.gateway.record(&answer);
        let keys: Vec<_> =
            record["attempts"].as_array().unwrap().iter().map(|attempt| &attempt["key"]).collect();
        assert_eq!(keys, [0, 1]);
        assert_eq!(record["attempts"][0]["blame"], "key");
        for _ in 0..3 {
            assert_eq!(rig.ask().header("x-closedpaw-attempts"), Some("1"));
        }
        assert_eq!(rig.used(), [first_end().as_str(), "wxyz", "wxyz", "wxyz", "wxyz"]);
        assert_eq!(rig.states(), ["parked", "ready"]);
        let health = rig.gateway.get("/api/providers/x/health").expect(200);
        assert_eq!(health["breaker"], "closed", "that a key is refused is no fault of the model's");
    }
}

#[test]
fn a_key_is_free_again_when_it_is_set_or_tested_well() {
    let rig = Rig::start(&[SECOND]);
    rig.refuse(&first(), failure(401));
    rig.ask().expect(200);
    assert_eq!(rig.states(), ["parked", "ready"]);
    // Another change leaves it parked.
    rig.gateway.patch("x", &json!({ "timeout": 30 })).expect(200);
    assert_eq!(rig.states(), ["parked", "ready"]);
    rig.gateway.patch("x", &json!({ "api_key": first() })).expect(200);
    assert_eq!(rig.states(), ["ready", "ready"]);
    rig.ask().expect(200);
    assert_eq!(rig.states(), ["parked", "ready"], "it is still refused");

    let bad = rig.gateway.post("/api/providers/x/test", &json!({})).expect(200);
    assert_eq!((&bad["ok"], &bad["key_accepted"]), (&json!(false), &json!(false)));
    assert_eq!(rig.states(), ["parked", "ready"]);
    rig.accept_all();
    let good = rig.gateway.post("/api/providers/x/test", &json!({})).expect(200);
    assert_eq!(good["ok"], true);
    assert_eq!(rig.states(), ["ready", "ready"]);
    let before = rig.used().len();
    rig.ask().expect(200);
    assert_eq!(rig.used()[before..], [first_end()]);
}

#[test]
fn any_parked_key_is_freed_by_a_good_test() {
    let rig = Rig::start(&[SECOND]);
    rig.refuse(&first(), failure(401));
    rig.refuse(SECOND, failure(403));
    assert_eq!(rig.ask().status, 502);
    assert_eq!(rig.states(), ["parked", "parked"]);
    rig.accept_all();
    assert_eq!(rig.gateway.post("/api/providers/x/test", &json!({})).expect(200)["ok"], true);
    assert_eq!(rig.states(), ["ready", "ready"]);
}

#[test]
fn a_rate_parks_a_key_for_one_model_until_the_stated_time() {
    let rig = Rig::start(&[SECOND]);
    rig.refuse(&first(), failure(429).header("retry-after", "30"));
    assert_eq!(rig.ask().header("x-closedpaw-attempts"), Some("2"));
    assert_eq!(rig.ask().header("x-closedpaw-attempts"), Some("1"));
    assert_eq!(rig.gateway.show("x")["api_keys"][0]["model"], "alpha");
    // Of another model nothing was said.
    let other = rig.gateway.small_chat("x/beta").send();
    assert_eq!((other.status, other.header("x-closedpaw-attempts")), (200, Some("2")));

    rig.refuse(SECOND, failure(429).header("retry-after", "3600"));
    let refused = rig.ask();
    assert_eq!(refused.status, 429, "{}", refused.text());
    let before = rig.provider.chats();
    for caller in CALLERS.iter().filter(|caller| !caller.name.ends_with("fim")) {
        let refused = caller.ask(&rig.gateway, "x/alpha", false).send();
        assert_eq!(refused.status, 429, "{}: {}", caller.name, refused.text());
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!(
            (1..=30).contains(&wait),
            "{}: the first key is free again first: {wait}",
            caller.name
        );
        let message = caller.error(429, &refused.expect(429));
        assert!(message.contains("own words about 429"), "{}: {message}", caller.name);
        assert_eq!(refused.header("x-closedpaw-attempts"), Some("0"));
    }
    assert_eq!(rig.provider.chats(), before, "nobody is asked before the time");
    assert_eq!(rig.gateway.show("x")["api_keys"][0]["state"], "parked");
}

#[test]
fn the_last_key_is_tried_once_a_second_and_its_refusal_repeated() {
    let rig = Rig::start(&[]);
    rig.refuse(&first(), failure(401));
    let began = std::time::Instant::now();
    let mut told = Vec::new();
    for _ in 0..40 {
        let answer = rig.ask();
        assert_eq!(answer.status, 502, "{}", answer.text());
        assert_eq!(answer.header("x-should-retry"), Some("false"));
        let message = answer.expect(502)["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("x answered 401: own words about 401"), "{message}");
        told.push(answer.header("x-closedpaw-attempts").unwrap().to_owned());
    }
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap();
    let asked = told.iter().filter(|attempts| *attempts == "1").count();
    assert_eq!(asked, rig.provider.chats());
    assert!((1..=seconds + 2).contains(&asked), "{asked} tries in {seconds} s");
    rig.accept_all();
    eventually("its next try is good", || rig.ask().status == 200);
    assert_eq!(rig.states(), ["ready"]);
}

#[test]
fn a_key_of_a_dead_route_does_not_hide_the_next_candidate() {
    let rig = Rig::start(&[SECOND]);
    let other = Moody::start_of(vendor("anthropic"));
    other.register(&rig.gateway, "other");
    rig.gateway.route("r", "priority", &["x/alpha", "other/alpha"]);
    rig.refuse(&first(), failure(401));
    rig.refuse(SECOND, failure(429).header("retry-after", "20"));
    let answer = rig.gateway.small_chat("r").send();
    assert_eq!(answer.header("x-closedpaw-provider"), Some("other"), "{}", answer.text());
    assert_eq!(answer.header("x-closedpaw-attempts"), Some("3"));
    let record = rig.gateway.record(&answer);
    let attempts = record["attempts"].as_array().unwrap().iter();
    let tries: Vec<_> = attempts
        .map(|attempt| (attempt["provider"].as_str().unwrap(), attempt["key"].as_u64().unwrap()))
        .collect();
    assert_eq!(tries, [("x", 0), ("x", 1), ("other", 0)]);
    let next = rig.gateway.small_chat("r").send();
    assert_eq!(next.header("x-closedpaw-attempts"), Some("1"));
}
