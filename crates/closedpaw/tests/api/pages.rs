//! What the gateway says of itself: its pages, its liveness and the description of its API.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Gateway, Home};

#[test]
fn it_tells_programs_with_a_key_what_it_is() {
    let gateway = Gateway::start();
    let about = json!({
        "name": "ClosedPaw", "version": env!("CARGO_PKG_VERSION"), "status": "running",
        "security_model": "zero_trust",
    });
    let accept = |kind: &str| gateway.ask("GET", "/").header("accept", kind).send();
    assert_eq!(accept("application/json").expect(200), about);
    let bare = gateway.ask_without_key("GET", "/").header("accept", "application/json").send();
    assert_eq!(bare.status, 401, "{}", bare.text());
}

#[test]
fn it_shows_browsers_a_page() {
    let gateway = Gateway::start();
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    for accept in [browser, "*/*", "text/html, application/json;q=0.9"] {
        let page = gateway.ask_without_key("GET", "/").header("accept", accept).send();
        assert_eq!(
            (page.status, page.header("content-type")),
            (200, Some("text/html; charset=utf-8"))
        );
        assert!(!page.text().contains(&gateway.key));
    }
}

#[test]
fn pages_bring_all_that_they_need() {
    let gateway = Gateway::start();
    for path in ["/", "/api/docs"] {
        let page = gateway.ask_without_key("GET", path).send().text();
        let attributes = ["src=\"", "href=\""];
        let links = attributes.iter().flat_map(|name| page.split(name).skip(1));
        let links: Vec<_> = links.filter_map(|rest| rest.split('"').next()).collect();
        assert!(!links.is_empty(), "{path}");
        for link in links.into_iter().filter(|link| !link.starts_with('#')) {
            assert!(link.starts_with('/') && !link.starts_with("//"), "{path} leads out to {link}");
            assert_eq!(gateway.ask_without_key("GET", link).send().status, 200, "{link}");
        }
        assert!(!page.contains("<script>") && !page.contains("style=\""), "{path}: nothing inline");
    }
}

#[test]
fn it_is_alive_and_ready() {
    let gateway = Gateway::start();
    for path in ["/livez", "/readyz"] {
        assert_eq!(
            gateway.ask_without_key("GET", path).send().expect(200),
            json!({ "status": "ok" })
        );
    }
}

#[test]
fn the_description_is_openapi_and_names_every_route() {
    let gateway = Gateway::start();
    let api = gateway.get("/api/openapi.json").expect(200);
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1."));
    assert!(api["info"]["title"].is_string() && api["info"]["version"].is_string());
    for (path, methods) in [
        ("/api/providers/register", vec!["post"]),
        ("/api/providers", vec!["get"]),
        ("/api/providers/{name}", vec!["get", "patch", "delete"]),
        ("/api/providers/{name}/default", vec!["post"]),
        ("/api/providers/{name}/models", vec!["get"]),
        ("/api/providers/models", vec!["get"]),
        ("/api/providers/health", vec!["get"]),
        ("/api/providers/{name}/health", vec!["get"]),
        ("/api/providers/{name}/test", vec!["post"]),
        ("/api/routes", vec!["get"]),
        ("/api/routes/{name}", vec!["get", "put", "delete"]),
        ("/api/chat/multi", vec!["post"]),
        ("/api/config/reload", vec!["post"]),
        ("/api/openapi.json", vec!["get"]),
        ("/livez", vec!["get"]),
        ("/readyz", vec!["get"]),
    ] {
        let described: BTreeSet<_> =
            api["paths"][path].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(described, methods.into_iter().collect(), "{path}");
    }
}

#[test]
fn the_description_holds_together() {
    let gateway = Gateway::start();
    let api = gateway.get("/api/openapi.json").expect(200);
    let mut ids = BTreeSet::new();
    for (path, methods) in api["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let what = format!("{method} {path}");
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{what}: id twice");
            assert!(operation["summary"].is_string(), "{what}");
            assert!(operation["responses"]["200"]["description"].is_string(), "{what}");
            let is_open = operation["security"] == json!([]);
            assert_eq!(operation["responses"].get("401").is_none(), is_open, "{what}");
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let in_path = parameters.filter(|parameter| parameter["in"] == "path").count();
            assert_eq!(in_path, path.matches('{').count(), "{what}");
        }
    }
    references_lead_somewhere(&api, &api);
}

fn references_lead_somewhere(value: &Value, api: &Value) {
    if let Some(target) = value.get("$ref").and_then(Value::as_str) {
        let pointer = target.strip_prefix('#').expect("a reference into the document");
        assert!(api.pointer(pointer).is_some(), "{target}");
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| references_lead_somewhere(item, api)),
        Value::Object(members) => {
            members.values().for_each(|member| references_lead_somewhere(member, api));
        }
        _ => {}
    }
}

#[test]
fn the_description_of_a_registration_is_what_is_accepted() {
    let gateway = Gateway::start();
    let api = gateway.get("/api/openapi.json").expect(200);
    let body = &api["paths"]["/api/providers/register"]["post"]["requestBody"]["content"];
    let schema = &body["application/json"]["schema"];
    assert_eq!(schema["required"], json!(["provider_type", "name"]));
    let members: BTreeSet<_> =
        schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "provider_type",
        "name",
        "api_key",
        "base_url",
        "default_model",
        "models",
        "enabled",
        "rate_limit",
        "timeout",
        "network",
        "settings",
        "headers",
        "api_keys",
        "limits",
        "model_limits",
        "timeouts",
        "queue",
    ];
    assert_eq!(members, expected.into_iter().collect());
    for (name, member) in schema["properties"].as_object().unwrap() {
        assert!(member["description"].is_string(), "{name} has no description");
    }
}

#[test]
fn the_settings_are_read_again_when_asked() {
    let home = Home::new();
    let config = home.path("config.toml");
    std::fs::write(&config, "[server]\nhosts = [\"first.lan\"]\n").unwrap();
    let gateway =
        home.serve_with(&["--listen", "127.0.0.1:0", "--config", config.to_str().unwrap()]);
    let reload = || gateway.ask("POST", "/api/config/reload").send();
    let status = |host: &str| {
        gateway.ask("GET", "/livez").without("host").header("host", host).send().status
    };
    std::fs::write(&config, "[server]\nhosts = [\"second.lan\"]\n").unwrap();
    assert_eq!((status("first.lan"), status("second.lan")), (200, 421));
    let first = reload().expect(200)["generation"].as_u64().unwrap();
    assert!(reload().expect(200)["generation"].as_u64().unwrap() > first);
    assert_eq!((status("first.lan"), status("second.lan")), (421, 200));

    std::fs::write(&config, "[server]\nhsots = [\"third.lan\"]\nlisten = [\"nowhere\"]\n").unwrap();
    let refused = reload();
    assert_eq!(refused.expect(400)["faults"].as_array().unwrap().len(), 2, "{}", refused.text());
    refused.refused_with(400, "hsots");
    assert_eq!(status("second.lan"), 200);
}
