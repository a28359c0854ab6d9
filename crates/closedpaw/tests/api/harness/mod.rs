//! What every test of the program stands on: a gateway of its own, a plain HTTP client and six scripted vendors.

mod callers;
mod gateway;
mod http;
mod moody;
mod vendors;

use std::time::{Duration, Instant};

pub use callers::{CALLERS, Caller, caller};
pub use gateway::{Gateway, Home};
pub use http::{Answer, Ask, Kept, Live};
pub use moody::{Moody, failure};
pub use vendors::{VENDORS, Vendor, openai, vendor};

/// Waits until something has happened that is about to happen.
pub fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !happened() {
        assert!(Instant::now() < deadline, "it did not happen: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Runs `work` so many times at once, and returns what each run came to.
pub fn at_once<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let work = &work;
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..count).map(|run| scope.spawn(move || work(run))).collect();
        runs.into_iter().map(|run| run.join().expect("a run that panicked")).collect()
    })
}
