//! Many threads at once.

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use limits::{Meter, admit};

use crate::meter;

const CROWD: usize = 500;
const ROUNDS: usize = 100;

/// Lets a crowd come at once in each round, with about the same `now`, and counts those who are let in.
fn let_in(rounds: &[[Arc<Meter>; 2]]) -> Vec<usize> {
    let (start, barrier) = (Instant::now() + Duration::from_secs(1), Barrier::new(CROWD));
    let admitted: Vec<_> = rounds.iter().map(|_| AtomicUsize::new(0)).collect();
    thread::scope(|scope| {
        for number in 0..CROWD {
            let (barrier, admitted) = (&barrier, &admitted);
            let visit = move || {
                let now = start - Duration::from_nanos(number as u64 * 1_000);
                for (meters, admitted) in rounds.iter().zip(admitted) {
                    let mut meters = meters.clone();
                    if number % 2 == 0 {
                        meters.reverse();
                    }
                    barrier.wait();
                    let admission = admit(&meters, 10, now);
                    admitted.fetch_add(usize::from(admission.is_ok()), Ordering::Relaxed);
                    barrier.wait();
                }
            };
            scope.spawn(visit);
        }
    });
    admitted.into_iter().map(AtomicUsize::into_inner).collect()
}

#[test]
fn exactly_as_many_as_the_limit_allows_are_let_in() {
    for (requests, tokens, concurrency) in [(37, 0, 0), (0, 379, 0), (0, 0, 37)] {
        let rounds: Vec<_> = (0..ROUNDS)
            .map(|_| [meter(requests, tokens, concurrency), meter(1_000, 10_000, 1_000)])
            .collect();
        assert_eq!(let_in(&rounds), vec![37; ROUNDS]);
        for [narrow, wide] in &rounds {
            let reading = wide.read(Instant::now());
            assert_eq!(reading.requests.unwrap().remaining, 1_000 - 37);
            assert_eq!(reading.tokens.unwrap().remaining, 10_000 - 370);
            assert_eq!((reading.in_flight, narrow.read(Instant::now()).in_flight), (0, 0));
        }
    }
}
