//! Virtual keys and projects over the management API.

use serde_json::{Value, json};

use crate::harness::{Answer, Ask, Gateway, Home, openai};

/// A request with that key.
pub fn with_key(gateway: &Gateway, key: &str, method: &str, target: &str) -> Ask {
    gateway.ask_without_key(method, target).header("authorization", &format!("Bearer {key}"))
}

/// Makes a key with the admin key.
#[track_caller]
pub fn make(gateway: &Gateway, body: &Value) -> Value {
    gateway.post("/api/keys", body).expect(200)
}

/// The text of a key that was just made.
pub fn text(made: &Value) -> String {
    made["key"].as_str().expect("a key").to_owned()
}

fn id(made: &Value) -> &str {
    made["id"].as_str().expect("an id")
}

fn get(gateway: &Gateway, key: &str, target: &str) -> Answer {
    with_key(gateway, key, "GET", target).send()
}

#[test]
fn a_key_is_shown_once_and_kept_as_a_digest() {
    let home = Home::new();
    let gateway = home.serve();
    let made = make(&gateway, &json!({ "name": "ci", "scopes": ["keys", "providers:read"] }));
    let key = text(&made);
    assert!(key.starts_with(&format!("sk-cp-{}-", id(&made))), "{key}");
    assert_eq!((&made["name"], &made["status"]), (&json!("ci"), &json!("active")));
    let mut view = made.clone();
    view.as_object_mut().unwrap().remove("key");
    let one = format!("/api/keys/{}", id(&made));
    assert_eq!(gateway.get(&one).expect(200), view);
    assert_eq!(gateway.get("/api/keys").expect(200), json!({ "keys": [view] }));
    for (name, value) in [
        ("authorization", format!("Bearer {key}")),
        ("x-api-key", key.clone()),
        ("x-goog-api-key", key.clone()),
    ] {
        gateway.ask_without_key("GET", "/api/providers").header(name, &value).send().expect(200);
    }
    get(&gateway, &key, "/api/config/reload").expect(405);
    with_key(&gateway, &key, "POST", "/api/config/reload").send().refused_with(403, "admin");

    let secret = key.rsplit_once('-').unwrap().1.to_owned();
    let look = || {
        let mut places = home.data_files();
        places.push((home.path("the log"), home.logs().into_bytes()));
        for (path, bytes) in places {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{}", path.display());
        }
    };
    look();
    gateway.kill();
    drop(gateway);
    look();
    let gateway = home.serve();
    get(&gateway, &key, "/api/providers").expect(200);
}

#[test]
fn an_end_that_nobody_can_write_is_refused_and_breaks_nothing() {
    let home = Home::new();
    let gateway = home.serve();
    for end in ["9999-12-31T23:59:59-23:59", "1970-01-01T00:00:00+23:59"] {
        let new = json!({ "name": "a", "expires_at": end });
        gateway.post("/api/keys", &new).refused_with(400, "expires_at must be a time");
    }
    make(&gateway, &json!({ "name": "last", "expires_at": "9999-12-31T23:59:59Z" }));
    gateway.kill();
    let gateway = home.serve();
    let keys = gateway.get("/api/keys").expect(200);
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1, "{keys}");
    assert_eq!(keys["keys"][0]["expires_at"], "9999-12-31T23:59:59.000Z");
}

#[test]
fn a_default_that_is_not_held_is_not_named() {
    let gateway = Gateway::start();
    let new = json!({
        "name": "a", "scopes": ["inference", "providers:read"], "providers": ["other"],
    });
    let key = text(&make(&gateway, &new));
    for (target, body) in [
        ("/api/explain", json!({})),
        ("/api/explain", json!({ "model": "m" })),
        ("/api/chat/multi", json!({ "message": "hi" })),
        ("/api/chat/multi", json!({ "message": "hi", "model": "m" })),
    ] {
        let answer = with_key(&gateway, &key, "POST", target).json(&body).send();
        assert!([400, 404].contains(&answer.status), "{target}: {}", answer.text());
        assert!(!answer.text().contains("ollama"), "{target}: {}", answer.text());
    }
}

#[test]
fn rotated_and_revoked_keys_stay_so_after_a_kill() {
    let home = Home::new();
    let gateway = home.serve();
    let scopes = json!(["keys"]);
    let old = make(&gateway, &json!({ "name": "a", "scopes": scopes }));
    let path = format!("/api/keys/{}/rotate", id(&old));
    let new = gateway.post(&path, &json!({ "overlap_s": 3600 })).expect(200);
    assert_eq!(new["id"], old["id"]);
    assert!(new["old_key_until"].is_string());
    let child = with_key(&gateway, &text(&new), "POST", "/api/keys")
        .json(&json!({ "name": "b", "scopes": scopes }));
    let child = child.send().expect(200);
    assert_eq!(child["made_by"], old["id"]);
    let statuses = |gateway: &Gateway| {
        [&old, &new, &child].map(|key| get(gateway, &text(key), "/api/keys").status)
    };
    assert_eq!(statuses(&gateway), [200, 200, 200]);
    gateway.kill();
    drop(gateway);
    let gateway = home.serve();
    assert_eq!(statuses(&gateway), [200, 200, 200]);
    let newest = gateway.ask("POST", &path).send().expect(200);
    assert_eq!(statuses(&gateway), [401, 401, 200], "without an overlap the old one ends at once");

    let revoked = gateway.ask("DELETE", &format!("/api/keys/{}", id(&old))).send().expect(200);
    assert_eq!(revoked["status"], "revoked");
    let all = |gateway: &Gateway| {
        assert_eq!(statuses(gateway), [401; 3]);
        assert_eq!(get(gateway, &text(&newest), "/api/keys").status, 401);
        gateway.post(&path, &json!({})).refused_with(409, "revoked");
    };
    all(&gateway);
    gateway.kill();
    drop(gateway);
    all(&home.serve());
}

#[test]
fn more_than_is_held_is_refused_with_a_sentence() {
    let gateway = Gateway::start();
    let maker = make(
        &gateway,
        &json!({
            "name": "maker", "project": "web", "scopes": ["keys", "inference"],
            "providers": ["near-*"], "models": ["llama*"],
            "limits": { "requests_per_minute": 10 }, "expires_at": "2099-01-01T00:00:00Z",
        }),
    );
    let create =
        |body: &Value| with_key(&gateway, &text(&maker), "POST", "/api/keys").json(body).send();
    let child = create(&json!({ "name": "child" })).expect(200);
    for member in ["project", "providers", "models", "limits", "expires_at"] {
        assert_eq!(child[member], maker[member], "{member}");
    }
    assert_eq!(child["scopes"], json!(["inference"]));
    for (more, part) in [
        (json!({ "scopes": ["admin"] }), "'admin'"),
        (json!({ "providers": ["*"] }), "'*'"),
        (json!({ "models": ["gpt-4o"] }), "'gpt-4o'"),
        (json!({ "limits": { "requests_per_minute": 11 } }), "requests_per_minute is 10"),
        (json!({ "expires_at": "2099-01-01T00:00:01Z" }), "can't end later"),
        (json!({ "project": "other" }), "'web'"),
    ] {
        let mut body = json!({ "name": "more" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        create(&body).refused_with(403, part);
    }
    let names = get(&gateway, &text(&maker), "/api/keys").expect(200);
    assert_eq!(names["keys"].as_array().unwrap().len(), 2, "nothing was made");
}

#[test]
fn malformed_descriptions_are_refused() {
    let gateway = Gateway::start();
    let missing = gateway.post("/api/keys", &json!({})).expect(422);
    assert_eq!(missing["detail"][0]["loc"], json!(["body", "name"]));
    let scope = gateway.post("/api/keys", &json!({ "name": "x", "scopes": ["root"] })).expect(422);
    assert_eq!(scope["detail"][0]["loc"], json!(["body", "scopes", 0]));
    let zero = json!({ "name": "x", "limits": { "concurrency": 0 } });
    assert_eq!(
        gateway.post("/api/keys", &zero).expect(422)["detail"][0]["type"],
        "greater_than_equal"
    );
    for (more, part) in [
        (json!({ "scope": ["keys"] }), "did you mean 'scopes'?"),
        (json!({ "limits": { "request_per_minute": 1 } }), "did you mean 'requests_per_minute'?"),
        (json!({ "name": " " }), "the name of a key"),
        (json!({ "scopes": [] }), "scopes is empty"),
        (json!({ "models": [] }), "models is empty"),
        (json!({ "expires_at": "2001-01-01T00:00:00Z" }), "in the past"),
        (json!({ "expires_at": "tomorrow" }), "RFC 3339"),
        (json!({ "project": "a/b" }), "the name of a project"),
    ] {
        let mut body = json!({ "name": "x" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        gateway.post("/api/keys", &body).refused_with(400, part);
    }
    gateway.get("/api/keys/nobody").refused(404, "Key not found");
    gateway.post("/api/keys/nobody/rotate", &json!({})).refused(404, "Key not found");
    gateway.ask("DELETE", "/api/keys/nobody").send().refused(404, "Key not found");
    let made = make(&gateway, &json!({ "name": "x" }));
    let path = format!("/api/keys/{}/rotate", id(&made));
    assert_eq!(gateway.post(&path, &json!({ "overlap_s": 2_592_001 })).status, 422);
    assert_eq!(gateway.get("/api/keys").expect(200)["keys"].as_array().unwrap().len(), 1);
}

#[test]
fn projects_have_limits_that_their_keys_share() {
    let home = Home::new();
    let gateway = home.serve();
    let limits =
        json!({ "requests_per_minute": 9, "tokens_per_minute": null, "concurrency": null });
    let put = |body: &Value| gateway.ask("PUT", "/api/projects/web").json(body).send();
    put(&json!({ "limits": { "requests_per_minute": 9 } })).expect(200);
    let scopes = json!(["keys"]);
    let of_web = make(&gateway, &json!({ "name": "a", "project": "web", "scopes": scopes }));
    let other = make(&gateway, &json!({ "name": "b", "project": "shop", "scopes": scopes }));
    let project = gateway.get("/api/projects/web").expect(200);
    assert_eq!((&project["limits"], &project["active_keys"]), (&limits, &json!(1)));
    let names = |key: &str| -> Vec<String> {
        let list = get(&gateway, key, "/api/projects").expect(200);
        let projects = list["projects"].as_array().unwrap().iter();
        projects.map(|project| project["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&gateway.key), ["shop", "web"]);
    assert_eq!(names(&text(&of_web)), ["web"]);
    get(&gateway, &text(&other), "/api/projects/web").refused(404, "Project not found");
    for (method, body) in [("PUT", json!({})), ("DELETE", json!({}))] {
        let ask = with_key(&gateway, &text(&of_web), method, "/api/projects/web").json(&body);
        ask.send().refused_with(403, "admin");
    }
    put(&json!({ "limit": {} })).refused_with(400, "did you mean 'limits'?");
    gateway.ask("PUT", "/api/projects/-").json(&json!({})).send().refused_with(400, "the name");
    gateway.kill();
    let gateway = home.serve();
    assert_eq!(gateway.get("/api/projects/web").expect(200)["limits"], limits);
    gateway.ask("DELETE", "/api/projects/web").send().expect(200);
    assert_eq!(
        gateway.get("/api/projects/web").expect(200)["limits"]["requests_per_minute"],
        Value::Null
    );
    gateway.ask("DELETE", "/api/projects/web").send().refused(404, "Project not found");
}

#[test]
fn a_provider_that_is_not_granted_is_not_there() {
    let gateway = Gateway::start();
    let provider = openai().start();
    for name in ["near-1", "far-1"] {
        gateway.register(&openai().registration(name, &provider));
    }
    let scopes = json!(["providers:write", "inference"]);
    let made = make(&gateway, &json!({ "name": "x", "scopes": scopes, "providers": ["near-*"] }));
    let key = text(&made);
    let send = |method: &str, target: &str| with_key(&gateway, &key, method, target);

    let list = get(&gateway, &key, "/api/providers").expect(200);
    assert_eq!(list["providers"].as_object().unwrap().keys().collect::<Vec<_>>(), ["near-1"]);
    assert_eq!(list["default_provider"], Value::Null, "it is ollama, which is not held");
    for all in ["/api/providers/models", "/api/providers/health"] {
        let answer = get(&gateway, &key, all).expect(200);
        assert_eq!(answer.as_object().unwrap().keys().collect::<Vec<_>>(), ["near-1"], "{all}");
    }
    let calls = provider.calls();
    for name in ["far-1", "ollama", "nobody"] {
        let one = format!("/api/providers/{name}");
        for (method, target) in [
            ("GET", one.clone()),
            ("PATCH", one.clone()),
            ("DELETE", one.clone()),
            ("GET", format!("{one}/models")),
            ("GET", format!("{one}/health")),
            ("POST", format!("{one}/test")),
            ("POST", format!("{one}/default")),
        ] {
            send(method, &target).send().refused(404, "Provider not found");
        }
        let base_url = json!({ "base_url": "http://127.0.0.1:1/v1", "api_key": "mine" });
        send("PATCH", &one).json(&base_url).send().refused(404, "Provider not found");
        let mut body = openai().registration(name, &provider);
        body["name"] = json!(name);
        let register = send("POST", "/api/providers/register").json(&body).send();
        register.refused_with(403, "does not hold a provider of that name");
    }
    assert_eq!(provider.calls(), calls, "nobody was asked");
    assert_eq!(gateway.names(), ["ollama", "near-1", "far-1"]);

    let body = openai().registration("near-2", &provider);
    send("POST", "/api/providers/register").json(&body).send().expect(200);
    send("PATCH", "/api/providers/near-1").json(&json!({ "timeout": 5 })).send().expect(200);
    send("POST", "/api/providers/near-1/default").send().refused_with(403, "does not hold");
    gateway.ask("POST", "/api/providers/near-1/default").send().expect(200);
    send("POST", "/api/providers/near-2/default").send().expect(200);
    let removed = send("DELETE", "/api/providers/near-2").send().expect(200);
    assert_eq!(removed["default_provider"], Value::Null, "it is ollama again, which is not held");
}

#[test]
fn a_stored_key_can_t_be_led_elsewhere() {
    let gateway = Gateway::start();
    let (provider, thief) = (openai().start(), openai().start());
    gateway.register(&openai().registration("mine", &provider));
    let made = make(&gateway, &json!({ "name": "x", "scopes": ["providers:write"] }));
    let send = |method: &str, target: &str| with_key(&gateway, &text(&made), method, target);
    let elsewhere = json!({ "base_url": format!("{}/v1", thief.url()) });
    let one = "/api/providers/mine";
    send("PATCH", one).json(&elsewhere).send().refused_with(400, "send api_key again");
    send("POST", "/api/providers/mine/test").send().expect(200);
    assert_eq!(thief.calls(), 0);
    let shown = send("GET", one).send().text();
    assert!(!shown.contains(&openai().key()), "{shown}");
}
