//! Where a provider may be: the one form of its address, and the addresses that are refused.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Gateway, vendor};

#[test]
fn base_urls_take_their_one_form() {
    let gateway = Gateway::start();
    for (index, (provider_type, given, kept)) in [
        ("openai", "https://proxy.example.com", "https://proxy.example.com/v1"),
        ("openai", "https://proxy.example.com/", "https://proxy.example.com/v1"),
        ("openai", "https://proxy.example.com/v1/", "https://proxy.example.com/v1"),
        ("openai", "https://proxy.example.com/openai", "https://proxy.example.com/openai"),
        ("anthropic", "https://proxy.example.com", "https://proxy.example.com/v1"),
        ("google", "https://proxy.example.com", "https://proxy.example.com/v1beta"),
        ("google", "https://proxy.example.com/v1", "https://proxy.example.com/v1"),
        ("mistral", "https://proxy.example.com/", "https://proxy.example.com/v1"),
        ("ollama", "http://127.0.0.1:11434/", "http://127.0.0.1:11434"),
        ("ollama", "http://127.0.0.1:11434/api", "http://127.0.0.1:11434"),
        ("ollama", "http://127.0.0.1:11434/v1/", "http://127.0.0.1:11434"),
        ("ollama", "http://127.0.0.1:11434/llm", "http://127.0.0.1:11434/llm"),
        ("custom", "https://proxy.example.com", "https://proxy.example.com"),
        ("custom", "https://proxy.example.com/a/b/", "https://proxy.example.com/a/b"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("p{index}");
        let mut body = vendor(provider_type).smallest(&name);
        body["base_url"] = json!(given);
        gateway.register(&body);
        assert_eq!(gateway.show(&name)["base_url"], kept, "{provider_type} {given}");
    }
}

#[test]
fn a_custom_provider_needs_an_address_or_a_preset() {
    let gateway = Gateway::start();
    let custom =
        |settings: Value| json!({ "provider_type": "custom", "name": "x", "settings": settings });
    gateway.try_register(&custom(json!({}))).refused(
        400,
        "base_url is required for custom providers, unless settings.preset names a vendor",
    );
    gateway
        .try_register(&custom(json!({ "preset": "grok" })))
        .refused_with(400, "Unknown preset 'grok'");
    gateway.try_register(&custom(json!({ "preset": 1 }))).refused_with(400, "settings.preset");
    gateway
        .try_register(&custom(json!({ "prest": "groq" })))
        .refused_with(400, "Unknown setting 'prest'");
    gateway
        .try_register(&custom(json!({ "preset": "groq" })))
        .refused_with(400, "api_key is required for Groq");
    let other = json!({ "provider_type": "ollama", "name": "x", "settings": { "preset": "groq" } });
    gateway.try_register(&other).refused_with(400, "Unknown setting 'preset'");

    gateway.register(&custom(json!({ "preset": "llamacpp" })));
    let shown = gateway.show("x");
    assert_eq!(shown["network"], "local");
    assert_eq!(shown["settings"], json!({ "preset": "llamacpp" }));
}

#[test]
fn a_local_address_needs_the_local_class() {
    let gateway = Gateway::start();
    let custom =
        |base_url: &str| json!({ "provider_type": "custom", "name": "x", "base_url": base_url });
    for base_url in ["http://127.0.0.1:8080/v1", "http://models.example.com/v1"] {
        let answer = gateway.try_register(&custom(base_url));
        answer.refused_with(400, "set network: local");
    }
    for (base_url, part) in [
        ("https://127.0.0.1:8080/v1", "127.0.0.1: set network: local to allow it"),
        ("https://[::1]/v1", "set network: local to allow it"),
        ("https://192.168.1.9/v1", "set network: local to allow it"),
        ("https://user:pw@models.example.com/v1", "user name or password"),
        ("https://models.example.com/v1?x=1", "query or a fragment"),
        ("ftp://models.example.com", "must begin with https://"),
        ("models.example.com", "must begin with https://"),
        ("https://", "must name a host"),
    ] {
        gateway.try_register(&custom(base_url)).refused_with(400, part);
    }
    for base_url in
        ["http://169.254.169.254/v1", "https://100.100.100.200", "http://[fd00:ec2::254]/"]
    {
        let mut body = custom(base_url);
        gateway.try_register(&body).refused_with(400, "");
        body["network"] = json!("local");
        gateway.try_register(&body).refused_with(400, "never reachable");
    }
    assert_eq!(gateway.names(), ["ollama"]);
}

#[test]
fn every_blocked_base_url_of_the_corpus_is_refused() {
    const CORPUS: &str = "fixtures/ssrf/base_urls.tsv";
    let gateway = Gateway::start();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(CORPUS);
    let extra = std::env::var_os("CLOSEDPAW_EXTRA_CASES").filter(|folder| !folder.is_empty());
    for path in std::iter::once(own).chain(extra.map(|folder| Path::new(&folder).join(CORPUS))) {
        let text = std::fs::read_to_string(&path).expect("a corpus");
        let blocked = text.lines().filter_map(|line| line.strip_prefix("block\t"));
        let mut refused = 0;
        for raw in blocked.map(|raw| raw.replace("\\t", "\t").replace("\\n", "\n")) {
            let body = json!({ "provider_type": "custom", "name": "x", "base_url": raw });
            let answer = gateway.try_register(&body);
            assert_eq!(answer.status, 400, "{raw:?}: {}", answer.text());
            refused += 1;
        }
        assert!(refused > 0, "{path:?} holds no line to block");
    }
}

#[test]
fn our_own_address_is_never_reachable() {
    const OWN: [&str; 4] = ["127.0.0.1", "127.1", "localhost", "[::ffff:127.0.0.1]"];
    let gateway = Gateway::start();
    let port = gateway.address().port();
    for (index, host) in OWN.iter().enumerate() {
        let name = format!("loop{index}");
        let answer = gateway.try_register(&json!({
            "provider_type": "custom", "name": name, "network": "local", "default_model": "m",
            "base_url": format!("http://{host}:{port}/v1"),
        }));
        answer.refused_with(400, "leads back to this gateway");
    }
    assert_eq!(gateway.names(), ["ollama"]);
}
