//! Who of a route may be asked: conditions, what models can't do, and who is not there.

use serde_json::{Value, json};

use crate::{
    harness::{Answer, CALLERS, Gateway, Moody, Vendor, openai, vendor},
    virtual_keys::{make, text},
};

/// A picture of one pixel.
const PICTURE: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

struct Rig {
    gateway: Gateway,
    a: Moody,
    b: Moody,
}

impl Rig {
    fn start() -> Self {
        Self::start_of(openai())
    }

    fn start_of(vendor: &'static Vendor) -> Self {
        let gateway = Gateway::start();
        let (a, b) = (Moody::start_of(vendor), Moody::start_of(vendor));
        a.register(&gateway, "a");
        b.register(&gateway, "b");
        Self { gateway, a, b }
    }

    /// A route that goes to `a` under these conditions, and else to `b`.
    fn route_when(&self, when: &Value) {
        let candidates = json!([
            { "provider": "a", "model": "alpha", "when": when },
            { "provider": "b", "model": "alpha" },
        ]);
        self.gateway.put_route("r", &json!({ "candidates": candidates }));
    }

    fn chats(&self) -> usize {
        self.a.chats() + self.b.chats()
    }
}

fn chat(content: &Value, members: &Value) -> Value {
    let mut body = json!({ "model": "r", "messages": [{ "role": "user", "content": content }] });
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    body
}

#[track_caller]
fn asked(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-closedpaw-attempts"), Some("1"));
    answer.header("x-closedpaw-provider").expect("who was asked").to_owned()
}

fn with_picture() -> Value {
    chat(
        &json!([
            { "type": "text", "text": "what is this" },
            { "type": "image_url", "image_url": { "url": PICTURE } },
        ]),
        &json!({}),
    )
}

fn with_tools() -> Value {
    let tool = json!({ "type": "function", "function": { "name": "f", "parameters": {} } });
    chat(&json!("hi"), &json!({ "tools": [tool] }))
}

fn with_schema() -> Value {
    let schema = json!({ "name": "s", "schema": { "type": "object" } });
    let format = json!({ "type": "json_schema", "json_schema": schema });
    chat(&json!("hi"), &json!({ "response_format": format }))
}

#[test]
fn conditions_of_size_and_need_are_held() {
    let rig = Rig::start();
    let (short, long) =
        (chat(&json!("hi"), &json!({})), chat(&json!("word ".repeat(4000)), &json!({})));
    let all = [
        ("short", &short),
        ("long", &long),
        ("picture", &with_picture()),
        ("tools", &with_tools()),
        ("schema", &with_schema()),
    ]
    .map(|(name, body)| (name, body.clone()));
    for (when, meant) in [
        (json!({ "input_tokens_at_least": 2000 }), ["long"].as_slice()),
        (json!({ "input_tokens_at_most": 1500 }), &["short", "tools", "schema", "picture"]),
        (json!({ "needs": ["vision"] }), &["picture"]),
        (json!({ "needs": ["tools"] }), &["tools"]),
        (json!({ "needs": ["json_schema"] }), &["schema"]),
        (json!({ "needs": ["vision", "tools"] }), &[]),
    ] {
        rig.route_when(&when);
        for (name, body) in &all {
            let expected = if meant.contains(name) { "a" } else { "b" };
            let answer = rig.gateway.post("/v1/chat/completions", body);
            assert_eq!(asked(&answer), expected, "{when} {name}");
        }
    }
}

#[test]
fn conditions_of_key_and_project_are_held() {
    let rig = Rig::start();
    let key = |name: &str, project: Option<&str>| {
        make(&rig.gateway, &json!({ "name": name, "project": project }))
    };
    let (ci, web) = (key("ci-1", None), key("web", Some("shop")));
    let check = |when: Value, expected: [&str; 3]| {
        rig.route_when(&when);
        let keys = [rig.gateway.key.clone(), text(&ci), text(&web)];
        let asked = keys.map(|key| asked(&rig.gateway.small_chat("r").with_key(&key).send()));
        assert_eq!(asked, expected, "{when}");
    };
    check(json!({ "keys": ["ci-*"] }), ["b", "a", "b"]);
    check(json!({ "keys": [ci["id"]] }), ["b", "a", "b"]);
    check(json!({ "keys": ["admin"] }), ["a", "b", "b"]);
    check(json!({ "projects": ["sh*"] }), ["b", "b", "a"]);
    check(json!({ "keys": ["web"], "projects": ["shop"] }), ["b", "b", "a"]);
    check(json!({ "keys": ["web"], "projects": ["other"] }), ["b", "b", "b"]);
}

#[test]
fn counts_go_where_such_a_chat_would() {
    let rig = Rig::start();
    let counting = vendor("anthropic");
    for (name, size) in [("small", "input_tokens_at_most"), ("large", "input_tokens_at_least")] {
        let provider = Moody::start_of(counting);
        provider.say(testkit::scripted::Answer::json(200, r#"{"input_tokens":7}"#));
        provider.register(&rig.gateway, name);
        let mut when = json!({});
        when[size] = json!(1000);
        let candidates = json!([{ "provider": name, "model": "alpha", "when": when }]);
        rig.gateway.put_route(&format!("r-{name}"), &json!({ "candidates": candidates }));
        let count = |text: &str| {
            let body = json!({
                "model": format!("r-{name}"),
                "messages": [{ "role": "user", "content": text }],
            });
            rig.gateway.post("/v1/messages/count_tokens", &body).status
        };
        let statuses = [count("hi"), count(&"word ".repeat(4000))];
        let expected = if name == "small" { [200, 400] } else { [400, 200] };
        assert_eq!(statuses, expected, "{name}");
    }
}

#[test]
fn who_can_t_serve_the_request_is_not_tried() {
    let rig = Rig::start();
    // gpt-4 has a window of 8192 tokens, reads no pictures and holds to no schema; gpt-5-chat calls no tools.
    let check = |candidates: &[&str], body: &Value, expected: &str, reason: &str| {
        rig.gateway.route("r", "priority", candidates);
        let answer = rig.gateway.post("/v1/chat/completions", body);
        assert_eq!(asked(&answer), expected, "{candidates:?}");
        let chats = rig.chats();
        rig.gateway.route("r", "priority", &candidates[..1]);
        let refused = rig.gateway.post("/v1/chat/completions", body);
        let message = refused.expect(400)["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(reason), "{message}");
        assert_eq!(refused.header("x-closedpaw-attempts"), Some("0"));
        assert_eq!(rig.chats(), chats, "nobody was asked");
    };
    let long = chat(&json!("word ".repeat(12_000)), &json!({}));
    check(&["a/gpt-4", "b/gpt-4o"], &long, "b", "context window of 8192 tokens");
    check(&["a/gpt-4", "b/gpt-4o"], &with_picture(), "b", "reads no pictures");
    check(&["a/gpt-5-chat", "b/gpt-4o"], &with_tools(), "b", "calls no tools");
    check(&["a/gpt-4", "b/gpt-4o"], &with_schema(), "b", "no answer to a JSON schema");
    check(&["nobody/x", "b/gpt-4o"], &long, "b", "Provider not found: nobody");
    rig.gateway.patch("a", &json!({ "enabled": false })).expect(200);
    check(&["a/gpt-4o", "b/gpt-4o"], &long, "b", "disabled");
    // Where a model was named and no route, nobody knows better than who named it.
    rig.gateway.patch("a", &json!({ "enabled": true })).expect(200);
    let mut named = with_picture();
    named["model"] = json!("a/gpt-4");
    assert_eq!(asked(&rig.gateway.post("/v1/chat/completions", &named)), "a");
}

#[test]
fn a_request_of_other_dialects_has_the_same_needs() {
    let rig = Rig::start_of(vendor("custom"));
    rig.route_when(&json!({ "needs": ["vision"] }));
    let data = PICTURE.strip_prefix("data:image/png;base64,").unwrap();
    let source = json!({ "type": "base64", "media_type": "image/png", "data": data });
    let inline = json!({ "inline_data": { "mime_type": "image/png", "data": data } });
    for (path, body) in [
        (
            "/v1/responses",
            json!({ "model": "r", "input": [{ "role": "user", "content": [
                { "type": "input_image", "image_url": PICTURE },
            ] }] }),
        ),
        (
            "/v1/messages",
            json!({ "model": "r", "max_tokens": 9, "messages": [{ "role": "user", "content": [
                { "type": "image", "source": source },
            ] }] }),
        ),
        (
            "/v1beta/models/r:generateContent",
            json!({ "contents": [{ "role": "user", "parts": [{ "text": "hi" }, inline] }] }),
        ),
        (
            "/api/chat",
            json!({ "model": "r", "stream": false, "messages": [
                { "role": "user", "content": "hi", "images": [data] },
            ] }),
        ),
    ] {
        let answer = rig.gateway.post(path, &body);
        let asked = answer.header("x-closedpaw-provider");
        assert_eq!(asked, Some("a"), "{path}: {}", answer.text());
    }
}

#[test]
fn a_routes_name_goes_before_a_models() {
    // Both list it.
    let Rig { gateway, a: _a, b: _b } = Rig::start_of(vendor("custom"));
    gateway.ask("POST", "/api/providers/a/default").send().expect(200);
    let asked = |model: &str| {
        let mut asked =
            CALLERS.iter().filter(|caller| caller.name != "mistral_fim").map(|caller| {
                let answer = caller.ask(&gateway, model, false).send();
                assert_eq!(answer.status, 200, "{} {model}: {}", caller.name, answer.text());
                let header = |name| answer.header(name).map(str::to_owned);
                (header("x-closedpaw-provider").unwrap(), header("x-closedpaw-route"))
            });
        let first = asked.next().unwrap();
        assert!(asked.all(|other| other == first), "{model}");
        first
    };
    assert_eq!(asked("alpha"), ("a".to_owned(), None));
    gateway.route("alpha", "priority", &["b/alpha"]);
    assert_eq!(asked("alpha"), ("b".to_owned(), Some("alpha".to_owned())));
    assert_eq!(asked("a/alpha"), ("a".to_owned(), None));
    let multi = gateway.chat(&json!({ "message": "hi", "model": "alpha" }));
    assert_eq!(multi.header("x-closedpaw-route"), Some("alpha"));
    gateway.ask("DELETE", "/api/routes/alpha").send().expect(200);
    assert_eq!(asked("alpha"), ("a".to_owned(), None));
}
