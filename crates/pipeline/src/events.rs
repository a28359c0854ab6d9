//! Relay: a provider's stream as canonical events.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::Bytes;
use canonical::{ErrorKind, Event, Fault, Response};
use dialects::{Framing, StreamDecoder};
use providers::Provider;
use tokio::time::{Instant, timeout_at};
use upstream::{Reply, ReplyBody};

use crate::{
    Target,
    attempt::{MOST_ANSWER_BYTES, decode_whole},
};

/// How long a begun stream is held back for its answer to begin; after that a failure is told in the stream.
pub(crate) const HOLD_LIMIT: Duration = Duration::from_secs(5);

/// More space than this before an answer is no answer.
const MOST_LEADING_SPACE_BYTES: usize = 64 * 1024;

/// The events of one streamed answer. Dropping it hangs up on the provider.
pub struct EventStream {
    provider: Arc<Provider>,
    body: ReplyBody,
    decoder: Box<dyn StreamDecoder>,
    ready: VecDeque<Event>,
    ended: bool,
}

impl EventStream {
    /// Reads until the answer itself begins, so that an early failure is still an error and no stream.
    ///
    /// A provider that answers at once and whole, although it was asked for a stream, is taken at its word.
    pub(crate) async fn begin(target: &Target, mut reply: Reply) -> Result<Self, Fault> {
        let first = first_bytes(&mut reply.body).await;
        let framing = target.codec.framing();
        if let Some(Ok(chunk)) = &first
            && is_whole_answer(framing, chunk)
        {
            let whole = read_rest(chunk, &mut reply.body).await?;
            return Ok(Self::of(&target.provider, reply.body, decode_whole(target, &whole)?));
        }
        let mut stream = Self {
            provider: Arc::clone(&target.provider),
            body: reply.body,
            decoder: target.codec.stream_decoder(),
            ended: false,
            ready: VecDeque::new(),
        };
        stream.take(first);
        let hold = Instant::now() + HOLD_LIMIT;
        while !stream.ended && !stream.ready.iter().any(begins_the_answer) {
            if timeout_at(hold, stream.read()).await.is_err() {
                return Ok(stream);
            }
        }
        let said_something =
            stream.ready.iter().any(|event| matches!(event, Event::PartDelta { .. }));
        match stream.ready.pop_back() {
            Some(Event::Failed(fault)) if !said_something => Err(fault),
            last => {
                stream.ready.extend(last);
                Ok(stream)
            }
        }
    }

    /// The events of a whole answer.
    pub(crate) fn of(provider: &Arc<Provider>, body: ReplyBody, response: Response) -> Self {
        Self {
            provider: Arc::clone(provider),
            body,
            decoder: provider.codec().stream_decoder(),
            ended: true,
            ready: Vec::from(response).into(),
        }
    }

    /// Returns the next event if it has arrived already.
    pub(crate) fn ready(&mut self) -> Option<Event> {
        self.ready.pop_front()
    }

    /// Returns the next event; the last one is `Stop` or `Failed`, after which there is none.
    ///
    /// Safe to drop and call again: nothing that arrived is lost.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.ended {
                return None;
            }
            self.read().await;
        }
    }

    /// Reads one chunk and decodes it.
    async fn read(&mut self) {
        let chunk = self.body.chunk().await;
        self.take(chunk);
    }

    /// Decodes one chunk, or the end of the body.
    fn take(&mut self, chunk: Option<Result<Bytes, Fault>>) {
        let mut events = Vec::new();
        match chunk {
            Some(Ok(chunk)) => self.decoder.feed(&chunk, &mut events),
            Some(Err(fault)) => events.push(Event::Failed(fault)),
            None => {
                self.decoder.finish(&mut events);
                self.ended = true;
            }
        }
        for event in events {
            let event = match event {
                Event::Failed(fault) => Event::Failed(self.provider.redacted(fault)),
                other => other,
            };
            let is_last = matches!(event, Event::Stop | Event::Failed(_));
            self.ready.push_back(event);
            if is_last {
                self.ended = true;
                return;
            }
        }
    }
}

/// Reads until there is something else than space.
pub(crate) async fn first_bytes(body: &mut ReplyBody) -> Option<Result<Bytes, Fault>> {
    let mut first = match body.chunk().await? {
        Ok(first) => first,
        Err(fault) => return Some(Err(fault)),
    };
    while first.trim_ascii().is_empty() && first.len() < MOST_LEADING_SPACE_BYTES {
        match body.chunk().await {
            Some(Ok(more)) => first = [first, more].concat().into(),
            Some(Err(fault)) => return Some(Err(fault)),
            None => break,
        }
    }
    Some(Ok(first))
}

/// Whether a body that begins with `chunk` is one JSON object, where a stream holds none that is bare.
pub(crate) fn is_whole_answer(framing: Framing, chunk: &[u8]) -> bool {
    match framing {
        Framing::Sse | Framing::JsonArray => chunk.trim_ascii_start().starts_with(b"{"),
        Framing::Ndjson => false,
    }
}

/// Reads the rest of a whole answer whose first piece is `chunk`.
pub(crate) async fn read_rest(chunk: &[u8], body: &mut ReplyBody) -> Result<Vec<u8>, Fault> {
    let mut whole = chunk.to_vec();
    while let Some(piece) = body.chunk().await {
        whole.extend_from_slice(&piece?);
        if whole.len() > MOST_ANSWER_BYTES {
            let sentence = "the provider's answer is larger than allowed";
            return Err(Fault::new(ErrorKind::Malformed, sentence));
        }
    }
    Ok(whole)
}

/// Whether an event is part of the answer, or its end.
pub(crate) fn begins_the_answer(event: &Event) -> bool {
    match event {
        Event::Start { .. } | Event::PartStart { .. } | Event::Usage(_) => false,
        Event::PartDelta { .. }
        | Event::PartEnd { .. }
        | Event::Logprobs { .. }
        | Event::Finish { .. }
        | Event::Stop
        | Event::Failed(_) => true,
    }
}
