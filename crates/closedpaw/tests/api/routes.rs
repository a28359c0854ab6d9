//! Routes over the API: set, shown, replaced, removed, and every rule that refuses one.

use serde_json::{Value, json};

use crate::harness::{Answer, Gateway, Home};

fn put(gateway: &Gateway, name: &str, body: &Value) -> Answer {
    gateway.ask("PUT", &format!("/api/routes/{name}")).json(body).send()
}

fn delete(gateway: &Gateway, name: &str) -> Answer {
    gateway.ask("DELETE", &format!("/api/routes/{name}")).send()
}

fn smart() -> Value {
    json!({
        "strategy": "local_first",
        "candidates": [
            { "provider": "ollama", "model": "llama3.2:3b", "when": { "input_tokens_at_most": 8000 } },
            { "provider": "work", "model": "gpt-4o-mini", "weight": 2, "when": { "needs": ["vision"], "keys": ["ci-*"] } },
        ],
    })
}

#[test]
fn a_route_is_set_shown_replaced_and_removed() {
    let home = Home::new();
    let gateway = home.serve();
    assert_eq!(gateway.get("/api/routes").expect(200), json!({ "routes": {} }));
    let set = put(&gateway, "smart", &smart()).expect(200);
    let expected = json!({
        "name": "smart",
        "strategy": "local-first",
        "candidates": [
            {
                "provider": "ollama", "model": "llama3.2:3b", "weight": 1,
                "when": { "input_tokens_at_most": 8000 },
            },
            {
                "provider": "work", "model": "gpt-4o-mini", "weight": 2,
                "when": { "needs": ["vision"], "keys": ["ci-*"] },
            },
        ],
        "declared_at": null,
        "warnings": ["No provider is called 'work': its candidates are passed over until one is"],
    });
    assert_eq!(set, expected);
    assert_eq!(gateway.get("/api/routes/smart").expect(200), expected);

    let plain = json!({ "candidates": [{ "provider": "ollama", "model": "m" }] });
    let replaced = put(&gateway, "smart", &plain).expect(200);
    assert_eq!(replaced["strategy"], "priority");
    assert_eq!(
        replaced["candidates"],
        json!([{ "provider": "ollama", "model": "m", "weight": 1, "when": null }])
    );
    assert_eq!(replaced["warnings"], json!([]));

    gateway.kill();
    let gateway = home.serve();
    assert_eq!(gateway.get("/api/routes").expect(200), json!({ "routes": { "smart": replaced } }));
    assert_eq!(delete(&gateway, "smart").expect(200), json!({ "status": "success" }));
    delete(&gateway, "smart").refused(404, "Route not found");
    gateway.get("/api/routes/smart").refused(404, "Route not found");
}

#[test]
fn names_with_slashes_come_in_both_spellings() {
    let gateway = Gateway::start();
    let plain = json!({ "candidates": [{ "provider": "ollama", "model": "m" }] });
    put(&gateway, "team/fast:1", &plain).expect(200);
    put(&gateway, "team%2Fslow", &plain).expect(200);
    for name in ["team/fast:1", "team%2Ffast%3A1", "team/slow", "team%2Fslow"] {
        gateway.get(&format!("/api/routes/{name}")).expect(200);
    }
    let listed = gateway.get("/api/routes").expect(200);
    let names: Vec<_> = listed["routes"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["team/fast:1", "team/slow"]);
    delete(&gateway, "team/slow").expect(200);
}

#[test]
fn what_breaks_a_rule_is_refused_whole() {
    let gateway = Gateway::start();
    let good = json!({ "candidates": [{ "provider": "ollama", "model": "m" }] });
    put(&gateway, "r", &good).expect(200);
    let before = gateway.get("/api/routes").expect(200);
    let candidate = |more: Value| {
        let mut candidate = json!({ "provider": "ollama", "model": "m" });
        candidate.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "candidates": [candidate] })
    };
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    for (name, body, status, sentence) in [
        ("r", json!({}), 422, "Field required"),
        ("r", json!({ "candidates": [] }), 400, "give 1 to 64"),
        ("r", with("strategy", json!("best")), 400, "Unknown strategy: use one of priority"),
        ("r", with("strategi", json!("best")), 400, "did you mean 'strategy'?"),
        ("r", with("name", json!("q")), 400, "name can't be changed"),
        ("r", candidate(json!({ "wieght": 1 })), 400, "did you mean 'weight'?"),
        ("r", candidate(json!({ "weight": 0 })), 422, "greater than or equal to 1"),
        ("r", candidate(json!({ "model": "" })), 400, "model is empty"),
        ("r", candidate(json!({ "provider": "a/b" })), 400, "Invalid provider name"),
        ("r", candidate(json!({ "when": { "need": [] } })), 400, "did you mean 'needs'?"),
        ("r", candidate(json!({ "when": { "needs": ["vison"] } })), 422, "'vision'"),
        ("r", candidate(json!({ "when": { "keys": [] } })), 400, "when.keys"),
        ("ollama/fast", good.clone(), 400, "'ollama' is a provider"),
        ("-r", good.clone(), 400, "Invalid route name"),
        ("r%20s", good.clone(), 400, "Invalid route name"),
    ] {
        let answer = put(&gateway, name, &body);
        assert_eq!(answer.status, status, "{name} {body}: {}", answer.text());
        assert!(answer.text().contains(sentence), "{name} {body}: {}", answer.text());
    }
    assert_eq!(gateway.get("/api/routes").expect(200), before);
    put(&gateway, "r", &with("name", json!("r"))).expect(200);
}
