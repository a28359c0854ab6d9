//! The two shapes of an answer.

/// What an answer says it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `/api/chat`: in the members of `message`, its text in `content`.
    Chat,
    /// `/api/generate`: in members of the answer itself, its text in `response`.
    Generate,
}

impl Shape {
    /// The member without which an answer says nothing.
    pub(super) fn member(self) -> &'static str {
        match self {
            Self::Chat => "message",
            Self::Generate => "response",
        }
    }

    /// Where it is asked for, below the base URL.
    pub(super) fn target(self) -> &'static str {
        match self {
            Self::Chat => "/api/chat",
            Self::Generate => "/api/generate",
        }
    }
}
