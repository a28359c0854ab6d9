//! The known name that a mistyped one was probably meant to be.

/// The candidate nearest to `word`, if one is near enough to be worth suggesting.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// ` (did you mean X?)`, or nothing.
pub(crate) fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn suggests_only_what_is_near() {
        let known = ["listen", "hosts", "tls_cert", "tls_key"];
        let check = |word, expected| assert_eq!(nearest(word, known), expected, "{word}");
        check("listn", Some("listen"));
        check("LISTEN", Some("listen"));
        check("host", Some("hosts"));
        check("tls-cert", Some("tls_cert"));
        check("tls_cret", Some("tls_cert"));
        check("budget", None);
        check("", None);
    }
}
