//! A gateway with three scripted providers behind one route, and what it costs.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testkit::faulty::{FaultyProvider, Pace, Speech};

use super::caller::Callers;
use super::load::{Load, Rate, Run};
use super::table::{Row, ms, percent};
use crate::gateway::{Gateway, Home};
use crate::http::Request;
use crate::{interrupt, process};

/// The route that stands for all three.
pub const ROUTE: &str = "any";

/// Before the fault, and after it, the load runs on for so long.
pub const AROUND: Duration = Duration::from_secs(1);

const THINK: Duration = Duration::from_millis(20);
const FRAMES: usize = 40;
const NAMES: [&str; 3] = ["a", "b", "c"];
const ADMIN_LIMIT: Duration = Duration::from_secs(20);

/// What is measured, and how hard.
pub struct Plan {
    pub program: PathBuf,
    pub rps: u32,
    pub streams_percent: u32,
    /// How long a fault lasts.
    pub fault: Duration,
    pub stream: Duration,
    pub slow_clients: usize,
}

/// What the others are compared with.
pub struct Baseline {
    /// What the gateway adds, 99th percentile.
    pub p99: Duration,
}

/// Everything that runs for one row.
pub struct Stage {
    pub gateway: Gateway,
    pub providers: Vec<FaultyProvider>,
    pub home: Home,
    key: String,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// Starts all of it; each provider is registered with the members that `more` adds.
    pub fn start(plan: &Plan, more: &Value) -> Result<Self> {
        Self::start_under(|_| Ok(Vec::new()), plan, plan.stream, more)
    }

    /// The same, with streams of another length.
    pub fn start_with_streams(plan: &Plan, stream: Duration, more: &Value) -> Result<Self> {
        Self::start_under(|_| Ok(Vec::new()), plan, stream, more)
    }

    /// The same, with variables in the gateway's environment that may depend on its folder.
    pub fn start_under(
        environment: impl FnOnce(&Path) -> Result<Vec<(&'static str, PathBuf)>>,
        plan: &Plan,
        stream: Duration,
        more: &Value,
    ) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("closedpaw-faults-").tempdir()?;
        let environment = environment(folder.path())?;
        let environment: Vec<_> =
            environment.iter().map(|(name, value)| (*name, value.as_path())).collect();
        let home = Home { path: folder.path().to_owned() };
        let gateway = Gateway::start_under(&environment, &plan.program, &home, 0)?;
        let key = fs::read_to_string(home.admin_key())?.trim().to_owned();
        let pace = Pace { think: THINK, stream };
        let providers =
            NAMES.iter().map(|_| FaultyProvider::start(Speech::openai(FRAMES), pace)).collect();
        let stage = Self { gateway, providers, home, key, _folder: folder };
        for (name, provider) in NAMES.iter().zip(&stage.providers) {
            stage.register(name, provider.address(), more)?;
        }
        let candidates = NAMES.map(|name| json!({ "provider": name, "model": "alpha" }));
        let route = json!({ "strategy": "weighted", "candidates": candidates });
        stage.manage("PUT", &format!("/api/routes/{ROUTE}"), Some(&route))?;
        Ok(stage)
    }

    /// Registers a provider that speaks OpenAI's dialect.
    pub fn register(&self, name: &str, address: SocketAddr, more: &Value) -> Result<()> {
        let mut body = json!({
            "provider_type": "openai", "name": name, "base_url": format!("http://{address}/v1"),
            "network": "local", "api_key": format!("key-of-{name}-0123456789abcdef"),
            "models": ["alpha"], "default_model": "alpha",
        });
        if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
            body.extend(more.clone());
        }
        self.manage("POST", "/api/providers/register", Some(&body)).map(drop)
    }

    /// Asks the management API for what must succeed.
    pub fn manage(&self, method: &'static str, path: &str, body: Option<&Value>) -> Result<Value> {
        let (status, answer) = self.try_to_manage(method, path, body)?;
        ensure!(status == 200, "{method} {path}: {status} {answer}");
        Ok(answer)
    }

    /// Asks the management API.
    pub fn try_to_manage(
        &self,
        method: &'static str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value)> {
        let request = Request { method, path, key: Some(&self.key), body };
        let answer = request.send(self.gateway.address, ADMIN_LIMIT)?;
        Ok((answer.status, answer.json()?))
    }

    /// Callers of this gateway.
    pub fn callers(&self) -> Callers {
        Callers::new(self.gateway.address, &self.key)
    }

    /// The usual callers, who come through the route for the time of the fault and around it.
    pub fn load(&self, plan: &Plan, fault: Duration) -> Load {
        self.load_of(self.rate(plan, fault + 2 * AROUND))
    }

    pub fn load_of(&self, rate: Rate) -> Load {
        Load::start(self.callers(), rate)
    }

    pub fn rate(&self, plan: &Plan, time: Duration) -> Rate {
        let (per_second, streams_percent) = (plan.rps, plan.streams_percent);
        Rate { per_second, streams_percent, time, model: ROUTE.to_owned(), name: "" }
    }

    /// What callers and providers say once all callers were answered.
    pub fn end(&self, load: Load) -> Result<Run> {
        let outcomes = load.end()?;
        let accounts = self.providers.iter().map(FaultyProvider::account).collect();
        Ok(Run { outcomes, accounts })
    }

    /// The first provider, which has the fault.
    pub fn faulty(&self) -> Result<&FaultyProvider> {
        self.providers.first().context("there is no provider")
    }

    /// The gateway's resident memory in MiB, as Linux tells it.
    pub fn memory_mib(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.gateway.running.id()))
            .context("this system does not tell how much memory a process has")?;
        let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB"));
        Ok(kib.context("the process has no VmRSS")?.trim().parse::<f64>()? / 1024.0)
    }

    /// How often the gateway's log speaks of a panic.
    pub fn panics(&self) -> usize {
        fs::read_to_string(self.home.log()).unwrap_or_default().matches("panicked").count()
    }
}

/// Sleeps, unless a signal comes.
pub fn wait(time: Duration) -> Result<()> {
    let until = Instant::now() + time;
    while Instant::now() < until {
        process::pause()?;
    }
    interrupt::check()
}

/// The run without any fault that the others are compared with.
pub fn baseline(plan: &Plan) -> Result<(Baseline, Row)> {
    let stage = Stage::start(plan, &Value::Null)?;
    let before = Clock::read(&stage);
    let load = stage.load(plan, plan.fault);
    let run = stage.end(load)?;
    let spent = before.until_now(&stage);
    let p99 = run.unaffected_p99();
    let row = Row::new("", "no fault")
        .at_least("answered whole", percent(run.whole(), run.outcomes.len()), 100.0)
        .at_most("attempts / requests", run.attempts() as f64 / run.outcomes.len() as f64, 1.0)
        .note(format!("{} requests; what the gateway adds, p99: {}", run.outcomes.len(), ms(p99)))
        .note(spent);
    Ok((Baseline { p99 }, row))
}

/// Time on the processor: the gateway's, the providers' and the callers'.
struct Clock {
    at: Instant,
    ticks: [u64; 3],
}

impl Clock {
    fn read(stage: &Stage) -> Self {
        let gateway = ticks(&format!("/proc/{}/stat", stage.gateway.running.id()));
        let mut own = [0, 0];
        for task in fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
            let name = fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            let ticks = ticks(&task.path().join("stat").display().to_string());
            let [providers, callers] = &mut own;
            match name.trim() {
                "provider" => *providers += ticks,
                "callers" => *callers += ticks,
                _ => {}
            }
        }
        let [providers, callers] = own;
        Self { at: Instant::now(), ticks: [gateway, providers, callers] }
    }

    fn until_now(&self, stage: &Stage) -> String {
        let now = Self::read(stage);
        let seconds = (now.at - self.at).as_secs_f64();
        // A tick is a hundredth of a second on every Linux that there is; the callers' threads are gone by now.
        let share = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
        let [gateway, providers, _] = now.ticks;
        let [gateway_before, providers_before, _] = self.ticks;
        format!(
            "of one processor: the gateway {:.0} %, the providers {:.0} %",
            share(gateway, gateway_before),
            share(providers, providers_before)
        )
    }
}

/// The time in user and system mode, from a file in the form of `/proc/PID/stat`.
fn ticks(file: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}
