//! A chat with a real model, where the test command could get one.

use std::{
    env,
    fs::OpenOptions,
    io::Write,
    net::{Ipv4Addr, TcpListener},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::harness::Gateway;

const NAME: &str = "real_model::a_real_model_answers_whole_and_in_pieces";

/// A running `llama-server`. Dropping it ends it.
struct LlamaServer {
    process: Child,
    port: u16,
}

impl LlamaServer {
    /// Starts it; the error says why there is no model to be had here.
    fn start() -> Result<Self, String> {
        let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        let (Some(server), Some(model)) =
            (variable("CLOSEDPAW_TEST_LLAMA_SERVER"), variable("CLOSEDPAW_TEST_MODEL"))
        else {
            let reason = env::var("CLOSEDPAW_TEST_NO_MODEL");
            return Err(reason.unwrap_or_else(|_| "the test command offers no model".to_owned()));
        };
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr());
        let port = port.expect("a free port").port();
        let mut command = Command::new(server);
        if let Some(libraries) = variable("CLOSEDPAW_TEST_LLAMA_LIBS") {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        command
            .arg("--model")
            .arg(model)
            .args(["--host", "127.0.0.1", "--port"])
            .arg(port.to_string());
        command.args(["--ctx-size", "2048", "-ngl", "0", "--jinja", "--no-warmup"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("the model's server");
        Ok(Self { process, port })
    }
}

impl Drop for LlamaServer {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_real_model_answers_whole_and_in_pieces() {
    let mut server = match LlamaServer::start() {
        Ok(server) => server,
        Err(reason) => return skip(&reason),
    };
    let gateway = Gateway::start();
    gateway.register(&json!({
        "provider_type": "custom", "name": "real", "settings": { "preset": "llamacpp" },
        "base_url": format!("http://127.0.0.1:{}/v1", server.port), "default_model": "smollm2",
    }));
    wait_until_loaded(&gateway, &mut server);
    assert_eq!(gateway.get("/api/providers/health").expect(200)["real"], true);
    let models = gateway.get("/api/providers/real/models").expect(200);
    assert!(!models["models"].as_array().unwrap().is_empty(), "{models}");

    let chat = json!({
        "message": "Say hello.", "provider": "real", "max_tokens": 16, "temperature": 0, "stream": false,
    });
    let whole = gateway.chat(&chat).expect(200);
    assert!(!whole["response"].as_str().unwrap().trim().is_empty(), "{whole}");
    assert!(whole["usage"]["prompt_tokens"].as_u64().unwrap() > 0, "{whole}");
    assert!(whole["tokens"].as_u64().unwrap() > whole["usage"]["prompt_tokens"].as_u64().unwrap());

    let mut streamed = chat;
    streamed["stream"] = json!(true);
    let mut live = gateway.ask("POST", "/api/chat/multi").json(&streamed).open();
    assert_eq!(live.status, 200);
    let mut text = String::new();
    loop {
        let (event, data) = live.event().expect("a last event");
        if !event.is_empty() {
            assert_eq!(event, "done", "{data}");
            assert!(data["usage"]["completion_tokens"].as_u64().unwrap() > 0, "{data}");
            break;
        }
        text += data["delta"].as_str().unwrap();
    }
    assert_eq!(text, whole["response"], "greedy answers are the same");
}

/// Waits for the model as a user would: by asking the provider for its models.
fn wait_until_loaded(gateway: &Gateway, server: &mut LlamaServer) {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let models = gateway.get("/api/providers/real/models?refresh=true").expect(200);
        if models.get("error").is_none() {
            return;
        }
        let ended = server.process.try_wait().expect("a process of ours");
        assert!(ended.is_none(), "the model's server ended: {ended:?}");
        assert!(Instant::now() < deadline, "the model was not loaded: {models}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Has the test counted as skipped.
fn skip(reason: &str) {
    if let Some(path) = env::var_os("CLOSEDPAW_SKIP_LOG") {
        let log = OpenOptions::new().append(true).create(true).open(path);
        writeln!(log.expect("the log of skipped tests"), "{NAME}: {reason}").expect("a line in it");
    }
}
