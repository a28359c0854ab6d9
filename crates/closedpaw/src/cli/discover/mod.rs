//! `closedpaw discover`: finds what could be registered, and registers what one says yes to.

mod cloud_keys;
mod offer;

use std::io::{self, BufRead as _, Write as _};

use clap::Args;
use http::Method;
use serde_json::{Value, json};

use crate::{
    cli::{
        cell,
        gateway::Gateway,
        screen::{note, print_line},
        secret_input,
        session::Session,
    },
    failure::Failure,
};
use offer::Offer;

const HEADINGS: [&str; 4] = ["found", "where", "with", "state"];

/// Finds local servers and keys of clouds, and registers what you say yes to
///
/// The gateway looks on its own machine at the usual ports of Ollama, LM Studio, llama.cpp, vLLM and Jan. Keys are
/// looked for here, in the usual environment variables, such as OPENAI_API_KEY. Each is asked about; what is
/// registered is tested at once.
#[derive(Args)]
#[group(skip)]
#[command(after_help = "Examples:
  closedpaw discover
  closedpaw discover --dry-run --output json
  closedpaw discover --yes")]
pub struct Options {
    /// Register everything that was found, without asking
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,

    /// Only show what was found
    #[arg(long)]
    dry_run: bool,
}

/// Shows what was found, and registers it.
pub async fn run(session: &Session, options: &Options) -> Result<(), Failure> {
    let gateway = Gateway::find(session)?;
    let listed = gateway.get("/api/providers").await?;
    let discovered = gateway.get("/api/discover").await?;
    let mut offers = offer::of_servers(&discovered);
    offers.extend(cloud_keys::offers(&session.environment, gateway.url(), &listed));

    let screen = session.screen();
    if options.dry_run {
        return screen.show(&json!({ "found": offers }), &HEADINGS, || rows(&offers));
    }
    if screen.is_for_people() {
        screen.show(&offers, &HEADINGS, || rows(&offers))?;
    }
    let is_new = |offer: &Offer| offer.registered_as.is_none();
    if !options.yes && !secret_input::can_prompt() && offers.iter().any(is_new) {
        return Err(Failure::usage(
            "there is nobody to ask: add --yes to register what was found, or --dry-run to only look",
        ));
    }
    let mut failed = false;
    for offer in offers.iter_mut().filter(|offer| is_new(offer)) {
        if !options.yes && !agrees(offer)? {
            continue;
        }
        let outcome = register(&gateway, offer, options).await?;
        failed |= outcome.is_failure();
        if screen.is_for_people() {
            print_line(&crate::cli::plain_text::paragraphs(&outcome.sentence(offer)))?;
        }
        offer.outcome = outcome.to_json();
    }
    if !screen.is_for_people() {
        screen.show(&json!({ "found": offers }), &HEADINGS, || rows(&offers))?;
    }
    if failed { Err(Failure::Shown) } else { Ok(()) }
}

/// What became of an offer.
enum Outcome {
    /// Its key was not given.
    LeftOut,
    /// The gateway refused it; the sentence is its own.
    Refused(String),
    /// It is registered; what a round trip proved.
    Registered(Value),
}

impl Outcome {
    /// Whether something did not go as it should have.
    fn is_failure(&self) -> bool {
        match self {
            Self::LeftOut => false,
            Self::Refused(_) => true,
            Self::Registered(test) => test.get("ok") != Some(&Value::Bool(true)),
        }
    }

    fn sentence(&self, offer: &Offer) -> String {
        let name = &offer.name;
        let test = match self {
            Self::LeftOut => {
                return format!(
                    "left out {name}: it answers nobody without the key that it was given"
                );
            }
            Self::Refused(detail) => return format!("could not register {name}: {detail}"),
            Self::Registered(test) => test,
        };
        let is = |member: &str| test.get(member) == Some(&Value::Bool(true));
        let model = test.get("model").and_then(Value::as_str).unwrap_or("the model");
        let answers = format!("{model} answers");
        let proofs = [
            (is("reachable"), "it is reachable"),
            (is("key_accepted"), "it accepts the key"),
            (is("model_answers"), answers.as_str()),
        ];
        let proved: Vec<_> =
            proofs.into_iter().filter_map(|(is_so, what)| is_so.then_some(what)).collect();
        let proved =
            if proved.is_empty() { "nothing proved".to_owned() } else { proved.join(", ") };
        match test.get("error").and_then(Value::as_str) {
            Some(error) => format!("registered {name}: {proved}, but: {error}"),
            None => format!("registered {name}: {proved}"),
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::LeftOut => json!({ "registered": false }),
            Self::Refused(detail) => json!({ "registered": false, "error": detail }),
            Self::Registered(test) => json!({ "registered": true, "test": test }),
        }
    }
}

/// Registers one offer and makes a round trip to it.
async fn register(gateway: &Gateway, offer: &Offer, options: &Options) -> Result<Outcome, Failure> {
    let mut body = offer.registration.clone();
    if let Some(key) = &offer.key {
        body.insert("api_key".to_owned(), json!(key.expose()));
    } else if offer.needs_key {
        let may_ask = !options.yes && secret_input::can_prompt();
        let label = format!("API key of {} (Enter to leave it out)", offer.name);
        let key = if may_ask { secret_input::read(&label)? } else { None };
        let Some(key) = key else { return Ok(Outcome::LeftOut) };
        body.insert("api_key".to_owned(), json!(key.expose()));
    }
    match gateway.send(Method::POST, "/api/providers/register", &body.into()).await {
        Ok(_) => {}
        Err(Failure::Refused { status, detail }) if ![401, 403].contains(&status) => {
            return Ok(Outcome::Refused(detail));
        }
        Err(failure) => return Err(failure),
    }
    let path = format!("/api/providers/{}/test", offer.name);
    gateway.send(Method::POST, &path, &json!({})).await.map(Outcome::Registered)
}

/// Asks a person; anything but a yes is a no.
fn agrees(offer: &Offer) -> Result<bool, Failure> {
    let unread = |error: io::Error| Failure::usage(format!("cannot read the answer: {error}"));
    let question = format!("Register {} as {}? (y/N) ", offer.found, offer.name);
    let mut stderr = io::stderr().lock();
    write!(stderr, "{}", crate::cli::plain_text::one_line(&question)).map_err(unread)?;
    stderr.flush().map_err(unread)?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(unread)?;
    Ok(["y", "yes"].contains(&line.trim().to_ascii_lowercase().as_str()))
}

fn rows(offers: &[Offer]) -> Vec<Vec<String>> {
    if offers.is_empty() {
        note("Nothing was found: no local server answers, and no variable holds a key.");
    }
    offers
        .iter()
        .map(|offer| vec![offer.found.clone(), offer.place.clone(), with(offer), state(offer)])
        .collect()
}

/// What there is to use it with: a key, or models.
fn with(offer: &Offer) -> String {
    match (&offer.variable, offer.models.len()) {
        (Some(variable), _) => match offer.key.as_ref().and_then(vault::Secret::hint) {
            Some(last4) => format!("key …{last4} of {variable}"),
            None => format!("the key of {variable}"),
        },
        (None, 0) if offer.needs_key => "needs its key".to_owned(),
        (None, 0) => "no models".to_owned(),
        (None, 1) => cell::text(offer.models.first()),
        (None, number) => format!("{number} models"),
    }
}

fn state(offer: &Offer) -> String {
    match &offer.registered_as {
        Some(name) if offer.has_another_key => format!("registered as {name}, with another key"),
        Some(name) => format!("registered as {name}"),
        None => "new".to_owned(),
    }
}
