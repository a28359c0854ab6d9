//! A streamed chat as server-sent events.

use std::{convert::Infallible, ops::ControlFlow, sync::Arc, time::Duration};

use bytes::Bytes;
use canonical::{Delta, ErrorKind, Event, Fault, Finish, Origin, PartKind, Usage};
use futures_util::stream;
use http::StatusCode;
use http_body::Frame;
use http_body_util::StreamBody;
use pipeline::{About, EventStream};
use serde_json::{Value, json};
use server::{LogSlot, Response, response};
use tokio_util::sync::CancellationToken;

use super::chat_answer::Summary;

/// A silence longer than this is filled with a comment, so that nobody takes the connection for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Relays a begun answer: a `data` event for each piece of text, then `done` or `error`.
///
/// At the last call a caller is told that the rest will not come.
pub(super) fn answer(
    about: About,
    events: EventStream,
    log: Arc<LogSlot>,
    last_call: CancellationToken,
) -> Response {
    let relay = Relay {
        about,
        events,
        log,
        last_call,
        usage: Usage::default(),
        finish: None,
        thoughts: Vec::new(),
    };
    let frames = stream::unfold(Some(relay), |relay| async {
        let mut relay = relay?;
        let (bytes, rest) = match relay.next_frame().await {
            ControlFlow::Continue(bytes) => (bytes, Some(relay)),
            ControlFlow::Break(last) => (last, None),
        };
        Some((Ok::<_, Infallible>(Frame::data(Bytes::from(bytes))), rest))
    });
    response::stream(StatusCode::OK, "text/event-stream", StreamBody::new(frames))
}

/// The state of one relayed answer.
struct Relay {
    about: About,
    events: EventStream,
    log: Arc<LogSlot>,
    last_call: CancellationToken,
    usage: Usage,
    finish: Option<Finish>,
    /// Parts of the answer that are not text for the reader.
    thoughts: Vec<u32>,
}

impl Relay {
    /// Waits for the next event that the caller is told of; breaks with the last one.
    async fn next_frame(&mut self) -> ControlFlow<Vec<u8>, Vec<u8>> {
        loop {
            let waited = tokio::time::timeout(KEEP_ALIVE, self.events.next());
            let event = match self.last_call.run_until_cancelled(waited).await {
                Some(Ok(event)) => event,
                Some(Err(_)) => return ControlFlow::Continue(b": keep-alive\n\n".to_vec()),
                None => {
                    let sentence = "the gateway is shutting down: ask again";
                    let fault = Fault::new(ErrorKind::Overloaded, sentence);
                    let fault = Fault { origin: Origin::Internal, ..fault };
                    self.events.fail(&fault);
                    return ControlFlow::Break(self.failed(&fault));
                }
            };
            match event {
                Some(Event::PartStart { part, kind: PartKind::Reasoning, .. }) => {
                    self.thoughts.push(part);
                }
                Some(Event::PartDelta { choice: 0, part, delta: Delta::Text(text) })
                    if !self.thoughts.contains(&part) && !text.is_empty() =>
                {
                    return ControlFlow::Continue(sse(None, &json!({ "delta": text })));
                }
                Some(Event::Finish { choice: 0, finish }) => self.finish = Some(finish),
                Some(Event::Usage(usage)) => self.usage.update(&usage),
                Some(Event::Stop) => return ControlFlow::Break(self.done()),
                Some(Event::Failed(fault)) => return ControlFlow::Break(self.failed(&fault)),
                Some(
                    Event::Start { .. }
                    | Event::PartStart { .. }
                    | Event::PartDelta { .. }
                    | Event::PartEnd { .. }
                    | Event::Logprobs { .. }
                    | Event::Finish { .. },
                ) => {}
                // The stream promises a last event; without one the answer is not known to be whole.
                None => {
                    let sentence = "the answer ended before it was complete";
                    let cut_off = Fault::new(ErrorKind::Truncated, sentence);
                    return ControlFlow::Break(self.failed(&cut_off));
                }
            }
        }
    }

    fn done(&self) -> Vec<u8> {
        let finish = self.finish.as_ref().map(|finish| finish.reason.as_str());
        let summary = Summary::of(&self.about, finish, &self.usage);
        sse(Some("done"), &json!(summary))
    }

    fn failed(&self, fault: &Fault) -> Vec<u8> {
        let provider = self.about.provider.as_str();
        if let Some(source) = &fault.source {
            self.log.note_source(source);
        }
        error(&pipeline::sentence(fault, Some(provider)), fault.status())
    }
}

/// Writes the event that ends an incomplete answer.
fn error(detail: &str, status: u16) -> Vec<u8> {
    sse(Some("error"), &json!({ "detail": detail, "status": status }))
}

/// Writes one event.
fn sse(event: Option<&str>, data: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    wire::write_sse(event, &data.to_string(), &mut out);
    out
}
