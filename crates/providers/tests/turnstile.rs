//! The turnstile: who is let through, in which order, how soon, and who is told to come back.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use providers::{NoTurn, Turn, Turnstile};
use tokio::{
    task::JoinSet,
    time::{self, Instant},
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

type Passing<'a> = Pin<Box<dyn Future<Output = Result<Turn, NoTurn>> + 'a>>;

/// Comes to the turnstile, and is not let through yet.
fn waits<'a>(turnstile: &'a Turnstile, caller: &'a str) -> Passing<'a> {
    let mut passing: Passing<'a> = Box::pin(turnstile.pass(caller));
    assert!(poll(&mut passing).is_pending(), "{caller} waits");
    passing
}

fn poll(passing: &mut Passing<'_>) -> Poll<Result<Turn, NoTurn>> {
    passing.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// What one is told at once.
fn told(turnstile: &Turnstile, caller: &str) -> Poll<Result<(), Duration>> {
    let mut passing: Passing<'_> = Box::pin(turnstile.pass(caller));
    poll(&mut passing).map(|told| told.map(drop).map_err(|no_turn| no_turn.retry_after))
}

#[tokio::test(start_paused = true)]
async fn so_many_pass_at_once_and_the_next_wait_in_order() {
    let turnstile = Turnstile::new(2, 10, MINUTE);
    let first = turnstile.pass("a").await.unwrap();
    assert!(!turnstile.is_full());
    let second = turnstile.pass("a").await.unwrap();
    assert!(turnstile.is_full());
    let (mut third, mut fourth) = (waits(&turnstile, "a"), waits(&turnstile, "a"));
    assert_eq!(turnstile.waiting(), 2);
    drop(second);
    assert!(poll(&mut fourth).is_pending());
    let Poll::Ready(Ok(third)) = poll(&mut third) else { panic!("the third has a turn") };
    drop((first, third));
    assert!(poll(&mut fourth).is_ready());
    assert_eq!((turnstile.waiting(), turnstile.is_full()), (0, false));
}

#[tokio::test(start_paused = true)]
async fn one_with_a_hundred_waiting_does_not_starve_another() {
    let turnstile = Turnstile::new(1, 200, MINUTE);
    let turn = turnstile.pass("greedy").await.unwrap();
    let mut greedy: Vec<_> = (0..100).map(|_| waits(&turnstile, "greedy")).collect();
    let mut modest: Vec<_> = (0..5).map(|_| waits(&turnstile, "modest")).collect();
    drop(turn);
    for round in 0..5 {
        for line in [&mut greedy, &mut modest] {
            let Poll::Ready(Ok(turn)) = poll(&mut line[round]) else { panic!("round {round}") };
            drop(turn);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_sheds_at_once_but_is_not_closed_to_others() {
    let turnstile = Turnstile::new(1, 3, MINUTE);
    let _turn = turnstile.pass("greedy").await.unwrap();
    let mut greedy: Vec<_> = (0..3).map(|_| waits(&turnstile, "greedy")).collect();
    assert_eq!(told(&turnstile, "greedy"), Poll::Ready(Err(SECOND)));
    let _modest = waits(&turnstile, "modest");
    assert_eq!(told(&turnstile, "modest"), Poll::Ready(Err(SECOND)));
    assert_eq!(turnstile.waiting(), 3);
    let pending: Vec<_> = greedy.iter_mut().map(|passing| poll(passing).is_pending()).collect();
    assert_eq!(pending, [true, true, false]);

    let none_wait = Turnstile::new(1, 0, MINUTE);
    let _turn = none_wait.pass("a").await.unwrap();
    assert_eq!(told(&none_wait, "b"), Poll::Ready(Err(SECOND)));
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_would_come_too_late_is_not_waited_for() {
    let turnstile = Turnstile::new(2, 1_000, MINUTE);
    for _ in 0..3 {
        let turn = turnstile.pass("a").await.unwrap();
        time::advance(10 * SECOND).await;
        drop(turn);
    }
    // Turns take 10 s and two run at once: one begins every 5 s.
    let _turns = (turnstile.pass("a").await.unwrap(), turnstile.pass("a").await.unwrap());
    let waiting: Vec<_> = (0..12).map(|_| waits(&turnstile, "a")).collect();
    assert_eq!(told(&turnstile, "a"), Poll::Ready(Err(5 * SECOND)));
    assert_eq!(turnstile.waiting(), 12);
    // Another one's turn comes second.
    drop(waits(&turnstile, "b"));
    turnstile.set(2, 1_000, 20 * SECOND);
    assert_eq!(told(&turnstile, "a"), Poll::Ready(Err(45 * SECOND)));
    drop(waiting);
    drop(waits(&turnstile, "a"));
}

#[tokio::test(start_paused = true)]
async fn patience_ends() {
    let turnstile = Turnstile::new(1, 10, MINUTE);
    let _turn = turnstile.pass("a").await.unwrap();
    let start = Instant::now();
    assert_eq!(turnstile.pass("a").await.unwrap_err().retry_after, SECOND);
    let waited = start.elapsed();
    assert!((MINUTE..MINUTE + SECOND / 100).contains(&waited), "{waited:?}");
    assert_eq!(turnstile.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_leaves_the_line_and_passes_the_turn_on() {
    let turnstile = Turnstile::new(1, 10, MINUTE);
    let turn = turnstile.pass("a").await.unwrap();
    let (gone, unaware, also_unaware, mut last) = (
        waits(&turnstile, "a"),
        waits(&turnstile, "b"),
        waits(&turnstile, "c"),
        waits(&turnstile, "d"),
    );
    drop(gone);
    assert_eq!(turnstile.waiting(), 3);
    // The turn is b's, who goes away without having looked; then c's, who does the same.
    drop(turn);
    assert!(poll(&mut last).is_pending());
    drop(unaware);
    assert!(poll(&mut last).is_pending());
    drop(also_unaware);
    assert!(matches!(poll(&mut last), Poll::Ready(Ok(_))));
    drop(last);
    assert_eq!((turnstile.waiting(), turnstile.is_full()), (0, false));
}

#[tokio::test(start_paused = true)]
async fn a_change_applies_to_those_who_wait() {
    let turnstile = Turnstile::new(1, 10, MINUTE);
    let first = turnstile.pass("a").await.unwrap();
    let mut waiting: Vec<_> = (0..4).map(|_| waits(&turnstile, "a")).collect();
    turnstile.set(3, 10, MINUTE);
    assert_eq!(turnstile.waiting(), 2);
    let mut turns: Vec<_> = waiting.drain(..2).map(|mut passing| poll(&mut passing)).collect();
    turnstile.set(1, 1, MINUTE);
    drop(first);
    turns.pop();
    assert_eq!((turnstile.waiting(), turnstile.is_full()), (2, true));
    assert_eq!(told(&turnstile, "a"), Poll::Ready(Err(SECOND)));
    turns.pop();
    assert_eq!(turnstile.waiting(), 1);
}

/// What became of a request.
struct Outcome {
    caller: &'static str,
    waited: Duration,
    told: Result<(), NoTurn>,
}

/// Sends a request of each caller at its own interval for a minute. Turns take 50 to 150 ms.
async fn traffic(turnstile: Turnstile, callers: &[(&'static str, Duration)]) -> Vec<Outcome> {
    let (turnstile, start) = (Arc::new(turnstile), Instant::now());
    let mut requests = JoinSet::new();
    let mut dice: u64 = 1;
    for (caller, interval) in callers.iter().copied() {
        let mut comes_at = start;
        while comes_at < start + MINUTE {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let takes = Duration::from_millis(50 + (dice >> 33) % 101);
            let turnstile = Arc::clone(&turnstile);
            requests.spawn(async move {
                time::sleep_until(comes_at).await;
                let turn = turnstile.pass(caller).await;
                let outcome = Outcome {
                    caller,
                    waited: Instant::now() - comes_at,
                    told: turn.as_ref().map(|_| ()).map_err(|no_turn| *no_turn),
                };
                if turn.is_ok() {
                    time::sleep(takes).await;
                }
                drop(turn);
                outcome
            });
            comes_at += interval;
        }
    }
    let outcomes = requests.join_all().await;
    assert_eq!((turnstile.waiting(), turnstile.is_full()), (0, false));
    outcomes
}

#[tokio::test(start_paused = true)]
async fn ten_times_too_much_is_shed_early_and_the_rest_is_served() {
    // Four turns of 100 ms at once are 40 a second; 400 a second come.
    let offered = [("a", Duration::from_micros(2_500))];
    for waiting in [8, 16, 1_000] {
        let outcomes = traffic(Turnstile::new(4, waiting, SECOND), &offered).await;
        assert_eq!(outcomes.len(), 24_000);
        let mut served = 0;
        for outcome in outcomes {
            match outcome.told {
                Ok(()) => {
                    served += 1;
                    assert!(outcome.waited <= SECOND + SECOND / 100, "{:?}", outcome.waited);
                }
                Err(no_turn) => {
                    assert!((SECOND..10 * SECOND).contains(&no_turn.retry_after));
                    // A turn that takes longer than usual may cost one his patience.
                    let is_at_once = outcome.waited < SECOND / 50;
                    assert!(is_at_once || outcome.waited >= SECOND, "{:?}", outcome.waited);
                }
            }
        }
        assert!(served >= 40 * 60 * 9 / 10, "{served} of 2400, {waiting} waiting");
    }
}

#[tokio::test(start_paused = true)]
async fn one_who_brings_too_much_sheds_only_his_own() {
    let offered =
        [("greedy", Duration::from_micros(2_500)), ("modest", Duration::from_millis(250))];
    for waiting in [8, 1_000] {
        let outcomes = traffic(Turnstile::new(4, waiting, SECOND), &offered).await;
        let modest: Vec<_> = outcomes.iter().filter(|one| one.caller == "modest").collect();
        assert_eq!(modest.len(), 240);
        for outcome in modest {
            assert!(outcome.told.is_ok() && outcome.waited < SECOND / 4, "{:?}", outcome.waited);
        }
    }
}
