//! `closedpaw doctor`: what is right and wrong on this machine, and what to do about it.

mod database;
mod listeners;
mod ollama;
mod places;
mod settings;

use clap::Args;
use serde::Serialize;

use crate::{cli::session::Session, failure::Failure};

/// Checks directories, keys, settings, database, ports and Ollama; works with nothing running
#[derive(Args)]
#[command(after_help = "Example:\n  closedpaw doctor || closedpaw doctor --output json")]
pub struct Options {}

/// What one check found.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Finding {
    check: &'static str,
    outcome: Outcome,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Ok,
    Warning,
    Failed,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Ok, found: found.into(), advice: None }
    }

    fn warning(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Warning, found: found.into(), advice: Some(advice.into()) }
    }

    /// A failure whose text says what to do, as our error messages do.
    fn failed(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Failed, found: found.into(), advice: None }
    }
}

/// Makes every check that makes sense, whatever the others found.
pub async fn run(session: &Session) -> Result<(), Failure> {
    let mut findings = Vec::new();
    match session.directories() {
        Err(failure) => findings.push(Finding::failed("places", failure.to_string())),
        Ok(directories) => {
            findings.extend(places::check(&directories));
            findings.push(places::check_admin_key(session, &directories.keys));
            findings.extend(database::check(&directories));
            match settings::check(session, &directories) {
                Err(faults) => findings.extend(faults),
                Ok((settings, finding)) => {
                    findings.push(finding);
                    findings.extend(settings::check_certificate(&settings));
                    findings.extend(settings::check_catalog(&settings));
                    findings.extend(listeners::check(&directories.data, &settings.server));
                }
            }
        }
    }
    findings.push(ollama::check().await);

    session
        .screen()
        .show(&findings, &["check", "", "found"], || findings.iter().flat_map(rows).collect())?;
    if findings.iter().any(|finding| finding.outcome == Outcome::Failed) {
        return Err(Failure::Shown);
    }
    Ok(())
}

fn rows(finding: &Finding) -> Vec<Vec<String>> {
    let outcome = match finding.outcome {
        Outcome::Ok => "ok",
        Outcome::Warning => "warning",
        Outcome::Failed => "FAILED",
    };
    let first = vec![finding.check.to_owned(), outcome.to_owned(), finding.found.clone()];
    let advice =
        finding.advice.iter().map(|advice| vec![String::new(), String::new(), advice.clone()]);
    [first].into_iter().chain(advice).collect()
}
