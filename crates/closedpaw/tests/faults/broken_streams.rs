//! Streams that are reset at every frame: callers get all that came before, one error, and never an end.

use testkit::faulty::{Ending, Fault, FaultyProvider, Pace, Speech};

use crate::{
    harness::{CALLERS, Caller, Gateway, at_once},
    rig::{FRAMES, ROUTE, Rig, openai, registration, speech_of, wordless},
};

/// Every place for a cut: before each frame, within it, and before the end.
fn cuts() -> impl Iterator<Item = (usize, usize)> {
    (0..=FRAMES).flat_map(|frames| [(frames, 0), (frames, 11)])
}

fn reset((frames, bytes): (usize, usize)) -> Fault {
    Fault::Break { frames, bytes, ending: Ending::Reset }
}

/// Asks a provider that was registered for this cut alone, so that no other cut is held against it.
fn broken(
    gateway: &Gateway,
    caller: &Caller,
    speaker: &Caller,
    provider: &FaultyProvider,
    cut: (usize, usize),
) -> (u16, String) {
    provider.suffer(reset(cut));
    let before = provider.chats();
    let name = format!("{}-{}-{}-{}", caller.name, speaker.name, cut.0, cut.1);
    let mut body = registration(&name, provider);
    // One of the type `openai` would be asked for responses by those who ask for responses.
    let is_foreign = speaker.name == "openai_chat" && caller.name != speaker.name;
    let provider_type = if is_foreign { "custom" } else { speaker.provider_type };
    body["provider_type"] = provider_type.into();
    if speaker.provider_type == "ollama" {
        body["base_url"] = provider.url().into();
        body.as_object_mut().expect("an object").remove("api_key");
    }
    gateway.register(&body);
    let answer = caller.ask(gateway, &format!("{name}/alpha"), true).open().whole();
    assert!(answer.is_complete, "{name}: the framing broke off: {}", answer.text());
    assert_eq!(provider.chats() - before, 1, "{name}: one attempt and no other");
    gateway.delete(&name).expect(200);
    (answer.status, answer.text())
}

#[test]
fn the_same_dialect_gets_every_byte_before_the_cut_and_one_error() {
    let gateway = Gateway::start();
    at_once(CALLERS.len(), |index| {
        let caller = &CALLERS[index];
        let speech = speech_of(caller);
        let provider = FaultyProvider::start(speech.clone(), Pace::default());
        for cut in cuts() {
            let context = format!("{} cut at {cut:?}", caller.name);
            let (status, body) = broken(&gateway, caller, caller, &provider, cut);
            if status != 200 {
                assert_eq!(status, 502, "{context}: {body}");
                assert!(cut.0 <= wordless(&speech), "{context}: {body}");
                continue;
            }
            let sent = String::from_utf8(speech.up_to(cut.0, 0)).unwrap();
            assert!(body.starts_with(&sent), "{context}: {body}");
            let told = caller.told(&body);
            assert!(!told.ended && told.error.is_some(), "{context}: {body}");
        }
    });
}

#[test]
fn another_dialect_gets_all_the_text_before_the_cut_and_one_error() {
    let gateway = Gateway::start();
    // No other dialect fills in the middle.
    let callers: Vec<_> = CALLERS
        .iter()
        .filter(|caller| !["openai_chat", "mistral_fim"].contains(&caller.name))
        .collect();
    at_once(callers.len(), |index| {
        let caller = callers[index];
        let provider = FaultyProvider::start(Speech::openai(FRAMES), Pace::default());
        for cut in cuts() {
            let context = format!("{} cut at {cut:?}", caller.name);
            let (status, body) = broken(&gateway, caller, openai(), &provider, cut);
            if status != 200 {
                assert_eq!(status, 502, "{context}: {body}");
                assert!(cut.0 <= wordless(&Speech::openai(FRAMES)), "{context}: {body}");
                continue;
            }
            let told = caller.told(&body);
            // The first frame names the role, and the last two say why it ended and what it cost.
            let words = cut.0.saturating_sub(1).min(FRAMES - 3);
            let text: String = (0..words).map(Speech::word).collect();
            assert_eq!(told.text, text, "{context}");
            assert!(!told.ended && told.error.is_some(), "{context}: {body}");
        }
    });
}

#[test]
fn nobody_else_is_asked_once_a_byte_was_delivered() {
    let rig = Rig::start(2, Pace::default(), &serde_json::Value::Null);
    for cut in cuts() {
        let [broken, healthy] = &rig.providers[..] else { panic!("two providers") };
        broken.suffer(reset(cut));
        let before = (broken.chats(), healthy.chats());
        // A provider of its own for each cut, so that no other cut is held against it.
        let name = format!("a-{}-{}", cut.0, cut.1);
        rig.gateway.register(&registration(&name, broken));
        rig.route_to(&[&name, "b"]);
        let answer = openai().ask(&rig.gateway, ROUTE, true).send();
        let asked = (broken.chats() - before.0, healthy.chats() - before.1);
        let body = answer.text();
        assert_eq!(answer.status, 200, "{cut:?}: {body}");
        let told = openai().told(&body);
        match asked {
            (1, 0) => {
                let sent = String::from_utf8(Speech::openai(FRAMES).up_to(cut.0, 0)).unwrap();
                assert!(body.starts_with(&sent), "{cut:?}: {body}");
                assert!(!told.ended && told.error.is_some(), "{cut:?}: {body}");
                assert!(cut.0 > 0, "nothing was delivered before {cut:?}");
            }
            (1, 1) => {
                let whole = [Speech::openai(FRAMES).up_to(FRAMES, 0), Speech::openai(0).end];
                assert_eq!(body.as_bytes(), whole.concat(), "{cut:?}");
                assert!(cut.0 < 2, "text was delivered before {cut:?}");
            }
            other => panic!("{cut:?}: they were asked {other:?} times"),
        }
        rig.gateway.delete(&name).expect(200);
    }
}
