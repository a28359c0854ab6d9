//! What a streamed answer has told so far: one implementation for both lanes.

use std::time::Instant;

use canonical::{Event, Fault, Usage};

use crate::account::{Account, End};

/// Watches a streamed answer. Dropping it closes the account of its request, whatever the stream came to.
#[derive(Default)]
pub(crate) struct Observer {
    usage: Usage,
    /// When the first piece of the answer came, if it came before the account.
    first: Option<Instant>,
    end: Option<End>,
    account: Option<Account>,
}

impl Observer {
    /// Watches one event go by.
    pub(crate) fn note(&mut self, event: &Event) {
        match event {
            Event::Usage(usage) => self.usage.update(usage),
            Event::PartStart { .. } | Event::PartDelta { .. } => self.begin(),
            Event::Stop => self.complete(),
            Event::Failed(fault) => self.fail(fault),
            Event::Start { .. }
            | Event::PartEnd { .. }
            | Event::Logprobs { .. }
            | Event::Finish { .. } => {}
        }
    }

    /// Notes that the answer has begun, at once: others are chosen by it while this one goes on.
    fn begin(&mut self) {
        if self.first.is_none() {
            let now = Instant::now();
            self.first = Some(now);
            if let Some(account) = &mut self.account {
                account.first_byte(now);
            }
        }
    }

    /// Notes that the provider said that its answer is complete.
    pub(crate) fn complete(&mut self) {
        self.end.get_or_insert(End::Answered);
    }

    /// Notes that the answer will not be complete.
    pub(crate) fn fail(&mut self, fault: &Fault) {
        self.end.get_or_insert_with(|| End::BrokenOff(fault.clone()));
    }

    /// Gives it the account to close.
    pub(crate) fn attach(&mut self, mut account: Account) {
        if let Some(first) = self.first {
            account.first_byte(first);
        }
        self.account = Some(account);
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        if let Some(account) = self.account.take() {
            account.close(self.end.take().unwrap_or(End::Cancelled), &self.usage);
        }
    }
}
