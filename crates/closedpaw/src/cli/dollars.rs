//! Money as a person reads it.

/// Billionths of a US dollar as dollars: to the cent where there are dollars, and to a millionth where there are none.
pub fn dollars(nano_usd: u64) -> String {
    const DOLLAR: u64 = 1_000_000_000;
    // What rounds to a whole dollar is written like one.
    let unit = if nano_usd >= DOLLAR - 500 { 10_000_000 } else { 1000 };
    let units = nano_usd / unit + u64::from(nano_usd % unit >= unit / 2);
    let (whole, part) = (units / (DOLLAR / unit), units % (DOLLAR / unit));
    if nano_usd > 0 && units == 0 {
        return "<$0.000001".to_owned();
    }
    let width = if unit == 1000 && part > 0 { 6 } else { 2 };
    format!("${whole}.{part:0width$}")
}

#[cfg(test)]
mod tests {
    use super::dollars;

    #[test]
    fn amounts_are_readable_at_every_size() {
        for (nano_usd, expected) in [
            (0, "$0.00"),
            (1, "<$0.000001"),
            (499, "<$0.000001"),
            (500, "$0.000001"),
            (22_050, "$0.000022"),
            (120_000_000, "$0.120000"),
            (999_999_499, "$0.999999"),
            (999_999_500, "$1.00"),
            (1_004_999_999, "$1.00"),
            (1_005_000_000, "$1.01"),
            (1_234_567_890_000, "$1234.57"),
            (u64::MAX, "$18446744073.71"),
        ] {
            assert_eq!(dollars(nano_usd), expected, "{nano_usd}");
        }
    }
}
