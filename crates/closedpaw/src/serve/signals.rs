//! SIGTERM and SIGINT stop, a second one at once; SIGHUP reloads.

use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::{failure::Failure, serve::reload::Reloader};

/// Begins to listen for signals. The future answers them, and ends at the second request to stop.
pub fn listen(
    stop: CancellationToken,
    reloader: Arc<Reloader>,
) -> Result<impl Future<Output = ()>, Failure> {
    let mut terminate = on(SignalKind::terminate())?;
    let mut interrupt = on(SignalKind::interrupt())?;
    let mut hang_up = on(SignalKind::hangup())?;
    Ok(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = hang_up.recv() => {
                    let reloader = Arc::clone(&reloader);
                    let reload = tokio::task::spawn_blocking(move || reloader.reload_and_log());
                    if let Err(panic) = reload.await {
                        tracing::error!(%panic, "settings not reloaded; the old ones stay");
                    }
                    continue;
                }
            }
            if stop.is_cancelled() {
                tracing::warn!("stopping at once");
                return;
            }
            tracing::info!("stopping once running requests are answered; again to stop at once");
            stop.cancel();
        }
    })
}

fn on(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| Failure::failed(format!("cannot listen for signals: {error}")))
}
