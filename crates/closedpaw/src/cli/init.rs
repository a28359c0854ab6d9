//! `closedpaw init`: the first steps with a running gateway.

use clap::Args;

use crate::{
    cli::{discover, screen::print_line, session::Session},
    failure::Failure,
};

const GREETING: &str = "\
Welcome to ClosedPaw. This looks for models on the gateway's machine and for keys of clouds in this shell, and
registers what you say yes to.
";

const NEXT: &str = "
Next:
  closedpaw chat \"Hello\"              talk to the default model
  closedpaw models                    see every model
  eval \"$(closedpaw setup openai)\"    point programs with an OpenAI SDK at the gateway";

/// Finds what this machine has, registers what you say yes to, and says what to do next
#[derive(Args)]
#[command(after_help = "Examples:
  closedpaw init
  closedpaw init --yes")]
pub struct Options {
    #[command(flatten)]
    discover: discover::Options,
}

/// Greets, discovers and points on.
pub async fn run(session: &Session, options: &Options) -> Result<(), Failure> {
    let is_for_people = session.screen().is_for_people();
    if is_for_people {
        print_line(GREETING)?;
    }
    let outcome = discover::run(session, &options.discover).await;
    if is_for_people && matches!(outcome, Ok(()) | Err(Failure::Shown)) {
        print_line(NEXT)?;
    }
    outcome
}
