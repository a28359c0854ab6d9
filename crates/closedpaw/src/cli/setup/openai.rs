//! What a program with an OpenAI SDK reads: two variables.

use crate::{
    cli::{
        session::Session,
        setup::{Target, print_variables, shell::Variable},
    },
    failure::Failure,
};

/// Prints the variables.
pub fn run(session: &Session, target: &Target) -> Result<(), Failure> {
    print_variables(
        session,
        &[
            Variable::text("OPENAI_BASE_URL", &format!("{}/v1", target.url)),
            Variable::key("OPENAI_API_KEY", &target.key),
        ],
    )
}
