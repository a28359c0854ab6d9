//! Who may call what, and what every answer carries.

use serde_json::Value;

use crate::harness::{Answer, Gateway};

/// Every row of the management API that needs a key, and paths that are none.
const CLOSED: [(&str, &str); 29] = [
    ("POST", "/api/providers/register"),
    ("GET", "/api/providers"),
    ("GET", "/api/providers/ollama"),
    ("GET", "/api/providers/nobody"),
    ("PATCH", "/api/providers/ollama"),
    ("DELETE", "/api/providers/ollama"),
    ("POST", "/api/providers/ollama/default"),
    ("GET", "/api/providers/ollama/models"),
    ("GET", "/api/providers/models"),
    ("GET", "/api/providers/health"),
    ("GET", "/api/providers/ollama/health"),
    ("POST", "/api/providers/ollama/test"),
    ("GET", "/api/routes"),
    ("GET", "/api/routes/smart"),
    ("PUT", "/api/routes/a/b"),
    ("DELETE", "/api/routes/a%2Fb"),
    ("POST", "/api/chat/multi"),
    ("GET", "/api/requests"),
    ("GET", "/api/requests/0"),
    ("GET", "/api/usage"),
    ("POST", "/api/config/reload"),
    ("GET", "/api/openapi.json"),
    ("PUT", "/api/providers"),
    ("POST", "/"),
    ("POST", "/livez"),
    ("GET", "/nothing/here"),
    ("GET", "/api//providers"),
    ("GET", "/assets/nothing.js"),
    ("OPTIONS", "/api/providers"),
];

const OPEN: [&str; 8] = [
    "/livez",
    "/readyz",
    "/",
    "/api/docs",
    "/assets/docs.js",
    "/assets/page.css",
    "/assets/paw.svg",
    "/livez?x=1",
];

fn refused(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 401, "{what}: {}", answer.text());
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{what}");
    assert_eq!(answer.header("allow"), None, "{what}");
    assert!(answer.expect(401)["detail"].as_str().unwrap().contains("valid key"));
}

#[test]
fn everything_else_is_closed_before_anything_is_said_of_it() {
    let gateway = Gateway::start();
    for (method, path) in CLOSED {
        let what = format!("{method} {path}");
        let ask = || gateway.ask_without_key(method, path);
        refused(&ask().send(), &what);
        refused(&ask().header("authorization", "Bearer wrong-wrong-wrong-wrong").send(), &what);
        refused(&ask().header("authorization", &format!("Basic {}", gateway.key)).send(), &what);
        refused(&ask().header("x-api-key", &gateway.key[1..]).send(), &what);
        refused(&ask().header("cookie", &format!("key={}", gateway.key)).send(), &what);
        refused(&ask().header("x-goog-api-key", &format!("{}x", gateway.key)).send(), &what);
    }
    assert_eq!(gateway.names(), ["ollama"]);
}

#[test]
fn with_a_key_there_are_404_and_405() {
    let gateway = Gateway::start();
    assert_eq!(gateway.get("/nothing/here").status, 404);
    assert_eq!(gateway.get("/assets/nothing.js").status, 404);
    let wrong_method = gateway.ask("PUT", "/api/providers").send();
    assert_eq!((wrong_method.status, wrong_method.header("allow")), (405, Some("GET, HEAD")));
    assert_eq!(gateway.get("/api//providers").status, 400);
}

#[test]
fn the_open_list_needs_no_key() {
    let gateway = Gateway::start();
    for path in OPEN {
        for method in ["GET", "HEAD"] {
            let answer = gateway.ask_without_key(method, path).send();
            assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text());
        }
    }
}

#[test]
fn a_key_works_in_each_of_its_three_places() {
    let gateway = Gateway::start();
    let key = gateway.key.clone();
    let ask = || gateway.ask_without_key("GET", "/api/providers");
    for (name, value) in [
        ("authorization", format!("Bearer {key}")),
        ("authorization", format!("bearer {key}")),
        ("x-api-key", key.clone()),
        ("x-goog-api-key", key.clone()),
    ] {
        ask().header(name, &value).send().expect(200);
    }
    let same = ask().header("x-api-key", &key).header("x-goog-api-key", &key);
    same.header("authorization", &format!("Bearer {key}")).send().expect(200);
}

#[test]
fn two_different_keys_are_one_too_many() {
    let gateway = Gateway::start();
    let answer = gateway.ask("GET", "/api/providers").header("x-api-key", "another").send();
    answer.refused_with(400, "different keys");
    let answer =
        gateway.ask("GET", "/api/providers").header("authorization", "Bearer another").send();
    answer.refused_with(400, "different keys");
}

#[test]
fn a_key_in_the_url_is_none() {
    let gateway = Gateway::start();
    for name in ["key", "api_key", "access_token", "authorization"] {
        let target = format!("/api/providers?{name}={}", gateway.key);
        refused(&gateway.ask_without_key("GET", &target).send(), name);
    }
}

#[test]
fn every_answer_carries_the_same_headers() {
    let gateway = Gateway::start();
    let answers = [
        gateway.get("/api/providers"),
        gateway.get("/nothing"),
        gateway.ask_without_key("GET", "/api/providers").send(),
        gateway.ask_without_key("GET", "/livez").send(),
        gateway.ask_without_key("GET", "/").send(),
        gateway.ask_without_key("GET", "/").header("bad header", "x").send(),
        gateway.chat(&Value::Null),
    ];
    let mut ids = Vec::new();
    for answer in &answers {
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert!(
            answer.header("content-security-policy").unwrap().starts_with("default-src 'none'")
        );
        assert_eq!(answer.header("access-control-allow-origin"), None);
        ids.push(answer.header("x-request-id").unwrap());
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), answers.len(), "each request has an id of its own");
}

#[test]
fn only_our_own_host_names_are_served() {
    let gateway = Gateway::start();
    let port = gateway.address().port();
    let ask = |host: &str| {
        gateway.ask("GET", "/api/providers").without("host").header("host", host).send()
    };
    for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("[::1]:{port}")]
    {
        assert_eq!(ask(&host).status, 200, "{host}");
    }
    for host in ["evil.example", "127.0.0.1", "localhost:1", &format!("evil.example:{port}")] {
        assert_eq!(ask(host).status, 421, "{host}");
    }
    assert_eq!(gateway.ask("GET", "/livez").without("host").send().status, 400);
}

#[test]
fn pages_of_other_sites_are_kept_out() {
    let gateway = Gateway::start();
    let ask = || gateway.ask("GET", "/api/providers");
    assert_eq!(ask().header("origin", "https://evil.example").send().status, 403);
    assert_eq!(ask().header("origin", "null").send().status, 403);
    assert_eq!(ask().header("sec-fetch-site", "cross-site").send().status, 403);
    let own = format!("http://127.0.0.1:{}", gateway.address().port());
    assert_eq!(
        ask().header("origin", &own).header("sec-fetch-site", "same-origin").send().status,
        200
    );
}
