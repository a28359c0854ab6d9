//! Shows the gateway at work on a real model, each step as the curl line that a user could type.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::{Value, json};

use crate::gateway::{Gateway, Home};
use crate::http::Request;
use crate::llama::{self, Llama, LlamaServer};
use crate::workspace::{self, Profile};
use crate::{interrupt, process};

/// The port that `closedpaw serve` listens on by default.
const USUAL_PORT: u16 = 8000;
const OLLAMA: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 11434);
const PROVIDER: &str = "demo";
const ANSWER_LIMIT: Duration = Duration::from_secs(120);

#[derive(Args)]
pub struct Options {
    /// End after the model's answer instead of serving on
    #[arg(long)]
    once: bool,
    /// Port to listen on; 0 is any free one [default: 8000, or any if that is taken]
    #[arg(long)]
    port: Option<u16>,
}

pub fn run(options: &Options) -> Result<ExitCode> {
    println!("Building the program (a first build takes some minutes).");
    let program = workspace::build(Profile::Release)?;
    let folder = tempfile::Builder::new().prefix("closedpaw-demo-").tempdir()?;
    let home = Home { path: folder.path().to_owned() };

    println!("Getting a model.");
    let model = Model::find(&home.path)?;
    println!("Using {}.", model.description);

    let port = options.port.unwrap_or_else(usual_port_if_free);
    let mut gateway = Gateway::start(&program, &home, port)?;
    println!("ClosedPaw listens on http://{}; its log: {}", gateway.address, home.log().display());
    tour(gateway.address, &home.admin_key(), &model)?;
    if options.once {
        return Ok(ExitCode::SUCCESS);
    }

    println!("\nServing on http://{} until Ctrl-C.", gateway.address);
    loop {
        // Ctrl-C on a terminal ends the gateway too, so the pause comes before the complaint.
        let ended = gateway.running.ended()?;
        if process::pause().is_err() {
            println!("Stopped.");
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(status) = ended {
            bail!("the gateway ended with {status}:{}", process::last_words(&home.log()));
        }
    }
}

/// A model that answers on this machine.
struct Model {
    description: String,
    /// What its server calls it.
    id: String,
    /// The body that registers it with the gateway.
    registration: Value,
    /// Keeps the server alive that this demo started, if it did.
    _server: Option<LlamaServer>,
}

impl Model {
    fn find(folder: &Path) -> Result<Self> {
        match ollama_model() {
            Some(name) => Ok(Self::on_ollama(&name)),
            None => Self::on_llama(Llama::obtain()?.start(&folder.join("llama-server.log"))?),
        }
    }

    fn on_ollama(name: &str) -> Self {
        Self {
            description: format!("{name} on the Ollama at {OLLAMA}"),
            id: name.to_owned(),
            registration: json!({
                "provider_type": "ollama",
                "name": PROVIDER,
                "default_model": name,
            }),
            _server: None,
        }
    }

    fn on_llama(server: LlamaServer) -> Result<Self> {
        Ok(Self {
            description: format!("{} on a llama-server at {}", llama::MODEL, server.address),
            id: llama::MODEL.to_owned(),
            registration: json!({
                "provider_type": "custom",
                "name": PROVIDER,
                "base_url": format!("http://{}/v1", server.address),
                "network": "local",
                "settings": { "preset": "llamacpp" },
                "default_model": llama::MODEL,
            }),
            _server: Some(server),
        })
    }
}

/// The first model of a local Ollama, if one answers and has any.
fn ollama_model() -> Option<String> {
    let answer = Request::get("/api/tags").send(OLLAMA, Duration::from_secs(2)).ok()?;
    Some(answer.json().ok()?.pointer("/models/0/name")?.as_str()?.to_owned())
}

fn tour(address: SocketAddr, key_file: &Path, model: &Model) -> Result<()> {
    let key = fs::read_to_string(key_file).context("cannot read the admin key")?;
    let key = Some(key.trim());
    let default = format!("/api/providers/{PROVIDER}/default");
    let question = json!({
        "message": "Say hello to a new user.",
        "max_tokens": 64,
        "temperature": 0,
    });
    // The same question as three vendors' SDKs ask it, each at the path where it does.
    let name = format!("{PROVIDER}/{}", model.id);
    let said = json!([{ "role": "user", "content": "Say hello to a new user." }]);
    let as_openai = json!({ "model": name, "messages": said, "max_tokens": 64 });
    let as_anthropic = json!({ "model": name, "messages": said, "max_tokens": 64 });
    let as_google = json!({
        "contents": [{ "role": "user", "parts": [{ "text": "Say hello to a new user." }] }],
        "generationConfig": { "maxOutputTokens": 64 },
    });
    let google_path = format!("/v1beta/models/{name}:generateContent");
    let post = |path, body| Request { method: "POST", path, key, body };
    let get = |path| Request { key, ..Request::get(path) };
    let steps = [
        ("Register the model", post("/api/providers/register", Some(&model.registration))),
        ("Make it the default", post(&default, None)),
        ("Health of every provider", get("/api/providers/health")),
        ("Models of every provider", get("/api/providers/models")),
        ("Chat with the default", post("/api/chat/multi", Some(&question))),
        ("Ask it as OpenAI's SDK does", post("/v1/chat/completions", Some(&as_openai))),
        ("Ask it as Anthropic's SDK does", post("/v1/messages", Some(&as_anthropic))),
        ("Ask it as Google's SDK does", post(&google_path, Some(&as_google))),
    ];
    for (title, request) in &steps {
        interrupt::check()?;
        println!("\n# {title}\n{}", curl_line(request, address, key_file));
        let answer = request.send(address, ANSWER_LIMIT)?;
        println!("{:#}", answer.json()?);
        ensure!(answer.status == 200, "the gateway answered {}", answer.status);
    }
    Ok(())
}

/// The command that sends `request`, with the key read from its file instead of written out.
fn curl_line(request: &Request, address: SocketAddr, key_file: &Path) -> String {
    let mut line = String::from("curl");
    if request.method != "GET" && request.body.is_none() {
        line += &format!(" -X {}", request.method);
    }
    line += &format!(" http://{address}{}", request.path);
    line += &format!(" -H \"Authorization: Bearer $(cat {})\"", key_file.display());
    if let Some(body) = request.body {
        let quoted = body.to_string().replace('\'', r"'\''");
        line += &format!(" -H 'Content-Type: application/json' -d '{quoted}'");
    }
    line
}

fn usual_port_if_free() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, USUAL_PORT));
    listener.map_or(0, |_| USUAL_PORT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curl_lines_survive_a_shell() {
        let address = SocketAddr::from(([127, 0, 0, 1], 8000));
        let body = json!({ "message": "it's" });
        let request =
            Request { method: "POST", path: "/api/chat/multi", key: None, body: Some(&body) };
        assert_eq!(
            curl_line(&request, address, Path::new("/keys/admin.key")),
            "curl http://127.0.0.1:8000/api/chat/multi \
             -H \"Authorization: Bearer $(cat /keys/admin.key)\" \
             -H 'Content-Type: application/json' -d '{\"message\":\"it'\\''s\"}'"
        );
    }
}
