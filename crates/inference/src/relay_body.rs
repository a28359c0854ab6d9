//! A relayed stream as the body of an answer.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use canonical::{ErrorKind, Fault, Origin};
use futures_util::stream;
use http_body::{Body, Frame};
use http_body_util::StreamBody;
use pipeline::{About, Relay};
use server::LogSlot;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::tell;

/// A silence longer than this is filled, so that nobody takes the connection for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Relays a begun answer; at the last call the caller is told that the rest will not come.
pub(crate) fn new(
    relay: Relay,
    about: About,
    log: Arc<LogSlot>,
    last_call: CancellationToken,
) -> impl Body<Data = Bytes, Error = Infallible> + Send + 'static {
    let state = Some((relay, about, log, last_call));
    StreamBody::new(stream::unfold(state, |state| async {
        let (mut relay, about, log, last_call) = state?;
        loop {
            let waited = timeout(KEEP_ALIVE, relay.next());
            let bytes = match last_call.run_until_cancelled(waited).await {
                Some(Ok(Some(bytes))) => bytes,
                Some(Ok(None)) => {
                    if let Some(fault) = relay.fault() {
                        tell::note_source(&log, fault);
                    }
                    tell::note_losses(&log, &about, relay.losses());
                    return None;
                }
                Some(Err(_)) if relay.keep_alive().is_empty() => continue,
                Some(Err(_)) => Bytes::from_static(relay.keep_alive()),
                None => {
                    let sentence = "the gateway is shutting down: ask again";
                    let fault = Fault::new(ErrorKind::Overloaded, sentence);
                    let last = relay.break_off(Fault { origin: Origin::Internal, ..fault });
                    return Some((Ok(Frame::data(last)), None));
                }
            };
            return Some((Ok(Frame::data(bytes)), Some((relay, about, log, last_call))));
        }
    }))
}
