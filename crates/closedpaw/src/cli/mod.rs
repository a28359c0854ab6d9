//! The command line: every verb, its options and where it goes.

mod cell;
mod chat;
mod completions;
mod config;
mod discover;
mod doctor;
mod dollars;
mod explain;
mod gateway;
mod gateway_key;
mod greeting;
mod init;
mod keys;
mod limits;
mod models;
mod openapi;
mod period;
pub mod plain_text;
mod projects;
mod providers;
mod query;
mod requests;
mod routes;
mod screen;
mod secret_input;
pub mod session;
mod setup;
mod status;
mod usage;

use clap::{CommandFactory as _, Parser, Subcommand};
use tokio::runtime;

use crate::{
    failure::{EXIT_CODES, Failure},
    serve,
};
use session::{GlobalOptions, Session};

/// One local, zero-trust door to every language model.
#[derive(Parser)]
#[command(name = "closedpaw", version, after_help = EXIT_CODES, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    Serve(serve::Options),
    Init(init::Options),
    Discover(discover::Options),
    Status(status::Options),
    #[command(subcommand)]
    Providers(Box<providers::Verb>),
    #[command(subcommand)]
    Keys(keys::Verb),
    #[command(subcommand)]
    Projects(projects::Verb),
    #[command(subcommand)]
    Routes(routes::Verb),
    Models(models::Options),
    Usage(usage::Options),
    #[command(subcommand)]
    Requests(requests::Verb),
    Chat(chat::Options),
    Explain(explain::Options),
    #[command(subcommand)]
    Setup(setup::Verb),
    Doctor(doctor::Options),
    #[command(subcommand)]
    Config(config::Verb),
    Completions(completions::Options),
    #[command(hide = true)]
    Openapi(openapi::Options),
}

/// Parses the command line and does what it says.
pub fn run() -> Result<(), Failure> {
    let Cli { global, verb } = Cli::parse();
    let session = Session::new(global);
    match verb {
        None => greeting::show(),
        Some(Verb::Serve(options)) => serve::run(session, &options),
        Some(Verb::Init(options)) => wait_for(init::run(&session, &options)),
        Some(Verb::Discover(options)) => wait_for(discover::run(&session, &options)),
        Some(Verb::Status(_)) => wait_for(status::run(&session)),
        Some(Verb::Providers(verb)) => wait_for(providers::run(&session, *verb)),
        Some(Verb::Keys(verb)) => wait_for(keys::run(&session, verb)),
        Some(Verb::Projects(verb)) => wait_for(projects::run(&session, verb)),
        Some(Verb::Routes(verb)) => wait_for(routes::run(&session, verb)),
        Some(Verb::Models(options)) => wait_for(models::run(&session, &options)),
        Some(Verb::Usage(options)) => wait_for(usage::run(&session, &options)),
        Some(Verb::Requests(verb)) => wait_for(requests::run(&session, verb)),
        Some(Verb::Chat(options)) => wait_for(chat::run(&session, &options)),
        Some(Verb::Explain(options)) => wait_for(explain::run(&session, &options)),
        Some(Verb::Setup(verb)) => setup::run(&session, &verb),
        Some(Verb::Doctor(_)) => wait_for(doctor::run(&session)),
        Some(Verb::Config(verb)) => config::run(&session, &verb),
        Some(Verb::Completions(options)) => completions::run(&options, &mut Cli::command()),
        Some(Verb::Openapi(_)) => openapi::run(),
    }
}

/// Runs a client verb, which needs no more than one thread. Ctrl-C ends it at whatever it waits for.
///
/// The verb comes first, because what reads stdin does so before it waits for the first time: until then the
/// signal keeps its usual effect.
fn wait_for(verb: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start the runtime: {error}")))?;
    runtime.block_on(async {
        tokio::select! {
            biased;
            outcome = verb => outcome,
            Ok(()) = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _, Parser as _};

    use super::Cli;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_verb_shows_an_example() {
        fn check(path: &str, command: &Command) {
            let path = format!("{path} {}", command.get_name());
            if command.has_subcommands() {
                command.get_subcommands().for_each(|below| check(&path, below));
            } else {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("closedpaw "), "{path} has no example");
            }
        }
        Cli::command().get_subcommands().for_each(|verb| check("closedpaw", verb));
    }

    #[test]
    fn help_names_every_flags_variable() {
        let mut command = Cli::command();
        let global = command.render_long_help().to_string();
        let serve = command.find_subcommand_mut("serve").unwrap().render_long_help().to_string();
        let reference = ::config::reference();
        let mut named = 0;
        for row in reference.lines().filter(|row| row.contains("`CLOSEDPAW_")) {
            let words: Vec<_> = row.split('`').collect();
            let word = |start| words.iter().find(|word| word.starts_with(start));
            let (Some(variable), Some(_)) = (word("CLOSEDPAW_"), word("--")) else { continue };
            assert!(global.contains(variable) || serve.contains(variable), "{variable}");
            named += 1;
        }
        assert!(named > 5, "{reference}");
    }

    #[test]
    fn secrets_cannot_be_given_as_arguments() {
        for arguments in [
            ["closedpaw", "--key", "sk-1", "status"].as_slice(),
            &[
                "closedpaw",
                "providers",
                "add",
                "--type",
                "openai",
                "--name",
                "x",
                "--api-key",
                "sk-1",
            ],
            &["closedpaw", "providers", "update", "x", "--api-key", "sk-1"],
            &["closedpaw", "providers", "update", "x", "--api-key-stdin=sk-1"],
        ] {
            assert!(Cli::try_parse_from(arguments).is_err(), "{arguments:?}");
        }
    }
}
