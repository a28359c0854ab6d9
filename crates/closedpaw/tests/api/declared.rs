//! What the config file declares, from outside: in force from the start, changed there alone, reloaded whole.

use std::{fs, path::PathBuf, process::Command};

use serde_json::json;

use crate::harness::{Gateway, Home, openai};

/// A gateway on a config file of its own.
struct Place {
    home: Home,
    config: PathBuf,
}

impl Place {
    fn new(text: &str) -> Self {
        let home = Home::new();
        let config = home.path("config.toml");
        let place = Self { home, config };
        place.write(text);
        place
    }

    fn write(&self, text: &str) {
        fs::write(&self.config, text).unwrap();
    }

    fn serve(&self) -> Gateway {
        let config = self.config.to_str().unwrap();
        self.home.serve_with(&["--listen", "127.0.0.1:0", "--config", config])
    }
}

fn reload(gateway: &Gateway) -> crate::harness::Answer {
    gateway.ask("POST", "/api/config/reload").send()
}

#[test]
fn what_is_declared_serves_from_the_first_start_and_is_changed_in_the_file_alone() {
    let provider = openai().start();
    let key = "key-of-the-file-0123456789";
    let text = format!(
        "[models]\ndefault_provider = \"work\"\n\n\
         [providers.spare]\nprovider_type = \"ollama\"\n\n\
         [providers.work]\nprovider_type = \"openai\"\nbase_url = \"{}/v1\"\nnetwork = \"local\"\n\
         api_key = {{ file = \"key\" }}\n\n\
         [routes.smart]\ncandidates = [{{ provider = \"work\", model = \"alpha\" }}]\n",
        provider.url()
    );
    let place = Place::new(&text);
    fs::write(place.home.path("key"), format!("{key}\n")).unwrap();
    let gateway = place.serve();

    assert_eq!(gateway.names(), ["spare", "work"], "nobody registered Ollama");
    let work = gateway.show("work");
    let at = |line: usize| format!("{}:{line}", place.config.display());
    assert_eq!(work["declared_at"], at(7));
    assert_eq!((&work["is_default"], &work["has_api_key"]), (&json!(true), &json!(true)));
    let route = gateway.get("/api/routes/smart").expect(200);
    assert_eq!((&route["declared_at"], &route["warnings"]), (&json!(at(13)), &json!([])));
    let answer = gateway.chat(&json!({ "message": "hi", "model": "alpha" })).expect(200);
    assert_eq!(answer["provider"], "work");
    let asked = provider.requests().pop().unwrap();
    assert_eq!(asked.header("authorization"), Some(format!("Bearer {key}").as_str()));

    let sentence = |line| format!("is declared at {}", at(line));
    gateway.patch("work", &json!({ "enabled": false })).refused_with(409, &sentence(7));
    gateway.delete("work").refused_with(409, &sentence(7));
    gateway
        .try_register(&json!({ "provider_type": "ollama", "name": "work" }))
        .refused_with(409, &sentence(7));
    gateway.post("/api/providers/spare/default", &json!({})).refused_with(409, &sentence(7));
    let set = gateway.ask("PUT", "/api/routes/smart").json(&json!({ "candidates": [
        { "provider": "work", "model": "beta" },
    ] }));
    set.send().refused_with(409, &sentence(13));
    gateway.ask("DELETE", "/api/routes/smart").send().refused_with(409, &sentence(13));

    let stored = place.home.data_files();
    for (path, bytes) in stored {
        let found = bytes.windows(key.len()).any(|window| window == key.as_bytes());
        assert!(!found, "{}", path.display());
    }
    assert!(!place.home.logs().contains(key));
}

#[test]
fn a_reload_takes_over_all_or_nothing() {
    let place = Place::new("[providers.a]\nprovider_type = \"ollama\"\n");
    let gateway = place.serve();
    gateway.register(&json!({ "provider_type": "ollama", "name": "b", "rate_limit": 5 }));
    place.write(
        "[providers.b]\nprovider_type = \"ollama\"\n[routes.r]\n\
         candidates = [{ provider = \"b\", model = \"m\" }]\n",
    );
    let first = reload(&gateway).expect(200)["generation"].as_u64().unwrap();
    assert_eq!(gateway.names(), ["b"]);
    assert_eq!(gateway.show("b")["rate_limit"], json!(null));
    assert!(place.home.logs().contains("hides the registered one"));

    // Everything that is wrong is told at once, and what is right is not taken over either.
    place.write(
        "[log]\nlevle = 1\n[models]\ndefault_provider = \"zz\"\n\
         [providers.c]\nprovider_type = \"ollama\"\ntimeuot = 3\n\
         [providers.d]\nprovider_type = \"ollma\"\n\
         [providers.e]\nprovider_type = \"openai\"\napi_key = \"sk-canary\"\n\
         [providers.fine]\nprovider_type = \"ollama\"\n\
         [routes.\"fine/x\"]\ncandidates = [{ provider = \"b\", model = \"m\" }]\n\
         [routes.s]\ncandidates = [{ provider = \"b\", model = \"m\", weihgt = 1 }]\nstrategy = \"best\"\n\
         [keys.k]\nname = \"other\"\nlimits = { concurrency = 0 }\n\
         [projects.p]\nlimit = 3\n\
         [keys.short]\nkey = { file = \"short\" }\n",
    );
    fs::write(place.home.path("short"), "sk-cp-canary").unwrap();
    let refused = reload(&gateway);
    let faults = refused.expect(400)["faults"].clone();
    let faults: Vec<_> = faults.as_array().unwrap().iter().map(|f| f.as_str().unwrap()).collect();
    let expected = [
        ":2: unknown key `levle` in [log] (did you mean `level`?)",
        ":4: default_provider: no [providers.zz] is declared",
        ":7: providers.c: unknown key `timeuot` (did you mean 'timeout'?)",
        ":8: providers.d: Invalid provider type: ollma",
        ":12: providers.e.api_key: a secret does not stand in the config file",
        ":15: routes.fine/x: The route name 'fine/x' is ambiguous",
        ":18: routes.s: unknown key `weihgt` (did you mean 'weight'?)",
        ":20: keys.k: `key` is missing",
        ":21: keys.k: name: the table has the name already",
        ":22: keys.k: limits.concurrency: Input should be greater than or equal to 1",
        ":24: projects.p: unknown key `limit` (did you mean 'limits'?)",
        ":25: keys.short: a virtual key is sk-cp-ID-SECRET",
    ];
    for end in expected {
        assert!(faults.iter().any(|fault| fault.contains(end)), "{end}\nis not among\n{faults:#?}");
    }
    assert_eq!(faults.len(), expected.len(), "{faults:#?}");
    assert!(!refused.text().contains("canary"));
    assert_eq!(gateway.names(), ["b"]);
    gateway.get("/api/routes/r").expect(200);

    place.write("");
    assert!(reload(&gateway).expect(200)["generation"].as_u64().unwrap() > first);
    assert_eq!(gateway.show("b")["rate_limit"], 5, "the registered one is seen again");
    gateway.get("/api/routes/r").refused(404, "Route not found");
}

#[test]
fn a_file_that_breaks_a_rule_ends_the_start() {
    let place = Place::new("[providers.work]\nprovider_type = \"openai\"\n");
    let config = place.config.to_str().unwrap();
    let failed = place.home.fail_to_serve(&["--listen", "127.0.0.1:0", "--config", config]);
    assert_eq!(failed.exit_code, Some(2), "{failed:?}");
    let sentence = "config.toml:1: providers.work: api_key is required for OpenAI providers";
    assert!(failed.stderr.contains(sentence), "{failed:?}");
    assert!(!place.home.data_dir().exists(), "nothing is made");
}

#[test]
fn a_secret_that_was_rotated_is_read_again() {
    let provider = openai().start();
    let place = Place::new(&format!(
        "[providers.work]\nprovider_type = \"openai\"\nbase_url = \"{}/v1\"\nnetwork = \"local\"\n\
         api_key = {{ file = \"key\" }}\n",
        provider.url()
    ));
    let key = place.home.path("key");
    fs::write(&key, "first-key").unwrap();
    let gateway = place.serve();
    let sent = || {
        gateway.chat(&json!({ "message": "hi", "model": "work/alpha" })).expect(200);
        provider.requests().pop().unwrap().header("authorization").map(str::to_owned)
    };
    assert_eq!(sent().as_deref(), Some("Bearer first-key"));
    fs::write(&key, "second-key").unwrap();
    reload(&gateway).expect(200);
    assert_eq!(sent().as_deref(), Some("Bearer second-key"));
    fs::remove_file(&key).unwrap();
    reload(&gateway).refused_with(400, "cannot read the secret");
    assert_eq!(sent().as_deref(), Some("Bearer second-key"), "the old one stays");
}

#[test]
fn a_pipe_in_place_of_the_file_keeps_nobody_waiting() {
    let place = Place::new("[providers.spare]\nprovider_type = \"ollama\"\n");
    let gateway = place.serve();
    fs::remove_file(&place.config).unwrap();
    let made = Command::new("mkfifo").arg(&place.config).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo");
    reload(&gateway).refused_with(400, "it is no file");
    assert_eq!(gateway.names(), ["spare"]);
    fs::remove_file(&place.config).unwrap();
    place.write("[providers.other]\nprovider_type = \"ollama\"\n");
    reload(&gateway).expect(200);
    assert_eq!(gateway.names(), ["other"]);
    gateway.terminate();
}
