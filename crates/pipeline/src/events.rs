//! A provider's stream as canonical events.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use canonical::{ErrorKind, Event, Fault, Response};
use dialects::StreamDecoder;
use providers::Provider;
use tokio::time::{Instant, timeout_at};
use upstream::{Reply, ReplyBody};

use crate::{
    Target,
    account::Account,
    attempt::decode_whole,
    beginning::{HOLD_LIMIT, begins_the_answer, first_bytes, is_whole_answer, read_rest},
    errand::Answered,
    observer::Observer,
};

/// The events of one streamed answer. Dropping it hangs up on the provider.
pub struct EventStream {
    provider: Arc<Provider>,
    body: ReplyBody,
    decoder: Box<dyn StreamDecoder>,
    ready: VecDeque<Event>,
    ended: bool,
    observer: Observer,
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
            observer: Observer::default(),
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
        let ready = Vec::from(response);
        let mut observer = Observer::default();
        ready.iter().for_each(|event| observer.note(event));
        Self {
            provider: Arc::clone(provider),
            body,
            decoder: provider.codec().stream_decoder(),
            ended: true,
            ready: ready.into(),
            observer,
        }
    }

    /// Notes that the caller is told of a failure of our own in place of the rest.
    pub fn fail(&mut self, fault: &Fault) {
        self.observer.fail(fault);
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
            self.observer.note(&event);
            let is_last = matches!(event, Event::Stop | Event::Failed(_));
            self.ready.push_back(event);
            if is_last {
                self.ended = true;
                return;
            }
        }
    }
}

impl Answered for EventStream {
    fn close_later(&mut self, account: Account) {
        self.observer.attach(account);
    }
}

/// The fault of an answer whose end never came.
pub(crate) fn cut_off() -> Fault {
    Fault::new(ErrorKind::Truncated, "the provider's answer ended before it was complete")
}
