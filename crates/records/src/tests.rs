//! The recorder over a real store: nothing waits for it, and nothing is lost that need not be.

use std::{
    fs,
    sync::Arc,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use canonical::Usage;
use proptest::{collection::vec, option, prelude::*};
use rusqlite::Connection;
use store::{FILE_NAME, Kept, RequestFilter, Store, Sums, UsageBy, UsageFilter};
use tempfile::TempDir;

use crate::{AttemptRecord, Operation, Outcome, Recorder, RequestRecord, Sink as _, row};

/// Longer than anything takes that comes to an end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request that was answered just now.
pub(crate) fn record(id: &str) -> RequestRecord {
    RequestRecord {
        id: id.to_owned(),
        began_at: SystemTime::now(),
        generation: 1,
        key: "admin".to_owned(),
        project: None,
        operation: Operation::Chat,
        dialect: "openai",
        stream: false,
        asked_model: "fast".to_owned(),
        route: None,
        provider: Some("work".to_owned()),
        model: Some("m".to_owned()),
        status: 200,
        outcome: Outcome::Answered,
        error: None,
        usage: Usage { output_tokens: Some(3), ..Usage::default() },
        cost_nano_usd: Some(7),
        duration: Duration::from_millis(5),
        first_byte: Some(Duration::from_millis(4)),
        queued: Duration::ZERO,
        attempts: vec![AttemptRecord {
            provider: "work".to_owned(),
            model: "m".to_owned(),
            key: 0,
            reason: "the only one".to_owned(),
            began: Duration::ZERO,
            duration: Duration::from_millis(5),
            first_byte: None,
            status: Some(200),
            error: None,
            blame: None,
        }],
        traceparent: None,
    }
}

struct Rig {
    dir: TempDir,
    store: Arc<Store>,
}

impl Rig {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(dir.path()).unwrap());
        Self { dir, store }
    }

    fn start(&self, retention_days: u32) -> Arc<Recorder> {
        Recorder::start(Arc::clone(&self.store), retention_days).unwrap()
    }

    /// Locks the database as another process would.
    fn lock(&self) -> Connection {
        let other = Connection::open(self.dir.path().join(FILE_NAME)).unwrap();
        other.execute_batch("PRAGMA busy_timeout = 10000; BEGIN EXCLUSIVE").unwrap();
        other
    }

    fn sums(&self) -> Sums {
        sums(&self.store)
    }

    fn rows(&self) -> usize {
        let filter = RequestFilter { limit: 100_000, ..RequestFilter::default() };
        self.store.requests(&filter).unwrap().requests.len()
    }
}

fn sums(store: &Store) -> Sums {
    let mut sums = Sums::default();
    for row in store.usage(UsageBy::Day, &UsageFilter::default()).unwrap() {
        sums.add(&row.sums);
    }
    sums
}

fn settle(recorder: &Recorder, ids: std::ops::Range<usize>) {
    for id in ids {
        recorder.settled(&Arc::new(record(&id.to_string())));
    }
}

fn eventually(mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "it did not happen");
        thread::sleep(Duration::from_millis(1));
    }
}

#[tokio::test]
async fn what_was_settled_is_written() {
    let rig = Rig::new();
    let recorder = rig.start(30);
    let settled = Arc::new(record("a"));
    recorder.settled(&settled);
    eventually(|| rig.store.request("a", None).unwrap().is_some());
    assert_eq!(rig.store.request("a", None).unwrap(), Some(row::of(&settled)));
    settle(&recorder, 0..1234);
    recorder.close(PATIENCE).await;
    assert_eq!((rig.rows(), rig.sums().requests), (1235, 1235));
    assert_eq!((recorder.dropped(), recorder.waiting()), (0, 0));
}

#[tokio::test]
async fn nobody_waits_while_the_database_is_locked() {
    let rig = Rig::new();
    let recorder = rig.start(30);
    let lock = rig.lock();
    // This thread holds the lock: if settling waited for the database, it would wait for itself.
    settle(&recorder, 0..100_000);
    lock.execute_batch("COMMIT").unwrap();
    recorder.close(PATIENCE).await;
    let written = rig.sums().requests;
    assert_eq!(written + recorder.dropped(), 100_000);
    assert!((10_000..=10_500).contains(&written), "{written}: the queue and a batch");
    assert_eq!(rig.rows() as u64, written);
}

#[tokio::test]
async fn a_lock_that_passes_loses_nothing_within_the_bound() {
    let rig = Rig::new();
    let recorder = rig.start(30);
    let lock = rig.lock();
    settle(&recorder, 0..9_000);
    // The writer has taken a batch, and can't write it.
    eventually(|| recorder.waiting() < 9_000);
    assert_eq!(rig.rows(), 0);
    lock.execute_batch("COMMIT").unwrap();
    settle(&recorder, 9_000..9_500);
    recorder.close(PATIENCE).await;
    assert_eq!((rig.rows(), rig.sums().requests, recorder.dropped()), (9_500, 9_500, 0));
}

#[tokio::test]
async fn a_shutdown_while_locked_is_bounded_and_counts_what_is_lost() {
    let rig = Rig::new();
    let recorder = rig.start(30);
    let _lock = rig.lock();
    settle(&recorder, 0..1_200);
    recorder.close(Duration::from_millis(200)).await;
    eventually(|| recorder.dropped() == 1_200);
    settle(&recorder, 0..1);
    assert_eq!(recorder.dropped(), 1_201, "nobody writes any more");
    recorder.close(PATIENCE).await;
}

#[test]
fn a_kill_loses_at_most_what_was_not_yet_written() {
    let rig = Rig::new();
    let recorder = rig.start(30);
    settle(&recorder, 0..1_000);
    eventually(|| rig.rows() == 1_000);
    settle(&recorder, 1_000..1_010);
    // The files as they are now, with nothing closed, are what a kill leaves.
    let copy = tempfile::tempdir().unwrap();
    for file in [FILE_NAME.to_owned(), format!("{FILE_NAME}-wal")] {
        fs::copy(rig.dir.path().join(&file), copy.path().join(&file)).unwrap();
    }
    let left = Store::open(copy.path()).unwrap();
    let written = sums(&left).requests;
    assert!((1_000..=1_010).contains(&written), "{written}");
    drop(recorder);
    eventually(|| rig.rows() == 1_010);
}

#[tokio::test]
async fn one_broken_record_takes_no_other_with_it() {
    let rig = Rig::new();
    let recorder = rig.start(30);
    settle(&recorder, 0..20);
    let no_id = "";
    recorder.settled(&Arc::new(record(no_id)));
    settle(&recorder, 20..40);
    recorder.close(PATIENCE).await;
    assert_eq!((rig.rows(), rig.sums().requests, recorder.dropped()), (40, 40, 1));
}

#[tokio::test]
async fn what_is_too_old_goes_and_its_sums_stay() {
    let rig = Rig::new();
    let aged = |days: u64, id: String| {
        let began_at = SystemTime::now() - Duration::from_secs(days * 86_400 + 3_600);
        row::of(&RequestRecord { began_at, ..record(&id) })
    };
    let rows: Vec<_> = (0..1_500)
        .map(|number| aged(30, format!("old-{number}")))
        .chain([aged(29, "young".to_owned()), aged(6, "younger".to_owned())])
        .collect();
    rig.store.insert_requests(&rows, Kept::Requests).unwrap();
    let recorder = rig.start(30);
    eventually(|| rig.rows() == 2);
    recorder.set_retention(7);
    eventually(|| rig.rows() == 1);
    recorder.set_retention(0);
    eventually(|| rig.rows() == 0);
    settle(&recorder, 0..10);
    recorder.close(PATIENCE).await;
    assert_eq!((rig.rows(), rig.sums().requests), (0, 1_512));
}

fn any_record() -> impl Strategy<Value = RequestRecord> {
    let count = || option::of(0..1_u64 << 50);
    let name = || option::of("[ab]?");
    let outcomes = [
        Outcome::Answered,
        Outcome::Refused,
        Outcome::Failed,
        Outcome::BrokenOff,
        Outcome::Cancelled,
    ];
    let usage = (count(), count(), count(), count(), count()).prop_map(
        |(input, read, write, output, reasoning)| Usage {
            input_tokens: input,
            cache_read_tokens: read,
            cache_write_tokens: write,
            output_tokens: output,
            reasoning_tokens: reasoning,
        },
    );
    (prop::sample::select(outcomes.to_vec()), usage, count(), "[kl]", name(), name(), 0..3_u64)
        .prop_map(|(outcome, usage, cost_nano_usd, key, project, model, day)| RequestRecord {
            outcome,
            usage,
            cost_nano_usd,
            key,
            project,
            model,
            began_at: UNIX_EPOCH + Duration::from_secs(1_769_860_800 + day * 86_400),
            ..record("")
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn the_sums_are_those_of_the_records(records in vec(any_record(), 0..100)) {
        let rig = Rig::new();
        let recorder = rig.start(36_500);
        for (id, record) in records.iter().enumerate() {
            recorder.settled(&Arc::new(RequestRecord { id: id.to_string(), ..record.clone() }));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(recorder.close(PATIENCE));

        let total = |count: fn(&RequestRecord) -> Option<u64>| -> u64 {
            records.iter().filter_map(count).sum()
        };
        let sums = rig.sums();
        prop_assert_eq!(sums.requests, records.len() as u64);
        prop_assert_eq!(sums.input_tokens, total(|record| record.usage.input_tokens));
        prop_assert_eq!(sums.cache_read_tokens, total(|record| record.usage.cache_read_tokens));
        prop_assert_eq!(sums.cache_write_tokens, total(|record| record.usage.cache_write_tokens));
        prop_assert_eq!(sums.output_tokens, total(|record| record.usage.output_tokens));
        prop_assert_eq!(sums.reasoning_tokens, total(|record| record.usage.reasoning_tokens));
        prop_assert_eq!(sums.cost_nano_usd, total(|record| record.cost_nano_usd));
        let failed = |record: &&RequestRecord| {
            matches!(record.outcome, Outcome::Failed | Outcome::BrokenOff)
        };
        prop_assert_eq!(sums.failed, records.iter().filter(failed).count() as u64);
        prop_assert_eq!(rig.rows(), records.len());
    }
}
