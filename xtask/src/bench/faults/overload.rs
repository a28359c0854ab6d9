//! Callers that send slowly, and callers that are more than can be served.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};
use testkit::faulty::{FaultyProvider, Pace, Speech};

use super::load::Rate;
use super::stage::{AROUND, Baseline, Plan, Stage, wait};
use super::table::{Row, percent, percentile};
use super::upstream::ratio;

/// R17: clients that are silent, or send half a head, half a body, or half a preface of HTTP/2.
pub fn slow_clients(plan: &Plan, baseline: &Baseline) -> Result<Row> {
    let stage = Stage::start(plan, &Value::Null)?;
    let time = Duration::from_secs(12);
    let load = stage.load(plan, time);
    wait(AROUND)?;
    let began = Instant::now();
    let mut slow = Vec::new();
    for number in 0..plan.slow_clients {
        slow.push(slow_client(stage.gateway.address, number)?);
    }
    let opened = began.elapsed();
    let mut drip = 0;
    while began.elapsed() < time {
        // One byte a second, of those that send half a body.
        for stream in slow.iter_mut().skip(2).step_by(4) {
            let _it_was_hung_up_on = stream.write_all(b"x");
        }
        drip += 1;
        wait(Duration::from_secs(1))?;
    }
    let closed = |kind: usize| {
        let of_kind = slow.iter().skip(kind).step_by(4);
        let closed = of_kind.clone().filter(|stream| is_closed(stream)).count();
        percent(closed, of_kind.count())
    };
    let (silent, head) = (closed(0), closed(1));
    let run = stage.end(load)?;
    Ok(Row::new("R17", format!("{} clients that send slowly or nothing", plan.slow_clients))
        .none("refused or broken", run.outcomes.len() - run.whole())
        .at_most("p99 / baseline", ratio(&run, baseline), 2.0)
        .at_least("silent ones closed after 10 s", silent, 100.0)
        .at_least("half a head closed after 10 s", head, 100.0)
        .note(format!("opened in {opened:.1?}; {drip} bytes dripped into each half body")))
}

fn slow_client(address: SocketAddr, number: usize) -> Result<TcpStream> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(10))?;
    let head = format!("POST /v1/chat/completions HTTP/1.1\r\nhost: {address}\r\n");
    let begun = match number % 4 {
        0 => String::new(),
        1 => head,
        2 => head + "content-type: application/json\r\ncontent-length: 500\r\n\r\n{",
        _ => "PRI * HTTP/2.0\r\n\r\nSM".to_owned(),
    };
    // What is refused at once may be refused before all of it is sent.
    let _refused = stream.write_all(begun.as_bytes());
    stream.set_nonblocking(true)?;
    Ok(stream)
}

fn is_closed(stream: &TcpStream) -> bool {
    let mut piece = [0; 512];
    loop {
        match stream.peek(&mut piece) {
            Ok(0) => return true,
            // An answer stands before the end; the end may follow it.
            Ok(_) => match std::io::Read::read(&mut &*stream, &mut piece) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() != std::io::ErrorKind::WouldBlock,
            },
            Err(error) => return error.kind() != std::io::ErrorKind::WouldBlock,
        }
    }
}

/// R20: ten times what a provider may serve.
pub fn burst(plan: &Plan, _baseline: &Baseline) -> Result<Row> {
    const THINK: Duration = Duration::from_millis(100);
    let stage = Stage::start(plan, &Value::Null)?;
    let at_once = usize::try_from(plan.rps)? / 10;
    let provider =
        FaultyProvider::start(Speech::openai(40), Pace { think: THINK, stream: Duration::ZERO });
    let limits = json!({ "limits": { "concurrency": at_once }, "queue": { "length": at_once * 5, "wait": 1 } });
    stage.register("full", provider.address(), &limits)?;
    let rate = |per_second, time, name| Rate {
        per_second,
        streams_percent: 0,
        time,
        model: "full/alpha".to_owned(),
        name,
    };
    // Warm, so that what is compared is a gateway at work.
    stage.load_of(rate(plan.rps / 2, 2 * AROUND, "warm-")).end()?;
    let before = stage.memory_mib()?;
    let warm = provider.chats();
    let began = Instant::now();
    let load = stage.load_of(rate(plan.rps * 10, plan.fault, "burst-"));
    wait(plan.fault)?;
    let served = provider.chats() - warm;
    let peak = stage.memory_mib()?;
    let burst = began.elapsed();
    let outcomes = load.end()?;
    let capacity = at_once as f64 / THINK.as_secs_f64() * burst.as_secs_f64();
    let shed: Vec<_> = outcomes.iter().filter(|outcome| !outcome.is_whole()).collect();
    let proper = shed
        .iter()
        .filter(|outcome| matches!(outcome.status, Some(503 | 429)) && outcome.has_retry_after);
    let proper = percent(proper.count(), shed.len());
    let mut to_shed: Vec<_> = shed.iter().map(|outcome| outcome.took).collect();
    let mut to_serve: Vec<_> =
        outcomes.iter().filter(|outcome| outcome.is_whole()).map(|outcome| outcome.took).collect();
    let rest = Duration::from_secs(15);
    wait(rest)?;
    let after = stage.memory_mib()?;
    let in_flight = provider.account().most_in_flight;
    Ok(Row::new("R20", format!("ten times what fits ({} a second) for {:?}", plan.rps, plan.fault))
        .at_least("goodput, of what fits", served as f64 * 100.0 / capacity, 90.0)
        .at_least("shed by 503 or 429 with Retry-After", proper, 100.0)
        .within("time to shed, median", percentile(&mut to_shed, 50), Duration::from_millis(50))
        .within("time to shed, p90", percentile(&mut to_shed, 90), Duration::from_millis(50))
        .within(
            "served within, p99",
            percentile(&mut to_serve, 99),
            THINK + Duration::from_secs(1) + Duration::from_millis(200),
        )
        .figure(
            "at once at the provider",
            in_flight,
            &format!("<= {at_once}"),
            in_flight <= at_once,
        )
        .figure(
            "memory after the burst / before",
            format!("{after:.1} / {before:.1} MiB"),
            "<= 1.05, after 30 s",
            after <= before * 1.05,
        )
        .note(format!(
            "{} requests, {} shed; memory at the peak {peak:.1} MiB, and {} s later {after:.1} MiB",
            outcomes.len(),
            shed.len(),
            rest.as_secs()
        )))
}
