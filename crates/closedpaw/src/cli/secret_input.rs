//! Secrets from a prompt that doesn't echo, or from stdin a line each; never from arguments.

use std::io::{self, BufRead as _, IsTerminal as _};

use vault::Secret;

use crate::failure::Failure;

/// Whether a person sits at stdin.
pub fn can_prompt() -> bool {
    io::stdin().is_terminal()
}

/// Asks for a secret on a terminal, or takes the next line of stdin; `None` when it is empty.
pub fn read(label: &str) -> Result<Option<Secret>, Failure> {
    let text =
        if can_prompt() { rpassword::prompt_password(format!("{label}: ")) } else { next_line() };
    let text = text.map_err(|error| Failure::usage(format!("cannot read the {label}: {error}")))?;
    let line = Secret::new(text);
    let secret = line.expose().trim();
    Ok((!secret.is_empty()).then(|| Secret::new(secret)))
}

fn next_line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line)
}
