//! The ids under which a model may be catalogued, given one that somebody uses for it.

/// Returns `id` and ever looser readings of it, the likeliest first.
///
/// Vendors date their ids (`gpt-4o-2024-08-06`, `claude-sonnet-4-5-20250929`, `gemini-2.0-flash-001`),
/// clouds add a version after `@`, routers and Gemini put a path before them (`openai/gpt-4o`,
/// `models/gemini-2.5-pro`), and Ollama puts a tag after them (`llama3.2:3b`).
pub(crate) fn readings(id: &str) -> [&str; 6] {
    let bare = id.rsplit('/').next().unwrap_or(id);
    let untagged = bare.split(':').next().unwrap_or(bare);
    [id, undated(id), bare, undated(bare), untagged, undated(untagged)]
}

fn undated(id: &str) -> &str {
    if let Some((name, _version)) = id.split_once('@') {
        return name;
    }
    ["-0000-00-00", "-00000000", "-000"]
        .into_iter()
        .find_map(|form| without_suffix(id, form))
        .unwrap_or(id)
}

/// Takes a suffix of `form` off, in which each `0` stands for any digit.
fn without_suffix<'a>(id: &'a str, form: &str) -> Option<&'a str> {
    let (name, suffix) = id.split_at_checked(id.len().checked_sub(form.len())?)?;
    let fits = suffix.bytes().zip(form.bytes()).all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        _ => byte == form,
    });
    fits.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{readings, undated};

    #[test]
    fn takes_dates_off() {
        for (id, expected) in [
            ("gpt-4o-2024-08-06", "gpt-4o"),
            ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
            ("gemini-2.0-flash-001", "gemini-2.0-flash"),
            ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
            ("gemini-2.5-pro@latest", "gemini-2.5-pro"),
            ("gpt-4-0613", "gpt-4-0613"),
            ("o3", "o3"),
            ("é-01", "é-01"),
            ("", ""),
        ] {
            assert_eq!(undated(id), expected);
        }
    }

    #[test]
    fn reads_paths_and_tags() {
        assert_eq!(readings("a/b/gpt-4o-2024-08-06")[3], "gpt-4o");
        assert_eq!(readings("hf.co/x/llama3.2:3b")[4], "llama3.2");
    }
}
