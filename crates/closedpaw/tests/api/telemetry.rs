//! Metrics, traces and the log: what they tell of requests, and that they tell nothing that was said.

use std::{fs, net::SocketAddr};

use serde_json::{Value, json};
use testkit::scripted::{Answer as Script, ScriptedProvider};

use crate::harness::{Ask, Gateway, Home, eventually, openai};

/// What a caller says, and a provider answers; found nowhere but there.
const SECRET: &str = "c4n4ry-of-the-prompt";

/// A home whose settings are these, beside a log for machines.
fn home(settings: &str) -> Home {
    let home = Home::new();
    let folder = home.path(".config/closedpaw");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), format!("[log]\nformat = \"json\"\n{settings}")).unwrap();
    home
}

fn tracing_to(collector: &ScriptedProvider) -> Home {
    home(&format!("[telemetry]\notlp_endpoint = \"{}\"\n", collector.url()))
}

/// A gateway with a provider `up`, which answers, and one `down`, which does not.
struct Stage {
    gateway: Gateway,
    up: ScriptedProvider,
    _down: ScriptedProvider,
}

impl Stage {
    fn start(home: &Home) -> Self {
        let gateway = home.serve();
        let (up, down) = (openai().start(), ScriptedProvider::always(Script::json(500, "{}")));
        gateway.register(&openai().registration("up", &up));
        gateway.register(&openai().registration("down", &down));
        Self { gateway, up, _down: down }
    }

    fn ask(&self, model: &str) -> Ask {
        let body = json!({ "model": model, "messages": [{ "role": "user", "content": SECRET }] });
        self.gateway.ask("POST", "/v1/chat/completions").json(&body)
    }

    fn address(&self) -> SocketAddr {
        self.gateway.address()
    }

    /// Stops, and returns when nothing runs any more.
    fn stop(mut self) {
        self.gateway.terminate();
        assert_eq!(self.gateway.exit_code(), Some(0));
    }
}

#[test]
fn the_metrics_count_what_was_asked_and_tell_nothing_of_it() {
    let home = home("");
    let stage = Stage::start(&home);
    stage.ask("up/alpha").send().expect(200);
    assert_eq!(stage.ask("down/alpha").send().status, 502);
    for invented in ["a", "b", "c"] {
        assert_eq!(stage.ask(&format!("down/{invented}")).send().status, 502);
    }
    let mut text = String::new();
    eventually("all five are settled", || {
        let answer = stage.gateway.get("/metrics");
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("text/plain; version=0.0.4; charset=utf-8"))
        );
        text = answer.text();
        text.contains(r#"outcome="failed"} 4"#)
    });
    for line in [
        r#"closedpaw_requests_total{operation="chat",dialect="openai_chat",provider="up",model="alpha",outcome="answered"} 1"#,
        r#"closedpaw_requests_total{operation="chat",dialect="openai_chat",provider="down",model="other",outcome="failed"} 4"#,
        r#"closedpaw_tokens_total{provider="up",model="alpha",type="output"} 3"#,
        r#"closedpaw_requests_in_flight{provider="up"} 0"#,
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is not in\n{text}");
    }
    assert!(text.lines().any(|line| line.starts_with("closedpaw_config_generation ")), "{text}");
    assert!(!text.contains(SECRET) && !text.contains(&stage.gateway.key));

    let open = stage.gateway.ask("GET", "/metrics");
    let open = open.header("accept", "application/openmetrics-text; version=1.0.0").send();
    assert!(open.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    assert!(open.text().ends_with("# EOF\n"));
    assert_eq!(Ask::new(stage.address(), "GET", "/metrics").send().status, 401);
    stage.stop();
}

#[test]
fn each_request_is_one_line_of_the_log() {
    let home = home("");
    let stage = Stage::start(&home);
    let answered = stage.ask("up/alpha").send();
    let failed = stage.ask("down/alpha").send();
    let refused = stage.ask("up/alpha").body("application/json", r#"{"model":"a","model":"b"}"#);
    let refused = refused.send();
    let ids: Vec<String> = [&answered, &failed, &refused]
        .map(|answer| answer.header("x-request-id").unwrap().to_owned())
        .to_vec();
    stage.stop();
    let log = home.logs();
    assert!(!log.contains(SECRET), "{log}");
    let lines: Vec<Value> = log.lines().map(|line| line.parse().unwrap()).collect();
    let mut of_each = ids.iter().map(|id| {
        let mut found = lines.iter().filter(|line| line["request.id"] == **id);
        let line = found.next().unwrap_or_else(|| panic!("{id} is not in\n{log}"));
        assert_eq!(found.next(), None, "one line for each request:\n{log}");
        line
    });
    let [answered, failed, refused] = [(); 3].map(|()| of_each.next().unwrap());
    for (line, field, expected) in [
        (answered, "level", json!("INFO")),
        (answered, "message", json!("answered")),
        (answered, "key", json!("admin")),
        (answered, "operation", json!("chat")),
        (answered, "provider", json!("up")),
        (answered, "model", json!("alpha")),
        (answered, "outcome", json!("answered")),
        (answered, "http.status", json!(200)),
        (answered, "attempts", json!(1)),
        (answered, "input_tokens", json!(7)),
        (answered, "output_tokens", json!(3)),
        (failed, "level", json!("WARN")),
        (failed, "outcome", json!("failed")),
        (failed, "error.kind", json!("upstream_failed")),
        (failed, "http.status", json!(502)),
        (refused, "http.status", json!(400)),
        (refused, "level", json!("INFO")),
        (refused, "outcome", json!("refused")),
        (refused, "attempts", json!(0)),
    ] {
        assert_eq!(line.get(field), Some(&expected), "{field} of {line}");
    }
    let document = include_str!("../../../../docs/operations.md");
    let always = ["timestamp", "level", "target", "message"];
    for field in
        [answered, failed, refused].into_iter().flat_map(|line| line.as_object().unwrap().keys())
    {
        let is_listed = document.contains(&format!("`{field}`"));
        assert!(always.contains(&field.as_str()) || is_listed, "docs/operations.md lacks {field}");
    }
    let told = failed["failed_attempts"].as_str().unwrap();
    assert!(told.starts_with("down/alpha upstream_failed 500"), "{told}");
    let mentions = lines.iter().filter(|line| line.to_string().contains("down")).count();
    let asked = lines.iter().filter(|line| line["http.route"] == "/v1/chat/completions").count();
    assert_eq!((mentions, asked), (1, 3), "nothing else is said of them:\n{log}");
}

/// Every span that a collector got, with its attributes as one object.
fn spans(collector: &ScriptedProvider) -> Vec<Value> {
    let flat = |mut span: Value| {
        let attributes = span["attributes"].take();
        let attributes = attributes.as_array().unwrap().iter().map(|attribute| {
            let value = attribute["value"].as_object().unwrap().values().next().unwrap();
            (attribute["key"].as_str().unwrap().to_owned(), value.clone())
        });
        span["attributes"] = Value::Object(attributes.collect());
        span
    };
    let requests = collector.requests().into_iter();
    requests
        .flat_map(|request| {
            let body = request.json();
            let spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().cloned();
            spans.unwrap().into_iter().map(flat)
        })
        .collect()
}

#[test]
fn a_trace_goes_through_the_gateway() {
    let collector = ScriptedProvider::always(Script::json(200, "{}"));
    let home = tracing_to(&collector);
    let stage = Stage::start(&home);
    let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let traced = stage.ask("up/alpha").header("traceparent", caller);
    traced.header("tracestate", "vendor=1").send().expect(200);
    let asked = stage.up.requests().pop().unwrap();
    let span = asked.header("traceparent").unwrap().to_owned();
    assert!(span.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && span != caller, "{span}");
    assert_eq!(asked.header("tracestate"), Some("vendor=1"));
    let own = stage.ask("up/alpha").send();
    stage.stop();

    let spans = spans(&collector);
    let [request, attempt, own_request, _] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!(request["traceId"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(request["parentSpanId"], "b7ad6b7169203331");
    assert_eq!((&request["kind"], &attempt["kind"]), (&json!(2), &json!(3)));
    assert_eq!(attempt["parentSpanId"], request["spanId"]);
    assert_eq!(request["attributes"]["gen_ai.response.model"], "alpha");
    assert_eq!(request["attributes"]["gen_ai.usage.input_tokens"], "7");
    assert_eq!(attempt["attributes"]["gen_ai.provider.name"], "up");
    assert_eq!(own_request["traceId"], own.header("x-request-id").unwrap());
    assert_eq!(own_request.get("parentSpanId"), None);
    for request in collector.requests() {
        assert!(!request.text().contains(SECRET), "{}", request.text());
    }
}

#[test]
fn a_collector_that_hangs_holds_up_neither_requests_nor_the_end() {
    let collector = ScriptedProvider::always(Script::silence());
    let home = tracing_to(&collector);
    let stage = Stage::start(&home);
    for _ in 0..20 {
        stage.ask("up/alpha").send().expect(200);
    }
    assert_eq!(stage.up.calls(), 20);
    stage.stop();
    assert_eq!(collector.calls(), 1);
}

#[test]
fn a_collector_must_be_a_url_and_its_secrets_variables() {
    for (settings, expected) in [
        ("[telemetry]\notlp_endpoint = \"localhost:4318\"\n", "expected a URL"),
        ("[telemetry]\notlp_endpoint = \"http://169.254.169.254\"\n", "never reachable"),
        ("[telemetry]\notlp_headers = [\"authorization=Bearer c4n4ry\"]\n", "NAME=VARIABLE"),
        ("[telemetry]\notlp_headers = [\"authorization=UNSET\"]\n", "not set"),
    ] {
        let failed = home(settings).fail_to_serve(&["--listen", "127.0.0.1:0"]);
        assert_eq!(failed.exit_code, Some(2), "{settings}");
        assert!(failed.stderr.contains(expected), "{}", failed.stderr);
        assert!(!failed.stderr.contains("c4n4ry"), "{}", failed.stderr);
    }
}
