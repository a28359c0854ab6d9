//! Checks what no other tool checks: which crate may use which, the wording, the size of files.

mod layers;
mod text;

use std::process::ExitCode;

use anyhow::Result;

pub fn run() -> Result<ExitCode> {
    let findings = findings()?;
    for finding in &findings {
        println!("{finding}");
    }
    Ok(ExitCode::from(u8::from(!findings.is_empty())))
}

/// Every fault, as a sentence that names its place.
pub fn findings() -> Result<Vec<String>> {
    Ok([layers::findings()?, text::findings()?].concat())
}
