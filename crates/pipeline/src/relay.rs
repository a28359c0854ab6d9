//! A streamed answer on its way to the caller, in the caller's dialect.

use bytes::Bytes;
use canonical::{Event, Fault, Losses};
use dialects::StreamEncoder;

use crate::{
    EventStream, account::Account, byte_relay::ByteRelay, errand::Answered as _, events::cut_off,
};

/// A streamed answer, piece by piece. Dropping it hangs up on the provider.
pub enum Relay {
    /// The provider's own frames.
    Bytes(Box<ByteRelay>),
    /// The provider's events, told in another dialect.
    Translate(Box<TranslateRelay>),
}

impl Relay {
    /// Returns the next bytes, none after the end, which is the provider's own or an error in the stream.
    ///
    /// Safe to drop and call again: nothing that arrived is lost.
    pub async fn next(&mut self) -> Option<Bytes> {
        match self {
            Self::Bytes(relay) => relay.next().await,
            Self::Translate(relay) => relay.next().await,
        }
    }

    /// What shows that the stream lives while the provider is silent; empty where the dialect has nothing.
    #[must_use]
    pub fn keep_alive(&self) -> &'static [u8] {
        match self {
            Self::Bytes(relay) => relay.keep_alive(),
            Self::Translate(relay) => relay.encoder.keep_alive(),
        }
    }

    /// Why the stream ended without the provider saying that it is complete, if it did.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Bytes(relay) => relay.fault(),
            Self::Translate(relay) => relay.fault.as_ref(),
        }
    }

    /// What could not be said in the caller's dialect since the headers went out.
    #[must_use]
    pub fn losses(&self) -> Option<&Losses> {
        match self {
            Self::Bytes(_) => None,
            Self::Translate(relay) => {
                Some(relay.encoder.losses()).filter(|losses| !losses.is_empty())
            }
        }
    }

    /// Ends the stream with an error, and returns the bytes that say so.
    pub fn break_off(&mut self, fault: Fault) -> Bytes {
        match self {
            Self::Bytes(relay) => relay.break_off(&fault),
            Self::Translate(relay) => {
                relay.events.fail(&fault);
                relay.tell(&Event::Failed(fault))
            }
        }
    }
}

/// A stream that is translated event by event.
pub struct TranslateRelay {
    events: EventStream,
    encoder: Box<dyn StreamEncoder>,
    fault: Option<Fault>,
    ended: bool,
}

impl TranslateRelay {
    pub(crate) fn new(events: EventStream, encoder: Box<dyn StreamEncoder>) -> Self {
        Self { events, encoder, fault: None, ended: false }
    }

    pub(crate) fn close_later(&mut self, account: Account) {
        self.events.close_later(account);
    }

    async fn next(&mut self) -> Option<Bytes> {
        while !self.ended {
            let event = self.events.next().await.unwrap_or_else(|| Event::Failed(cut_off()));
            let mut bytes = self.tell(&event).to_vec();
            // What has arrived already goes out in one piece.
            while !self.ended
                && let Some(event) = self.events.ready()
            {
                bytes.extend_from_slice(&self.tell(&event));
            }
            if !bytes.is_empty() {
                return Some(bytes.into());
            }
        }
        None
    }

    fn tell(&mut self, event: &Event) -> Bytes {
        let mut bytes = Vec::new();
        if !self.ended {
            self.encoder.encode(event, &mut bytes);
            self.ended = matches!(event, Event::Stop | Event::Failed(_));
            if let Event::Failed(fault) = event {
                self.fault = Some(fault.clone());
            }
        }
        bytes.into()
    }
}
