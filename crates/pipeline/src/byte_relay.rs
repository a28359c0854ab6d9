//! A provider's own frames on their way to a caller of the same dialect.
//!
//! Frames go out whole and only after a copy of each was understood, so that a stream which breaks within a frame, or
//! is malformed, still ends with an error that the caller can read.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use canonical::{ErrorKind, Event, Fault, Request, Response};
use dialects::{ChatEndpoint, Framing, StreamDecoder};
use providers::Provider;
use tokio::time::{Instant, timeout, timeout_at};
use upstream::{Reply, ReplyBody};
use wire::RawFrames;

use crate::{
    InferenceCall, Target,
    account::Account,
    beginning::{HOLD_LIMIT, begins_the_answer, first_bytes, is_whole_answer, read_rest},
    events::cut_off,
    observer::Observer,
    open::Opened,
};

/// How long the end of the body may come after the end of the answer.
const LINGER: Duration = Duration::from_millis(250);

/// The frames of one streamed answer. Dropping it hangs up on the provider.
pub struct ByteRelay {
    endpoint: &'static dyn ChatEndpoint,
    provider: Arc<Provider>,
    body: ReplyBody,
    frames: RawFrames,
    decoder: Box<dyn StreamDecoder>,
    /// Whether the frame that tells usage was asked for by us, and is therefore not the caller's.
    takes_usage_out: bool,
    keep_alive: &'static [u8],
    /// Frames that may go out.
    ready: BytesMut,
    /// Whether any frame has been made ready.
    has_frames: bool,
    fault: Option<Fault>,
    state: State,
    observer: Observer,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The answer is not complete.
    Open,
    /// The provider said that it is complete, or has failed; its body may still have bytes.
    Complete,
    /// There is nothing more to tell.
    Ended,
}

/// How a streamed answer begins.
pub(crate) enum Begun {
    /// As a stream.
    Relay(Box<ByteRelay>),
    /// All at once; the body is at its end.
    Whole(Box<(ReplyBody, Response)>),
}

impl ByteRelay {
    /// Reads until the answer itself begins, so that an early failure is still an error and no stream.
    pub(crate) async fn begin(
        target: &Target,
        call: &InferenceCall,
        opened: &Opened,
        mut reply: Reply,
        takes_usage_out: bool,
    ) -> Result<Begun, Fault> {
        let endpoint = call.endpoint;
        let first = first_bytes(&mut reply.body).await;
        if let Some(Ok(chunk)) = &first
            && is_whole_answer(endpoint.framing(), chunk)
        {
            let whole = read_rest(chunk, &mut reply.body).await?;
            let response = endpoint.decode_answer(&whole);
            return response
                .map(|response| Begun::Whole(Box::new((reply.body, response))))
                .map_err(|fault| target.provider.redacted(fault));
        }
        let mut relay = Self {
            endpoint,
            provider: Arc::clone(&target.provider),
            body: reply.body,
            frames: RawFrames::new(endpoint.framing(), endpoint.largest_frame_bytes()),
            decoder: endpoint.answer_decoder(),
            takes_usage_out,
            keep_alive: endpoint
                .stream_encoder(&Request::default(), &opened.echo(call))
                .keep_alive(),
            ready: BytesMut::new(),
            has_frames: false,
            fault: None,
            state: State::Open,
            observer: Observer::default(),
        };
        let mut seen = Seen::default();
        relay.take(first, &mut seen);
        let hold = Instant::now() + HOLD_LIMIT;
        while relay.state == State::Open && !seen.begun {
            let Ok(chunk) = timeout_at(hold, relay.body.chunk()).await else { break };
            relay.take(chunk, &mut seen);
        }
        match relay.fault.take_if(|_| !seen.said_something) {
            Some(fault) => Err(fault),
            None => Ok(Begun::Relay(Box::new(relay))),
        }
    }

    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        loop {
            if !self.ready.is_empty() {
                return Some(self.ready.split().freeze());
            }
            match self.state {
                State::Open => {
                    let chunk = self.body.chunk().await;
                    self.take(chunk, &mut Seen::default());
                }
                State::Complete => {
                    // Reading to the end lets the connection be used again.
                    match timeout(LINGER, self.body.chunk()).await {
                        Ok(Some(Ok(trailing))) => self.ready.extend_from_slice(&trailing),
                        Ok(Some(Err(_)) | None) | Err(_) => self.state = State::Ended,
                    }
                }
                State::Ended => return None,
            }
        }
    }

    pub(crate) fn keep_alive(&self) -> &'static [u8] {
        self.keep_alive
    }

    pub(crate) fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    pub(crate) fn close_later(&mut self, account: Account) {
        self.observer.attach(account);
    }

    pub(crate) fn break_off(&mut self, fault: &Fault) -> Bytes {
        self.state = State::Ended;
        self.observer.fail(fault);
        self.endpoint.encode_break(fault, self.has_frames).into()
    }

    /// Takes one chunk, or the end of the body.
    fn take(&mut self, chunk: Option<Result<Bytes, Fault>>, seen: &mut Seen) {
        match chunk {
            Some(Ok(chunk)) => {
                self.frames.feed(&chunk);
                self.take_frames(seen);
            }
            Some(Err(fault)) => self.fail(fault),
            None => {
                let rest = Bytes::copy_from_slice(self.frames.rest());
                let mut events = Vec::new();
                self.decoder.feed(&rest, &mut events);
                self.decoder.finish(&mut events);
                self.take_frame(&rest, events, seen);
                if self.state == State::Open {
                    self.fail(cut_off());
                }
                self.state = State::Ended;
            }
        }
    }

    fn take_frames(&mut self, seen: &mut Seen) {
        while self.state == State::Open {
            match self.frames.next() {
                Ok(Some(frame)) => {
                    let mut events = Vec::new();
                    self.decoder.feed(&frame, &mut events);
                    self.take_frame(&frame, events, seen);
                }
                Ok(None) => return,
                Err(error) => {
                    let fault = Fault::new(ErrorKind::Malformed, error.to_string());
                    self.fail(fault);
                }
            }
        }
        // What came in the same piece as the end belongs to it.
        if self.state == State::Complete {
            self.ready.extend_from_slice(self.frames.rest());
        }
    }

    /// Lets a frame go out, if what it says is no failure.
    fn take_frame(&mut self, frame: &Bytes, events: Vec<Event>, seen: &mut Seen) {
        for event in events {
            seen.note(&event);
            self.observer.note(&event);
            match event {
                Event::Failed(fault) => {
                    self.fail_with(frame, fault);
                    return;
                }
                Event::Stop => self.state = State::Complete,
                Event::Start { .. }
                | Event::PartStart { .. }
                | Event::PartDelta { .. }
                | Event::PartEnd { .. }
                | Event::Logprobs { .. }
                | Event::Finish { .. }
                | Event::Usage(_) => {}
            }
        }
        if !(self.takes_usage_out && self.endpoint.is_usage_frame(frame)) {
            self.has_frames |= !frame.is_empty();
            self.ready.extend_from_slice(frame);
        }
    }

    /// Ends the stream with the provider's own error, if it is one and holds no secret of ours.
    fn fail_with(&mut self, frame: &Bytes, fault: Fault) {
        let is_own = !matches!(fault.kind, ErrorKind::Malformed | ErrorKind::Truncated);
        if is_own && self.provider.redacted(fault.clone()) == fault {
            self.ready.extend_from_slice(frame);
            self.state = match self.endpoint.framing() {
                Framing::JsonArray => {
                    // Nobody waits for the bracket that the provider may send after its error.
                    self.ready.extend_from_slice(b"]");
                    State::Ended
                }
                // Responses end a failure with an event of its own, which some clients look for.
                Framing::Sse | Framing::Ndjson => State::Complete,
            };
            self.fault = Some(fault);
            return;
        }
        self.fail(fault);
    }

    fn fail(&mut self, fault: Fault) {
        let fault = self.provider.redacted(fault);
        let told = self.break_off(&fault);
        self.ready.extend_from_slice(&told);
        self.fault = Some(fault);
    }
}

/// What the first frames said.
#[derive(Default)]
struct Seen {
    begun: bool,
    said_something: bool,
}

impl Seen {
    fn note(&mut self, event: &Event) {
        self.begun |= begins_the_answer(event);
        self.said_something |= matches!(event, Event::PartDelta { .. });
    }
}
