//! A wall clock that jumps.

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::load::Rate;
use super::stage::{AROUND, Baseline, Plan, Stage, wait};
use super::table::{Row, percent};
use super::upstream::ratio;
use crate::{faketime, interrupt};

/// Where the clock jumps to, as libfaketime spells it.
const JUMPS: [&str; 6] = ["+2y", "-1y", "+3600", "-3600", "+0 x100", "@2029-03-25 01:59:58"];

const FAULT: &str =
    "the wall clock jumps: +2 y, -1 y, +1 h, -1 h, a hundred times as fast, over a change of time";

/// Chats in any minute that the limited provider takes.
const LIMIT: usize = 20;

/// R16: jumps of the wall clock.
pub fn jumping(plan: &Plan, baseline: &Baseline) -> Result<Row> {
    let library = match faketime::obtain() {
        Ok(library) => library,
        Err(signal) if signal.is::<interrupt::Interrupted>() => return Err(signal),
        Err(reason) => return Ok(Row::skipped("R16", FAULT, &reason)),
    };
    let clock = |folder: &Path| folder.join("clock");
    let environment = |folder: &Path| {
        let clock = clock(folder);
        jump(&clock, "+0")?;
        let variables = faketime::environment(&library, &clock);
        Ok(variables.map(|(name, value)| (name, value.to_owned())).to_vec())
    };
    let stage = Stage::start_under(environment, plan, plan.stream, &Value::Null)?;
    let clock = clock(&stage.home.path);
    stage.register("limited", stage.faulty()?.address(), &json!({ "rate_limit": LIMIT }))?;
    let load = stage.load(plan, plan.fault);
    let limited = stage.load_of(Rate {
        per_second: 10,
        streams_percent: 0,
        time: plan.fault,
        model: "limited/alpha".to_owned(),
        name: "limited-",
    });
    wait(AROUND)?;
    for to in JUMPS {
        jump(&clock, to)?;
        wait(plan.fault / u32::try_from(JUMPS.len()).unwrap_or(1))?;
    }
    let limited = limited.end()?;
    let run = stage.end(load)?;
    let admitted = limited.iter().filter(|outcome| outcome.is_whole()).count();
    let should = LIMIT.min(limited.len());
    Ok(Row::new("R16", FAULT)
        .at_least("answered whole", percent(run.whole(), run.outcomes.len()), 100.0)
        .figure("admitted by a limit of 20 in a minute", admitted, "20", admitted == should)
        .at_most(
            "attempts / requests",
            (run.attempts() - admitted) as f64 / run.outcomes.len().max(1) as f64,
            1.0,
        )
        .none("panics", stage.panics())
        .at_most("unaffected p99 / baseline", ratio(&run, baseline), 1.5))
}

fn jump(clock: &Path, to: &str) -> Result<()> {
    // A reader sees the old time or the new one, never half of it.
    let new = clock.with_extension("new");
    fs::write(&new, format!("{to}\n"))?;
    Ok(fs::rename(new, clock)?)
}
