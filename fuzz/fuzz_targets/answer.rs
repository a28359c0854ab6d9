//! Fuzzes `targets::answer`.
#![no_main]
#![allow(dead_code)]

#[path = "../../crates/dialects/tests/fuzzing/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::answer(data));
