//! A model's name as bodies write it.

/// What may stand before a name without being part of it; Gemini's bodies have it.
const PREFIX: &str = "models/";

/// Returns what a body that says `said` is to say instead, if it means the model that the caller `named`: the name by
/// which the provider knows it, with `models/` before it where that stood before.
#[must_use]
pub fn renamed(said: &str, named: &str, model: &str) -> Option<String> {
    let prefix = if said.starts_with(PREFIX) { PREFIX } else { "" };
    (said.strip_prefix(prefix) == Some(named)).then(|| format!("{prefix}{model}"))
}

#[cfg(test)]
mod tests {
    use super::renamed;

    #[test]
    fn only_the_named_model_is_renamed() {
        for (said, expected) in [
            ("lab/gpt", Some("gpt")),
            ("models/lab/gpt", Some("models/gpt")),
            ("gpt", None),
            ("tunedModels/lab/gpt", None),
        ] {
            assert_eq!(renamed(said, "lab/gpt", "gpt").as_deref(), expected, "{said}");
        }
    }
}
