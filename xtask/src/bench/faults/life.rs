//! A gateway that is told to stop, or to change, while it is at work.

use std::time::{Duration, Instant};

use anyhow::Result;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::caller::{End, is_listening};
use super::load::Rate;
use super::stage::{AROUND, Baseline, Plan, ROUTE, Stage, wait};
use super::table::{Row, percent};
use super::upstream::ratio;
use crate::process;

/// R22: SIGTERM with live streams that fit, that don't, and a second SIGTERM.
pub fn stopping(plan: &Plan, _baseline: &Baseline) -> Result<Row> {
    let second = Duration::from_secs(1);
    let row = Row::new("R22", format!("SIGTERM with {} live streams", plan.rps));
    let fit = stop(plan, 5 * second, 30 * second, false)?;
    let cut = stop(plan, 60 * second, 35 * second, false)?;
    let twice = stop(plan, 60 * second, 35 * second, true)?;
    Ok(row
        .at_least("streams of 5 s finish whole", percent(fit.whole, fit.streams), 100.0)
        .figure("then its exit code", fit.code_text(), "0", fit.code == Some(0))
        .within("nothing new begins after", fit.refused_after, Duration::from_millis(100))
        .at_least("streams of 60 s end with one error", percent(cut.errors, cut.streams), 100.0)
        .within("it is gone after", cut.gone_after, 31 * second)
        .figure("then its exit code", cut.code_text(), "0", cut.code == Some(0))
        .within("a second signal ends it in", twice.gone_after, second)
        .note(format!("exit code after a second signal: {}", twice.code_text())))
}

/// What came of one stop.
struct Stop {
    streams: usize,
    whole: usize,
    errors: usize,
    refused_after: Duration,
    /// From the last signal.
    gone_after: Duration,
    code: Option<i32>,
}

impl Stop {
    fn code_text(&self) -> String {
        self.code.map_or("none".to_owned(), |code| code.to_string())
    }
}

fn stop(plan: &Plan, stream: Duration, limit: Duration, twice: bool) -> Result<Stop> {
    let mut stage = Stage::start_with_streams(plan, stream, &Value::Null)?;
    let rate = Rate {
        per_second: plan.rps,
        streams_percent: 100,
        time: AROUND,
        model: ROUTE.to_owned(),
        name: "",
    };
    let load = stage.load_of(rate);
    wait(AROUND + Duration::from_millis(500))?;
    let mut signalled = Instant::now();
    stage.gateway.running.signal(Signal::TERM)?;
    while is_listening(stage.gateway.address) && signalled.elapsed() < limit {
        std::thread::sleep(Duration::from_millis(2));
    }
    let refused_after = signalled.elapsed();
    if twice {
        wait(AROUND)?;
        signalled = Instant::now();
        stage.gateway.running.signal(Signal::TERM)?;
    }
    let status = loop {
        let status = stage.gateway.running.ended()?;
        if status.is_some() || signalled.elapsed() > limit {
            break status;
        }
        process::pause()?;
    };
    let gone_after = signalled.elapsed();
    if status.is_none() {
        stage.gateway.running.signal(Signal::KILL)?;
    }
    let outcomes = load.end()?;
    let count = |end: End| outcomes.iter().filter(|outcome| outcome.end == end).count();
    Ok(Stop {
        streams: outcomes.len(),
        whole: count(End::Whole),
        errors: count(End::Error),
        refused_after,
        gone_after,
        code: status.and_then(|status| status.code()),
    })
}

/// R24: changes to providers, routes and keys under load, every tenth of them invalid.
pub fn changing(plan: &Plan, baseline: &Baseline) -> Result<Row> {
    /// A thousand in a minute.
    const PAUSE: Duration = Duration::from_millis(60);
    let stage = Stage::start(plan, &Value::Null)?;
    let warm = stage.load(plan, Duration::ZERO);
    stage.end(warm)?;
    let before = stage.memory_mib()?;
    let time = 2 * plan.fault;
    let load = stage.load(plan, time);
    wait(AROUND)?;
    let began = Instant::now();
    let (mut changes, mut refused, mut wrong) = (0, 0, 0);
    while began.elapsed() < time {
        let (status, _) = change(&stage, changes)?;
        let is_invalid = changes % 10 == 9;
        refused += usize::from(is_invalid && (400..500).contains(&status));
        wrong += usize::from(is_invalid == (status == 200));
        changes += 1;
        std::thread::sleep(
            (began + PAUSE * u32::try_from(changes)?).saturating_duration_since(Instant::now()),
        );
    }
    let run = stage.end(load)?;
    let after = stage.memory_mib()?;
    Ok(Row::new("R24", format!("{changes} changes in {time:?}, every tenth of them invalid"))
        .none("requests that were not answered whole", run.outcomes.len() - run.whole())
        .figure(
            "invalid ones refused",
            refused,
            &format!("{}", changes / 10),
            refused == changes / 10,
        )
        .none("changes that went otherwise than they should", wrong)
        .at_most("unaffected p99 / baseline", ratio(&run, baseline), 1.5)
        .figure(
            "memory after / before",
            format!("{after:.1} / {before:.1} MiB"),
            "<= 1.05",
            after <= before * 1.05,
        ))
}

fn change(stage: &Stage, number: usize) -> Result<(u16, Value)> {
    let candidate =
        |name: &str, weight: usize| json!({ "provider": name, "model": "alpha", "weight": weight });
    let route = format!("/api/routes/{ROUTE}");
    match number % 10 {
        9 if number % 20 == 9 => {
            let empty = json!({ "strategy": "weighted", "candidates": [] });
            stage.try_to_manage("PUT", &route, Some(&empty))
        }
        9 => stage.try_to_manage("PATCH", "/api/providers/b", Some(&json!({ "timeout": -1 }))),
        0 | 3 | 6 => {
            let candidates = [candidate("a", 1 + number % 3), candidate("b", 1), candidate("c", 1)];
            let body = json!({ "strategy": "weighted", "candidates": candidates });
            stage.try_to_manage("PUT", &route, Some(&body))
        }
        1 | 4 | 7 => {
            let body = json!({ "timeout": 100 + number });
            stage.try_to_manage("PATCH", "/api/providers/b", Some(&body))
        }
        _ => {
            let body = json!({ "name": format!("key-{number}") });
            let (status, made) = stage.try_to_manage("POST", "/api/keys", Some(&body))?;
            let Some(id) = made.get("id").and_then(Value::as_str) else {
                return Ok((status, made));
            };
            stage.try_to_manage("DELETE", &format!("/api/keys/{id}"), None)
        }
    }
}
