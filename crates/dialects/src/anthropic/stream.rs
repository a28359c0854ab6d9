//! Reads a streamed answer of `POST /messages`.

use canonical::{Event, Fault, Finish, FinishReason, Usage};
use serde_json::{Value, json};
use wire::SseDecoder;

use super::{
    block::Block,
    error,
    response::{finish, usage},
};
use crate::{
    LARGEST_FRAME_BYTES, StreamDecoder,
    assembly::{malformed, truncated},
    json::{filled, member, text, value_of},
};

/// The most content blocks in one answer.
const MOST_BLOCKS: u32 = 4096;

/// Follows one stream up to `message_stop`.
pub(super) struct Decoder {
    frames: SseDecoder,
    started: bool,
    ended: bool,
    blocks: u32,
    open: Option<Block>,
    finish: Option<Finish>,
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self {
            frames: SseDecoder::new(LARGEST_FRAME_BYTES),
            started: false,
            ended: false,
            blocks: 0,
            open: None,
            finish: None,
        }
    }

    /// Takes the events that are complete.
    fn take_all(&mut self, events: &mut Vec<Event>) -> Result<(), Fault> {
        while !self.ended {
            let frame = self.frames.next().map_err(malformed)?;
            let Some(frame) = frame else { break };
            let data = parse(frame.event, frame.data)?;
            self.take(&data, events)?;
        }
        Ok(())
    }

    fn take(&mut self, data: &Value, events: &mut Vec<Event>) -> Result<(), Fault> {
        match text(data, "type") {
            Some("message_start") => self.start(member(data, "message"), events),
            Some("content_block_start") => self.open_block(data, events)?,
            Some("content_block_delta") => self.grow_block(data, events)?,
            Some("content_block_stop") => self.close_block(events),
            Some("message_delta") => {
                self.finish = finish(member(data, "delta")).or(self.finish.take());
                self.start(data, events);
            }
            Some("message_stop") => self.stop(events),
            Some("error") => return Err(error::within_200(member(data, "error"))),
            // `ping`, and whatever the provider adds.
            _ => {}
        }
        Ok(())
    }

    /// Starts the answer, unless it has; some proxies send `message_start` twice, and some never. Passes on
    /// the counts, which are cumulative.
    fn start(&mut self, message: &Value, events: &mut Vec<Event>) {
        if !std::mem::replace(&mut self.started, true) {
            let owned = |name| filled(message, name).map(str::to_owned);
            events.push(Event::Start { id: owned("id"), model: owned("model") });
        }
        let usage = usage(message);
        if usage != Usage::default() {
            events.push(Event::Usage(usage));
        }
    }

    fn open_block(&mut self, data: &Value, events: &mut Vec<Event>) -> Result<(), Fault> {
        self.start(&Value::Null, events);
        self.close_block(events);
        if self.blocks == MOST_BLOCKS {
            return Err(malformed("the answer has too many content blocks"));
        }
        self.open = Some(Block::open(data, self.blocks, events)?);
        self.blocks += 1;
        Ok(())
    }

    fn grow_block(&mut self, data: &Value, events: &mut Vec<Event>) -> Result<(), Fault> {
        match self.open.as_mut().filter(|block| block.is_meant(data)) {
            Some(block) => block.grow(member(data, "delta"), events),
            None => Err(malformed("a content block grew that is not open")),
        }
    }

    fn close_block(&mut self, events: &mut Vec<Event>) {
        if let Some(block) = self.open.take() {
            block.close(events);
        }
    }

    fn stop(&mut self, events: &mut Vec<Event>) {
        self.start(&Value::Null, events);
        self.close_block(events);
        let finish = self.finish.take().unwrap_or(FinishReason::Stop.into());
        events.push(Event::Finish { choice: 0, finish });
        events.push(Event::Stop);
        self.ended = true;
    }

    fn fail(&mut self, fault: Fault, events: &mut Vec<Event>) {
        events.push(Event::Failed(fault));
        self.ended = true;
    }
}

impl StreamDecoder for Decoder {
    fn feed(&mut self, bytes: &[u8], events: &mut Vec<Event>) {
        if self.ended {
            return;
        }
        self.frames.feed(bytes);
        if let Err(fault) = self.take_all(events) {
            self.fail(fault, events);
        }
    }

    fn finish(&mut self, events: &mut Vec<Event>) {
        if self.ended {
            return;
        }
        let rest = self.frames.finish().and_then(|frame| parse(frame.event, frame.data).ok());
        if let Err(fault) = rest.map_or(Ok(()), |data| self.take(&data, events)) {
            return self.fail(fault, events);
        }
        if !self.ended {
            self.fail(truncated(), events);
        }
    }
}

/// Reads an event's data. An error that is no JSON keeps its text.
fn parse(name: Option<&str>, data: &str) -> Result<Value, Fault> {
    match value_of(data.as_bytes()) {
        Ok(data) => Ok(data),
        Err(_) if name == Some("error") => Err(error::within_200(&json!(data))),
        Err(error) => Err(malformed(error)),
    }
}
