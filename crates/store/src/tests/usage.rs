//! The sums of each day say the same as the requests.

use std::collections::BTreeMap;

use proptest::{collection::vec, option, prelude::*};

use super::*;
use crate::{Kept, Sums, UsageBy, UsageFilter};

const DAY_MS: i64 = 86_400_000;

fn store_with(rows: &[RequestRow]) -> (TempDir, Store) {
    let dir = data_dir();
    let store = Store::open(dir.path()).unwrap();
    store.insert_requests(rows, Kept::Requests).unwrap();
    (dir, store)
}

fn by(store: &Store, by: UsageBy, filter: &UsageFilter) -> BTreeMap<Option<String>, Sums> {
    store.usage(by, filter).unwrap().into_iter().map(|row| (row.name, row.sums)).collect()
}

fn all(store: &Store, by_what: UsageBy) -> BTreeMap<Option<String>, Sums> {
    by(store, by_what, &UsageFilter::default())
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn one_request_counts_in_every_column() {
    let (_dir, store) = store_with(&[answered("a")]);
    let expected = Sums {
        requests: 1,
        failed: 0,
        input_tokens: 1,
        cache_read_tokens: 20,
        cache_write_tokens: 300,
        output_tokens: 4000,
        reasoning_tokens: 50,
        cost_nano_usd: 600_000,
        unpriced_requests: 0,
    };
    assert_eq!(expected.total_tokens(), 4321);
    for (by_what, name) in [
        (UsageBy::Key, "admin"),
        (UsageBy::Project, "blue"),
        (UsageBy::Provider, "work"),
        (UsageBy::Model, "org/model:tag"),
        (UsageBy::Day, "2026-01-31"),
    ] {
        assert_eq!(all(&store, by_what), BTreeMap::from([(some(name), expected)]));
    }
}

#[test]
fn what_has_no_project_provider_or_model_stands_under_no_name() {
    let (_dir, store) = store_with(&[bare("a"), answered("b")]);
    for by_what in [UsageBy::Project, UsageBy::Provider, UsageBy::Model] {
        let rows = all(&store, by_what);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[&None].requests, 1);
    }
}

#[test]
fn what_failed_and_what_has_no_price_is_counted() {
    let with = |outcome: &str| RequestRow { outcome: outcome.to_owned(), ..bare(outcome) };
    let check = |row: RequestRow, failed: u64, unpriced: u64| {
        let sums =
            all(&store_with(std::slice::from_ref(&row)).1, UsageBy::Day)[&some("2026-01-31")];
        assert_eq!((sums.failed, sums.unpriced_requests), (failed, unpriced), "{row:?}");
    };
    check(with("answered"), 0, 1);
    check(with("refused"), 0, 0);
    check(with("failed"), 1, 0);
    check(with("broken_off"), 1, 1);
    check(with("cancelled"), 0, 0);
    check(RequestRow { first_byte_ms: Some(1), ..with("cancelled") }, 0, 1);
    check(RequestRow { input_tokens: Some(0), ..with("failed") }, 1, 1);
    check(RequestRow { cost_nano_usd: Some(0), ..with("answered") }, 0, 0);
}

#[test]
fn days_are_days_in_utc() {
    let midnight = NOON_MS + DAY_MS / 2;
    let at = |began_at_ms| RequestRow { began_at_ms, ..bare(&began_at_ms.to_string()) };
    let (_dir, store) =
        store_with(&[at(0), at(midnight - 1), at(midnight), at(253_402_300_799_999)]);
    let days: Vec<_> = all(&store, UsageBy::Day).into_keys().flatten().collect();
    assert_eq!(days, ["1970-01-01", "2026-01-31", "2026-02-01", "9999-12-31"]);
    let filter = UsageFilter {
        since_day: some("2026-01-31"),
        until_day: some("2026-02-01"),
        ..UsageFilter::default()
    };
    assert_eq!(by(&store, UsageBy::Day, &filter).len(), 2, "both days are in");
}

#[test]
fn filters_choose() {
    let (_dir, store) = store_with(&[
        RequestRow { key: "k".to_owned(), ..bare("key") },
        RequestRow { project: some("x"), ..bare("project") },
        RequestRow { provider: some("x"), ..bare("provider") },
        RequestRow { model: some("x"), ..bare("model") },
        RequestRow { route: some("x"), ..bare("route") },
    ]);
    let check = |filter: UsageFilter, expected: u64| {
        let sums = by(&store, UsageBy::Day, &filter);
        let requests: u64 = sums.values().map(|sums| sums.requests).sum();
        assert_eq!(requests, expected, "{filter:?}");
    };
    let none = UsageFilter::default;
    check(none(), 5);
    check(UsageFilter { key: some("k"), ..none() }, 1);
    check(UsageFilter { project: some("x"), ..none() }, 1);
    check(UsageFilter { within_project: some("x"), ..none() }, 1);
    check(UsageFilter { project: some("y"), within_project: some("x"), ..none() }, 0);
    check(UsageFilter { provider: some("x"), ..none() }, 1);
    check(UsageFilter { model: some("x"), ..none() }, 1);
    check(UsageFilter { route: some("x"), ..none() }, 1);
    check(UsageFilter { since_day: some("2026-02-01"), ..none() }, 0);
    check(UsageFilter { until_day: some("2026-01-30"), ..none() }, 0);
}

#[test]
fn sums_alone_can_be_kept() {
    let (_dir, store) = store_with(&[]);
    store.insert_requests(&[answered("a"), answered("b")], Kept::Sums).unwrap();
    assert_eq!(store.request("a", None).unwrap(), None);
    assert_eq!(all(&store, UsageBy::Key)[&some("admin")].requests, 2);
}

#[test]
fn sums_stop_at_the_largest_number() {
    let hostile = |id: &str| RequestRow {
        output_tokens: Some(u64::MAX),
        cost_nano_usd: Some(u64::MAX),
        ..answered(id)
    };
    let (_dir, store) = store_with(&[hostile("a"), hostile("b")]);
    store.insert_requests(&[hostile("c")], Kept::Requests).unwrap();
    let other_day = RequestRow { began_at_ms: NOON_MS + DAY_MS, ..hostile("d") };
    store.insert_requests(&[other_day], Kept::Requests).unwrap();
    let most = u64::try_from(i64::MAX).unwrap();
    let by_day = all(&store, UsageBy::Day);
    assert_eq!(by_day[&some("2026-01-31")].output_tokens, most);
    let by_key = all(&store, UsageBy::Key)[&some("admin")];
    assert_eq!((by_key.requests, by_key.cost_nano_usd), (4, 2 * most), "exact over two days");
}

#[test]
fn made_up_models_do_not_fill_the_sums() {
    let named =
        |number: u32| RequestRow { model: Some(format!("m{number}")), ..bare(&number.to_string()) };
    let rows: Vec<_> = (0..1500).map(named).collect();
    let (_dir, store) = store_with(&rows);
    let by_model = all(&store, UsageBy::Model);
    assert_eq!(by_model.len(), 1001);
    assert_eq!(by_model[&some("(other)")].requests, 500);
    assert_eq!(all(&store, UsageBy::Key)[&some("admin")].requests, 1500);
    let known = by_model.keys().flatten().find(|model| *model != "(other)").unwrap();
    let again = RequestRow { model: some(known), ..bare("again") };
    store.insert_requests(&[again], Kept::Requests).unwrap();
    assert_eq!(all(&store, UsageBy::Model)[&some(known)].requests, 2, "a known one still counts");
}

fn any_row() -> impl Strategy<Value = RequestRow> {
    let count = || option::of(prop_oneof![0..10_u64, 0..1_u64 << 40]);
    let name = || option::of(prop_oneof!["[ab]", Just("'\"%_".to_owned())]);
    let outcome =
        prop::sample::select(vec!["answered", "refused", "failed", "broken_off", "cancelled"]);
    (
        (0..50_u32, 0..4 * DAY_MS, "[kl]", name(), name(), name(), name()),
        (outcome, count(), count(), count(), count(), count(), count(), count()),
    )
        .prop_map(|((id, at, key, project, route, provider, model), counts)| {
            let (outcome, input, read, write, output, reasoning, cost, first_byte) = counts;
            RequestRow {
                began_at_ms: NOON_MS + at,
                key,
                project,
                route,
                provider,
                model,
                outcome: outcome.to_owned(),
                input_tokens: input,
                cache_read_tokens: read,
                cache_write_tokens: write,
                output_tokens: output,
                reasoning_tokens: reasoning,
                cost_nano_usd: cost,
                first_byte_ms: first_byte,
                ..bare(&id.to_string())
            }
        })
}

/// What the sums must be, counted by SQL over the requests themselves.
const COUNTED: &str = "
    SELECT count(*),
           count(*) FILTER (WHERE outcome IN ('failed', 'broken_off')),
           coalesce(sum(input_tokens), 0),
           coalesce(sum(cache_read_tokens), 0),
           coalesce(sum(cache_write_tokens), 0),
           coalesce(sum(output_tokens), 0),
           coalesce(sum(reasoning_tokens), 0),
           coalesce(sum(cost_nano_usd), 0),
           count(*) FILTER (WHERE cost_nano_usd IS NULL AND (
               outcome IN ('answered', 'broken_off')
               OR outcome = 'cancelled' AND first_byte_ms IS NOT NULL
               OR coalesce(input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens)
                  IS NOT NULL))";

fn counted(store: &Store, by_what: UsageBy) -> BTreeMap<Option<String>, Sums> {
    let name = match by_what {
        UsageBy::Day => "date(began_at_ms / 1000, 'unixepoch')",
        UsageBy::Key | UsageBy::Project | UsageBy::Provider | UsageBy::Model => by_what.as_str(),
    };
    let sql = format!("{COUNTED}, {name} FROM requests GROUP BY {name}");
    let connection = store.reader();
    let mut statement = connection.prepare(&sql).unwrap();
    let read = |row: &rusqlite::Row<'_>| {
        let count = |column: usize| row.get::<_, i64>(column).unwrap().unsigned_abs();
        let sums = Sums {
            requests: count(0),
            failed: count(1),
            input_tokens: count(2),
            cache_read_tokens: count(3),
            cache_write_tokens: count(4),
            output_tokens: count(5),
            reasoning_tokens: count(6),
            cost_nano_usd: count(7),
            unpriced_requests: count(8),
        };
        Ok((row.get(9)?, sums))
    };
    statement.query_map((), read).unwrap().map(Result::unwrap).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Ids repeat, so that some requests come twice.
    #[test]
    fn the_sums_are_those_of_the_requests(batches in vec(vec(any_row(), 0..20), 0..5)) {
        let (_dir, store) = store_with(&[]);
        for batch in &batches {
            store.insert_requests(batch, Kept::Requests).unwrap();
        }
        for by_what in UsageBy::ALL {
            prop_assert_eq!(all(&store, by_what), counted(&store, by_what));
        }
    }
}
