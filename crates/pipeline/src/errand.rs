//! What is asked of a model, as the way over candidates sees it.

use canonical::{Fault, Losses, Usage};
use providers::Refused;
use records::Operation;

use crate::{About, Target, account::Account};

/// What is asked of a model: how it is prepared for a candidate, and how one try at it goes.
pub(crate) trait Errand: Sync {
    /// What is sent.
    type Prepared: Send;
    /// What comes back.
    type Answer: Answered;

    /// What kind of thing it is.
    fn operation(&self) -> Operation;

    /// Writes what the candidate will be sent; what can't be said is noted in `losses`.
    ///
    /// # Errors
    ///
    /// Fails where the candidate can't be asked this; another one may.
    fn prepare(&self, target: &Target, losses: &mut Losses) -> Result<Self::Prepared, Fault>;

    /// Whether the provider is asked at all; else the answer is known without it.
    fn asks(&self, _prepared: &Self::Prepared) -> bool {
        true
    }

    /// Sends it and waits until the answer begins.
    ///
    /// # Errors
    ///
    /// Fails with the one outcome of this try.
    fn send(
        &self,
        target: &Target,
        prepared: Self::Prepared,
        about: &mut About,
    ) -> impl Future<Output = Result<Self::Answer, Refused>> + Send;
}

/// An answer that has begun.
pub(crate) trait Answered: Send {
    /// Gives it the account of its request, to be closed when the answer has ended.
    fn close_later(&mut self, account: Account);
}

/// A whole answer and what it consumed.
#[derive(Clone, Debug)]
pub struct Whole<T> {
    /// The answer.
    pub content: T,
    /// What the provider said that it consumed.
    pub usage: Usage,
}

impl<T: Send> Answered for Whole<T> {
    fn close_later(&mut self, account: Account) {
        account.close(crate::account::End::Answered, &self.usage);
    }
}
