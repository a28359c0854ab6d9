//! Requests are kept as they were, found by what is asked for, and taken away by age.

use std::{sync::mpsc, thread};

use rusqlite::Connection;

use super::*;
use crate::{Cursor, Kept, RequestFilter, StoreError};

fn store_with(rows: &[RequestRow]) -> (TempDir, Store) {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    store.insert_requests(rows, Kept::Requests).unwrap();
    (dir, store)
}

fn all() -> RequestFilter {
    RequestFilter { limit: 1000, ..RequestFilter::default() }
}

fn found(store: &Store, filter: &RequestFilter) -> Vec<String> {
    store.requests(filter).unwrap().requests.into_iter().map(|row| row.id).collect()
}

#[test]
fn a_request_comes_back_as_it_was() {
    let rows = [bare("bare"), answered("full")];
    let (dir, store) = store_with(&rows);
    for row in &rows {
        assert_eq!(store.request(&row.id, None).unwrap().as_ref(), Some(row));
    }
    assert_eq!(store.request("full", Some("blue")).unwrap().as_ref(), Some(&rows[1]));
    assert_eq!(store.request("full", Some("red")).unwrap(), None);
    assert_eq!(store.request("bare", Some("blue")).unwrap(), None);
    assert_eq!(store.request("none", None).unwrap(), None);
    drop(store);
    let reopened = Store::open(dir.path()).unwrap();
    assert_eq!(reopened.request("full", None).unwrap().as_ref(), Some(&rows[1]));
}

#[test]
fn counts_beyond_what_sqlite_holds_stop_there() {
    let (_dir, store) =
        store_with(&[RequestRow { output_tokens: Some(u64::MAX), ..answered("a") }]);
    let row = store.request("a", None).unwrap().unwrap();
    assert_eq!(row.output_tokens, Some(u64::try_from(i64::MAX).unwrap()));
}

#[test]
fn filters_choose() {
    let (_dir, store) = store_with(&[
        bare("plain"),
        RequestRow { began_at_ms: NOON_MS - 1, ..bare("earlier") },
        RequestRow { began_at_ms: NOON_MS + 1, ..bare("later") },
        RequestRow { key: "k".to_owned(), ..bare("key") },
        RequestRow { project: Some("p".to_owned()), ..bare("project") },
        RequestRow { provider: Some("p".to_owned()), ..bare("provider") },
        RequestRow { model: Some("m".to_owned()), ..bare("model") },
        RequestRow { route: Some("r".to_owned()), ..bare("route") },
        RequestRow { outcome: "failed".to_owned(), ..bare("outcome") },
        RequestRow { error: Some("timeout".to_owned()), ..bare("error") },
    ]);
    let some = |text: &str| Some(text.to_owned());
    let check = |filter: RequestFilter, expected: &[&str]| {
        assert_eq!(found(&store, &filter), expected, "{filter:?}");
    };
    check(RequestFilter { since_ms: Some(NOON_MS + 1), ..all() }, &["later"]);
    check(RequestFilter { until_ms: Some(NOON_MS), ..all() }, &["earlier"]);
    check(RequestFilter { key: some("k"), ..all() }, &["key"]);
    check(RequestFilter { project: some("p"), ..all() }, &["project"]);
    check(RequestFilter { within_project: some("p"), ..all() }, &["project"]);
    check(RequestFilter { project: some("q"), within_project: some("p"), ..all() }, &[]);
    check(RequestFilter { provider: some("p"), ..all() }, &["provider"]);
    check(RequestFilter { model: some("m"), ..all() }, &["model"]);
    check(RequestFilter { route: some("r"), ..all() }, &["route"]);
    check(RequestFilter { outcome: some("failed"), ..all() }, &["outcome"]);
    check(RequestFilter { error: some("timeout"), ..all() }, &["error"]);
    check(RequestFilter { key: some("k' OR 1 --"), ..all() }, &[]);
    assert_eq!(found(&store, &all()).len(), 10);
}

#[test]
fn pages_follow_each_other_newest_first() {
    // Three came in each millisecond, and were settled in another order than they came.
    let rows: Vec<_> = (0..30)
        .map(|number: i64| RequestRow {
            began_at_ms: NOON_MS + (number * 7 % 10),
            ..bare(&format!("{number}"))
        })
        .collect();
    let (_dir, store) = store_with(&rows);
    let whole = store.requests(&all()).unwrap();
    assert_eq!(whole.next, None);
    let times: Vec<_> = whole.requests.iter().map(|row| row.began_at_ms).collect();
    assert!(times.is_sorted_by(|earlier, later| earlier >= later), "{times:?}");

    for limit in [1, 4, 10, 29, 30, 31] {
        let mut filter = RequestFilter { limit, ..all() };
        let mut pages = Vec::new();
        loop {
            let page = store.requests(&filter).unwrap();
            assert!(page.requests.len() <= limit as usize);
            pages.extend(page.requests);
            assert!(pages.len() <= whole.requests.len(), "a page comes twice, by {limit}");
            let Some(next) = page.next else { break };
            filter.after = Some(next.to_string().parse().unwrap());
        }
        assert_eq!(pages, whole.requests, "by {limit}");
    }
}

#[test]
fn only_our_own_cursors_are_cursors() {
    for text in ["", "-", "1", "1-", "-1-2", "1--2", "a-b", "1-2-3", "1-99999999999999999999"] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
    assert_eq!("12-3".parse::<Cursor>().unwrap().to_string(), "12-3");
}

#[test]
fn every_filter_has_an_index() {
    let (_dir, store) = store_with(&[]);
    let connection = store.reader();
    let some = || Some("failed".to_owned());
    for (index, filter) in [
        ("time", all()),
        ("time", RequestFilter { since_ms: Some(NOON_MS), ..all() }),
        ("key", RequestFilter { key: some(), ..all() }),
        ("project", RequestFilter { project: some(), ..all() }),
        ("project", RequestFilter { within_project: some(), ..all() }),
        ("provider", RequestFilter { provider: some(), ..all() }),
        ("model", RequestFilter { model: some(), ..all() }),
        ("route", RequestFilter { route: some(), ..all() }),
        ("outcome", RequestFilter { outcome: some(), ..all() }),
        ("error", RequestFilter { error: some(), ..all() }),
        ("key", RequestFilter { key: some(), after: "5-5".parse().ok(), ..all() }),
    ] {
        let (sql, values) = filter.select();
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let plan: Vec<String> = statement
            .query_map(rusqlite::params_from_iter(values), |row| row.get("detail"))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert!(plan[0].contains(&format!("USING INDEX requests_by_{index}")), "{index}: {plan:?}");
        assert_eq!(plan.len(), 1, "nothing is sorted: {plan:?}");
    }
}

#[test]
fn old_requests_go_in_steps_and_their_sums_stay() {
    let rows: Vec<_> = (0..10)
        .map(|number| RequestRow { began_at_ms: NOON_MS + number, ..bare(&format!("{number}")) })
        .collect();
    let (_dir, store) = store_with(&rows);
    let before = NOON_MS + 7;
    let steps: Vec<_> = (0..4).map(|_| store.purge_requests(before, 3).unwrap()).collect();
    assert_eq!(steps, [3, 3, 1, 0]);
    assert_eq!(found(&store, &all()), ["9", "8", "7"]);
    let usage = store.usage(crate::UsageBy::Key, &crate::UsageFilter::default()).unwrap();
    assert_eq!(usage[0].sums.requests, 10);
}

#[test]
fn a_batch_is_kept_whole_or_not_at_all() {
    let (_dir, store) = store_with(&[]);
    let broken = RequestRow { outcome: "vanished".to_owned(), ..bare("b") };
    let error = store.insert_requests(&[bare("a"), broken], Kept::Requests).unwrap_err();
    assert!(matches!(error, StoreError::Internal(_)), "{error}");
    assert_eq!(found(&store, &all()), [""; 0]);
    let usage = store.usage(crate::UsageBy::Key, &crate::UsageFilter::default()).unwrap();
    assert_eq!(usage, []);
}

#[test]
fn a_change_of_the_configuration_and_a_look_at_requests_pass_a_batch() {
    let (_dir, store) = store_with(&[bare("a")]);
    let (began, begins) = mpsc::channel();
    let (end, ends) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let store = &store;
        scope.spawn(move || {
            store.write_records(|transaction| {
                transaction.execute("DELETE FROM requests", ())?;
                began.send(()).unwrap();
                ends.recv().unwrap();
                Ok(())
            })
        });
        begins.recv().unwrap();
        // All of this would wait for ever if it needed the connection that writes.
        assert_eq!(found(store, &all()), ["a"]);
        assert_eq!(store.load().unwrap().providers, []);
        let change = scope.spawn(|| store.insert_provider(&plain("p")));
        end.send(()).unwrap();
        change.join().unwrap().unwrap();
    });
    assert_eq!(found(&store, &all()), [""; 0]);
    assert_eq!(names(&store), ["p"]);
}

#[test]
fn a_long_look_at_requests_holds_nobody_up() {
    let (_dir, store) = store_with(&[bare("a")]);
    let reader = store.reader();
    let mut statement = reader.prepare("SELECT id FROM requests").unwrap();
    let mut rows = statement.query(()).unwrap();
    assert!(rows.next().unwrap().is_some());
    store.insert_requests(&[bare("b")], Kept::Requests).unwrap();
    store.insert_provider(&plain("p")).unwrap();
    assert!(rows.next().unwrap().is_none(), "it sees what was there when it began");
}

#[test]
fn a_lock_is_said_at_once_and_a_second_try_counts_once() {
    let (dir, store) = store_with(&[bare("a")]);
    let other = Connection::open(database(&dir)).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let batch = [bare("a"), bare("b")];
    let error = store.insert_requests(&batch, Kept::Requests).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert_eq!(found(&store, &all()), ["a"], "reading goes on");
    other.execute_batch("COMMIT").unwrap();
    for _ in 0..2 {
        store.insert_requests(&batch, Kept::Requests).unwrap();
    }
    let usage = store.usage(crate::UsageBy::Key, &crate::UsageFilter::default()).unwrap();
    assert_eq!(usage[0].sums.requests, 2);
}

#[test]
fn the_connection_that_reads_can_do_nothing_else() {
    let (_dir, store) = store_with(&[bare("a")]);
    store.reader().execute("DELETE FROM requests", ()).unwrap_err();
    assert_eq!(found(&store, &all()), ["a"]);
}

#[test]
fn a_full_disk_is_said_and_passes() {
    let (_dir, store) = store_with(&[bare("a")]);
    let page_limit = |pages: u32| {
        store.records.lock().unwrap().pragma_update(None, "max_page_count", pages).unwrap();
    };
    let large: Vec<_> = (0..500).map(|number| answered(&number.to_string())).collect();
    page_limit(1);
    let error = store.insert_requests(&large, Kept::Requests).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert_eq!(found(&store, &all()), ["a"]);
    page_limit(100_000);
    store.insert_requests(&large, Kept::Requests).unwrap();
    assert_eq!(found(&store, &all()).len(), 501);
}
