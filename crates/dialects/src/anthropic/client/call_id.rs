//! Ids of tool calls as callers see them, and back.
//!
//! Callers may check ids against `^[a-zA-Z0-9_-]+$`, as the provider does. An id that doesn't fit travels as
//! base64url behind a prefix, so that the provider that made it gets it back as it was.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// What an id begins with that stands for another.
const PREFIX: &str = "toolu_b64_";

/// Makes the ids of one answer's calls.
#[derive(Debug)]
pub(super) struct CallIds {
    answer: String,
    calls: usize,
}

impl CallIds {
    /// Starts the answer that `answer` tells from all others.
    pub(super) fn new(answer: &str) -> Self {
        Self { answer: answer.to_owned(), calls: 0 }
    }

    /// Returns the id that the caller is told for the next call; one without an id gets one.
    pub(super) fn told(&mut self, id: &str) -> String {
        self.calls += 1;
        if id.is_empty() {
            return format!("call_{}_{}", self.answer, self.calls);
        }
        let fits = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        if fits && !id.starts_with(PREFIX) {
            return id.to_owned();
        }
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(id))
    }
}

/// Returns the id that the provider gave the call that the caller knows as `told`.
pub(super) fn original(told: String) -> String {
    let decoded = told.strip_prefix(PREFIX).and_then(|rest| URL_SAFE_NO_PAD.decode(rest).ok());
    decoded.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or(told)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{CallIds, original};

    #[test]
    fn an_id_that_fits_stays_and_none_is_made_up() {
        let mut ids = CallIds::new("7f");
        for (id, expected) in [
            ("call_A-1", "call_A-1"),
            ("", "call_7f_2"),
            ("functions.look:0", "toolu_b64_ZnVuY3Rpb25zLmxvb2s6MA"),
            ("toolu_b64_x", "toolu_b64_dG9vbHVfYjY0X3g"),
        ] {
            assert_eq!(ids.told(id), expected);
        }
    }

    proptest! {
        #[test]
        fn any_id_fits_and_comes_back(id in "(toolu_b64_)?\\PC{1,12}") {
            let told = CallIds::new("7f").told(&id);
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
            prop_assert!(told.bytes().all(allowed), "{told}");
            prop_assert_eq!(original(told), id);
        }
    }
}
