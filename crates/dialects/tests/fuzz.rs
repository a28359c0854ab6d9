//! A short fuzzing run with a fixed seed: our fixtures, damaged. `fuzz/` goes on from here for hours.
#![allow(clippy::expect_used)]

#[path = "fuzzing/targets.rs"]
mod targets;

use std::path::Path;
use std::sync::LazyLock;
use std::{fs, panic};

use testkit::fixtures;

/// Rounds for a target that reads bytes, and for one that has every dialect read and write: a second or two
/// without optimization.
const ROUNDS: u64 = 20_000;
const ROUNDS_IN_EVERY_DIALECT: u64 = 1_000;

/// Seeds longer than this make rounds slow, and say no more.
const LONGEST_SEED_BYTES: u64 = 8_192;

/// Bytes that mean something to one of the formats.
const SPECIAL: [&[u8]; 18] = [
    b"{", b"}", b"[", b"]", b"\"", b",", b":", b"\\", b"\n", b"\r", b"\n\n", b"null", b"-1",
    b"1e400", b"\\ud800", b"\xff", b"\r\n", b"data: ",
];

/// The requests, answers and streams among the fixtures.
static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut seeds = Vec::new();
    collect(&fixtures::own_root(), &mut seeds);
    assert!(seeds.len() > 50);
    seeds
});

fn collect(folder: &Path, seeds: &mut Vec<Vec<u8>>) {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("fixtures")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, seeds);
        } else if path.extension().is_some_and(|extension| extension == "snap") {
            // What was written of the other seeds.
        } else if fs::metadata(&path).expect("a file").len() <= LONGEST_SEED_BYTES {
            let bytes = fs::read(&path).expect("a file");
            // A recorded exchange holds the body that is of interest.
            let exchange: Option<serde_json::Value> = serde_json::from_slice(&bytes).ok();
            let body = exchange.and_then(|mut exchange| Some(exchange.get_mut("body")?.take()));
            seeds.push(body.map_or(bytes, |body| body.to_string().into_bytes()));
        }
    }
}

/// Numbers that look random (SplitMix64), always the same ones.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut n = self.0;
        n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((n ^ (n >> 31)) % (end.max(1) as u64)).unwrap_or_default()
    }

    fn seed(&mut self) -> &'static [u8] {
        SEEDS.get(self.below(SEEDS.len())).expect("a seed")
    }

    /// A seed with up to four pieces cut, put in, doubled or overwritten.
    fn damaged(&mut self) -> Vec<u8> {
        let mut bytes = self.seed().to_vec();
        for _ in 0..self.below(5) {
            let start = self.below(bytes.len() + 1);
            let end = (start + self.below(12)).min(bytes.len());
            let piece = match self.below(4) {
                0 => Vec::new(),
                1 => SPECIAL
                    .get(self.below(SPECIAL.len()))
                    .map(|piece| piece.to_vec())
                    .unwrap_or_default(),
                2 => bytes.get(start..end).map(|piece| piece.repeat(2)).unwrap_or_default(),
                _ => {
                    let other = self.seed();
                    let from = self.below(other.len());
                    other.iter().skip(from).take(self.below(40)).copied().collect()
                }
            };
            bytes.splice(start..end, piece);
        }
        bytes
    }
}

fn run(name: &str, rounds: u64, target: fn(&[u8])) {
    let mut numbers = Numbers(1);
    for round in 0..rounds {
        let data = numbers.damaged();
        let outcome = panic::catch_unwind(|| target(&data));
        assert!(outcome.is_ok(), "{name}, round {round}: {}", data.escape_ascii());
    }
}

#[test]
fn envelope() {
    run("envelope", ROUNDS, targets::envelope);
}

#[test]
fn frames() {
    run("frames", ROUNDS, targets::frames);
}

#[test]
fn sse() {
    run("sse", ROUNDS, targets::sse);
}

#[test]
fn ndjson() {
    run("ndjson", ROUNDS, targets::ndjson);
}

#[test]
fn stream() {
    run("stream", ROUNDS_IN_EVERY_DIALECT, targets::stream);
}

#[test]
fn answer() {
    run("answer", ROUNDS_IN_EVERY_DIALECT, targets::answer);
}

#[test]
fn request() {
    run("request", ROUNDS_IN_EVERY_DIALECT, targets::request);
}
