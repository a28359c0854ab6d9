//! Requests and usage as tables.

use store::{AttemptRow, Kept, RequestRow, Store};

use crate::program::{Gateway, Place};

pub fn request(id: &str) -> RequestRow {
    RequestRow {
        id: id.to_owned(),
        began_at_ms: 1_769_860_800_000,
        generation: 1,
        key: "admin".to_owned(),
        project: None,
        operation: "chat".to_owned(),
        dialect: "openai".to_owned(),
        stream: false,
        asked_model: "fast\u{1b}[2J".to_owned(),
        route: None,
        provider: Some("work".to_owned()),
        model: Some("m".to_owned()),
        status: 200,
        outcome: "answered".to_owned(),
        error: None,
        input_tokens: Some(1000),
        cache_read_tokens: Some(200),
        cache_write_tokens: Some(30),
        output_tokens: Some(4),
        reasoning_tokens: None,
        cost_nano_usd: Some(1_500_000_000),
        duration_ms: 100,
        first_byte_ms: Some(60),
        queued_ms: 0,
        attempts: vec![
            AttemptRow {
                provider: "near".to_owned(),
                model: "m".to_owned(),
                key: 0,
                reason: "first in order".to_owned(),
                began_ms: 0,
                duration_ms: 50,
                first_byte_ms: None,
                status: Some(503),
                error: Some("overloaded".to_owned()),
                blame: Some("model".to_owned()),
            },
            AttemptRow {
                provider: "work".to_owned(),
                model: "m".to_owned(),
                key: 1,
                reason: "second in order".to_owned(),
                began_ms: 50,
                duration_ms: 50,
                first_byte_ms: Some(10),
                status: Some(200),
                error: None,
                blame: None,
            },
        ],
        traceparent: None,
    }
}

fn serve(place: &Place) -> Gateway {
    serve_with(place, &[request("one"), request("two")])
}

/// Serves with these requests behind it, kept for as long as can be.
pub fn serve_with(place: &Place, requests: &[RequestRow]) -> Gateway {
    place.serve().stop();
    let store = Store::open(&place.data_dir()).unwrap();
    store.insert_requests(requests, Kept::Requests).unwrap();
    drop(store);
    let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
    Gateway::start(command.env("CLOSEDPAW_RETENTION_DAYS", "36500"))
}

/// The cells of the line that begins with `name`.
pub fn cells(table: &str, name: &str) -> Vec<String> {
    let lines = table.lines().map(str::split_whitespace);
    let line = lines.map(|cells| cells.map(str::to_owned).collect::<Vec<_>>());
    line.into_iter().find(|cells| cells.first().is_some_and(|first| first == name)).unwrap()
}

#[test]
fn usage_is_a_table_with_totals_and_dollars() {
    let place = Place::new();
    let _gateway = serve(&place);
    let usage =
        |more: &[&str]| place.run(&[&["usage"], more, &["--output", "table"]].concat()).ok();
    let table = usage(&["--by", "model"]);
    let sums = ["2", "0", "2000", "460", "8", "2468", "$3.00", "0"];
    assert_eq!(cells(&table, "m")[1..], sums, "{table}");
    assert_eq!(cells(&table, "total")[1..], sums, "{table}");
    let by_day = usage(&["--by", "day", "--since", "2026-01-31", "--until", "2026-01-31"]);
    assert_eq!(cells(&by_day, "2026-01-31")[1..], sums, "{by_day}");
    assert_eq!(cells(&usage(&["--since", "7d"]), "total")[1], "0");
    assert_eq!(place.run(&["usage", "--key", "admin"]).json()["total"]["requests"], 2);
    place.run(&["usage", "--by", "colour"]).fails(2, "possible values: key, project");
    place.run(&["usage", "--since", "yesterday"]).fails(1, "since: Input should be a day");
}

#[test]
fn requests_are_listed_and_shown_as_a_waterfall() {
    let place = Place::new();
    let _gateway = serve(&place);
    let list = place.run(&["requests", "list", "--output", "table", "--limit", "1"]);
    assert!(list.stderr.contains("there are more: --cursor"), "{list:?}");
    assert!(!list.stdout.contains('\u{1b}'), "{list:?}");
    assert_eq!(cells(&list.ok(), "2026-01-31T12:00:00.000Z")[1], "two");

    let shown = place.run(&["requests", "show", "one", "--output", "table"]).ok();
    assert_eq!(cells(&shown, "cost")[1], "$1.50", "{shown}");
    assert!(shown.contains("████████████············  503"), "{shown}");
    assert!(shown.contains("············████████████  200"), "{shown}");
    for part in ["overloaded", "model", "first in order", "second in order"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(place.run(&["requests", "show", "one"]).json()["attempts"][1]["key"], 1);
    place.run(&["requests", "show", "a b?c"]).fails(1, "Request not found");
    place.run(&["requests", "list", "--outcome", "lost"]).fails(1, "'answered' or 'refused'");
}
