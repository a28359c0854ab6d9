//! Relay: a provider's stream as canonical events.

use std::{collections::VecDeque, sync::Arc};

use canonical::{Event, Fault};
use dialects::StreamDecoder;
use providers::Provider;
use upstream::{Reply, ReplyBody};

use crate::Target;

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
    pub(crate) async fn begin(target: &Target, reply: Reply) -> Result<Self, Fault> {
        let mut stream = Self {
            provider: Arc::clone(&target.provider),
            body: reply.body,
            decoder: target.provider.codec().stream_decoder(),
            ready: VecDeque::new(),
            ended: false,
        };
        while !stream.ended && !stream.ready.iter().any(begins_the_answer) {
            stream.read().await;
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
        let mut events = Vec::new();
        match self.body.chunk().await {
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

/// Whether an event is part of the answer, or its end.
fn begins_the_answer(event: &Event) -> bool {
    match event {
        Event::Start { .. } | Event::PartStart { .. } | Event::Usage(_) => false,
        Event::PartDelta { .. }
        | Event::PartEnd { .. }
        | Event::Finish { .. }
        | Event::Stop
        | Event::Failed(_) => true,
    }
}
