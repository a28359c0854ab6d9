//! What is told beforehand of a request, held to what then happens to it; and what is told afterwards.

use serde_json::{Value, json};
use testkit::scripted::Answer as Script;

use crate::{
    harness::{Answer, Gateway, Moody, eventually},
    virtual_keys::{make, text},
};

struct Rig {
    gateway: Gateway,
    /// They are called `p0` to `p2`.
    providers: Vec<Moody>,
}

impl Rig {
    fn start() -> Self {
        let gateway = Gateway::start();
        let providers: Vec<_> = (0..3).map(|_| Moody::start()).collect();
        for (number, provider) in providers.iter().enumerate() {
            provider.register(&gateway, &format!("p{number}"));
        }
        Self { gateway, providers }
    }

    fn explain(&self, body: &Value) -> Value {
        self.gateway.post("/api/explain", body).expect(200)
    }

    fn explain_with(&self, key: &str, body: &Value) -> Answer {
        self.gateway.ask("POST", "/api/explain").with_key(key).json(body).send()
    }

    /// Holds what is foretold of a chat to what becomes of it, and tells who was asked first.
    #[track_caller]
    fn foretold(&self, model: &str) -> String {
        let explained = self.explain(&json!({ "model": model, "message": "hi" }));
        let record = self.gateway.record(&self.gateway.small_chat(model).send());
        let placed = explained["candidates"].as_array().unwrap().iter();
        let placed: Vec<_> = placed.filter(|candidate| candidate["place"].is_u64()).collect();
        let tries = record["attempts"].as_array().unwrap();
        assert!(tries.len() <= placed.len(), "{explained} {record}");
        for (foretold, happened) in placed.iter().zip(tries) {
            for member in ["provider", "model"] {
                assert_eq!(foretold[member], happened[member], "{explained} {record}");
            }
        }
        let name = format!(
            "{}/{}",
            tries[0]["provider"].as_str().unwrap(),
            tries[0]["model"].as_str().unwrap()
        );
        let summary = explained["summary"].as_str().unwrap();
        assert!(summary.starts_with(&format!("{name} would be asked")), "{summary}");
        assert_eq!(explained["generation"], record["generation"]);
        assert_eq!(explained["route"], record["route"]);
        name
    }
}

#[test]
fn who_is_foretold_is_asked() {
    let rig = Rig::start();
    let all = ["p2/gpt-4o", "p0/gpt-4o-mini", "p1/gpt-4"];
    for (strategy, first) in
        [("priority", "p2/gpt-4o"), ("cheapest", "p0/gpt-4o-mini"), ("local-first", "p2/gpt-4o")]
    {
        rig.gateway.route("r", strategy, &all);
        assert_eq!(rig.foretold("r"), first, "{strategy}");
    }
    assert_eq!(rig.foretold("p1/gpt-4"), "p1/gpt-4");

    rig.gateway.route("r", "priority", &all);
    // A parked key, an open breaker and a limit that is reached.
    rig.providers[2].fail(401);
    assert_eq!(rig.foretold("r"), "p2/gpt-4o");
    assert_eq!(rig.foretold("r"), "p0/gpt-4o-mini");
    rig.providers[0].fail(500);
    for _ in 0..4 {
        assert_eq!(rig.foretold("r"), "p0/gpt-4o-mini");
    }
    rig.gateway.small_chat("p0/gpt-4o-mini").send();
    assert_eq!(rig.foretold("r"), "p1/gpt-4");

    let rig = Rig::start();
    rig.gateway.route("r", "priority", &all);
    rig.gateway.patch("p2", &json!({ "limits": { "requests_per_minute": 1 } })).expect(200);
    assert_eq!(rig.foretold("r"), "p2/gpt-4o");
    assert_eq!(rig.foretold("r"), "p0/gpt-4o-mini");
    let explained = rig.explain(&json!({ "model": "r" }));
    let last = &explained["candidates"][2];
    assert_eq!((&last["provider"], &last["place"]), (&json!("p2"), &Value::Null));
    let reason = last["reason"].as_str().unwrap();
    assert!(reason.starts_with("Provider p2 is limited to 1 requests a minute"), "{reason}");

    let rig = Rig::start();
    rig.gateway.patch("p2", &json!({ "limits": { "concurrency": 1 } })).expect(200);
    rig.gateway.route("r", "priority", &all);
    rig.providers[2].say(Script::silence());
    let _held = rig.gateway.small_chat("p2/gpt-4o").send_only();
    eventually("it is busy", || rig.providers[2].chats() == 1);
    assert_eq!(rig.foretold("r"), "p0/gpt-4o-mini");
}

#[test]
fn who_is_passed_over_is_told_with_the_reason() {
    let rig = Rig::start();
    rig.gateway.put_route(
        "r",
        &json!({ "candidates": [
        { "provider": "nobody", "model": "m" },
        { "provider": "p0", "model": "gpt-4" },
        { "provider": "p1", "model": "gpt-4o", "when": { "keys": ["ci"] } },
        { "provider": "p2", "model": "gpt-4o" },
    ] }),
    );
    let explained =
        rig.explain(&json!({ "model": "r", "input_tokens": 50_000, "needs": ["vision"] }));
    let passed = explained["passed_over"].as_array().unwrap().iter();
    let passed: Vec<_> = passed
        .map(|passed| (passed["provider"].as_str().unwrap(), passed["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(passed[0], ("nobody", "Provider not found: nobody"));
    assert!(passed[1].0 == "p0" && passed[1].1.contains("context window of 8192"), "{passed:?}");
    assert_eq!(passed[2], ("p1", "is for other keys"));
    assert_eq!(explained["candidates"].as_array().unwrap().len(), 1);
    assert_eq!(explained["demand"]["input_tokens"], 50_000);
    assert_eq!(rig.providers.iter().map(Moody::chats).sum::<usize>(), 0, "nothing is sent");
}

#[test]
fn a_reached_limit_of_the_callers_own_is_told() {
    let rig = Rig::start();
    let scopes = json!(["inference", "providers:read"]);
    let limits = json!({ "requests_per_minute": 1, "tokens_per_minute": 5000 });
    let key = make(&rig.gateway, &json!({ "name": "k", "scopes": scopes, "limits": limits }));
    let explain = |body: Value| rig.explain_with(&text(&key), &body).expect(200);
    let before = explain(json!({ "model": "p0/alpha" }));
    assert_eq!(
        before["limits"],
        json!({ "requests_remaining": 1, "tokens_remaining": 5000, "reached": null })
    );
    let large = explain(json!({ "model": "p0/alpha", "input_tokens": 6000 }));
    let summary = large["summary"].as_str().unwrap();
    assert!(
        summary.starts_with("Nobody would be asked: this request is estimated at"),
        "{summary}"
    );
    let ask = || rig.gateway.small_chat("p0/alpha").with_key(&text(&key)).send();
    assert_eq!(ask().status, 200);
    let after = explain(json!({ "model": "p0/alpha" }));
    assert_eq!(after["limits"]["requests_remaining"], 0);
    let told = ask().expect(429)["error"]["message"].as_str().unwrap().to_owned();
    let without_time = |sentence: &str| sentence.rsplit_once(" in ").unwrap().0.to_owned();
    let reached = after["limits"]["reached"].as_str().unwrap();
    assert_eq!(without_time(reached), without_time(&told));
    // Asking what would happen counts nothing.
    assert_eq!(explain(json!({ "model": "p0/alpha" }))["limits"]["tokens_remaining"], 4990);
}

#[test]
fn it_is_explained_as_another_key_would_be_treated() {
    let rig = Rig::start();
    rig.gateway.put_route(
        "r",
        &json!({ "candidates": [
        { "provider": "p0", "model": "alpha", "when": { "keys": ["ci"] } },
        { "provider": "p1", "model": "alpha" },
    ] }),
    );
    let limits = json!({ "requests_per_minute": 3 });
    let ci = make(&rig.gateway, &json!({ "name": "ci", "limits": limits }));
    let narrow = make(&rig.gateway, &json!({ "name": "n", "providers": ["p1"] }));
    let explain = |key: &Value| {
        let body = json!({ "model": "r", "key": key["id"] });
        rig.gateway.post("/api/explain", &body)
    };
    let of_ci = explain(&ci).expect(200);
    assert_eq!(of_ci["candidates"][0]["provider"], "p0");
    assert_eq!(of_ci["limits"]["requests_remaining"], 3);
    let of_narrow = explain(&narrow).expect(200);
    assert_eq!(of_narrow["candidates"].as_array().unwrap().len(), 1);
    assert_eq!(of_narrow["candidates"][0]["provider"], "p1");
    assert_eq!(of_narrow["passed_over"], json!([]), "what it does not hold is not there for it");
    assert_eq!(rig.explain(&json!({ "model": "r" }))["limits"]["requests_remaining"], Value::Null);
    let beyond = json!({ "model": "p0/alpha", "key": narrow["id"] });
    rig.gateway.post("/api/explain", &beyond).refused_with(404, "'p0/alpha'");

    let scopes = json!(["inference", "providers:read", "keys", "usage"]);
    let asking = text(&make(&rig.gateway, &json!({ "name": "x", "scopes": scopes })));
    let body = json!({ "model": "r", "key": ci["id"] });
    rig.explain_with(&asking, &body).refused_with(403, "`admin`");
    rig.gateway.post("/api/explain", &json!({ "key": "nobody" })).refused(404, "Key not found");
    let reader = make(&rig.gateway, &json!({ "name": "m", "scopes": ["metrics"] }));
    explain(&reader).refused_with(409, "`inference`");
    rig.gateway
        .ask("DELETE", &format!("/api/keys/{}", ci["id"].as_str().unwrap()))
        .send()
        .expect(200);
    explain(&ci).refused_with(409, "revoked");
}

#[test]
fn by_its_id_it_is_told_what_did_happen() {
    let rig = Rig::start();
    rig.gateway.route("r", "priority", &["p0/alpha", "p1/alpha"]);
    rig.providers[0].fail(503);
    let answer = rig.gateway.small_chat("r").send();
    let record = rig.gateway.record(&answer);
    let body = json!({ "request_id": record["id"] });
    assert_eq!(
        rig.explain(&body),
        json!({
            "summary": "p0/alpha failed (overloaded, status 503); then p1/alpha answered",
            "request": record,
        })
    );
    rig.gateway
        .post("/api/explain", &json!({ "request_id": "x" }))
        .refused(404, "Request not found");
    let both = json!({ "request_id": record["id"], "model": "r" });
    rig.gateway.post("/api/explain", &both).refused_with(400, "request_id stands alone");

    let key = |scopes: Value, project: Option<&str>| {
        text(&make(&rig.gateway, &json!({ "name": "k", "scopes": scopes, "project": project })))
    };
    let reader = key(json!(["providers:read", "inference"]), None);
    rig.explain_with(&reader, &body).refused_with(403, "`usage`");
    let accountant = key(json!(["usage"]), None);
    rig.explain_with(&accountant, &body).refused_with(403, "`providers:read`");
    let both = json!(["usage", "providers:read"]);
    assert_eq!(rig.explain_with(&key(both.clone(), None), &body).expect(200)["request"], record);
    let of_project = key(both, Some("web"));
    rig.explain_with(&of_project, &body).refused(404, "Request not found");
}
