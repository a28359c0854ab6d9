//! What of a failure the next candidate answers, and what it does not.

use serde_json::{Value, json};
use testkit::scripted::{Answer as Script, End};

use crate::harness::{Answer, CALLERS, Gateway, Moody, eventually, failure, vendor};

/// A route `r` over `a` and then `b`.
struct Rig {
    gateway: Gateway,
    a: Moody,
    b: Moody,
}

impl Rig {
    fn start() -> Self {
        let gateway = Gateway::start();
        let custom = vendor("custom");
        let (a, b) = (Moody::start_of(custom), Moody::start_of(custom));
        a.register(&gateway, "a");
        b.register(&gateway, "b");
        gateway.route("r", "priority", &["a/alpha", "b/alpha"]);
        Self { gateway, a, b }
    }

    fn ask(&self) -> Answer {
        self.gateway.small_chat("r").send()
    }
}

/// Who answered, and after how many tries.
#[track_caller]
fn answered(answer: &Answer) -> (&str, &str) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let header = |name| answer.header(name).expect("a header");
    (header("x-closedpaw-provider"), header("x-closedpaw-attempts"))
}

/// Who was tried, the status that was answered, and whose fault it was.
#[track_caller]
fn blames(record: &Value) -> Vec<(&str, Option<u64>, Option<&str>)> {
    let attempts = record["attempts"].as_array().expect("attempts").iter();
    attempts
        .map(|attempt| {
            let provider = attempt["provider"].as_str().expect("a provider");
            (provider, attempt["status"].as_u64(), attempt["blame"].as_str())
        })
        .collect()
}

#[test]
fn what_is_not_the_callers_fault_is_answered_by_the_next() {
    let well = Script::json(200, vendor("custom").answer);
    for (failing, status, blame) in [
        (failure(500), Some(500), "provider"),
        (failure(502), Some(502), "provider"),
        (failure(503), Some(503), "provider"),
        (failure(504), Some(504), "provider"),
        (failure(529), Some(529), "provider"),
        (failure(408), Some(408), "provider"),
        (failure(302), Some(302), "provider"),
        (failure(401), Some(401), "key"),
        (failure(402), Some(402), "key"),
        (failure(403), Some(403), "key"),
        (failure(429).header("retry-after", "17"), Some(429), "rate"),
        (failure(429), Some(429), "rate"),
        (failure(404), Some(404), "candidate"),
        (Script::silence().ending(End::Reset), None, "provider"),
        (Script::silence().ending(End::Cut), None, "provider"),
        (Script::raw("nonsense"), None, "provider"),
        (well.clone().ending(End::Cut), Some(200), "provider"),
        (well.clone().ending(End::Reset), Some(200), "provider"),
        (Script::json(200, "{}"), Some(200), "provider"),
    ] {
        let rig = Rig::start();
        rig.a.say(failing.clone());
        let answer = rig.ask();
        assert_eq!(answered(&answer), ("b", "2"), "{failing:?}");
        assert_eq!((rig.a.chats(), rig.b.chats()), (1, 1), "{failing:?}");
        let record = rig.gateway.record(&answer);
        let told = blames(&record);
        assert_eq!((told[0].0, told[0].2), ("a", Some(blame)), "{failing:?}: {record}");
        assert!(status == Some(200) || told[0].1 == status, "{failing:?}: {record}");
        assert_eq!(told[1], ("b", Some(200), None), "{failing:?}");
        assert_eq!((&record["outcome"], &record["status"]), (&json!("answered"), &json!(200)));
    }
}

#[test]
fn a_refused_connection_is_answered_by_the_next() {
    let Rig { gateway, a, b } = Rig::start();
    drop(a);
    let answer = gateway.small_chat("r").send();
    assert_eq!(answered(&answer), ("b", "2"));
    assert_eq!(b.chats(), 1);
    assert_eq!(blames(&gateway.record(&answer))[0], ("a", None, Some("provider")));
}

#[test]
fn streams_and_all_dialects_fail_over_before_the_first_byte() {
    let rig = Rig::start();
    for caller in CALLERS.iter().filter(|caller| caller.name != "mistral_fim") {
        for stream in [false, true] {
            // One failure in three, so that no breaker opens over all of this.
            let failed = std::sync::atomic::AtomicBool::new(false);
            rig.a.play(move |request| {
                match failed.swap(true, std::sync::atomic::Ordering::SeqCst) {
                    false => failure(503),
                    true => vendor("custom").answer_to(request),
                }
            });
            let answer = caller.ask(&rig.gateway, "r", stream).send();
            assert_eq!(answered(&answer), ("b", "2"), "{} {stream}", caller.name);
            match stream {
                true => {
                    let told = caller.told(&answer.text());
                    assert_eq!((told.text.as_str(), told.ended), ("Hello world!", true));
                }
                false => assert_eq!(caller.text(&answer.expect(200)), "Hello world!"),
            }
            for _ in 0..2 {
                assert_eq!(answered(&rig.ask()), ("a", "1"), "{}", caller.name);
            }
        }
    }
}

#[test]
fn the_callers_own_faults_are_never_retried() {
    let rig = Rig::start();
    for status in [400, 413, 422] {
        rig.a.fail(status);
        // More often than any breaker bears.
        for _ in 0..8 {
            let before = (rig.a.chats(), rig.b.chats());
            let answer = rig.ask();
            assert_eq!(answer.status, status, "{}", answer.text());
            assert!(answer.text().contains(&format!("own words about {status}")));
            assert_eq!(answer.header("x-closedpaw-attempts"), Some("1"));
            assert_eq!((rig.a.chats(), rig.b.chats()), (before.0 + 1, before.1), "{status}");
            let record = rig.gateway.record(&answer);
            assert_eq!(blames(&record), [("a", Some(u64::from(status)), Some("caller"))]);
            assert_eq!(record["outcome"], "failed");
        }
    }
    let health = rig.gateway.get("/api/providers/a/health").expect(200);
    assert_eq!((&health["breaker"], &health["parked_keys"]), (&json!("closed"), &json!([])));
    rig.a.recover();
    assert_eq!(answered(&rig.ask()), ("a", "1"));
}

#[test]
fn when_all_fail_the_last_ones_words_are_told() {
    let rig = Rig::start();
    rig.a.fail(500);
    rig.b.say(failure(503).header("retry-after", "7"));
    let answer = rig.ask();
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("7")));
    assert!(answer.text().contains("own words about 503"), "{}", answer.text());
    assert_eq!(answer.header("x-closedpaw-provider"), Some("b"));
    assert_eq!(answer.header("x-closedpaw-attempts"), Some("2"));
    let record = rig.gateway.record(&answer);
    let (outcome, status) = (&record["outcome"], &record["status"]);
    assert_eq!((outcome, status), (&json!("failed"), &json!(503)), "{record}");
    assert_eq!(record["provider"], "b");
}

#[test]
fn nobody_is_asked_after_the_first_byte() {
    let rig = Rig::start();
    let (first, _) = vendor("custom").stream_in_two();
    for end in [End::Cut, End::Reset] {
        rig.a.say(vendor("custom").streamed([first]).ending(end));
        let body = json!({ "model": "r", "stream": true, "messages": [{ "role": "user", "content": "hi" }] });
        let answer = rig.gateway.post("/v1/chat/completions", &body);
        assert_eq!(answered(&answer), ("a", "1"));
        let told = crate::harness::caller("openai_chat").told(&answer.text());
        assert_eq!((told.text.as_str(), told.ended), ("Hello", false));
        assert!(told.error.is_some(), "{end:?}: the caller is told");
        assert_eq!(rig.b.chats(), 0);
        let record = rig.gateway.record(&answer);
        assert_eq!((&record["outcome"], &record["status"]), (&json!("broken_off"), &json!(200)));
        assert_eq!(blames(&record).len(), 1);
        assert_eq!(record["attempts"][0]["blame"], "provider");
    }
}

#[test]
fn what_begins_is_measured_while_it_goes_on() {
    let rig = Rig::start();
    let (first, _) = vendor("custom").stream_in_two();
    rig.a.say(vendor("custom").streamed([first]).ending(End::Hang));
    let body =
        json!({ "model": "r", "stream": true, "messages": [{ "role": "user", "content": "hi" }] });
    let live = rig.gateway.ask("POST", "/v1/chat/completions").json(&body).open();
    assert_eq!(live.status, 200);
    let model = || {
        let health = rig.gateway.get("/api/providers/a/health").expect(200);
        health["models"][0].clone()
    };
    // A model of which nothing is known is expected to take ten seconds for each that is awaited.
    eventually("it is known how fast it begins", || model()["expected_ms"].as_u64() < Some(10_000));
    assert_eq!(model()["in_flight"], 1);
    let id = live.header("x-request-id").expect("an id").to_owned();
    drop(live);
    let record = rig.gateway.record_of(&id);
    assert_eq!((&record["outcome"], &record["status"]), (&json!("cancelled"), &json!(499)));
    assert!(record["first_byte_ms"].is_u64(), "{record}");
}

#[test]
fn embeddings_and_counts_fail_over_too() {
    let gateway = Gateway::start();
    let (a, b) = (Moody::start(), Moody::start());
    a.register(&gateway, "a");
    b.register(&gateway, "b");
    gateway.route("r", "priority", &["a/alpha", "b/alpha"]);
    a.fail(503);
    let vectors = r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5]}],"model":"alpha","usage":{"prompt_tokens":2,"total_tokens":2}}"#;
    b.say(Script::json(200, vectors));
    let answer = gateway.post("/v1/embeddings", &json!({ "model": "r", "input": "hi" }));
    assert_eq!(answered(&answer), ("b", "2"));
    let record = gateway.record(&answer);
    assert_eq!((&record["operation"], &record["input_tokens"]), (&json!("embeddings"), &json!(2)));
    let ollama = gateway.post("/api/embed", &json!({ "model": "r", "input": "hi" }));
    assert_eq!(answered(&ollama), ("b", "2"));

    let (c, d) = (Moody::start_of(vendor("anthropic")), Moody::start_of(vendor("anthropic")));
    c.register(&gateway, "c");
    d.register(&gateway, "d");
    gateway.route("s", "priority", &["c/alpha", "d/alpha"]);
    c.fail(500);
    d.say(Script::json(200, r#"{"input_tokens":7}"#));
    let body = json!({ "model": "s", "messages": [{ "role": "user", "content": "hi" }] });
    let answer = gateway.post("/v1/messages/count_tokens", &body);
    assert_eq!((answered(&answer), answer.expect(200)), (("d", "2"), json!({ "input_tokens": 7 })));
    assert_eq!(gateway.record(&answer)["operation"], "count");
    let contents = json!({ "contents": [{ "role": "user", "parts": [{ "text": "hi" }] }] });
    let gemini = gateway.post("/v1beta/models/s:countTokens", &contents);
    assert_eq!((answered(&gemini), &gemini.expect(200)["totalTokens"]), (("d", "2"), &json!(7)));
}

#[test]
fn an_estimate_asks_nobody_and_proves_nothing() {
    let rig = Rig::start();
    rig.a.fail(500);
    let body = json!({ "model": "a/alpha", "messages": [{ "role": "user", "content": "hi" }] });
    for _ in 0..5 {
        let count = rig.gateway.post("/v1/messages/count_tokens", &body);
        assert_eq!((count.status, count.header("x-closedpaw-attempts")), (200, Some("0")));
        let record = rig.gateway.record(&count);
        assert_eq!((&record["outcome"], &record["attempts"]), (&json!("answered"), &json!([])));
        assert_eq!(rig.gateway.small_chat("a/alpha").send().status, 502);
    }
    assert_eq!(rig.a.chats(), 5);
    let health = rig.gateway.get("/api/providers/a/health").expect(200);
    assert_eq!(health["breaker"], "open", "five failures in a row");
}

#[test]
fn a_strict_request_goes_to_who_loses_nothing() {
    let gateway = Gateway::start();
    let (a, b) = (Moody::start_of(vendor("anthropic")), Moody::start());
    a.register(&gateway, "a");
    b.register(&gateway, "b");
    gateway.route("r", "priority", &["a/alpha", "b/alpha"]);
    let body =
        json!({ "model": "r", "seed": 7, "messages": [{ "role": "user", "content": "hi" }] });
    let ask = || gateway.ask("POST", "/v1/chat/completions").json(&body);
    let lax = ask().send();
    assert_eq!(answered(&lax), ("a", "1"));
    assert_eq!(lax.header("x-closedpaw-dropped"), Some("seed"));
    let strict = ask().header("x-closedpaw-strict", "true").send();
    assert_eq!(answered(&strict), ("b", "1"));
    assert_eq!(strict.header("x-closedpaw-dropped"), None);
    gateway.route("r", "priority", &["a/alpha"]);
    let refused = ask().header("x-closedpaw-strict", "true").send();
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(refused.text().contains("seed"), "{}", refused.text());
    assert_eq!(a.chats(), 1);
}

#[test]
fn the_managements_chat_fails_over_too() {
    let rig = Rig::start();
    rig.a.fail(503);
    for stream in [false, true] {
        let chat = json!({ "message": "hi", "model": "r", "stream": stream });
        let answer = rig.gateway.chat(&chat);
        assert_eq!(answered(&answer), ("b", "2"), "{stream}");
        assert!(answer.text().contains("Hello"), "{}", answer.text());
    }
}
