//! `closedpaw serve`: the gateway in the foreground, from settings to the last drained request.

pub mod configuration;
pub mod declared;
pub mod facts;
mod first_start;
mod gauges;
pub mod keys;
mod listeners;
mod log_pipe;
mod logging;
mod observers;
mod reload;
mod signals;
pub mod traces;

use std::{
    io::Write as _,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use ::keys::KeyManager;
use admin::Admin;
use clap::Args;
use config::{Directories, ServerFlags};
use inference::Inference;
use providers::ProviderManager;
use records::{Recorder, Sink};
use server::{Door, Drained, Router};
use store::Store;
use tokio::runtime;
use tokio_util::sync::CancellationToken;
use upstream::Egress;

use crate::{
    cli::session::Session,
    failure::Failure,
    instance::{self, Hold, Instance},
};
use configuration::Configuration;
use log_pipe::{LastLines, LogPipe};
use observers::Observers;
use reload::Reloader;

/// How long work on blocking threads may take to end once every request has.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// How long the last records may take to be written once every request has ended.
const LAST_RECORDS: Duration = Duration::from_secs(5);

/// The same where nobody wants to wait.
const LAST_RECORDS_IN_HASTE: Duration = Duration::from_millis(500);

/// Runs the gateway in the foreground
///
/// Prints one line `listening on URL` to stdout when it accepts connections, and logs to stderr. SIGTERM and
/// Ctrl-C let running requests finish; a second one does not wait. SIGHUP reloads the settings.
#[derive(Args)]
#[command(after_help = "Examples:
  closedpaw serve
  closedpaw serve --listen 127.0.0.1:9000 --listen [::1]:9000
  closedpaw serve --listen 0.0.0.0:8443 --host gateway.lan:8443 --tls-cert cert.pem --tls-key key.pem")]
pub struct Options {
    /// An address to listen on; may be given many times [env: CLOSEDPAW_LISTEN]
    /// [default: 127.0.0.1:8000]
    #[arg(long, value_name = "IP:PORT")]
    listen: Vec<String>,

    /// A further name that requests may carry in `Host`; may be given many times
    /// [env: CLOSEDPAW_HOSTS]
    #[arg(long = "host", value_name = "NAME[:PORT]")]
    hosts: Vec<String>,

    /// Certificate chain in PEM [env: CLOSEDPAW_TLS_CERT]
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<String>,

    /// Its private key in PEM [env: CLOSEDPAW_TLS_KEY]
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,

    /// Accept plain HTTP beyond loopback, behind a proxy that adds TLS
    /// [env: CLOSEDPAW_INSECURE_HTTP]
    #[arg(long)]
    insecure_http: bool,
}

impl Options {
    fn flags(&self) -> ServerFlags {
        ServerFlags {
            listen: self.listen.clone(),
            hosts: self.hosts.clone(),
            tls_cert: self.tls_cert.clone(),
            tls_key: self.tls_key.clone(),
            insecure_http: self.insecure_http,
        }
    }
}

/// Runs the gateway until it is told to stop.
pub fn run(session: Session, options: &Options) -> Result<(), Failure> {
    let directories = session.directories()?;
    let flags = options.flags();
    let egress = Arc::new(Egress::new());
    let configuration = Configuration::load(&directories, &session.environment, &flags, &egress)?;
    let Configuration { settings, catalog, hosts: _, declared, traced } = configuration;
    let door = listeners::prepare(&settings.server)?;
    let tls = door.listen.first().and_then(|listen| listen.tls.clone());
    let log = LogPipe::to(std::io::stderr())
        .map_err(|error| Failure::failed(format!("cannot start the log: {error}")))?;
    let _last_lines = LastLines(log.clone());
    let log_level = logging::start(&session.environment, &settings.log, &log);

    let data_dir = directories.data.value.clone();
    let hold = hold(&directories)?;
    let runtime = runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start the runtime: {error}")))?;
    let outcome = runtime.block_on(async {
        let retention_days = *settings.records.retention_days;
        let gateway = Gateway::open(
            &session,
            &directories,
            door,
            retention_days,
            &egress,
            |manager, keys| declared.take_over(catalog, manager, keys),
        )
        .await?;
        let collector = traced.map(|traced| traced.collector(&gateway.egress));
        let reloader = Reloader {
            environment: session.environment,
            directories,
            flags,
            hosts: gateway.door.hosts(),
            manager: Arc::clone(&gateway.manager),
            recorder: Arc::clone(&gateway.recorder),
            keys: Arc::clone(&gateway.keys),
            egress,
            tls,
            log_level,
            started_with: settings,
            one_at_a_time: Mutex::default(),
        };
        let reloader = Arc::new(reloader);
        let observers = Observers::start(&gateway.manager, &reloader, log, collector);
        gateway.serve(reloader, &observers, &hold).await
    });
    runtime.shutdown_timeout(LAST_WRITES);
    // A note that can't be removed leads nobody astray, because nobody holds the lock beside it.
    let _harmless = instance::forget(&data_dir);
    drop(hold);
    outcome
}

/// Takes the data dir for this process alone.
fn hold(directories: &Directories) -> Result<Hold, Failure> {
    let data_dir = &directories.data.value;
    vault::private_file::create_directory(data_dir)
        .map_err(|error| Failure::failed(error.to_string()))?;
    match Hold::take(data_dir) {
        Ok(Some(hold)) => Ok(hold),
        Ok(None) => Err(Failure::usage(format!(
            "a gateway is running on {} already: stop it, or name another place with --data-dir",
            data_dir.display()
        ))),
        Err(error) => Err(Failure::failed(format!("cannot lock {}: {error}", data_dir.display()))),
    }
}

/// Everything that is open once the gateway can begin to answer.
struct Gateway {
    door: Door,
    manager: Arc<ProviderManager>,
    keys: Arc<KeyManager>,
    store: Arc<Store>,
    recorder: Arc<Recorder>,
    egress: Arc<Egress>,
}

impl Gateway {
    /// Opens database, keys, registry and listeners, in that order: nothing is made beside a database that
    /// can't be used, and nothing is listened on before there is something to answer.
    async fn open(
        session: &Session,
        directories: &Directories,
        door: server::Settings,
        retention_days: u32,
        egress: &Arc<Egress>,
        declare: impl FnOnce(&ProviderManager, &KeyManager) -> Result<u64, Vec<String>>,
    ) -> Result<Self, Failure> {
        let failed = |error: &dyn std::error::Error| Failure::failed(error.to_string());
        let store = Store::open(&directories.data).map_err(|error| failed(&error))?;
        let master_key = keys::open_master_key(&store, &directories.keys)?;
        let admin_key = keys::open_admin_key(&session.environment, &directories.keys)?;
        let store = Arc::new(store);
        let keys =
            KeyManager::open(Arc::clone(&store), admin_key).map_err(|error| failed(&error))?;
        let manager =
            ProviderManager::open(Arc::clone(&store), Arc::new(master_key), Arc::clone(egress))
                .map_err(|error| failed(&error))?;
        declare(&manager, &keys).map_err(|faults| Failure::usage(faults.join("\n")))?;
        first_start::register_ollama(&store, &manager).await?;

        let door = Door::bind(door).await.map_err(|error| failed(&error))?;
        egress.set_listeners(door.addresses());
        let recorder = Recorder::start(Arc::clone(&store), retention_days)
            .map_err(|error| Failure::failed(format!("cannot start the recorder: {error}")))?;
        Ok(Self { door, manager, keys, egress: Arc::clone(egress), store, recorder })
    }

    /// Answers requests until a signal says to stop, and then until the last one is answered.
    async fn serve(
        self,
        reloader: Arc<Reloader>,
        observers: &Observers,
        hold: &Hold,
    ) -> Result<(), Failure> {
        let addresses = self.door.addresses();
        let stop = CancellationToken::new();
        let mut sinks = observers.sinks();
        sinks.push(Arc::clone(&self.recorder) as Arc<dyn Sink>);
        let gateway =
            Arc::new(pipeline::Gateway::new(Arc::clone(&self.manager), sinks, observers.tracing()));
        let tending = Arc::clone(&self.manager).tend(stop.clone().cancelled_owned());
        let inference =
            Inference { gateway: Arc::clone(&gateway), last_call: self.door.last_call() };
        let admin = Admin {
            manager: self.manager,
            gateway,
            keys: Arc::clone(&self.keys),
            store: self.store,
            metrics: Arc::clone(&observers.metrics),
            reload: reload::as_function(&reloader),
            shutdown: stop.clone(),
            last_call: self.door.last_call(),
        };
        let mut routes = admin::routes(&Arc::new(admin));
        routes.extend(inference::routes(&Arc::new(inference)));
        let router = Router::new(routes, Arc::new(keys::Keys(self.keys)))
            .map_err(|error| Failure::failed(error.to_string()))?
            .with_wording(inference::wording);
        let signals = signals::listen(stop.clone(), Arc::clone(&reloader))?;

        announce(&addresses, &reloader, hold)?;
        let serving = async { tokio::join!(self.door.run(Arc::new(router), stop), tending).0 };
        let (outcome, last_records) = tokio::select! {
            drained = serving => {
                observers.finish().await;
                match drained {
                    Drained::Complete => tracing::info!("stopped"),
                    Drained::Cut(connections) => {
                        tracing::warn!(connections, "stopped; requests that did not end were cut off");
                    }
                }
                (Ok(()), LAST_RECORDS)
            }
            () = signals => (Err(Failure::Interrupted), LAST_RECORDS_IN_HASTE),
        };
        self.recorder.close(last_records).await;
        outcome
    }
}

/// Tells clients, and whoever started us, where we listen.
fn announce(addresses: &[SocketAddr], reloader: &Reloader, hold: &Hold) -> Result<(), Failure> {
    let server = &reloader.started_with.server;
    let data_dir = &reloader.directories.data.value;
    let scheme = if server.tls.is_some() { "https" } else { "http" };
    let urls: Vec<_> = addresses.iter().map(|address| format!("{scheme}://{address}")).collect();
    let local =
        listeners::reached_locally(addresses).map(|address| format!("{scheme}://{address}"));
    let unwritten = |error: std::io::Error| {
        Failure::failed(format!("cannot write to {}: {error}", data_dir.display()))
    };
    let certificate = server.tls.as_ref().map(|tls| std::path::absolute(&*tls.cert));
    let instance = Instance {
        url: local.unwrap_or_default(),
        pid: std::process::id(),
        listeners: urls.clone(),
        insecure_http: *server.insecure_http,
        certificate: certificate.transpose().map_err(unwritten)?,
    };
    hold.publish(data_dir, &instance).map_err(unwritten)?;
    if *server.insecure_http && server.tls.is_none() {
        tracing::warn!(
            "plain HTTP is accepted beyond loopback: only a proxy that adds TLS may reach it"
        );
    }
    let lines: String = urls.iter().map(|url| format!("listening on {url}\n")).collect();
    let mut stdout = std::io::stdout().lock();
    // The gateway serves all the same when nobody reads where it listens.
    let _nobody_reads = stdout.write_all(lines.as_bytes()).and_then(|()| stdout.flush());
    Ok(())
}
