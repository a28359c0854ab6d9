//! A provider that answers 429, and says when to come again in every spelling that there is.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use serde_json::Value;
use testkit::faulty::{Fault, http_date};

use super::stage::{AROUND, Baseline, Plan, Stage, wait};
use super::table::{Row, percent, series};
use super::upstream::{longest, ratio};

/// What is waited for the traffic to come back.
const RECOVERY: Duration = Duration::from_secs(4);

/// R5: a storm of 429.
pub fn limited(plan: &Plan, baseline: &Baseline) -> Result<Row> {
    let date = http_date(SystemTime::now() + Duration::from_secs(3600));
    let spellings = [
        ("0", "0", false),
        ("2", "2", true),
        ("3600", "3600", false),
        ("a date in an hour", date.as_str(), false),
        ("no number", "soon", false),
        ("-5", "-5", false),
    ];
    let mut row = Row::new("R5", "429 with a Retry-After of each spelling");
    for (name, value, comes_back) in spellings {
        let stage = Stage::start(plan, &Value::Null)?;
        let fault = plan.fault.max(Duration::from_secs(4));
        let recovery = if comes_back { RECOVERY } else { Duration::ZERO };
        let load = stage.load(plan, fault + recovery);
        wait(AROUND)?;
        let began = Instant::now();
        stage.faulty()?.suffer(Fault::limited(value));
        wait(fault)?;
        let over = Instant::now();
        stage.faulty()?.suffer(Fault::None);
        let run = stage.end(load)?;
        let a = run.accounts.first().context("there is no account")?;
        let usual = f64::from(plan.rps) / 3.0;
        let last_second = a.between(over - Duration::from_secs(1), over) as f64 * 100.0 / usual;
        let what = |what: &str| format!("{name}: {what}");
        row = row.at_least(what("answered whole"), percent(run.whole(), run.outcomes.len()), 99.0);
        if value != "0" {
            row = row.figure(
                what("rate to it in the last second"),
                format!("{last_second:.1} %"),
                "<= 10 %",
                last_second <= 10.0,
            );
        }
        if comes_back {
            let after = a.per_second(over);
            let most = after.iter().max().copied().unwrap_or_default() as f64 / usual;
            let back = after.iter().position(|count| *count as f64 > usual * 0.7);
            let back = back.map_or("never".to_owned(), |second| format!("second {}", second + 1));
            let is_back = back != "never";
            row = row.figure(what("its full rate again"), back, "within 10 s", is_back).at_most(
                what("highest rate then / usual"),
                most,
                2.0,
            );
        }
        row = row
            .at_most(
                what("attempts / requests"),
                run.attempts() as f64 / run.outcomes.len().max(1) as f64,
                1.10,
            )
            .at_most(what("unaffected p99 / baseline"), ratio(&run, baseline), 1.5)
            .note(format!(
                "{name}: asked in each second: {}; longest {}",
                series(&a.per_second(began)),
                longest(&run)
            ));
    }
    Ok(row)
}
