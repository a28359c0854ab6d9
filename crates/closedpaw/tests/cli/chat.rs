//! `closedpaw chat` against a running gateway and a scripted model.

use testkit::scripted::{Answer, End, ScriptedProvider};

use crate::program::{Outcome, Place};

const PIECES: [&str; 4] = [
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hel\"}}]}\n\n",
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"}}]}\n\n",
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: [DONE]\n\n",
];

const WHOLE: &str = r#"{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,
    "message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],
    "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#;

fn model() -> ScriptedProvider {
    ScriptedProvider::start(|request| {
        if request.text().contains(r#""stream":true"#) {
            Answer::stream("text/event-stream", PIECES)
        } else {
            Answer::json(200, WHOLE)
        }
    })
}

fn add(place: &Place, name: &str, provider: &ScriptedProvider) {
    let base_url = format!("{}/v1", provider.url());
    place
        .run(&[
            "providers",
            "add",
            "--type",
            "custom",
            "--name",
            name,
            "--base-url",
            &base_url,
            "--network",
            "local",
            "--default-model",
            "m",
        ])
        .ok();
}

#[test]
fn the_answer_is_the_text_alone() {
    let (place, provider) = (Place::new(), model());
    let _gateway = place.serve();
    add(&place, "near", &provider);
    assert_eq!(place.run(&["chat", "--provider", "near", "Say", "hello"]).ok(), "Hello\n");
    assert!(provider.requests()[0].text().contains("Say hello"));

    let answer = place.run(&["chat", "-m", "near/m", "hi", "--output", "json"]).json();
    assert_eq!(answer["response"], "Hello");
    assert_eq!(answer["provider"], "near");
    assert_eq!(answer["tokens"], 3);
}

#[test]
fn what_stands_before_the_first_slash_is_a_provider_only_if_it_is_registered() {
    let (place, provider) = (Place::new(), model());
    let _gateway = place.serve();
    add(&place, "near", &provider);
    place.run(&["providers", "default", "near"]).ok();
    let asked_for = |arguments: &[&str]| {
        place.run(&[&["chat"], arguments, &["hi"]].concat()).ok();
        let body = provider.requests().last().unwrap().text();
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        body["model"].as_str().unwrap().to_owned()
    };
    assert_eq!(asked_for(&[]), "m");
    assert_eq!(asked_for(&["-m", "near/big:7b"]), "big:7b");
    assert_eq!(asked_for(&["-m", "near/meta/llama"]), "meta/llama");
    assert_eq!(asked_for(&["-m", "meta/llama"]), "meta/llama");
    assert_eq!(asked_for(&["--provider", "near", "--model", "near/x"]), "near/x");
}

#[test]
fn the_message_comes_from_arguments_and_stdin() {
    let (place, provider) = (Place::new(), model());
    let _gateway = place.serve();
    add(&place, "near", &provider);
    let chat = ["chat", "--provider", "near"];
    place.run_with(&chat, "from a pipe\n").ok();
    place.run_with(&[&chat[..], &["Summarise"]].concat(), "a long text\n").ok();
    let requests = provider.requests();
    assert!(requests[0].text().contains(r#""from a pipe""#));
    assert!(requests[1].text().contains(r"Summarise\n\na long text"));
    place.run(&chat).fails(2, "there is no message");
}

#[test]
fn an_answer_that_breaks_off_is_a_failure() {
    let place = Place::new();
    let cut =
        ScriptedProvider::always(Answer::stream("text/event-stream", [PIECES[0]]).ending(End::Cut));
    let _gateway = place.serve();
    add(&place, "cut", &cut);
    let outcome = place.run(&["chat", "--provider", "cut", "hi"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, "Hel\n"), "{outcome:?}");
    assert!(outcome.stderr.starts_with("error: "), "{outcome:?}");
}

#[test]
fn an_answer_without_its_end_is_a_failure_however_cleanly_it_stops() {
    let (place, key) = (Place::new(), "0123456789abcdef");
    let piece = "data: {\"delta\":\"Hel\"}\n\n";
    let ask = |end: &str| {
        let gateway = ScriptedProvider::always(Answer::stream("text/event-stream", [piece, end]));
        let mut command = place.command(&["--url", &gateway.url(), "chat", "hi"]);
        Outcome::from(command.env("CLOSEDPAW_KEY", key).output().unwrap())
    };
    assert_eq!(ask("event: done\ndata: {}\n\n").ok(), "Hel\n");
    ask("data: {\"delta\":\"lo\"}\n\n").fails(1, "the answer was cut off before its end");
    ask("event: error\ndata: {\"detail\":\"no\\u001b[2J\",\"status\":502}\n\n")
        .fails(1, "error: no\u{fffd}[2J");
}

#[test]
fn the_gateways_refusals_are_told() {
    let place = Place::new();
    let _gateway = place.serve();
    let outcome = place.run(&["chat", "--provider", "nobody", "hi"]);
    outcome.fails(1, "Provider not found: nobody");
    assert_eq!(outcome.stdout, "");
}
