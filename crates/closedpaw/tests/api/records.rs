//! What became of requests, and what was used: asked for over the API, from what the store holds.

use std::{fs, time::SystemTime};

use serde_json::{Value, json};
use store::{AttemptRow, Kept, RequestFilter, RequestRow, Store};

use crate::harness::{Gateway, Home, eventually};

/// Noon of 2026-01-31.
const NOON_MS: i64 = 1_769_860_800_000;

fn request(id: &str) -> RequestRow {
    RequestRow {
        id: id.to_owned(),
        began_at_ms: NOON_MS,
        generation: 1,
        key: "admin".to_owned(),
        project: None,
        operation: "chat".to_owned(),
        dialect: "openai".to_owned(),
        stream: true,
        asked_model: "fast".to_owned(),
        route: Some("fast".to_owned()),
        provider: Some("work".to_owned()),
        model: Some("org/model:tag".to_owned()),
        status: 200,
        outcome: "answered".to_owned(),
        error: None,
        input_tokens: Some(1),
        cache_read_tokens: Some(20),
        cache_write_tokens: None,
        output_tokens: Some(300),
        reasoning_tokens: Some(40),
        cost_nano_usd: Some(5000),
        duration_ms: 60,
        first_byte_ms: Some(7),
        queued_ms: 0,
        attempts: vec![
            AttemptRow {
                provider: "near".to_owned(),
                model: "m".to_owned(),
                key: 0,
                reason: "first in order".to_owned(),
                began_ms: 0,
                duration_ms: 3,
                first_byte_ms: None,
                status: Some(503),
                error: Some("overloaded".to_owned()),
                blame: Some("model".to_owned()),
            },
            AttemptRow {
                provider: "work".to_owned(),
                model: "org/model:tag".to_owned(),
                key: 1,
                reason: "second in order".to_owned(),
                began_ms: 4,
                duration_ms: 50,
                first_byte_ms: Some(3),
                status: Some(200),
                error: None,
                blame: None,
            },
        ],
        traceparent: None,
    }
}

/// Requests of two projects and none, two days, two keys, two outcomes.
fn requests() -> Vec<RequestRow> {
    let blue = Some("blue".to_owned());
    vec![
        request("one"),
        RequestRow { key: "k1".to_owned(), project: blue.clone(), ..request("two") },
        RequestRow {
            began_at_ms: NOON_MS + 86_400_000,
            key: "k1".to_owned(),
            project: blue,
            status: 502,
            outcome: "failed".to_owned(),
            error: Some("upstream".to_owned()),
            input_tokens: None,
            cache_read_tokens: None,
            output_tokens: None,
            reasoning_tokens: None,
            cost_nano_usd: None,
            ..request("three")
        },
    ]
}

/// A gateway over requests that an earlier one left, kept for as long as can be.
fn gateway_with(home: &Home, rows: &[RequestRow]) -> Gateway {
    drop(home.serve());
    let store = Store::open(&home.data_dir()).expect("the database at rest");
    store.insert_requests(rows, Kept::Requests).unwrap();
    drop(store);
    home.serve_with(&["--listen", "127.0.0.1:0", "--config", &config(home, 36_500)])
}

fn config(home: &Home, retention_days: u32) -> String {
    let path = home.path("config.toml");
    fs::write(&path, format!("[records]\nretention_days = {retention_days}\n")).unwrap();
    path.to_str().unwrap().to_owned()
}

fn ids(list: &Value) -> Vec<&str> {
    let requests = list["requests"].as_array().expect("a list");
    requests.iter().map(|request| request["id"].as_str().expect("an id")).collect()
}

#[test]
fn requests_are_listed_newest_first_and_chosen() {
    let home = Home::new();
    let gateway = gateway_with(&home, &requests());
    let check = |query: &str, expected: &[&str]| {
        let list = gateway.get(&format!("/api/requests{query}")).expect(200);
        assert_eq!(ids(&list), expected, "{query}");
    };
    check("", &["three", "two", "one"]);
    check("?key=k1", &["three", "two"]);
    check("?project=blue", &["three", "two"]);
    check("?project=red", &[]);
    check("?provider=work", &["three", "two", "one"]);
    check("?model=org%2Fmodel%3Atag&route=fast", &["three", "two", "one"]);
    check("?outcome=failed", &["three"]);
    check("?error=upstream", &["three"]);
    check("?since=2026-02-01", &["three"]);
    check("?until=2026-01-31", &["two", "one"]);
    check("?since=2026-01-31T12:00:00.001Z", &["three"]);
    check("?until=2026-02-01T12:00:00Z", &["two", "one"]);
    check("?since=1h", &[]);
}

#[test]
fn pages_follow_each_other() {
    let home = Home::new();
    let gateway = gateway_with(&home, &requests());
    let first = gateway.get("/api/requests?limit=2").expect(200);
    assert_eq!(ids(&first), ["three", "two"]);
    let next = first["next"].as_str().expect("a cursor");
    let second = gateway.get(&format!("/api/requests?limit=2&cursor={next}")).expect(200);
    assert_eq!(ids(&second), ["one"]);
    assert_eq!(second["next"], Value::Null);
}

#[test]
fn one_request_is_shown_with_every_try() {
    let home = Home::new();
    let gateway = gateway_with(&home, &requests());
    let shown = gateway.get("/api/requests/one").expect(200);
    assert_eq!(shown["began_at"], "2026-01-31T12:00:00.000Z");
    assert_eq!(shown["cost_nano_usd"], 5000);
    assert_eq!(shown["cache_write_tokens"], Value::Null);
    assert_eq!(shown["attempts"].as_array().unwrap().len(), 2);
    assert_eq!(
        shown["attempts"][0],
        json!({
            "provider": "near", "model": "m", "key": 0, "reason": "first in order", "began_ms": 0, "duration_ms": 3,
            "first_byte_ms": null, "status": 503, "error": "overloaded", "blame": "model",
        })
    );
    let listed = gateway.get("/api/requests?key=admin").expect(200)["requests"][0].clone();
    assert_eq!(listed["attempt_count"], 2);
    let mut without_tries = shown;
    without_tries.as_object_mut().unwrap().remove("attempts");
    assert_eq!(listed, without_tries);
    gateway.get("/api/requests/nothing").refused(404, "Request not found");
}

#[test]
fn usage_is_summed_up() {
    let home = Home::new();
    let gateway = gateway_with(&home, &requests());
    let sums = |requests: u64, failed: u64, answered: u64| {
        json!({
            "requests": requests, "failed": failed, "input_tokens": answered, "cache_read_tokens": 20 * answered,
            "cache_write_tokens": 0, "output_tokens": 300 * answered, "reasoning_tokens": 40 * answered,
            "total_tokens": 321 * answered, "cost_nano_usd": 5000 * answered, "unpriced_requests": 0,
        })
    };
    let named = |by: &str, name: Value, sums: Value| {
        let mut row = json!({ by: name });
        row.as_object_mut().unwrap().extend(sums.as_object().unwrap().clone());
        row
    };
    let check = |query: &str, by: &str, rows: &[(Value, Value)], total: Value| {
        let usage = gateway.get(&format!("/api/usage{query}")).expect(200);
        let rows: Vec<_> =
            rows.iter().map(|(name, sums)| named(by, name.clone(), sums.clone())).collect();
        assert_eq!(usage, json!({ "by": by, "rows": rows, "total": total }), "{query}");
    };
    let (one, two, all) = (sums(1, 0, 1), sums(2, 1, 1), sums(3, 1, 2));
    let by_key = [(json!("admin"), one.clone()), (json!("k1"), two.clone())];
    check("", "key", &by_key, all.clone());
    check("?by=key", "key", &by_key, all.clone());
    let by_project = [(Value::Null, one.clone()), (json!("blue"), two.clone())];
    check("?by=project", "project", &by_project, all.clone());
    check("?by=provider", "provider", &[(json!("work"), all.clone())], all.clone());
    check("?by=model", "model", &[(json!("org/model:tag"), all.clone())], all.clone());
    let (first, second) = (sums(2, 0, 2), sums(1, 1, 0));
    let by_day = [(json!("2026-01-31"), first.clone()), (json!("2026-02-01"), second.clone())];
    check("?by=day", "day", &by_day, all);
    check("?by=day&until=2026-01-31", "day", &by_day[..1], first);
    check("?by=day&since=2026-02-01T23:00:00Z", "day", &by_day[1..], second);
    check("?by=key&key=k1", "key", &by_key[1..], two.clone());
    check("?project=blue", "key", &by_key[1..], two);
    check("?since=2d", "key", &[], sums(0, 0, 0));
}

#[test]
fn what_is_malformed_is_said() {
    let gateway = Gateway::start();
    let check = |query: &str, part: &str| {
        let refused = gateway.get(&format!("/api/{query}")).expect(422);
        let text = refused["detail"][0]["msg"].as_str().expect("a message").to_owned();
        assert!(text.contains(part), "{query}: {text}");
    };
    check(
        "usage?by=colour",
        "Input should be 'key' or 'project' or 'provider' or 'model' or 'day'",
    );
    check("usage?since=yesterday", "a day such as 2026-01-31");
    check("usage?until=2026-02-30", "a day such as 2026-01-31");
    check("requests?since=7", "how long ago, such as 7d or 12h");
    check("requests?outcome=lost", "'answered' or 'refused' or 'failed' or 'broken_off'");
    check("requests?limit=1001", "less than or equal to 1000");
    check("requests?limit=0", "greater than or equal to 1");
    check("requests?cursor=x", "`next` of the page before");
    gateway.get("/api/usage?modle=x").refused_with(400, "did you mean 'model'?");
    gateway.get("/api/requests/x?key=y").refused_with(400, "this request takes none");
}

#[test]
fn retention_is_taken_over_while_running() {
    let home = Home::new();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let recent = RequestRow { began_at_ms: i64::try_from(now).unwrap(), ..request("recent") };
    let rows = [requests(), vec![recent]].concat();
    let gateway = gateway_with(&home, &rows);
    assert_eq!(ids(&gateway.get("/api/requests").expect(200)).len(), 4);
    config(&home, 1);
    gateway.post("/api/config/reload", &json!({})).expect(200);
    eventually("what is too old goes", || {
        ids(&gateway.get("/api/requests").expect(200)) == ["recent"]
    });
    config(&home, 0);
    gateway.post("/api/config/reload", &json!({})).expect(200);
    eventually("nothing is kept", || ids(&gateway.get("/api/requests").expect(200)).is_empty());
    assert_eq!(gateway.get("/api/usage").expect(200)["total"]["requests"], 4);
    drop(gateway);
    let store = Store::open(&home.data_dir()).expect("the database at rest");
    let left = store.requests(&RequestFilter { limit: 10, ..RequestFilter::default() }).unwrap();
    assert_eq!(left.requests, []);
}
