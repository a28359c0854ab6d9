//! What the names of models mean, wherever they stand.

use serde_json::{Value, json};
use testkit::scripted::{Answer, ScriptedProvider};

use crate::harness::{CALLERS, Gateway, caller, openai, vendor};

/// A gateway whose default `a` is an OpenAI that lists `alpha`, `org/model:free` and `shared`, and whose `b` is an
/// Ollama with `llama:latest`, `llama:3b` and `shared:latest`.
struct Rig {
    gateway: Gateway,
    _providers: Vec<ScriptedProvider>,
}

fn openai_with(models: &[&str]) -> ScriptedProvider {
    let data: Vec<_> = models.iter().map(|id| json!({ "id": id, "object": "model" })).collect();
    let list = json!({ "object": "list", "data": data }).to_string();
    ScriptedProvider::start(move |request| match request.method.as_str() {
        "GET" => Answer::json(200, list.clone()),
        _ => answer_to(&request.target),
    })
}

/// Answers at whichever of an OpenAI's or an Ollama's paths.
fn answer_to(target: &str) -> Answer {
    let answering = CALLERS.iter().find(|caller| caller.targets[0] == target);
    Answer::json(200, answering.expect("a path where chats go").answer)
}

fn ollama_with(models: &[&str]) -> ScriptedProvider {
    let models: Vec<_> = models.iter().map(|id| json!({ "name": id, "model": id })).collect();
    let list = json!({ "models": models }).to_string();
    ScriptedProvider::start(move |request| match request.method.as_str() {
        "GET" => Answer::json(200, list.clone()),
        _ => answer_to(&request.target),
    })
}

impl Rig {
    fn new() -> Self {
        let gateway = Gateway::start();
        gateway.delete("ollama").expect(200);
        let a = openai_with(&["alpha", "org/model:free", "shared"]);
        let b = ollama_with(&["llama:latest", "llama:3b", "shared:latest"]);
        gateway.register(&openai().registration("a", &a));
        gateway.register(&vendor("ollama").registration("b", &b));
        Self { gateway, _providers: vec![a, b] }
    }

    /// Who is asked for what when a caller names `name`; else the status and the sentence.
    #[track_caller]
    fn ask(&self, name: &str) -> Result<(String, String), (u16, String)> {
        let mut outcomes =
            CALLERS.iter().filter(|caller| caller.name != "mistral_fim").map(|caller| {
                let answer = caller.ask(&self.gateway, name, false).send();
                if answer.status == 200 {
                    let header = |name| answer.header(name).expect("a header").to_owned();
                    Ok((header("x-closedpaw-provider"), header("x-closedpaw-model")))
                } else {
                    let message = caller.error(answer.status, &answer.expect(answer.status));
                    Err((answer.status, message))
                }
            });
        let first = outcomes.next().expect("a caller");
        for other in outcomes {
            assert_eq!(other, first, "callers of all dialects mean the same by {name}");
        }
        first
    }

    #[track_caller]
    fn means(&self, name: &str, provider: &str, model: &str) {
        assert_eq!(self.ask(name), Ok((provider.to_owned(), model.to_owned())), "{name}");
    }

    #[track_caller]
    fn refused(&self, name: &str, status: u16, parts: &[&str]) {
        let (told, message) = self.ask(name).expect_err(name);
        assert_eq!(told, status, "{name}: {message}");
        for part in parts {
            assert!(message.contains(part), "{name}: {message:?} lacks {part:?}");
        }
    }

    fn make_default(&self, name: &str) {
        self.gateway.post(&format!("/api/providers/{name}/default"), &json!({})).expect(200);
    }
}

#[test]
fn a_providers_name_before_the_first_slash_decides() {
    let rig = Rig::new();
    rig.means("a/alpha", "a", "alpha");
    rig.means("b/alpha", "b", "alpha");
    rig.means("a/org/model:free", "a", "org/model:free");
    rig.means("b/llama:3b", "b", "llama:3b");
    rig.means("a/a/b", "a", "a/b");
    rig.refused("c/alpha", 404, &["c/alpha"]);
}

#[test]
fn a_bare_name_is_looked_up() {
    let rig = Rig::new();
    rig.means("alpha", "a", "alpha");
    rig.means("org/model:free", "a", "org/model:free");
    // The default provider's own comes first.
    rig.means("shared", "a", "shared");
    rig.means("llama:3b", "b", "llama:3b");
    rig.means("llama", "b", "llama:latest");
    rig.refused("llama:7b", 404, &["llama:7b", "PROVIDER/MODEL"]);
    rig.refused("Alpha", 404, &["Alpha"]);
}

#[test]
fn two_matches_are_named_and_a_default_without_a_list_takes_what_is_left() {
    let rig = Rig::new();
    let silent = ScriptedProvider::start(|request| match request.method.as_str() {
        "GET" => Answer::json(500, "{}"),
        _ => answer_to(&request.target),
    });
    rig.gateway.register(&openai().registration("c", &silent));
    let listing = openai_with(&["gamma"]);
    rig.gateway.register(&openai().registration("d", &listing));
    rig.make_default("d");
    rig.refused("shared", 400, &["a/shared", "b/shared:latest"]);
    rig.refused("nothing", 404, &["nothing"]);
    rig.make_default("c");
    rig.means("nothing", "c", "nothing");
    rig.means("some/thing:else", "c", "some/thing:else");
    rig.means("alpha", "a", "alpha");
}

#[test]
fn a_disabled_provider_is_asked_nothing() {
    let rig = Rig::new();
    rig.gateway.patch("b", &json!({ "enabled": false })).expect(200);
    rig.refused("b/llama:3b", 400, &["b is disabled"]);
    rig.refused("llama:3b", 404, &["llama:3b"]);
}

#[test]
fn a_body_without_a_model_is_told_so() {
    let rig = Rig::new();
    for caller in CALLERS.iter().filter(|caller| !caller.paths[0].contains("MODEL")) {
        for name in ["\"model\":\"\",", "", "\"model\":7,", "\"model\":null,"] {
            let body = caller.body("x", false).replace("\"model\":\"x\",", name);
            let answer = caller.ask_with(&rig.gateway, "x", false, body).send();
            let message = caller.error(400, &answer.expect(400));
            assert!(message.contains("`model`"), "{}: {message}", caller.name);
        }
    }
}

#[test]
fn geminis_paths_hold_any_name_however_it_is_encoded() {
    let rig = Rig::new();
    let body = caller("gemini").request;
    for version in ["v1beta", "v1"] {
        for (name, model) in [
            ("a/alpha", "alpha"),
            ("a%2Falpha", "alpha"),
            ("a%2forg%2Fmodel%3Afree", "org/model:free"),
            ("a/org/model:free", "org/model:free"),
            ("org%2Fmodel:free", "org/model:free"),
            ("a/%C3%BCber%20x", "über x"),
        ] {
            let path = format!("/{version}/models/{name}:generateContent");
            let answer = rig.gateway.ask("POST", &path).body("application/json", body).send();
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            assert_eq!(answer.header("x-closedpaw-provider"), Some("a"), "{path}");
            if model.is_ascii() {
                assert_eq!(answer.header("x-closedpaw-model"), Some(model), "{path}");
            }
        }
        for path in ["alpha", "alpha:", "alpha:nothing", "a/org/model:free", ":generateContent"] {
            let path = format!("/{version}/models/{path}");
            let answer = rig.gateway.ask("POST", &path).body("application/json", body).send();
            let status = if path.ends_with("/:generateContent") { 400 } else { 404 };
            caller("gemini").error(status, &answer.expect(status));
        }
    }
}

#[test]
fn a_google_provider_is_asked_at_the_models_own_path() {
    let gateway = Gateway::start();
    let gemini = caller("gemini");
    for (model, target) in [
        ("alpha", "/v1beta/models/alpha:generateContent"),
        ("tunedModels/c", "/v1beta/tunedModels/c:generateContent"),
        ("models/alpha", "/v1beta/models/alpha:generateContent"),
    ] {
        let provider = ScriptedProvider::always(Answer::json(200, gemini.answer));
        gateway.register(&vendor("google").registration("g", &provider));
        for name in [format!("g/{model}"), format!("g%2F{}", model.replace('/', "%2F"))] {
            let answer = gemini.ask(&gateway, &name, false).send();
            assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        }
        let targets: Vec<_> =
            provider.requests().into_iter().map(|request| request.target).collect();
        assert_eq!(targets, [target, target]);
        gateway.delete("g").expect(200);
    }
}

#[test]
fn one_model_is_shown_by_any_name_in_the_callers_dialect() {
    let rig = Rig::new();
    let anthropic = ("anthropic-version", "2023-06-01");
    let google = ("x-goog-api-key", rig.gateway.key.as_str());
    let none = ("x-nothing", "x");
    for (path, header, member, prefix) in [
        ("/v1/models", none, "id", ""),
        ("/v1/models", anthropic, "id", ""),
        ("/v1/models", google, "name", "models/"),
        ("/v1beta/models", none, "name", "models/"),
        ("/mistral/v1/models", none, "id", ""),
    ] {
        for (asked, name) in [
            ("a/alpha", "a/alpha"),
            ("a%2Forg%2Fmodel:free", "a/org/model:free"),
            ("a/org/model%3afree", "a/org/model:free"),
            ("org/model:free", "org/model:free"),
            ("llama", "llama"),
        ] {
            let ask = rig.gateway.ask("GET", &format!("{path}/{asked}"));
            let model = ask.header(header.0, header.1).send().expect(200);
            assert_eq!(model[member], format!("{prefix}{name}"), "{path}/{asked}: {model}");
        }
        let ask = rig.gateway.ask("GET", &format!("{path}/nothing"));
        let answer = ask.header(header.0, header.1).send();
        let speaker = match (header.0, path) {
            ("anthropic-version", _) => "anthropic",
            ("x-goog-api-key", _) | (_, "/v1beta/models") => "gemini",
            (_, "/mistral/v1/models") => "mistral",
            _ => "openai_chat",
        };
        caller(speaker).error(404, &answer.expect(404));
    }
    let shown = rig.gateway.post("/api/show", &json!({ "model": "llama" })).expect(200);
    assert!(shown["details"].is_object(), "{shown}");
    let answer = rig.gateway.post("/api/show", &json!({ "model": "nothing" }));
    caller("ollama").error(404, &answer.expect(404));
}

#[test]
fn the_list_holds_every_model_under_a_name_that_works() {
    let rig = Rig::new();
    let names = |list: &Value, list_member: &str, member: &str| -> Vec<String> {
        let list = list[list_member].as_array().expect("a list");
        list.iter().map(|model| model[member].as_str().expect("a name").to_owned()).collect()
    };
    let expected = [
        "a/alpha",
        "a/org/model:free",
        "a/shared",
        "b/llama:latest",
        "b/llama:3b",
        "b/shared:latest",
    ];
    for (path, list, member) in [
        ("/v1/models", "data", "id"),
        ("/mistral/v1/models", "data", "id"),
        ("/v1beta/models", "models", "name"),
        ("/api/tags", "models", "name"),
    ] {
        let listed = names(&rig.gateway.get(path).expect(200), list, member);
        let listed: Vec<_> = listed.iter().map(|name| name.trim_start_matches("models/")).collect();
        assert_eq!(listed, expected, "{path}");
    }
    for name in expected {
        assert!(rig.ask(name).is_ok(), "{name}");
    }
}
