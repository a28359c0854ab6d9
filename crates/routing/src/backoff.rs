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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::full_jitter;

    #[test]
    fn the_bound_doubles_up_to_a_second() {
        let check = |failures, bound_ms| {
            let bound = Duration::from_millis(bound_ms);
            let bound_us = bound_ms * 1000;
            assert_eq!(full_jitter(failures, &mut || 0), Duration::ZERO);
            assert_eq!(full_jitter(failures, &mut || bound_us), bound);
            assert_eq!(full_jitter(failures, &mut || bound_us + 1), Duration::ZERO);
        };
        check(0, 25);
        check(1, 25);
        check(2, 50);
        check(6, 800);
        check(7, 1000);
        check(u32::MAX, 1000);
    }
}
