//! A provider that refuses, stalls or flaps before it answers.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use testkit::faulty::{Attempt, Fault, Outcome as Given};

use super::load::Run;
use super::stage::{AROUND, Baseline, Plan, Stage, wait};
use super::table::{Row, ms, percent, series};

/// R2: refused or reset before the head.
pub fn refused(plan: &Plan, baseline: &Baseline) -> Result<Row> {
    let stage = Stage::start(plan, &Value::Null)?;
    let load = stage.load(plan, plan.fault);
    wait(AROUND)?;
    for fault in [Fault::ResetBeforeHead, Fault::Dark] {
        stage.faulty()?.suffer(fault);
        wait(plan.fault / 2)?;
    }
    stage.faulty()?.suffer(Fault::None);
    let run = stage.end(load)?;
    // What it was streaming when it went dark had begun, and is nobody's retry.
    let begun =
        run.outcomes.iter().filter(|outcome| !outcome.is_whole() && outcome.frames > 0).count();
    let asked = run.outcomes.len();
    Ok(Row::new("R2", "reset before the head, then refused")
        .at_least(
            "answered whole, but for streams that had begun",
            percent(run.whole() + begun, asked),
            99.9,
        )
        .figure(
            "attempts for one request, at most",
            run.most_attempts(),
            "<= 3",
            run.most_attempts() <= 3,
        )
        .at_most("attempts / requests", run.attempts() as f64 / asked.max(1) as f64, 1.10)
        .at_most("unaffected p99 / baseline", ratio(&run, baseline), 1.5)
        .note(format!("{asked} requests, {begun} streams had begun when it went dark")))
}

/// R4: no head; after the head; within an event; a byte now and then.
pub fn stalled(plan: &Plan, baseline: &Baseline) -> Result<Row> {
    const CAP: usize = 100;
    let deadline = Duration::from_secs(1);
    // A whole answer has no first token: its head comes when it is complete.
    let total = 2 * plan.stream.max(2 * deadline);
    let more = json!({
        "timeouts": { "connect": 1, "first_token": 1, "idle": 1 }, "timeout": total.as_secs(),
        "limits": { "concurrency": 400 },
    });
    let mut row =
        Row::new("R4", "stalls; each phase of a stream has 1 s, and the provider 100 at once");
    let stalls = [
        ("no head", Fault::NoHead),
        ("after the head", Fault::stall(0, 0)),
        ("within an event", Fault::stall(5, 20)),
        ("a byte in 10 s", Fault::Trickle(Duration::from_secs(10))),
    ];
    for (name, fault) in stalls {
        let stage = Stage::start(plan, &more)?;
        stage.manage(
            "PATCH",
            "/api/providers/a",
            Some(&json!({ "limits": { "concurrency": CAP } })),
        )?;
        let load = stage.load(plan, plan.fault / 2);
        wait(AROUND)?;
        stage.faulty()?.suffer(fault);
        wait(plan.fault / 2)?;
        stage.faulty()?.suffer(Fault::None);
        let run = stage.end(load)?;
        let a = run.accounts.first().context("there is no account")?;
        let stalled: BTreeSet<_> = a
            .attempts
            .iter()
            .filter(|attempt| [Given::Broken, Given::HungUp].contains(&attempt.outcome))
            .filter_map(|attempt| attempt.request.as_deref())
            .collect();
        // Five of forty frames take an eighth of a stream, and then the deadline begins.
        let due = |is_streamed| if is_streamed { deadline + plan.stream / 8 } else { total };
        let failed = run
            .outcomes
            .iter()
            .filter(|outcome| !outcome.is_whole() && stalled.contains(outcome.request.as_str()))
            .map(|outcome| outcome.took.saturating_sub(due(outcome.is_streamed)));
        let (errors, late) = (failed.clone().count(), failed.max().unwrap_or_default());
        row = row
            .within(
                format!("{name}: slowest error, past its deadline"),
                late,
                Duration::from_secs(1),
            )
            .at_most(format!("{name}: unaffected p99 / baseline"), ratio(&run, baseline), 1.5)
            .figure(
                format!("{name}: connections to it, at most"),
                a.most_connections,
                "<= 101",
                a.most_connections <= CAP + 1,
            )
            .note(format!(
                "{name}: {} requests, {} stalled, {} errors, {:.2} % whole",
                run.outcomes.len(),
                stalled.len(),
                errors,
                percent(run.whole(), run.outcomes.len())
            ));
    }
    Ok(row)
}

/// R6: failing for a second and well for a second, with all requests or with half of them.
pub fn flapping(plan: &Plan, baseline: &Baseline) -> Result<Row> {
    let second = Duration::from_secs(1);
    let time = plan.fault.max(Duration::from_secs(4)) * 2;
    let mut row = Row::new("R6", "5xx for a second, well for a second");
    for percent_failing in [100, 50] {
        let stage = Stage::start(plan, &Value::Null)?;
        let load = stage.load(plan, time);
        wait(AROUND)?;
        let fault = Box::new(Fault::status(500));
        let began = Instant::now();
        stage.faulty()?.suffer(Fault::Flapping {
            fault,
            percent: percent_failing,
            on: second,
            off: second,
        });
        wait(time)?;
        stage.faulty()?.suffer(Fault::None);
        let run = stage.end(load)?;
        let a = run.accounts.first().context("there is no account")?;
        let failures = a.count(Given::Refused);
        let errors = run.outcomes.len() - run.whole();
        // While it is open nothing but trials comes: a pause is an opening.
        let pauses: Vec<_> = a
            .attempts
            .windows(2)
            .filter_map(|pair| match pair {
                [last, next] if next.at - last.at > 3 * second => Some(last.at),
                _ => None,
            })
            .collect();
        let reached = threshold(&a.attempts);
        // It may be left alone to the end.
        let left_alone = pauses.first().copied().or(a.attempts.last().map(|attempt| attempt.at));
        let late = left_alone.zip(reached).map(|(last, at)| last.saturating_duration_since(at));
        let what = |what: &str| format!("{percent_failing} %: {what}");
        row = row
            .figure(
                what("errors to callers / failures it produced"),
                format!("{errors} / {failures}"),
                "no more",
                errors <= failures,
            )
            .within(
                what("from the threshold to its being left alone"),
                late.unwrap_or_default(),
                second,
            )
            .at_most(what("openings in 5 s"), pauses.len() as f64 * 5.0 / time.as_secs_f64(), 1.0)
            .at_most(
                what("attempts / requests"),
                run.attempts() as f64 / run.outcomes.len().max(1) as f64,
                1.10,
            )
            .at_most(what("unaffected p99 / baseline"), ratio(&run, baseline), 1.5)
            .note(format!(
                "{percent_failing} %: asked in each second: {}",
                series(&a.per_second(began))
            ));
    }
    Ok(row)
}

/// When so many had failed that a breaker opens: five in a row, or half of twenty and more within ten seconds.
fn threshold(attempts: &[Attempt]) -> Option<Instant> {
    let window = Duration::from_secs(10);
    let is_failure = |attempt: &&Attempt| attempt.outcome == Given::Refused;
    let reached = |number: usize| {
        let so_far = attempts.get(..=number)?;
        let now = so_far.last()?.at;
        let in_a_row = so_far.iter().rev().take_while(is_failure).count();
        let recent = so_far.iter().rev().take_while(|attempt| now - attempt.at < window);
        let (all, failed) = (recent.clone().count(), recent.filter(is_failure).count());
        (in_a_row >= 5 || all >= 20 && failed * 2 >= all).then_some(now)
    };
    (0..attempts.len()).find_map(reached)
}

/// What the gateway added to unaffected requests, against the run without a fault.
pub fn ratio(run: &Run, baseline: &Baseline) -> f64 {
    run.unaffected_p99().as_secs_f64() / baseline.p99.as_secs_f64().max(1e-9)
}

/// The longest that any caller waited.
pub fn longest(run: &Run) -> String {
    ms(run.outcomes.iter().map(|outcome| outcome.took).max().unwrap_or_default())
}
