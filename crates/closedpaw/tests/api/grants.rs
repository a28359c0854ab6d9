//! What a key was granted, at inference: what it does not hold does not exist for it, in any dialect.

use serde_json::{Value, json};

use crate::{
    harness::{CALLERS, Caller, Gateway, Moody, vendor},
    virtual_keys::{make, text},
};

/// A gateway whose default is `near`; `near` and `far` list `alpha` and `beta`, and routes lead to them.
struct Rig {
    gateway: Gateway,
    near: Moody,
    far: Moody,
}

impl Rig {
    fn start() -> Self {
        let gateway = Gateway::start();
        gateway.delete("ollama").expect(200);
        let (near, far) = (Moody::start_of(vendor("custom")), Moody::start_of(vendor("custom")));
        near.register(&gateway, "near");
        far.register(&gateway, "far");
        gateway.route("quick", "priority", &["far/alpha"]);
        gateway.route("team/both", "priority", &["near/beta", "far/beta"]);
        Self { gateway, near, far }
    }

    /// Makes a key that holds this.
    fn key(&self, grant: &Value) -> String {
        let mut body = json!({ "name": "x" });
        body.as_object_mut().unwrap().extend(grant.as_object().unwrap().clone());
        text(&make(&self.gateway, &body))
    }

    /// How many chats reached anybody.
    fn chats(&self) -> usize {
        self.near.chats() + self.far.chats()
    }
}

/// Every place where chats go, but for the one that only Mistral's own servers fill in.
fn callers() -> impl Iterator<Item = &'static Caller> {
    CALLERS.iter().filter(|caller| caller.name != "mistral_fim")
}

/// Grants, what they hold, and what they don't.
fn grants() -> Vec<(Value, &'static [&'static str], &'static [&'static str])> {
    vec![
        (
            json!({ "providers": ["near"] }),
            &["near/alpha", "alpha", "team/both"],
            &["far/alpha", "quick"],
        ),
        (
            json!({ "models": ["near/alpha"] }),
            &["near/alpha", "alpha"],
            &["near/beta", "beta", "far/alpha", "quick", "team/both"],
        ),
        (
            json!({ "models": ["beta"] }),
            &["near/beta", "far/beta", "beta", "team/both"],
            &["near/alpha", "alpha", "quick"],
        ),
        (json!({ "models": ["quick"] }), &["quick"], &["far/alpha", "near/alpha", "team/both"]),
        (json!({ "models": ["team/*"] }), &["team/both"], &["near/beta", "far/beta", "quick"]),
        (
            json!({ "providers": ["near"], "models": ["quick", "team/*"] }),
            &["team/both"],
            &["quick", "near/beta"],
        ),
        (
            json!({ "providers": ["f*"], "models": ["*/alpha"] }),
            &["far/alpha", "alpha", "quick"],
            &["near/alpha", "far/beta", "team/both"],
        ),
        (json!({ "providers": ["nobody"] }), &[], &["near/alpha", "alpha", "quick", "team/both"]),
    ]
}

#[test]
fn what_is_not_held_is_not_there_in_any_dialect() {
    let rig = Rig::start();
    for (grant, held, missing) in grants() {
        let key = rig.key(&grant);
        for (caller, stream) in callers().flat_map(|caller| [(caller, false), (caller, true)]) {
            let ask = |model| caller.ask(&rig.gateway, model, stream).with_key(&key).send();
            for model in held {
                let answer = ask(model);
                assert_eq!(
                    answer.status,
                    200,
                    "{grant} {} {model}: {}",
                    caller.name,
                    answer.text()
                );
            }
            let before = rig.chats();
            for model in missing {
                let answer = ask(model);
                assert_eq!(
                    answer.status,
                    404,
                    "{grant} {} {model}: {}",
                    caller.name,
                    answer.text()
                );
                let message = caller.error(404, &answer.expect(404));
                assert!(message.contains(&format!("'{model}'")), "{message}");
                assert_eq!(answer.header("x-closedpaw-provider"), None, "{grant} {model}");
                assert_eq!(answer.header("x-closedpaw-attempts"), Some("0"));
            }
            assert_eq!(rig.chats(), before, "{grant} {}: nobody was asked", caller.name);
        }
    }
}

#[test]
fn what_is_not_held_sounds_like_what_there_is_not() {
    let rig = Rig::start();
    let key = rig.key(&json!({ "models": ["near/alpha"] }));
    for caller in callers() {
        let message = |model: &str| {
            let answer = caller.ask(&rig.gateway, model, false).with_key(&key).send();
            caller.error(404, &answer.expect(404)).replace(model, "NAME")
        };
        let expected = message("near/nothing");
        for model in ["far/alpha", "near/beta", "quick", "team/both", "nobody/alpha"] {
            assert_eq!(message(model), expected, "{} {model}", caller.name);
        }
    }
}

#[test]
fn embeddings_and_counts_are_held_to_the_grant_too() {
    let rig = Rig::start();
    let key = rig.key(&json!({ "models": ["near/alpha"] }));
    let openai = json!({ "model": "MODEL", "input": "hi" });
    let contents = json!({ "content": { "parts": [{ "text": "hi" }] } });
    let counted = json!({ "model": "MODEL", "messages": [{ "role": "user", "content": "hi" }] });
    let gemini_counted = json!({ "contents": [{ "role": "user", "parts": [{ "text": "hi" }] }] });
    for (path, body) in [
        ("/v1/embeddings", &openai),
        ("/mistral/v1/embeddings", &openai),
        ("/api/embed", &openai),
        ("/v1beta/models/MODEL:embedContent", &contents),
        ("/v1/messages/count_tokens", &counted),
        ("/v1beta/models/MODEL:countTokens", &gemini_counted),
    ] {
        let send = |model: &str| {
            let body = body.to_string().replace("MODEL", model);
            let ask = rig.gateway.ask("POST", &path.replace("MODEL", model));
            ask.with_key(&key).body("application/json", body).send()
        };
        assert_ne!(send("near/alpha").text(), send("far/alpha").text(), "{path}");
        let before = rig.chats();
        for model in ["far/alpha", "near/beta", "quick"] {
            let answer = send(model);
            assert_eq!(answer.status, 404, "{path} {model}: {}", answer.text());
        }
        assert_eq!(rig.chats(), before, "{path}");
    }
}

#[test]
fn the_managements_chat_is_held_to_the_grant_too() {
    let rig = Rig::start();
    let key = rig.key(&json!({ "providers": ["near"], "models": ["alpha"] }));
    let chat = |members: Value, stream: bool| {
        let mut body = json!({ "message": "hi", "stream": stream });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        rig.gateway.ask("POST", "/api/chat/multi").with_key(&key).json(&body).send()
    };
    for stream in [false, true] {
        assert_eq!(chat(json!({}), stream).status, 200);
        assert_eq!(chat(json!({ "provider": "near" }), stream).status, 200);
        assert_eq!(chat(json!({ "provider": "near", "model": "alpha" }), stream).status, 200);
        let before = rig.chats();
        for name in ["far", "nobody"] {
            let refused = chat(json!({ "provider": name }), stream);
            refused.refused(404, &format!("Provider not found: {name}"));
        }
        chat(json!({ "provider": "near", "model": "beta" }), stream).refused_with(404, "'beta'");
        chat(json!({ "model": "quick" }), stream).refused_with(404, "'quick'");
        chat(json!({ "model": "team/both" }), stream).refused_with(404, "'team/both'");
        assert_eq!(rig.chats(), before);
    }
}

/// The names that a list of models shows, in order.
fn listed(gateway: &Gateway, key: &str, path: &str, headers: &[(&str, &str)]) -> Vec<String> {
    let ask = headers
        .iter()
        .fold(gateway.ask("GET", path).with_key(key), |ask, (name, value)| ask.header(name, value));
    let list = ask.send().expect(200);
    let models = ["data", "models"].into_iter().find_map(|member| list[member].as_array());
    let names = models.expect("a list").iter().map(|model| {
        let name = model["id"].as_str().or(model["name"].as_str()).expect("a name");
        name.strip_prefix("models/").unwrap_or(name).to_owned()
    });
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[test]
fn lists_show_just_what_the_key_may_call() {
    let rig = Rig::start();
    let all = ["far/alpha", "far/beta", "near/alpha", "near/beta", "quick", "team/both"];
    for (grant, expected) in [
        (json!({}), all.as_slice()),
        (json!({ "providers": ["near"] }), &["near/alpha", "near/beta", "team/both"]),
        (json!({ "models": ["near/alpha"] }), &["near/alpha"]),
        (json!({ "models": ["beta"] }), &["far/beta", "near/beta", "team/both"]),
        (json!({ "models": ["quick"] }), &["quick"]),
        (json!({ "providers": ["nobody"] }), &[]),
    ] {
        let key = rig.key(&grant);
        for path in ["/v1/models", "/v1beta/models", "/mistral/v1/models", "/api/tags"] {
            assert_eq!(listed(&rig.gateway, &key, path, &[]), expected, "{grant} {path}");
        }
        let version = [("anthropic-version", "2023-06-01")];
        assert_eq!(listed(&rig.gateway, &key, "/v1/models", &version), expected, "{grant}");
        for name in all {
            let status = if expected.contains(&name) { 200 } else { 404 };
            let shown = rig.gateway.ask("GET", &format!("/v1/models/{name}")).with_key(&key).send();
            assert_eq!(shown.status, status, "{grant} {name}: {}", shown.text());
            let told = rig.gateway.ask("POST", "/api/show").with_key(&key);
            let told = told.json(&json!({ "model": name })).send();
            assert_eq!(told.status, status, "{grant} {name}: {}", told.text());
        }
    }
}

#[test]
fn capabilities_are_told_of_what_the_key_may_call() {
    let rig = Rig::start();
    let ask = |key: &str, query: &str| {
        rig.gateway.ask("GET", &format!("/v1/capabilities{query}")).with_key(key).send()
    };
    let providers = |key: &str, query: &str| -> Vec<String> {
        let told = ask(key, query).expect(200);
        told["providers"].as_object().expect("an object").keys().cloned().collect()
    };
    let key = rig.key(&json!({ "providers": ["near"], "models": ["alpha"] }));
    assert_eq!(providers(&key, ""), ["near"]);
    assert_eq!(providers(&key, "?model=near/alpha"), ["near"]);
    for query in ["?provider=far", "?model=near/beta", "?model=quick", "?provider=near&model=beta"]
    {
        assert_eq!(ask(&key, query).status, 404, "{query}");
    }
    let key = rig.key(&json!({ "models": ["quick"] }));
    assert_eq!(providers(&key, "?model=quick"), ["far"]);
}

#[test]
fn a_key_whose_requests_stay_local_neither_sees_nor_asks_what_is_not() {
    let rig = Rig::start();
    rig.gateway.register(&vendor("openai").smallest("cloud"));
    rig.gateway.route("mixed", "priority", &["cloud/alpha", "near/alpha"]);
    rig.gateway.route("clouds", "priority", &["cloud/alpha"]);
    let key = rig.key(&json!({ "local_only": true }));
    let names = listed(&rig.gateway, &key, "/v1/models", &[]);
    let local = ["far/alpha", "far/beta", "mixed", "near/alpha", "near/beta", "quick", "team/both"];
    assert_eq!(names, local);
    let all = listed(&rig.gateway, &rig.gateway.key, "/v1/models", &[]);
    assert_eq!(all, [["clouds"].as_slice(), &local].concat(), "the cloud itself can't be asked");
    let told = rig.gateway.ask("GET", "/v1/capabilities").with_key(&key).send().expect(200);
    let told: Vec<_> = told["providers"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(told, ["near", "far"]);
    for query in ["provider=cloud", "model=cloud/alpha", "model=clouds"] {
        let ask = rig.gateway.ask("GET", &format!("/v1/capabilities?{query}"));
        assert_eq!(ask.with_key(&key).send().status, 400, "{query}");
    }

    for caller in callers() {
        let ask = |model| caller.ask(&rig.gateway, model, false).with_key(&key).send();
        let answer = ask("mixed");
        assert_eq!(answer.status, 200, "{}: {}", caller.name, answer.text());
        assert_eq!(answer.header("x-closedpaw-provider"), Some("near"));
        assert_eq!(answer.header("x-closedpaw-attempts"), Some("1"));
        for model in ["cloud/alpha", "clouds"] {
            let answer = ask(model);
            let message = caller.error(400, &answer.expect(400));
            assert!(message.contains("must stay local"), "{} {model}: {message}", caller.name);
            assert_eq!(answer.header("x-closedpaw-attempts"), Some("0"));
        }
    }
    let multi = rig.gateway.ask("POST", "/api/chat/multi").with_key(&key);
    let multi = multi.json(&json!({ "message": "hi", "provider": "cloud", "model": "alpha" }));
    multi.send().refused_with(400, "must stay local");
}

#[test]
fn a_bare_name_means_what_the_key_holds() {
    let rig = Rig::start();
    let check = |grant: &Value, provider: &str| {
        let key = rig.key(grant);
        for caller in callers() {
            let answer = caller.ask(&rig.gateway, "alpha", false).with_key(&key).send();
            let asked = answer.header("x-closedpaw-provider");
            assert_eq!(asked, Some(provider), "{grant} {}: {}", caller.name, answer.text());
        }
    };
    check(&json!({}), "near");
    check(&json!({ "providers": ["far"] }), "far");
    check(&json!({ "models": ["far/alpha"] }), "far");
}
