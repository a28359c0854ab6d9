//! How long to wait before another try: anywhere between nothing and a bound that doubles ("full jitter").

use std::time::Duration;

use crate::Dice;

const FIRST: Duration = Duration::from_millis(25);
const MOST: Duration = Duration::from_secs(1);

/// Draws the wait before the try after `failures` failed ones.
pub fn full_jitter(failures: u32, dice: Dice<'_>) -> Duration {
    let bound = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(MOST);
    let bound_us = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(dice() % (bound_us + 1))
}
