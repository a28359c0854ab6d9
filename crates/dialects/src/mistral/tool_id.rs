//! Tool-call ids of exactly nine letters and digits, the only ones that Mistral takes back (its code 3280).

/// Keeps an id that has the form, and makes one that depends on nothing but the id, else the position.
pub(super) fn nine(original: &str, position: usize) -> String {
    if original.len() == 9 && original.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return original.to_owned();
    }
    let hash = match original {
        "" => fnv1a(format!("call {position}").as_bytes()),
        id => fnv1a(id.as_bytes()),
    };
    base62(hash)
}

/// The last nine base-62 digits of a number, which tell 1.3e16 ids apart.
fn base62(mut number: u64) -> String {
    let mut digit = || {
        let value = u8::try_from(number % 62).unwrap_or_default();
        number /= 62;
        char::from(match value {
            0..10 => b'0' + value,
            10..36 => b'a' + value - 10,
            _ => b'A' + value - 36,
        })
    };
    (0..9).map(|_| digit()).collect()
}

/// FNV-1a of 64 bits: the same on every machine and in every version, unlike the standard library's.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::nine;

    #[test]
    fn ids_have_the_form_and_stay_apart() {
        assert_eq!(nine("g6fVbXS8K", 1), "g6fVbXS8K");
        assert_eq!(nine("call_1", 1), nine("call_1", 2));
        let ids: HashSet<_> = (0..1000)
            .map(|number| nine(&format!("call_{number}"), 1))
            .chain((0..1000).map(|position| nine("", position)))
            .collect();
        assert_eq!(ids.len(), 2000);
        assert!(
            ids.iter().all(|id| id.len() == 9 && id.bytes().all(|b| b.is_ascii_alphanumeric()))
        );
    }
}
