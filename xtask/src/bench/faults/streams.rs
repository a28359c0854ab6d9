//! Answers that break off: by a reset at any frame, or by an end that is none.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;
use testkit::faulty::{Ending, Fault, Outcome as Given};

use super::caller::End;
use super::load::Run;
use super::stage::{AROUND, Baseline, Plan, Stage, wait};
use super::table::{Row, percent};
use super::upstream::ratio;

/// R1: the connection is reset at every frame, and within it.
pub fn reset(plan: &Plan, baseline: &Baseline) -> Result<Row> {
    // In an order that mixes early and late ones.
    let cuts = (0..82).map(|number| number * 37 % 82);
    let faults = cuts.map(|cut| {
        let (frames, bytes) = (cut / 2, cut % 2 * 11);
        Fault::Break { frames, bytes, ending: Ending::Reset }
    });
    let run = break_off(plan, faults.collect())?;
    Ok(judge("R1", "reset in a stream, at every frame and within it", &run, baseline))
}

/// R3: an end without the dialect's own.
pub fn truncated(plan: &Plan, baseline: &Baseline) -> Result<Row> {
    let endings =
        [Ending::Terminated, Ending::Closed, Ending::TruncatedChunk, Ending::CloseDelimited];
    let faults = endings.map(|ending| Fault::Break { frames: 12, bytes: 0, ending });
    let run = break_off(plan, faults.to_vec())?;
    Ok(judge("R3", "a clean end without the dialect's, four ways", &run, baseline))
}

fn break_off(plan: &Plan, faults: Vec<Fault>) -> Result<Run> {
    let stage = Stage::start(plan, &Value::Null)?;
    let load = stage.load(plan, plan.fault);
    wait(AROUND)?;
    let each = plan.fault / u32::try_from(faults.len()).unwrap_or(1);
    for fault in faults {
        // Three of ten, so that its breaker stays closed and there is something to see.
        let (fault, percent, on) = (Box::new(fault), 30, plan.fault);
        stage.faulty()?.suffer(Fault::Flapping { fault, percent, on, off: Duration::ZERO });
        wait(each)?;
    }
    stage.faulty()?.suffer(Fault::None);
    stage.end(load)
}

fn judge(id: &'static str, fault: &str, run: &Run, baseline: &Baseline) -> Row {
    let broken: BTreeMap<_, _> = run
        .accounts
        .iter()
        .flat_map(|account| &account.attempts)
        .filter(|attempt| attempt.outcome == Given::Broken && attempt.is_streamed)
        .filter_map(|attempt| Some((attempt.request.as_deref()?, attempt.frames)))
        .collect();
    // The provider's last two frames are its usage, which nobody asked for, and after it nothing but the end.
    let most = |frames: usize| frames.min(39);
    let (mut told, mut elsewhere, mut wrong, mut lost) = (0, 0, 0, 0);
    for outcome in &run.outcomes {
        let Some(given) = broken.get(outcome.request.as_str()) else { continue };
        match outcome.end {
            End::Whole if outcome.attempts > 1 => elsewhere += 1,
            End::Error if outcome.frames >= most(*given) || outcome.status != Some(200) => {
                told += 1
            }
            End::Error => lost += 1,
            End::Whole | End::Wrong => wrong += 1,
        }
    }
    let begun_again = run.outcomes.iter().filter(|outcome| {
        let broken = broken.get(outcome.request.as_str());
        broken.is_some_and(|frames| *frames > 2) && outcome.attempts > 1
    });
    Row::new(id, fault)
        .at_least("broken streams told with every frame and one error", percent(told + elsewhere, broken.len()), 100.0)
        .none("ended as if they were whole, or in no way at all", wrong)
        .none("frames lost before the error", lost)
        .none("asked again after text was delivered", begun_again.count())
        .at_most("unaffected p99 / baseline", ratio(run, baseline), 1.5)
        .note(format!(
            "{} requests, {} streams broken, of which {elsewhere} were answered elsewhere; {:.2} % whole in all",
            run.outcomes.len(),
            broken.len(),
            percent(run.whole(), run.outcomes.len())
        ))
        .note(format!("attempts / requests {:.3}", run.attempts() as f64 / run.outcomes.len().max(1) as f64))
}
