//! Callers whose provider speaks their own dialect: not a byte changes that need not.

use serde_json::{Value, json};
use testkit::scripted::{Answer, ScriptedProvider};

use crate::harness::{CALLERS, Caller, Gateway, caller};

/// A request that no parser gives back as it was, with the model's name written as `name`.
fn odd_request(caller: &Caller, name: &str, stream: bool) -> String {
    let plain = caller.body("MODEL", stream).replace("\"MODEL\"", name);
    let rest = plain.strip_prefix('{').expect("an object");
    format!(
        "\r\n {{\"zz\" :\t-0.0 , \"zz\":1E400,\"\\u00fcber\":[ 12345678901234567890123 ,\"\\ud83e\\udd80 \\/ ü 🦀\\u0000\" ] ,\n\"no\\\"model\" : {{\"model\":\"x/alpha\",\"stream\":[]}},{rest} \n"
    )
}

#[test]
fn a_request_changes_in_its_models_name_alone() {
    let gateway = Gateway::start();
    for caller in &CALLERS {
        for stream in [false, true] {
            let provider = ScriptedProvider::always(match stream {
                false => Answer::json(200, caller.answer),
                true => caller.streamed(caller.frames.iter().copied()),
            });
            caller.register(&gateway, "x", &provider);
            let body = odd_request(caller, r#""x\/alpha""#, stream);
            let answer = caller.ask_with(&gateway, "x/alpha", stream, body).send();
            assert_eq!(answer.status, 200, "{}: {}", caller.name, answer.text());
            assert_eq!(answer.header("x-closedpaw-dropped"), None);
            assert_eq!(answer.header("x-closedpaw-model"), Some("alpha"));
            let [request] = <[_; 1]>::try_from(provider.requests()).expect("one request");
            assert_eq!(request.target, caller.targets[usize::from(stream)]);
            assert_eq!(request.text(), odd_request(caller, r#""alpha""#, stream));
            gateway.delete("x").expect(200);
        }
    }
}

#[test]
fn a_whole_answer_comes_back_as_it_is() {
    let gateway = Gateway::start();
    for caller in &CALLERS {
        let rest = caller.answer.strip_prefix('{').unwrap();
        let odd = format!("\n {{ \"x\\u0079\" : [1.0 ,\t2e0], \"x\\u0079\":\"\\/ü\" ,{rest}\r\n");
        let provider = ScriptedProvider::always(Answer::json(200, odd.clone()));
        caller.register(&gateway, "x", &provider);
        let answer = caller.ask(&gateway, "x/alpha", false).send();
        assert_eq!((answer.status, answer.text()), (200, odd), "{}", caller.name);
        gateway.delete("x").expect(200);
    }
}

/// The caller's stream with everything between its frames that may be there.
fn odd_streams(caller: &Caller) -> Vec<String> {
    let frames = caller.frames;
    match caller.stream_type() {
        "application/json" => {
            vec![frames.concat(), frames.concat().replace("\r\n", "\n \n") + "\r\n"]
        }
        "application/x-ndjson" => {
            vec![frames.concat(), frames.join("\n"), frames.concat().replace('\n', "\r\n")]
        }
        _ => {
            let lines = frames.concat().replace("\r\n", "\n");
            vec![
                lines.clone(),
                lines.replace('\n', "\r\n"),
                format!(": hello\n\n\n\n{}", lines.replace("\n\n", "\n\n: still there\n\n\n")),
                format!("\u{feff}{}", lines.replace("data: ", "data:").replace("\n\n", "\nid\n\n")),
            ]
        }
    }
}

#[test]
fn a_streamed_answer_comes_back_as_it_is() {
    let gateway = Gateway::start();
    for caller in &CALLERS {
        for odd in odd_streams(caller) {
            for size in [1, 7, 1000, usize::MAX] {
                let pieces = odd.as_bytes().chunks(size).map(<[u8]>::to_vec);
                let provider = ScriptedProvider::always(caller.streamed(pieces));
                caller.register(&gateway, "x", &provider);
                let answer = caller.ask(&gateway, "x/alpha", true).send();
                assert_eq!((answer.status, answer.text()), (200, odd.clone()), "{}", caller.name);
                assert!(answer.is_complete);
                gateway.delete("x").expect(200);
            }
        }
    }
}

/// What the provider is asked and what the caller sees when the caller sends this.
fn usage(gateway: &Gateway, request: &str, settings: Value) -> (String, String) {
    let chat = caller("openai_chat");
    let provider = ScriptedProvider::always(chat.streamed(chat.frames.iter().copied()));
    gateway.register(&json!({
        "provider_type": "custom", "name": "x", "base_url": format!("{}/v1", provider.url()),
        "network": "local", "settings": settings, "api_key": "k",
    }));
    let answer = chat.ask_with(gateway, "alpha", true, request).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    gateway.delete("x").expect(200);
    (provider.requests()[0].text(), answer.text())
}

#[test]
fn usage_is_asked_for_and_kept_from_those_who_did_not() {
    let gateway = Gateway::start();
    let frames = caller("openai_chat").frames;
    let without_usage: String =
        frames.iter().copied().filter(|frame| !frame.contains("\"choices\":[]")).collect();
    let rest = r#""messages":[{"role":"user","content":"hi"}] }"#;
    for (options, sent) in [
        ("", None),
        (r#""stream_options": {"include_usage" : false},"#, Some(r#"{"include_usage" : true}"#)),
        (r#""stream_options": {"include_usage" : null},"#, Some(r#"{"include_usage" : true}"#)),
        (r#""stream_options":null,"#, Some(r#"{"include_usage":true}"#)),
        (r#""stream_options":{ "x":[] },"#, Some(r#"{ "x":[],"include_usage":true }"#)),
    ] {
        let request = format!(r#"{{ "stream" : true, "model":"x/alpha",{options} {rest}"#);
        let (asked, told) = usage(&gateway, &request, json!({}));
        let renamed = request.replace("x/alpha", "alpha");
        let expected = match sent {
            None => renamed.replace("}] }", r#"}],"stream_options":{"include_usage":true} }"#),
            Some(sent) => {
                let (before, value) = options.split_once(':').unwrap();
                let value = value.trim_end_matches(',').trim_start();
                let at = renamed.find(before).unwrap();
                let (head, tail) = renamed.split_at(at);
                format!("{head}{}", tail.replacen(value, sent, 1))
            }
        };
        assert_eq!(asked, expected);
        assert_eq!(told, without_usage, "{options}");
    }
}

#[test]
fn usage_that_was_asked_for_or_may_not_be_is_left_alone() {
    let gateway = Gateway::start();
    let all = caller("openai_chat").frames.concat();
    let rest = r#""messages":[{"role":"user","content":"hi"}],"stream":true }"#;
    let asking =
        format!(r#"{{"model":"x/alpha", "stream_options":{{"include_usage": true }}, {rest}"#);
    let (asked, told) = usage(&gateway, &asking, json!({}));
    assert_eq!((asked, told), (asking.replace("x/alpha", "alpha"), all.clone()));

    // This preset's servers refuse the member.
    let plain = format!(r#"{{"model":"x/alpha", {rest}"#);
    let (asked, told) = usage(&gateway, &plain, json!({ "preset": "nvidia" }));
    assert_eq!((asked, told), (plain.replace("x/alpha", "alpha"), all));
}

#[test]
fn what_could_be_read_in_two_ways_is_refused_in_the_callers_words() {
    let gateway = Gateway::start();
    for caller in &CALLERS {
        let provider = ScriptedProvider::always(Answer::json(200, caller.answer));
        caller.register(&gateway, "x", &provider);
        let in_path = caller.paths[0].contains("MODEL");
        let doubled = |more: &str| {
            let plain = caller.body("x/alpha", false);
            format!("{{{more},{}", plain.strip_prefix('{').unwrap())
        };
        let twice = match in_path {
            true => vec![doubled(r#""model":"a","mod\u0065l":"b""#)],
            false => vec![doubled(r#""model":"x/beta""#), doubled(r#""str\u0065am":true"#)],
        };
        for body in twice {
            let answer = caller.ask_with(&gateway, "x/alpha", false, body).send();
            let message = caller.error(400, &answer.expect(400));
            assert!(message.contains("twice"), "{}: {message}", caller.name);
        }
        for body in ["", "[]", "{\"model\":\"x/alpha\",}", "\u{0}"] {
            let answer = caller.ask_with(&gateway, "x/alpha", false, body).send();
            caller.error(400, &answer.expect(400));
        }
        assert_eq!(provider.calls(), 0);
        gateway.delete("x").expect(200);
    }
}

#[test]
fn only_named_headers_go_out_and_come_back() {
    /// What a provider may see of any caller.
    const ALWAYS: [&str; 5] =
        ["host", "content-type", "content-length", "accept-encoding", "user-agent"];
    let gateway = Gateway::start();
    for caller in &CALLERS {
        for stream in [false, true] {
            let answer = match stream {
                false => Answer::json(200, caller.answer),
                true => caller.streamed(caller.frames.iter().copied()),
            };
            let answer = answer
                .header("set-cookie", "a=b")
                .header("server", "theirs")
                .header("openai-organization", "org-secret")
                .header("access-control-allow-origin", "*")
                .header("x-closedpaw-provider", "forged")
                .header("x-request-id", "theirs");
            let provider = ScriptedProvider::always(answer);
            caller.register(&gateway, "x", &provider);
            let mut ask = caller.ask(&gateway, "x/alpha", stream);
            for (name, value) in [
                ("cookie", "a=b"),
                ("forwarded", "for=1.2.3.4"),
                ("x-forwarded-for", "1.2.3.4"),
                ("x-real-ip", "1.2.3.4"),
                ("x-stainless-lang", "python"),
                ("openai-organization", "org-mine"),
                ("x-api-key", gateway.key.as_str()),
                ("x-goog-api-client", "genai"),
                ("x-closedpaw-strict", "false"),
                ("proxy-authorization", "Basic eDp5"),
                ("anthropic-version", "2023-06-01"),
                ("anthropic-beta", "one,two"),
                ("anthropic-beta", "three"),
                ("accept", "text/event-stream"),
                ("user-agent", "mine/1"),
            ] {
                ask = ask.header(name, value);
            }
            let answer = ask.send();
            assert_eq!(answer.status, 200, "{}: {}", caller.name, answer.text());
            for name in ["set-cookie", "server", "openai-organization"] {
                assert_eq!(answer.header(name), None, "{}", caller.name);
            }
            assert_eq!(answer.header("access-control-allow-origin"), None);
            assert_eq!(answer.header("x-closedpaw-provider"), Some("x"));
            assert_ne!(answer.header("x-request-id"), Some("theirs"));

            let request = &provider.requests()[0];
            let vendor = crate::harness::vendor(caller.provider_type);
            let (credential, prefix) = vendor.credential;
            let mut allowed = ALWAYS.to_vec();
            if vendor.provider_type != "ollama" {
                allowed.push(credential);
                let key = format!("{prefix}{}", vendor.key());
                assert_eq!(request.header(credential), Some(key.as_str()));
            }
            if caller.provider_type == "anthropic" {
                allowed.extend(["anthropic-version", "anthropic-beta"]);
                let betas: Vec<_> = request
                    .headers
                    .iter()
                    .filter(|(name, _)| name.eq_ignore_ascii_case("anthropic-beta"))
                    .map(|(_, value)| value.as_str())
                    .collect();
                assert_eq!(betas.join(","), "one,two,three");
                assert_eq!(request.header("anthropic-version"), Some("2023-06-01"));
            }
            for (name, value) in &request.headers {
                let name = name.to_ascii_lowercase();
                assert!(allowed.contains(&name.as_str()), "{}: {name}: {value}", caller.name);
                assert!(!value.contains(&gateway.key) && value != "mine/1", "{name}: {value}");
            }
            gateway.delete("x").expect(200);
        }
    }
}

#[test]
fn of_a_query_only_named_pairs_go_out() {
    let gateway = Gateway::start();
    for (name, query, target) in [
        ("anthropic", "?beta=true&x=y", "/v1/messages?beta=true"),
        ("anthropic", "?beta=false", "/v1/messages"),
        ("openai_chat", "?api-version=1", "/v1/chat/completions"),
        ("gemini", "?alt=json&$alt=x", "/v1beta/models/alpha:generateContent"),
    ] {
        let caller = caller(name);
        let provider = ScriptedProvider::always(Answer::json(200, caller.answer));
        caller.register(&gateway, "x", &provider);
        let path = format!("{}{query}", caller.paths[0].replace("MODEL", "x/alpha"));
        let body = caller.body("x/alpha", false);
        gateway.ask("POST", &path).body("application/json", body).send().expect(200);
        assert_eq!(provider.requests()[0].target, target, "{path}");
        gateway.delete("x").expect(200);
    }
}

#[test]
fn an_error_keeps_its_status_and_bytes_where_it_may() {
    let gateway = Gateway::start();
    for caller in &CALLERS {
        for stream in [false, true] {
            let overloaded = if caller.name == "anthropic" { 529 } else { 503 };
            for (theirs, ours) in [
                (400, 400),
                (404, 404),
                (409, 409),
                (413, 413),
                (422, 422),
                (429, 429),
                (401, 502),
                (402, 502),
                (403, 502),
                (500, 502),
                (502, 502),
                (302, 502),
                (503, overloaded),
                (529, overloaded),
            ] {
                let body = error_body(caller);
                let answer =
                    Answer::json(theirs, body).header("retry-after", "7").header("location", "/");
                let provider = ScriptedProvider::always(answer);
                caller.register(&gateway, "x", &provider);
                let answer = caller.ask(&gateway, "x/alpha", stream).send();
                let name = format!("{} {theirs} {stream}: {}", caller.name, answer.text());
                assert_eq!(answer.status, ours, "{name}");
                assert_eq!(answer.header("content-type"), Some("application/json"), "{name}");
                if theirs == ours {
                    assert_eq!(answer.text(), body, "{name}");
                } else {
                    let message = caller.error(ours, &answer.expect(ours));
                    assert!(theirs == 302 || message.contains("no luck"), "{name}");
                }
                let refused = matches!(theirs, 401..=403);
                let should_retry = refused.then_some("false");
                assert_eq!(answer.header("x-should-retry"), should_retry, "{name}");
                if matches!(theirs, 429 | 503 | 529) {
                    assert_eq!(answer.header("retry-after"), Some("7"), "{name}");
                }
                assert_eq!(answer.header("location"), None, "{name}");
                gateway.delete("x").expect(200);
            }
        }
    }
}

/// An error as the caller's own kind of provider writes it, oddly spaced.
fn error_body(caller: &Caller) -> &'static str {
    match caller.provider_type {
        "ollama" => "{ \"error\" :\"no luck\"}\n",
        "anthropic" => {
            "{ \"type\":\"error\",\"error\": {\"type\":\"x\",\"message\":\"no luck\"} ,\"n\":1.0}"
        }
        "google" => "{\"error\": {\"code\":  1, \"message\":\"no luck\",\"status\":\"X\"}}\n\n",
        "mistral" => "{\"object\":\"error\",\"message\":\"no luck\", \"type\":\"x\",\"code\":1e0}",
        _ => {
            " {\"error\": {\"message\":\"no luck\",\"type\":\"x\",\"param\":null,\"code\":null}, \"n\":1.0}"
        }
    }
}

#[test]
fn geminis_refused_key_is_no_fault_of_the_callers() {
    let gateway = Gateway::start();
    let gemini = caller("gemini");
    let body = r#"{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}"#;
    let provider = ScriptedProvider::always(Answer::json(400, body));
    gemini.register(&gateway, "x", &provider);
    let answer = gemini.ask(&gateway, "x/alpha", false).send();
    gemini.error(502, &answer.expect(502));
    assert_eq!(answer.header("x-should-retry"), Some("false"));
}

#[test]
fn an_error_that_holds_our_key_does_not_pass_as_it_is() {
    let gateway = Gateway::start();
    let chat = caller("openai_chat");
    let key = crate::harness::openai().key();
    let body =
        json!({"error":{"message":format!("bad key {key}"),"type":"x","param":null,"code":null}});
    let provider = ScriptedProvider::always(Answer::json(400, body.to_string()));
    chat.register(&gateway, "x", &provider);
    let answer = chat.ask(&gateway, "x/alpha", false).send();
    let message = chat.error(400, &answer.expect(400));
    assert!(message.contains("bad key") && !message.contains(&key), "{message}");
}

#[test]
fn a_provider_that_says_nothing_is_a_504() {
    let gateway = Gateway::start();
    for caller in &CALLERS {
        let provider = ScriptedProvider::always(Answer::silence());
        let mut registration = caller.registration("x", &provider);
        registration["timeout"] = json!(0.3);
        gateway.register(&registration);
        for stream in [false, true] {
            let answer = caller.ask(&gateway, "x/alpha", stream).send();
            caller.error(504, &answer.expect(504));
        }
        gateway.delete("x").expect(200);
    }
}

#[test]
fn what_is_no_answer_is_a_502() {
    let gateway = Gateway::start();
    for caller in &CALLERS {
        for body in ["", "{}", "<html>", "[1]", "{\"choices\":"] {
            let provider = ScriptedProvider::always(Answer::json(200, body));
            caller.register(&gateway, "x", &provider);
            for stream in [false, true] {
                let answer = caller.ask(&gateway, "x/alpha", stream).send();
                let name = format!("{} {stream} {body}: {}", caller.name, answer.text());
                assert_eq!(answer.status, 502, "{name}");
                caller.error(502, &answer.expect(502));
            }
            gateway.delete("x").expect(200);
        }
    }
}
