//! Who is asked next, and when: pure arithmetic over a clock and dice that are handed in.
//!
//! A request runs over candidates, each a provider's model. What is known of a candidate at a moment is its
//! [`Standing`]; a [`Run`] chooses among the standings of a request's candidates and decides, after each failure,
//! whether and when there is another try. What outlives a request is in [`ModelState`] (one provider's one model),
//! [`KeyRing`] (one provider's keys) and [`RetryBudget`] (the whole gateway).
//!
//! Reading what is ready takes nothing. What can be had only once, a breaker's trial or a last resort, is handed out
//! by [`ModelState::begin`] and [`KeyRing::begin`]; who comes too late tells its run ([`Run::missed`]), reads the
//! standings anew and chooses again.

mod backoff;
mod blame;
mod breaker;
mod key_ring;
mod latency;
mod model_state;
mod park;
mod recent_outcomes;
mod retry_budget;
mod run;
mod standing;
mod strategy;

pub use backoff::full_jitter;
pub use blame::{Blame, blame};
pub use breaker::{Breaker, BreakerState};
pub use key_ring::{KeyRing, KeyState, ParkedBy, Slot};
pub use latency::PeakEwma;
pub use model_state::{ModelState, Outcome, Trial};
pub use retry_budget::RetryBudget;
pub use run::{Choice, Run, Verdict};
pub use standing::{Ready, Standing};
pub use strategy::{Strategy, order};

/// Draws a number, each of all equally likely.
pub type Dice<'a> = &'a mut dyn FnMut() -> u64;
