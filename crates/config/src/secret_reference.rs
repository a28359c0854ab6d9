//! References to secrets: what stands in the config file in place of a credential.

use std::{io, path::Path};

use toml::{Spanned, de::DeValue};
use vault::Secret;

use crate::{file::Reader, text_file::read_text};

/// The longest secret that is read from a file.
const MOST_BYTES: u64 = 64 * 1024;

/// How a reference is shown that leads to no secret; that is a fault already.
pub(crate) const UNRESOLVED: &str = "?";

/// What a member looks like that is a secret, or holds some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecretShape {
    /// One secret.
    One,
    /// A list of secrets.
    List,
    /// Secrets by name.
    Table,
}

/// A reference as it is shown, and the secret that it leads to.
pub(crate) struct Resolved {
    /// `env:NAME` or `file:PATH`.
    pub shown: String,
    pub secret: Secret,
}

impl Reader<'_> {
    /// Reads a reference and what it leads to. What is wrong becomes a fault, and a stand-in its secret, so that no rule
    /// complains of it a second time.
    pub fn reference(&mut self, place: &str, value: &Spanned<DeValue<'_>>) -> Resolved {
        self.resolve(value.get_ref()).unwrap_or_else(|sentence| {
            self.fault(value.span().start, format!("{place}: {sentence}"));
            Resolved {
                shown: UNRESOLVED.to_owned(),
                secret: Secret::new("a-stand-in-for-a-faulty-one"),
            }
        })
    }

    fn resolve(&self, value: &DeValue<'_>) -> Result<Resolved, String> {
        const FORMS: &str = r#"{ env = "NAME" } or { file = "PATH" }"#;
        let DeValue::Table(table) = value else {
            return Err(format!(
                "a secret does not stand in the config file: keep it in a variable or a file of its own, and refer to \
                 it as {FORMS}"
            ));
        };
        let mut members =
            table.iter().map(|(name, value)| (name.get_ref().as_ref(), value.get_ref()));
        let only = members.next().filter(|_| table.len() == 1);
        match only.and_then(|(name, value)| Some((name, value.as_str()?))) {
            Some(("env", name)) => {
                let secret = self.environment.text(name).map(Secret::new);
                let missing = || format!("the variable {name} is not set");
                Ok(Resolved { shown: format!("env:{name}"), secret: secret.ok_or_else(missing)? })
            }
            Some(("file", path)) => {
                let path = self.beside_file(path);
                let secret = read(Path::new(&path))
                    .map_err(|error| format!("cannot read the secret in {path}: {error}"))?;
                if secret.expose().is_empty() {
                    return Err(format!("{path} is empty: write the secret into it"));
                }
                Ok(Resolved { shown: format!("file:{path}"), secret })
            }
            Some(_) | None => Err(format!("expected a reference to a secret: {FORMS}")),
        }
    }
}

/// Reads a secret from a file; the line end that editors leave behind it is none of it.
fn read(path: &Path) -> io::Result<Secret> {
    let text = Secret::new(read_text(path, MOST_BYTES)?);
    Ok(Secret::new(text.expose().trim_end_matches(['\r', '\n'])))
}
