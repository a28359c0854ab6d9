//! Who is told of each settled request: the metrics, and the traces where the settings ask for them.

use std::sync::Arc;

use canonical::Tracing;
use providers::ProviderManager;
use records::Sink;
use telemetry::{Collector, Gauges, Metrics, Traces};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::serve::{gauges, log_pipe::LogPipe, reload::Reloader};

/// The metrics and the traces of this process.
pub struct Observers {
    pub metrics: Arc<Metrics>,
    /// With what the exports run on.
    traces: Option<Arc<Traces>>,
    exports: TaskTracker,
    stop: CancellationToken,
}

impl Observers {
    /// Begins to count, and to export where there is a collector.
    pub fn start(
        manager: &Arc<ProviderManager>,
        reloader: &Arc<Reloader>,
        log: LogPipe,
        collector: Option<Collector>,
    ) -> Self {
        let (exports, stop) = (TaskTracker::new(), CancellationToken::new());
        let traces = collector.map(|collector| {
            let (traces, stop) = (Arc::new(Traces::new()), stop.clone());
            let exported = Arc::clone(&traces);
            exports.spawn(async move { exported.export(&collector, &stop).await });
            traces
        });
        exports.close();
        let (manager, reloader) = (Arc::clone(manager), Arc::clone(reloader));
        let scraped = traces.clone();
        let scrape = move || Gauges {
            config_generation: reloader.generation(),
            records_dropped: reloader.recorder.dropped(),
            spans_dropped: scraped.as_ref().map_or(0, |traces| traces.dropped()),
            log_lines_dropped: log.dropped(),
            ..gauges::read(&manager)
        };
        let metrics = Arc::new(Metrics::new(env!("CARGO_PKG_VERSION"), scrape));
        Self { metrics, traces, exports, stop }
    }

    /// Who is to be told of each settled request.
    pub fn sinks(&self) -> Vec<Arc<dyn Sink>> {
        let metrics: Arc<dyn Sink> = Arc::clone(&self.metrics) as _;
        let traces = self.traces.clone().map(|traces| traces as Arc<dyn Sink>);
        [metrics].into_iter().chain(traces).collect()
    }

    /// Whether spans are recorded.
    pub fn tracing(&self) -> Tracing {
        if self.traces.is_some() { Tracing::On } else { Tracing::Off }
    }

    /// Exports what is left, for a moment.
    pub async fn finish(&self) {
        self.stop.cancel();
        self.exports.wait().await;
    }
}
