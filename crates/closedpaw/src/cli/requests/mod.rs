//! `closedpaw requests`: what became of requests, from the command line.

mod list;
mod show;
mod waterfall;

use clap::Subcommand;
pub use show::parts;

use crate::{
    cli::{gateway::Gateway, session::Session},
    failure::Failure,
};

/// Lists and shows what became of requests
#[derive(Subcommand)]
pub enum Verb {
    List(Box<list::Options>),
    Show(show::Options),
}

/// Does what the verb says.
pub async fn run(session: &Session, verb: Verb) -> Result<(), Failure> {
    let gateway = Gateway::find(session)?;
    match verb {
        Verb::List(options) => list::run(session, &gateway, &options).await,
        Verb::Show(options) => show::run(session, &gateway, &options).await,
    }
}
