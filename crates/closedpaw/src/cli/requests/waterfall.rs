//! The tries of a request under each other, each where it stands in time.

use serde_json::Value;

use crate::cli::{cell, screen::Rows};

pub const HEADINGS: [&str; 12] = [
    "try",
    "provider",
    "model",
    "key",
    "began ms",
    "took ms",
    "first byte ms",
    "waterfall",
    "status",
    "error",
    "blame",
    "reason",
];

/// How many characters the whole request is wide.
const WIDTH: u64 = 24;

/// A row for each try.
pub fn rows(request: &Value) -> Rows {
    let count = |value: &Value, member: &str| value.get(member).and_then(Value::as_u64);
    let attempts = request.get("attempts").and_then(Value::as_array);
    let total = count(request, "duration_ms").unwrap_or_default();
    let row = |(number, attempt): (usize, &Value)| {
        let text = |member| cell::text(attempt.get(member));
        let began = count(attempt, "began_ms").unwrap_or_default();
        let took = count(attempt, "duration_ms").unwrap_or_default();
        vec![
            (number + 1).to_string(),
            text("provider"),
            text("model"),
            text("key"),
            text("began_ms"),
            text("duration_ms"),
            text("first_byte_ms"),
            bar(began, took, total),
            text("status"),
            text("error"),
            text("blame"),
            text("reason"),
        ]
    };
    attempts.into_iter().flatten().enumerate().map(row).collect()
}

/// Dots for the time before and after, blocks for the try: at least one, however short it was.
fn bar(began: u64, took: u64, total: u64) -> String {
    let at = |ms: u64| (u128::from(ms) * u128::from(WIDTH)).checked_div(total.into());
    let column = |ms| at(ms).and_then(|at| u64::try_from(at).ok()).unwrap_or(WIDTH);
    let from = column(began).min(WIDTH - 1);
    let to = column(began.saturating_add(took)).clamp(from + 1, WIDTH);
    (0..WIDTH).map(|at| if (from..to).contains(&at) { '█' } else { '·' }).collect()
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn a_try_stands_where_it_was() {
        let check = |began, took, total, expected: &str| {
            assert_eq!(bar(began, took, total), expected, "{began} {took} {total}");
        };
        check(0, 24, 24, "████████████████████████");
        check(0, 12, 24, "████████████············");
        check(12, 12, 24, "············████████████");
        check(6, 1, 24, "······█·················");
        check(0, 0, 24, "█·······················");
        check(24, 5, 24, "·······················█");
        check(0, 0, 0, "·······················█");
        check(u64::MAX, u64::MAX, 1, "·······················█");
    }
}
