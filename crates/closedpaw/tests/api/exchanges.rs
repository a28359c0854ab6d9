//! Recorded exchanges through the whole program: what a provider said is what the caller is told.
//!
//! The oracle is that of the codecs' own tests, which knows nothing of the codecs.

#[path = "../../../dialects/tests/oracle/mod.rs"]
#[allow(
    dead_code,
    reason = "of what the oracle knows, this level needs the text, the end and the counts"
)]
mod oracle;

use canonical::Dialect;
use serde_json::{Value, json};
use testkit::{
    fixtures::{self, Case},
    scripted::{Answer, ScriptedProvider},
};

use crate::harness::{Gateway, Live};
use oracle::{Kind, ORACLES, Oracle, Outcome};

/// Headers that the scripted provider sets itself, as it sends what the recording decoded.
const FRAMING: [&str; 4] =
    ["connection", "content-encoding", "content-length", "transfer-encoding"];

#[test]
fn our_exchanges_reach_the_caller() {
    let gateway = Gateway::start();
    for oracle in &ORACLES {
        let cases = fixtures::own(oracle.dialect.as_str());
        assert!(check_all(&gateway, oracle, &cases) > 0, "{}", oracle.dialect);
    }
}

#[test]
fn extra_exchanges_reach_the_caller() {
    let gateway = Gateway::start();
    for oracle in &ORACLES {
        let mut checked = 0;
        for folder in oracle.extra_folders {
            let Some(cases) = fixtures::extra(folder) else {
                println!("no extra cases: CLOSEDPAW_EXTRA_CASES is not set");
                return;
            };
            checked += check_all(&gateway, oracle, &cases);
        }
        println!("{}: {checked} extra exchanges", oracle.dialect);
        assert!(checked > 0, "no extra exchange of {} was found", oracle.dialect);
    }
}

/// Checks the chats among the cases and returns how many they were.
fn check_all(gateway: &Gateway, oracle: &Oracle, cases: &[Case]) -> usize {
    let chats = cases.iter().filter(|case| matches!((oracle.kind)(case), Some(Kind::Chat)));
    chats.map(|case| check(gateway, oracle, case)).count()
}

fn check(gateway: &Gateway, oracle: &Oracle, case: &Case) {
    let provider = ScriptedProvider::always(recorded(case));
    let mut registration = json!({
        "provider_type": provider_type(oracle, case), "name": "x", "api_key": "k", "default_model": "m",
        "network": "local", "base_url": format!("{}/v1", provider.url()),
    });
    if oracle.dialect == Dialect::OpenAiResponses {
        // No type of its own is translated to this dialect, but a custom provider may say that it speaks it.
        registration["provider_type"] = json!("custom");
        registration["settings"] = json!({ "dialects": [oracle.dialect.as_str()] });
    }
    gateway.register(&registration);
    let body = |stream: bool| json!({ "message": "hi", "provider": "x", "stream": stream });
    match (case.status, case.is_stream) {
        (200, true) => {
            let live = gateway.ask("POST", "/api/chat/multi").json(&body(true)).open();
            let text = String::from_utf8(case.body.clone()).expect(&case.name);
            compare(streamed(live), (oracle.stream)(&text), &case.name);
        }
        (200, false) => {
            let answer = gateway.chat(&body(false));
            let told = match answer.status {
                200 => Ok(Told::of(answer.expect(200))),
                status => Err(detail(&answer.expect(status))),
            };
            compare(told, (oracle.answer)(&json_of(case)), &case.name);
        }
        _ => {
            for stream in [false, true] {
                let answer = gateway.chat(&body(stream));
                check_error(oracle, case, answer.status, &answer.expect(answer.status));
            }
        }
    }
    gateway.delete("x").expect(200);
}

/// What the caller was told, as far as the oracle knows it.
#[derive(Debug, PartialEq)]
struct Told {
    text: String,
    finish: Value,
    usage: Value,
}

impl Told {
    fn of(mut answer: Value) -> Self {
        let text = answer["response"].as_str().unwrap_or_default().to_owned();
        Self { text, finish: answer["finish_reason"].take(), usage: answer["usage"].take() }
    }
}

fn streamed(mut live: Live) -> Result<Told, String> {
    if live.status != 200 {
        let answer = live.whole();
        return Err(detail(&answer.expect(answer.status)));
    }
    let mut text = String::new();
    loop {
        let (event, data) = live.event().expect("a last event");
        match event.as_str() {
            "" => text += data["delta"].as_str().expect("a delta"),
            "done" => return Ok(Told { text, ..Told::of(data) }),
            _ => return Err(detail(&data)),
        }
    }
}

fn compare(told: Result<Told, String>, outcome: Outcome, name: &str) {
    match (told, outcome) {
        (Ok(told), Outcome::Answer(expected)) => {
            assert_eq!((told.text, told.finish), (expected.text, json!(expected.finish)), "{name}");
            assert_eq!(told.usage["prompt_tokens"], json!(expected.prompt_tokens), "{name}");
            assert_eq!(told.usage["completion_tokens"], json!(expected.output_tokens), "{name}");
        }
        (Err(detail), Outcome::Error(message)) => {
            assert!(detail.contains(&message), "{name}: {detail:?} lacks {message:?}");
        }
        (told, outcome) => panic!("{name}: told {told:?}, expected {outcome:?}"),
    }
}

fn check_error(oracle: &Oracle, case: &Case, status: u16, body: &Value) {
    let name = &case.name;
    let words = String::from_utf8_lossy(&case.body);
    let ours = match case.status {
        400 if words.contains("API_KEY_INVALID") => 502,
        same @ (400 | 404 | 409 | 413 | 422 | 429) => same,
        503 | 529 => 503,
        _ => 502,
    };
    assert_eq!(status, ours, "{name}: {body}");
    assert_eq!(body["upstream_status"], case.status, "{name}: {body}");
    if let Some(message) = (oracle.error)(&json_of(case)) {
        assert!(detail(body).contains(&message), "{name}: {body} lacks {message:?}");
    }
}

/// The provider type whose API a case was recorded from.
fn provider_type(oracle: &Oracle, case: &Case) -> &'static str {
    let folder = case.name.split('/').next().unwrap_or_default();
    match (oracle.dialect.as_str(), folder) {
        ("openai_chat", "openai") => "openai",
        ("openai_chat", _) => "custom",
        ("gemini", _) => "google",
        (same, _) => same,
    }
}

/// The recorded answer, a stream in pieces that heed no boundary.
fn recorded(case: &Case) -> Answer {
    let answer = match case.is_stream && case.status == 200 {
        true => Answer::stream("text/event-stream", case.body.chunks(97).map(<[u8]>::to_vec)),
        false => Answer::new(case.status, case.body.clone()),
    };
    let headers = case.headers.iter().filter(|(name, _)| !FRAMING.contains(&name.as_str()));
    headers.fold(Answer { headers: Vec::new(), ..answer }, |answer, (name, value)| {
        answer.header(name, value.as_str())
    })
}

fn detail(body: &Value) -> String {
    body["detail"].as_str().expect("one sentence").to_owned()
}

fn json_of(case: &Case) -> Value {
    serde_json::from_slice(&case.body).unwrap_or_default()
}
