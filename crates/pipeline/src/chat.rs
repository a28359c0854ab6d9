//! A chat as an errand: in a caller's own dialect over either lane, or in the canonical form.

use bytes::Bytes;
use canonical::{Fault, Losses, Request, Response};
use providers::{Delivery, Refused};
use records::Operation;

use crate::{
    About, Answer, EventStream, InferenceCall, Lane, Target,
    account::Account,
    attempt::{attempt, encode, read_whole},
    byte_lane,
    errand::{Answered, Errand, Whole},
    open::Opened,
    plan::plan,
    relay::Relay,
    translate_lane,
};

/// A chat in a caller's own dialect.
pub(crate) struct Chat<'a> {
    pub(crate) call: &'a InferenceCall,
    pub(crate) opened: &'a Opened,
}

/// A chat as its candidate will be sent it.
pub(crate) enum Prepared {
    /// In the lane of bytes.
    Bytes(byte_lane::Prepared),
    /// In the lane of translation.
    Translate(translate_lane::Prepared),
}

impl Errand for Chat<'_> {
    type Prepared = Prepared;
    type Answer = Answer;

    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn prepare(&self, target: &Target, losses: &mut Losses) -> Result<Prepared, Fault> {
        match plan(target, self.call) {
            Lane::Bytes => byte_lane::prepare(target, self.call, self.opened).map(Prepared::Bytes),
            Lane::Translate => translate_lane::prepare(target, self.call, self.opened, losses)
                .map(Prepared::Translate),
        }
    }

    async fn send(
        &self,
        target: &Target,
        prepared: Prepared,
        about: &mut About,
    ) -> Result<Answer, Refused> {
        let Self { call, opened } = self;
        match prepared {
            Prepared::Bytes(prepared) => byte_lane::send(target, call, opened, prepared).await,
            Prepared::Translate(prepared) => {
                let losses = &mut about.losses;
                let answer = translate_lane::send(target, call, opened, prepared, losses).await;
                answer.map_err(Refused::reworded)
            }
        }
    }
}

impl Answered for Answer {
    fn close_later(&mut self, account: Account) {
        match self {
            Self::Whole(whole) => whole.close_later(account),
            Self::Stream(Relay::Bytes(relay)) => relay.close_later(account),
            Self::Stream(Relay::Translate(relay)) => relay.close_later(account),
        }
    }
}

/// A chat in the canonical form that is answered whole.
pub(crate) struct WholeChat<'a>(pub(crate) &'a Request);

impl Errand for WholeChat<'_> {
    type Prepared = Bytes;
    type Answer = Whole<Response>;

    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn prepare(&self, target: &Target, losses: &mut Losses) -> Result<Bytes, Fault> {
        Ok(encode(target, self.0.clone(), Delivery::Whole, losses))
    }

    async fn send(
        &self,
        target: &Target,
        body: Bytes,
        _about: &mut About,
    ) -> Result<Whole<Response>, Refused> {
        let reply = attempt(target, body, Delivery::Whole).await?;
        let content = read_whole(target, reply).await?;
        Ok(Whole { usage: content.usage, content })
    }
}

/// A chat in the canonical form that is answered in pieces.
pub(crate) struct StreamedChat<'a>(pub(crate) &'a Request);

impl Errand for StreamedChat<'_> {
    type Prepared = Bytes;
    type Answer = EventStream;

    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn prepare(&self, target: &Target, losses: &mut Losses) -> Result<Bytes, Fault> {
        Ok(encode(target, self.0.clone(), Delivery::Streamed, losses))
    }

    async fn send(
        &self,
        target: &Target,
        body: Bytes,
        _about: &mut About,
    ) -> Result<EventStream, Refused> {
        let reply = attempt(target, body, Delivery::Streamed).await?;
        Ok(EventStream::begin(target, reply).await?)
    }
}
