//! Answers that end cleanly without the dialect's end are truncated, whichever way they end.

use serde_json::Value;
use testkit::faulty::{Ending, Fault, FaultyProvider, Pace};

use crate::{
    harness::{CALLERS, Gateway, at_once},
    rig::{FRAMES, ROUTE, Rig, registration, speech_of, wordless},
};

const ENDINGS: [Ending; 4] =
    [Ending::Terminated, Ending::Closed, Ending::TruncatedChunk, Ending::CloseDelimited];

#[test]
fn no_way_to_end_early_passes_for_an_answer() {
    let gateway = Gateway::start();
    at_once(CALLERS.len(), |index| {
        let caller = &CALLERS[index];
        let speech = speech_of(caller);
        let provider = FaultyProvider::start(speech.clone(), Pace::default());
        for ending in ENDINGS {
            for frames in [0, 1, 5, FRAMES - 1, FRAMES] {
                provider.suffer(Fault::Break { frames, bytes: 0, ending });
                let name = format!("{}-{ending:?}-{frames}", caller.name);
                let mut body = registration(&name, &provider);
                body["provider_type"] = caller.provider_type.into();
                if caller.provider_type == "ollama" {
                    body["base_url"] = provider.url().into();
                    body.as_object_mut().expect("an object").remove("api_key");
                }
                gateway.register(&body);
                let model = format!("{name}/alpha");
                let streamed = caller.ask(&gateway, &model, true).send();
                if streamed.status == 200 {
                    assert!(streamed.is_complete, "{name}: {}", streamed.text());
                    let told = caller.told(&streamed.text());
                    assert!(!told.ended && told.error.is_some(), "{name}: {}", streamed.text());
                } else {
                    assert_eq!(streamed.status, 502, "{name}: {}", streamed.text());
                    assert!(frames <= wordless(&speech), "{name}: {}", streamed.text());
                }
                let whole = caller.ask(&gateway, &model, false).send();
                assert_eq!(whole.status, 502, "{name}, whole: {}", whole.text());
                caller.error(502, &whole.expect(502));
                gateway.delete(&name).expect(200);
            }
        }
    });
}

#[test]
fn a_whole_answer_that_is_truncated_is_asked_for_elsewhere() {
    for ending in ENDINGS.into_iter().chain([Ending::Reset]) {
        let rig = Rig::start(2, Pace::default(), &Value::Null);
        rig.route();
        rig.providers[0].suffer(Fault::Break { frames: 0, bytes: 0, ending });
        for stream in [false, true] {
            let told = rig.chat("x", ROUTE, stream);
            assert!(told.is_whole, "{ending:?}: {told:?}");
            assert_eq!((told.attempts, told.provider.as_deref()), (2, Some("b")), "{ending:?}");
        }
    }
}
