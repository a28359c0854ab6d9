//! What is recorded of requests that were really sent, who may see it, and what is summed up.

use serde_json::{Value, json};
use testkit::scripted::Answer as Script;

use crate::{
    harness::{Answer, CALLERS, Gateway, Moody, eventually},
    virtual_keys::{make, text},
};

/// What 7 tokens in and 3 out of gpt-4o-mini cost: 0.15 and 0.60 dollars a million.
const COST_NANO_USD: u64 = 7 * 150 + 3 * 600;

struct Rig {
    gateway: Gateway,
    provider: Moody,
}

impl Rig {
    fn start() -> Self {
        let gateway = Gateway::start();
        gateway.delete("ollama").expect(200);
        let provider = Moody::start();
        provider.register(&gateway, "x");
        Self { gateway, provider }
    }

    fn key(&self, name: &str, project: Option<&str>) -> Value {
        let scopes = json!(["inference", "usage"]);
        make(&self.gateway, &json!({ "name": name, "project": project, "scopes": scopes }))
    }

    fn ask(&self, key: &Value, model: &str) -> Answer {
        self.gateway.small_chat(model).with_key(&text(key)).send()
    }

    /// Asks with a key.
    fn get(&self, key: &Value, target: &str) -> Answer {
        self.gateway.ask("GET", target).with_key(&text(key)).send()
    }
}

fn id(answer: &Answer) -> String {
    answer.header("x-request-id").expect("an id").to_owned()
}

#[track_caller]
fn has(record: &Value, expected: &Value) {
    for (member, value) in expected.as_object().expect("an object") {
        assert_eq!(&record[member], value, "{member} of {record}");
    }
}

#[test]
fn an_answer_is_recorded_with_what_it_used_and_cost() {
    let rig = Rig::start();
    let key = rig.key("k", Some("web"));
    rig.gateway.route("r", "priority", &["x/gpt-4o-mini"]);
    let caller = CALLERS.iter().find(|caller| caller.name == "openai_chat").unwrap();
    for stream in [false, true] {
        let answer = caller.ask(&rig.gateway, "r", stream).with_key(&text(&key)).send();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let record = rig.gateway.record(&answer);
        has(
            &record,
            &json!({
                "id": id(&answer), "key": key["id"], "project": "web", "operation": "chat",
                "dialect": "openai_chat", "stream": stream, "asked_model": "r", "route": "r",
                "provider": "x", "model": "gpt-4o-mini", "status": 200, "outcome": "answered",
                "error": null, "input_tokens": 7, "output_tokens": 3, "cost_nano_usd": COST_NANO_USD,
                "attempt_count": 1,
            }),
        );
        assert_eq!(
            record["first_byte_ms"].is_u64(),
            stream,
            "a whole answer has no beginning: {record}"
        );
        let attempt = &record["attempts"][0];
        has(
            attempt,
            &json!({
                "provider": "x", "model": "gpt-4o-mini", "key": 0, "status": 200, "error": null,
                "blame": null, "reason": "the model that was named",
            }),
        );
        assert!(!record.to_string().contains("Hello"), "nothing of what was said: {record}");
    }
    let unpriced = rig.gateway.record(&rig.ask(&key, "x/house"));
    has(&unpriced, &json!({ "input_tokens": 7, "cost_nano_usd": null, "route": null }));
}

#[test]
fn a_refusal_is_recorded_without_tries() {
    let rig = Rig::start();
    let limited = json!({ "name": "l", "limits": { "requests_per_minute": 1 } });
    let limited = make(&rig.gateway, &limited);
    assert_eq!(rig.ask(&limited, "x/alpha").status, 200);
    let too_many = rig.ask(&limited, "x/alpha");
    let unknown = rig.gateway.small_chat("y/alpha").send();
    let unread = rig.gateway.small_chat("x/alpha").body("application/json", "{").send();
    for (answer, status, error) in [
        (too_many, 429, "rate_limited"),
        (unknown, 404, "not_found"),
        (unread, 400, "invalid_request"),
    ] {
        assert_eq!(answer.status, status, "{}", answer.text());
        let record = rig.gateway.record(&answer);
        has(
            &record,
            &json!({
                "status": status, "outcome": "refused", "error": error, "attempts": [],
                "provider": null, "input_tokens": null, "cost_nano_usd": null,
            }),
        );
    }
    assert_eq!(rig.provider.chats(), 1);
}

#[test]
fn a_failure_is_recorded_with_every_try() {
    let rig = Rig::start();
    let other = Moody::start();
    other.register(&rig.gateway, "y");
    rig.gateway.route("r", "priority", &["x/alpha", "y/beta"]);
    rig.provider.fail(500);
    other.fail(503);
    let answer = rig.gateway.small_chat("r").send();
    let record = rig.gateway.record(&answer);
    has(
        &record,
        &json!({
            "status": 503, "outcome": "failed", "error": "overloaded", "provider": "y",
            "model": "beta", "attempt_count": 2, "input_tokens": null, "cost_nano_usd": null,
        }),
    );
    has(
        &record["attempts"][0],
        &json!({
            "provider": "x", "model": "alpha", "status": 500, "blame": "provider",
            "error": "upstream_failed", "reason": "first by priority, ready",
        }),
    );
    has(
        &record["attempts"][1],
        &json!({
            "provider": "y", "model": "beta", "status": 503, "blame": "provider",
            "error": "overloaded", "reason": "next by priority, ready",
        }),
    );
    let (first, second) = (&record["attempts"][0], &record["attempts"][1]);
    assert!(first["began_ms"].as_u64() <= second["began_ms"].as_u64(), "{record}");
    assert!(!record.to_string().contains("own words"), "nothing of what was said: {record}");
}

#[test]
fn a_caller_that_goes_away_is_recorded_as_such() {
    let rig = Rig::start();
    rig.provider.say(Script::silence());
    let gone = rig.gateway.small_chat("x/alpha").send_only();
    eventually("it is asked", || rig.provider.chats() == 1);
    drop(gone);
    let target = "/api/requests?outcome=cancelled";
    let list = || rig.gateway.get(target).expect(200)["requests"].clone();
    eventually("it is recorded", || list().as_array().unwrap().len() == 1);
    let record = rig.gateway.record_of(list()[0]["id"].as_str().unwrap());
    has(
        &record,
        &json!({
            "status": 499, "outcome": "cancelled", "error": null, "provider": "x",
            "first_byte_ms": null, "input_tokens": null,
        }),
    );
    has(&record["attempts"][0], &json!({ "error": null, "blame": null, "first_byte_ms": null }));
}

#[test]
fn a_project_sees_its_own_requests_alone() {
    let rig = Rig::start();
    let (web, shop, all) =
        (rig.key("w", Some("web")), rig.key("s", Some("shop")), rig.key("a", None));
    let other_web = rig.key("w2", Some("web"));
    let ids = [&web, &shop, &all].map(|key| id(&rig.ask(key, "x/alpha")));
    for id in &ids {
        rig.gateway.record_of(id);
    }
    let seen = |key: &Value| -> Vec<bool> {
        let list = rig.get(key, "/api/requests").expect(200).to_string();
        let one = |id: &String| {
            let shown = rig.get(key, &format!("/api/requests/{id}"));
            if shown.status == 404 {
                shown.refused(404, "Request not found");
            }
            assert_eq!(shown.status == 200, list.contains(id.as_str()), "{id}");
            shown.status == 200
        };
        ids.iter().map(one).collect()
    };
    assert_eq!(seen(&web), [true, false, false]);
    assert_eq!(seen(&other_web), [true, false, false]);
    assert_eq!(seen(&shop), [false, true, false]);
    assert_eq!(seen(&all), [true; 3]);
    let requests = |key: &Value, query: &str| {
        rig.get(key, &format!("/api/usage{query}")).expect(200)["total"]["requests"].clone()
    };
    assert_eq!(requests(&web, ""), 1);
    assert_eq!(requests(&web, "?project=shop"), 0);
    assert_eq!(requests(&web, &format!("?key={}", shop["id"].as_str().unwrap())), 0);
    assert_eq!(requests(&all, ""), 3);
    let blind = make(&rig.gateway, &json!({ "name": "blind" }));
    for target in ["/api/requests", "/api/usage"] {
        rig.get(&blind, target).refused_with(403, "`usage`");
    }
}

#[test]
fn usage_is_summed_by_each_word() {
    let rig = Rig::start();
    let other = Moody::start();
    other.register(&rig.gateway, "y");
    let (web, shop) = (rig.key("w", Some("web")), rig.key("s", Some("shop")));
    for _ in 0..3 {
        assert_eq!(rig.ask(&web, "x/gpt-4o-mini").status, 200);
    }
    assert_eq!(rig.ask(&shop, "y/gpt-4o-mini").status, 200);
    rig.provider.fail(400);
    let failed = rig.ask(&shop, "x/house");
    assert_eq!(failed.status, 400);
    rig.gateway.record(&failed);
    eventually("all are summed", || {
        rig.gateway.get("/api/usage").expect(200)["total"]["requests"] == 5
    });
    let sums = |by: &str| -> Vec<(Value, u64, u64, u64, u64)> {
        let usage = rig.gateway.get(&format!("/api/usage?by={by}")).expect(200);
        let total = &usage["total"];
        assert_eq!(
            (&total["requests"], &total["failed"], &total["total_tokens"], &total["cost_nano_usd"]),
            (&json!(5), &json!(1), &json!(40), &json!(4 * COST_NANO_USD)),
            "{by}"
        );
        let mut rows: Vec<_> = usage["rows"].as_array().unwrap().iter().collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row["requests"].as_u64()));
        let count = |row: &Value, member: &str| row[member].as_u64().unwrap();
        let row = |row: &Value| {
            let (requests, failed) = (count(row, "requests"), count(row, "failed"));
            let (tokens, cost) = (count(row, "total_tokens"), count(row, "cost_nano_usd"));
            (row[by].clone(), requests, failed, tokens, cost)
        };
        rows.into_iter().map(row).collect()
    };
    let cost = COST_NANO_USD;
    let of_web = (3, 0, 30, 3 * cost);
    let of_shop = (2, 1, 10, cost);
    let named = |name: &Value, (requests, failed, tokens, cost): (u64, u64, u64, u64)| {
        (name.clone(), requests, failed, tokens, cost)
    };
    assert_eq!(sums("key"), [named(&web["id"], of_web), named(&shop["id"], of_shop)]);
    assert_eq!(sums("project"), [named(&json!("web"), of_web), named(&json!("shop"), of_shop)]);
    assert_eq!(
        sums("provider"),
        [named(&json!("x"), (4, 1, 30, 3 * cost)), named(&json!("y"), (1, 0, 10, cost))]
    );
    assert_eq!(
        sums("model"),
        [named(&json!("gpt-4o-mini"), (4, 0, 40, 4 * cost)), named(&json!("house"), (1, 1, 0, 0))]
    );
    // The day may change in between.
    let by_day = sums("day");
    assert_eq!(by_day.iter().map(|row| row.1).sum::<u64>(), 5);
    assert!((1..=2).contains(&by_day.len()), "{by_day:?}");
}
