//! How parameters may be sent, and what is said about those that are wrong.

use serde_json::{Value, json};

use crate::harness::{Answer, Gateway};

const REGISTER: &str = "/api/providers/register";

fn register_as_json(gateway: &Gateway, body: &str) -> Answer {
    gateway.ask("POST", REGISTER).body("application/json", body).send()
}

#[test]
fn json_form_and_query_say_the_same() {
    let gateway = Gateway::start();
    let query = "provider_type=ollama&name=NAME&base_url=http%3A%2F%2F10.0.0.7%3A11434&default_model=a%20b%26c\
                 &enabled=false&rate_limit=7&timeout=1.5&models=a&network=local";
    let json = json!({
        "provider_type": "ollama", "name": "json", "base_url": "http://10.0.0.7:11434",
        "default_model": "a b&c", "enabled": false, "rate_limit": 7, "timeout": 1.5, "models": ["a"],
        "network": "local",
    });
    gateway.register(&json);
    gateway.ask("POST", REGISTER).form(&query.replace("NAME", "form")).send().expect(200);
    let target = format!("{REGISTER}?{}", query.replace("NAME", "query"));
    gateway.ask("POST", &target).send().expect(200);

    let shown = ["json", "form", "query"].map(|name| {
        let mut shown = gateway.show(name);
        assert_eq!(shown["name"].take(), name);
        shown["created_at"].take();
        shown
    });
    assert_eq!(shown[0]["timeout"], 1.5);
    assert_eq!(shown[0], shown[1]);
    assert_eq!(shown[0], shown[2]);
}

#[test]
fn sources_add_up() {
    let gateway = Gateway::start();
    let target = format!("{REGISTER}?provider_type=openai&name=mixed");
    gateway
        .ask("POST", &target)
        .json(&json!({ "api_key": "k", "default_model": "m" }))
        .send()
        .expect(200);
    assert_eq!(gateway.show("mixed")["default_model"], "m");
}

#[test]
fn the_same_parameter_twice_must_agree() {
    let gateway = Gateway::start();
    let sentence = "'name' is given twice with different values: send it once";
    let target = format!("{REGISTER}?name=one");
    let body = |name: &str| json!({ "provider_type": "ollama", "name": name });
    gateway.ask("POST", &target).json(&body("two")).send().refused(400, sentence);
    gateway.ask("POST", &target).json(&body("one")).send().expect(200);

    register_as_json(&gateway, r#"{"provider_type":"ollama","name":"a","name":"b"}"#)
        .refused(400, sentence);
    register_as_json(&gateway, r#"{"provider_type":"ollama","name":"a","name":"a"}"#).expect(200);
    let escaped = r#"{"provider_type":"ollama","name":"a","n\u0061me":"b"}"#;
    register_as_json(&gateway, escaped).refused(400, sentence);

    let form = "provider_type=ollama&name=c&name=d";
    gateway.ask("POST", REGISTER).form(form).send().refused(400, sentence);
    gateway.ask("POST", &format!("{REGISTER}?{form}")).send().refused(400, sentence);
    assert_eq!(gateway.names(), ["ollama", "one", "a"]);
}

#[test]
fn one_value_in_two_spellings_is_one_value() {
    let gateway = Gateway::start();
    let target = format!("{REGISTER}?enabled=1&rate_limit=05");
    let body = json!({ "provider_type": "ollama", "name": "same", "enabled": true });
    gateway.ask("POST", &target.replace("05", "5")).json(&body).send().expect(200);
    assert_eq!(gateway.show("same")["rate_limit"], 5);
}

#[test]
fn secrets_in_the_url_are_refused() {
    let gateway = Gateway::start();
    let target = format!("{REGISTER}?provider_type=openai&name=x&api_key=canary-in-the-url");
    let answer = gateway.ask("POST", &target).send();
    answer.refused(400, "'api_key' is a secret and can't be sent in the URL: send it in the body");
    let target =
        format!("{REGISTER}?provider_type=ollama&name=x&headers=%7B%22x-a%22%3A%22b%22%7D");
    gateway.ask("POST", &target).send().refused_with(400, "'headers' is a secret");
    assert_eq!(gateway.names(), ["ollama"]);
}

#[test]
fn an_unknown_parameter_is_named_with_the_nearest_known_one() {
    let gateway = Gateway::start();
    let body = |member: &str| json!({ "provider_type": "ollama", "name": "x", member: "y" });
    for (member, sentence) in [
        ("api_kye", "Unknown parameter 'api_kye': did you mean 'api_key'?"),
        ("baseurl", "Unknown parameter 'baseurl': did you mean 'base_url'?"),
        ("Name", "Unknown parameter 'Name': did you mean 'name'?"),
    ] {
        gateway.try_register(&body(member)).refused(400, sentence);
    }
    gateway
        .try_register(&body("organisation"))
        .refused_with(400, "Unknown parameter 'organisation': known are");
    let target = format!("{REGISTER}?provider_type=ollama&name=x&defualt_model=m");
    gateway.ask("POST", &target).send().refused_with(400, "did you mean 'default_model'?");
    let chat = json!({ "messages": [{ "role": "user", "contnet": "hi" }] });
    gateway.chat(&chat).refused_with(400, "'messages.0.contnet': did you mean 'content'?");
    gateway
        .get("/api/providers/ollama/models?refesh=1")
        .refused_with(400, "did you mean 'refresh'?");
    assert_eq!(gateway.names(), ["ollama"]);
}

#[test]
fn what_is_missing_is_listed_as_fastapi_lists_it() {
    let gateway = Gateway::start();
    let missing = |place: &str, name: &str| json!({ "loc": [place, name], "msg": "Field required", "type": "missing" });
    let nothing = gateway.ask("POST", REGISTER).send().expect(422);
    assert_eq!(
        nothing,
        json!({ "detail": [missing("body", "provider_type"), missing("body", "name")] })
    );
    let null = gateway.try_register(&json!({ "provider_type": null, "name": "x" })).expect(422);
    let malformed = json!([{
        "loc": ["body", "provider_type"], "msg": "Input should be a valid string", "type": "string_type",
    }]);
    assert_eq!(null["detail"], malformed);
    let target = format!("{REGISTER}?provider_type=ollama");
    let query = gateway.ask("POST", &target).send().expect(422);
    assert_eq!(query["detail"], json!([missing("query", "name")]));
    let chat = gateway.chat(&json!({})).expect(422);
    assert_eq!(chat["detail"], json!([missing("body", "message")]));
    let turn = gateway.chat(&json!({ "messages": [{ "role": "user" }] })).expect(422);
    assert_eq!(turn["detail"][0]["loc"], json!(["body", "messages", 0, "content"]));
}

#[test]
fn what_is_malformed_is_listed_with_its_place() {
    let gateway = Gateway::start();
    for (member, value, kind) in [
        ("name", json!(7), "string_type"),
        ("enabled", json!("maybe"), "bool_type"),
        ("rate_limit", json!("many"), "int_parsing"),
        ("rate_limit", json!(1.5), "int_type"),
        ("rate_limit", json!(0), "greater_than_equal"),
        ("rate_limit", json!(-1), "greater_than_equal"),
        ("timeout", json!(true), "float_type"),
        ("timeout", json!(0), "greater_than_equal"),
        ("timeout", json!(1e9), "less_than_equal"),
        ("models", json!({}), "list_type"),
        ("settings", json!([]), "dict_type"),
        ("headers", json!("x"), "dict_type"),
        ("network", json!("lan"), "enum"),
    ] {
        let mut body = json!({ "provider_type": "ollama", "name": "x" });
        body[member] = value.clone();
        let detail = &gateway.try_register(&body).expect(422)["detail"];
        assert_eq!(detail[0]["loc"], json!(["body", member]), "{value}");
        assert_eq!(detail[0]["type"], kind, "{member} {value}");
        assert!(detail[0]["msg"].as_str().unwrap().starts_with("Input should be"), "{detail}");
        assert_eq!(detail.as_array().unwrap().len(), 1);
    }
    let target = format!("{REGISTER}?provider_type=ollama&name=x&rate_limit=many&timeout=long");
    let detail = &gateway.ask("POST", &target).send().expect(422)["detail"];
    assert_eq!(detail[0]["loc"], json!(["query", "rate_limit"]));
    assert_eq!(detail[1]["loc"], json!(["query", "timeout"]), "all faults at once");
    let nested = json!({ "provider_type": "ollama", "name": "x", "models": ["a", 2] });
    let detail = &gateway.try_register(&nested).expect(422)["detail"];
    assert_eq!(detail[0]["loc"], json!(["body", "models", 1]));
    let role = json!({ "messages": [{ "role": "robot", "content": "hi" }] });
    let detail = &gateway.chat(&role).expect(422)["detail"];
    assert_eq!(detail[0]["loc"], json!(["body", "messages", 0, "role"]));
    assert_eq!(gateway.names(), ["ollama"]);
}

#[test]
fn a_body_that_is_no_object_is_malformed() {
    let gateway = Gateway::start();
    for (body, kind) in [
        ("{\"name\":", "json_invalid"),
        ("nonsense", "json_invalid"),
        ("{}{}", "json_invalid"),
        ("[1]", "dict_type"),
        ("\"name\"", "dict_type"),
        ("null", "dict_type"),
    ] {
        let detail = &register_as_json(&gateway, body).expect(422)["detail"];
        assert_eq!(detail[0]["type"], kind, "{body}: {detail}");
        assert_eq!(detail[0]["loc"], json!(["body"]));
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(register_as_json(&gateway, &deep).status, 422);
    let answer = gateway.ask("POST", REGISTER).body("text/xml", "<name/>").send();
    answer.refused_with(415, "send application/json");
}

#[test]
fn a_body_without_a_content_type_is_json_and_a_charset_does_no_harm() {
    let gateway = Gateway::start();
    let body = r#"{"provider_type":"ollama","name":"charset"}"#;
    gateway.ask("POST", REGISTER).body("application/json; charset=utf-8", body).send().expect(200);
    let bare = gateway.ask("POST", REGISTER).body("x", body.replace("charset", "bare"));
    bare.without("content-type").send().expect(200);
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let gateway = Gateway::start();
    let body =
        json!({ "provider_type": "ollama", "name": "x", "default_model": "m".repeat(2_000_000) });
    assert_eq!(gateway.try_register(&body).status, 413);
}

#[test]
fn null_and_empty_fields_of_a_form_mean_left_out() {
    let gateway = Gateway::start();
    gateway.register(&json!({
        "provider_type": "ollama", "name": "nulls", "api_key": null, "base_url": null, "default_model": null,
        "models": null, "enabled": null, "rate_limit": null, "timeout": null, "network": null, "settings": null,
        "headers": null,
    }));
    let form =
        "provider_type=ollama&name=empty&api_key=&base_url=&default_model=&rate_limit=&enabled=";
    gateway.ask("POST", REGISTER).form(form).send().expect(200);
    for name in ["nulls", "empty"] {
        let shown = gateway.show(name);
        assert_eq!(shown["base_url"], "http://127.0.0.1:11434");
        assert_eq!(shown["enabled"], true);
        assert_eq!(shown["default_model"], Value::Null);
    }
}

#[test]
fn json_that_curl_calls_a_form_is_json() {
    let gateway = Gateway::start();
    let form = "application/x-www-form-urlencoded";
    let body = r#" {"provider_type":"openai","name":"curled","api_key":"sk-canary-0123456789"}"#;
    gateway.ask("POST", REGISTER).body(form, body).send().expect(200);
    let typo = body.replace("\"name\"", "\"nmae\"");
    let answer = gateway.ask("POST", REGISTER).body(form, typo).send();
    assert!(!answer.refused_with(400, "did you mean 'name'?").contains("canary"));
}

#[test]
fn a_route_that_takes_nothing_refuses_everything() {
    let gateway = Gateway::start();
    for (method, path) in [
        ("GET", "/api/providers"),
        ("GET", "/api/providers/ollama"),
        ("DELETE", "/api/providers/ollama"),
        ("POST", "/api/providers/ollama/default"),
        ("POST", "/api/providers/ollama/test"),
        ("GET", "/api/providers/health"),
        ("GET", "/api/routes"),
        ("GET", "/api/routes/smart"),
        ("DELETE", "/api/routes/smart"),
        ("POST", "/api/config/reload"),
    ] {
        let target = format!("{path}?x=1");
        let sentence = "Unknown parameter 'x': this request takes none";
        gateway.ask(method, &target).send().refused(400, sentence);
        let target = format!("{path}?api_key=k");
        gateway.ask(method, &target).send().refused_with(400, "send it in the body");
    }
    let target = "/api/providers/ollama/default";
    let body = gateway.ask("POST", target).json(&json!({ "zz": 1 }));
    body.send().refused(400, "Unknown parameter 'zz': this request takes none");
}
