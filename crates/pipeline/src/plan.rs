//! Plan: which lane a call takes.

use dialects::holds_foreign_seals;

use crate::{InferenceCall, Target};

/// The two ways of a call to its provider and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// The caller's bytes go out, the provider's come back.
    Bytes,
    /// Both are translated.
    Translate,
}

impl Lane {
    /// The name in what is told of capabilities.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Translate => "translate",
        }
    }
}

/// Chooses the lane. A conversation that went over another dialect before holds that one's seals, which the caller's
/// own dialect would refuse: it is translated, though both sides speak alike.
pub(crate) fn plan(target: &Target, call: &InferenceCall) -> Lane {
    let speaks_alike = target.speaks(call.endpoint.dialect());
    if speaks_alike && !holds_foreign_seals(&call.body) { Lane::Bytes } else { Lane::Translate }
}
