//! Ids of tool calls that fit `^[a-zA-Z0-9_-]+$`.

use std::fmt::Write;

/// Fits an id: a character that is not allowed becomes `_` and its code, so that ids stay apart; an empty
/// id is made up from the call's position.
pub(super) fn fitted(original: &str, position: usize) -> String {
    if original.is_empty() {
        return format!("call_{position}");
    }
    let mut fitted = String::with_capacity(original.len());
    for character in original.chars() {
        if character.is_ascii_alphanumeric() || matches!(character, '_' | '-') {
            fitted.push(character);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(fitted, "_{:x}", u32::from(character));
        }
    }
    fitted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::fitted;

    #[test]
    fn an_id_that_fits_stays() {
        for (original, expected) in [
            ("toolu_01-a", "toolu_01-a"),
            ("functions.look:0", "functions_2elook_3a0"),
            ("", "call_3"),
        ] {
            assert_eq!(fitted(original, 3), expected);
        }
    }

    proptest! {
        #[test]
        fn any_id_fits(original in "\\PC{0,12}") {
            let fitted = fitted(&original, 1);
            prop_assert!(!fitted.is_empty());
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
            prop_assert!(fitted.bytes().all(allowed), "{fitted}");
        }
    }
}
