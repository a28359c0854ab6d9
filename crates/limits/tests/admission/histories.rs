//! Any history of requests, corrections, retractions and ends, against a list of everything that came.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use limits::{Admission, Limits, Measure, Meter, admit};
use proptest::{prelude::*, sample::Index};

const MINUTE: Duration = Duration::from_secs(60);

/// What happens next.
#[derive(Clone, Debug)]
enum Deed {
    /// Time goes by.
    Wait(u64),
    /// A request of so many tokens comes to some of the meters; its clock is late by so many milliseconds.
    Come { tokens: u64, to: Vec<Index>, late_ms: u64 },
    /// A request turns out to have used so many tokens.
    Correct(Index, u64),
    /// A request is taken back.
    Retract(Index),
    /// A request ends.
    End(Index),
}

/// A request that came.
struct Came {
    at: Instant,
    tokens: u64,
    to: Vec<usize>,
    admission: Option<Admission>,
    is_retracted: bool,
}

fn deed() -> impl Strategy<Value = Deed> {
    let come = (0_u64..40, prop::collection::vec(any::<Index>(), 1..5), 0_u64..50)
        .prop_map(|(tokens, to, late_ms)| Deed::Come { tokens, to, late_ms });
    prop_oneof![
        2 => (0_u64..25_000).prop_map(Deed::Wait),
        4 => come,
        1 => (any::<Index>(), 0_u64..80).prop_map(|(which, tokens)| Deed::Correct(which, tokens)),
        1 => any::<Index>().prop_map(Deed::Retract),
        1 => any::<Index>().prop_map(Deed::End),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    let (requests, tokens, concurrency) =
        (prop::option::of(1_u32..6), prop::option::of(30_u64..100), prop::option::of(1_u32..5));
    (requests, tokens, concurrency).prop_map(
        |(requests_per_minute, tokens_per_minute, concurrency)| Limits {
            requests_per_minute,
            tokens_per_minute,
            concurrency,
        },
    )
}

/// What the list says that a meter has counted: requests, tokens, running.
fn used(all: &[Came], meter: usize, now: Instant) -> (u64, u64, u64) {
    all.iter().filter(|came| came.to.contains(&meter)).fold(
        (0, 0, 0),
        |(requests, tokens, running), came| {
            let counts = !came.is_retracted && now.duration_since(came.at) < MINUTE;
            let running = running + u64::from(came.admission.is_some());
            if counts {
                (requests + 1, tokens + came.tokens, running)
            } else {
                (requests, tokens, running)
            }
        },
    )
}

/// What the list says that a meter has too little of.
fn lacks(all: &[Came], meter: usize, limits: Limits, tokens: u64, now: Instant) -> Vec<Measure> {
    let (used_requests, used_tokens, running) = used(all, meter, now);
    let is_over = |limit: Option<u64>, used: u64| limit.is_some_and(|limit| used > limit);
    [
        (Measure::Requests, is_over(limits.requests_per_minute.map(u64::from), used_requests + 1)),
        (Measure::Tokens, is_over(limits.tokens_per_minute, used_tokens + tokens)),
        (Measure::Concurrency, is_over(limits.concurrency.map(u64::from), running + 1)),
    ]
    .into_iter()
    .filter_map(|(measure, lacks)| lacks.then_some(measure))
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_history_keeps_the_limits(
        of_meters in prop::collection::vec(limits(), 3),
        deeds in prop::collection::vec(deed(), 1..120),
    ) {
        let meters: Vec<_> = of_meters.iter().map(|limits| Arc::new(Meter::new(*limits))).collect();
        let mut now = Instant::now() + MINUTE;
        let mut all: Vec<Came> = Vec::new();
        // Every meter has seen the latest time, so that one who is late counts as of now in each.
        let tick = |now| meters.iter().for_each(|meter| _ = meter.read(now));
        tick(now);
        for deed in deeds {
            match deed {
                Deed::Wait(ms) => {
                    now += Duration::from_millis(ms);
                    tick(now);
                }
                Deed::Come { tokens, to, late_ms } => {
                    let to: Vec<usize> = to.iter().map(|index| index.index(meters.len())).collect();
                    let asked: Vec<_> = to.iter().map(|meter| Arc::clone(&meters[*meter])).collect();
                    let late = now - Duration::from_millis(late_ms);
                    let short_at = |now| {
                        let all = &all;
                        to.iter().flat_map(|meter| lacks(all, *meter, of_meters[*meter], tokens, now)).collect::<Vec<_>>()
                    };
                    match admit(&asked, tokens, late) {
                        Ok(admission) => {
                            prop_assert_eq!(short_at(now), vec![]);
                            all.push(Came { at: now, tokens, to, admission: Some(admission), is_retracted: false });
                        }
                        Err(shortage) => {
                            let lacking = to[shortage.meter];
                            prop_assert!(lacks(&all, lacking, of_meters[lacking], tokens, now).contains(&shortage.of));
                            let in_windows = |now| {
                                let measures = short_at(now);
                                measures.iter().filter(|of| **of != Measure::Concurrency).count()
                            };
                            match shortage.wait {
                                None => prop_assert!(of_meters[lacking].tokens_per_minute.unwrap() < tokens),
                                // After exactly that long the windows have room, and not a moment sooner.
                                Some(wait) => {
                                    prop_assert_eq!(in_windows(late + wait), 0);
                                    let sooner = late + wait - Duration::from_nanos(1);
                                    prop_assert!(shortage.of == Measure::Concurrency || in_windows(sooner) > 0);
                                }
                            }
                        }
                    }
                }
                Deed::Correct(which, tokens) if !all.is_empty() => {
                    let came = which.get_mut(&mut all);
                    if let Some(admission) = &came.admission {
                        admission.correct(tokens);
                        came.tokens = tokens;
                    }
                }
                Deed::Retract(which) if !all.is_empty() => {
                    let came = which.get_mut(&mut all);
                    if let Some(admission) = came.admission.take() {
                        admission.retract();
                        came.is_retracted = true;
                    }
                }
                Deed::End(which) if !all.is_empty() => drop(which.get_mut(&mut all).admission.take()),
                Deed::Correct(..) | Deed::Retract(_) | Deed::End(_) => {}
            }
            for (place, meter) in meters.iter().enumerate() {
                let (requests, tokens, running) = used(&all, place, now);
                let (limits, reading) = (of_meters[place], meter.read(now));
                prop_assert_eq!(u64::from(reading.in_flight), running);
                prop_assert_eq!(
                    reading.requests.map(|level| level.remaining),
                    limits.requests_per_minute.map(|limit| u64::from(limit) - requests)
                );
                prop_assert_eq!(
                    reading.tokens.map(|level| level.remaining),
                    limits.tokens_per_minute.map(|limit| limit.saturating_sub(tokens))
                );
            }
        }
    }
}
