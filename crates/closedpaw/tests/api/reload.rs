//! A thousand changes under load: no request fails, each sees one state, and what is refused changes nothing.

use std::{
    fs,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use serde_json::{Value, json};

use crate::harness::{Answer, Gateway, Home, openai};

const CHANGES: usize = 1000;
/// Each so many-th change is refused.
const INVALID_EACH: usize = 10;
const CALLERS: usize = 4;

/// The file in one of its states. The provider `filed` is always there, and reached in the same way.
fn file(url: &str, state: usize) -> String {
    let mut text = format!(
        "[providers.filed]\nprovider_type = \"openai\"\nbase_url = \"{url}/v1\"\nnetwork = \"local\"\n\
         api_key = {{ file = \"key\" }}\ntimeout = {}\n\
         [routes.changing]\ncandidates = [{{ provider = \"filed\", model = \"alpha\", weight = {} }}]\n\
         [keys.changing]\nkey = {{ file = \"virtual\" }}\nlimits = {{ concurrency = {} }}\n",
        30 + state % 7,
        1 + state % 5,
        1 + state % 9,
    );
    if state.is_multiple_of(2) {
        text += "[providers.coming]\nprovider_type = \"ollama\"\n";
    }
    text
}

/// What the registry shows of itself, but for what requests use of it.
fn state(gateway: &Gateway) -> [Value; 2] {
    let mut providers = gateway.get("/api/providers").expect(200);
    let rows = providers["providers"].as_object_mut().unwrap();
    for provider in rows.values_mut().filter_map(Value::as_object_mut) {
        for live in ["used", "models_used", "waiting", "api_keys"] {
            provider.remove(live);
        }
    }
    [providers, gateway.get("/api/routes").expect(200)]
}

/// Says that it is over when it is dropped, be it by a panic: nobody goes on for ever.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Changes<'a> {
    gateway: &'a Gateway,
    home: &'a Home,
    url: String,
}

impl Changes<'_> {
    fn reload(&self, text: &str) -> Answer {
        fs::write(self.home.path("config.toml"), text).unwrap();
        self.gateway.ask("POST", "/api/config/reload").send()
    }

    fn put_route(&self, number: usize, strategy: &str) -> Answer {
        let candidates =
            json!([{ "provider": "load", "model": "alpha", "weight": 1 + number % 3 }]);
        let body = json!({ "strategy": strategy, "candidates": candidates });
        self.gateway.ask("PUT", &format!("/api/routes/r{}", number % 13)).json(&body).send()
    }

    /// Makes a change that is accepted.
    fn make(&self, number: usize) {
        match number % 4 {
            0 => drop(self.reload(&file(&self.url, number / 4)).expect(200)),
            1 => drop(self.put_route(number, "weighted").expect(200)),
            2 => {
                let timeout = json!({ "timeout": 30 + number % 7, "default_model": "alpha" });
                self.gateway.patch("load", &timeout).expect(200);
            }
            _ => match self.gateway.delete("passing").status {
                200 => {}
                _ => {
                    self.gateway.register(&json!({ "provider_type": "ollama", "name": "passing" }))
                }
            },
        }
    }

    /// Tries a change that is refused, though a part of it would do.
    fn fail(&self, number: usize) {
        let before = state(self.gateway);
        match number / INVALID_EACH % 3 {
            0 => {
                let broken = format!("{}[routes.new]\ncandidates = 7\n", file(&self.url, number));
                self.reload(&broken).refused_with(400, "routes.new");
            }
            1 => drop(self.put_route(number, "best").expect(400)),
            _ => {
                let half = json!({ "timeout": 1, "base_url": "ftp://nowhere" });
                self.gateway.patch("load", &half).expect(400);
            }
        }
        assert_eq!(state(self.gateway), before, "change {number}");
    }
}

#[test]
fn a_thousand_changes_fail_no_request() {
    let provider = openai().start();
    let home = Home::new();
    fs::write(home.path("key"), "key-of-the-file").unwrap();
    fs::write(home.path("virtual"), format!("sk-cp-abcdefghijkl-{}", "a1".repeat(22))).unwrap();
    fs::write(home.path("config.toml"), file(&provider.url(), 0)).unwrap();
    let config = home.path("config.toml");
    let gateway =
        home.serve_with(&["--listen", "127.0.0.1:0", "--config", config.to_str().unwrap()]);
    gateway.register(&openai().registration("load", &provider));
    let changes = Changes { gateway: &gateway, home: &home, url: provider.url() };

    let (done, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for caller in 0..CALLERS {
            let (gateway, done, answered) = (&gateway, &done, &answered);
            scope.spawn(move || {
                let mut last_generation = 0;
                while !done.load(Ordering::Relaxed) {
                    let model = ["filed/alpha", "load/alpha"][caller % 2];
                    let messages = json!([{ "role": "user", "content": "hi" }]);
                    let body = json!({ "model": model, "messages": messages });
                    let answer = gateway.post("/v1/chat/completions", &body);
                    assert_eq!(answer.status, 200, "{}", answer.text());
                    assert!(answer.text().contains("Hello world!"), "{}", answer.text());
                    // Whoever asks after an answer sees no older state than that answer did.
                    if let Some(generation) = answer.header("x-closedpaw-generation") {
                        let generation: u64 = generation.parse().unwrap();
                        assert!(generation >= last_generation);
                        last_generation = generation;
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let _over = Over(&done);
        for number in 0..CHANGES {
            match number % INVALID_EACH {
                7 => changes.fail(number),
                _ => changes.make(number),
            }
        }
    });
    assert!(answered.into_inner() >= CALLERS);
    let status = changes.reload(&file(&provider.url(), 0)).expect(200);
    assert!(status["generation"].as_u64().unwrap() > 800, "{status}");
}
