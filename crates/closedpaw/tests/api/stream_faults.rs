//! Streams that break: whoever speaks what dialect to whom, the caller reads an error and never an end.

use std::time::{Duration, Instant};

use serde_json::json;
use testkit::scripted::{Answer, End, ScriptedProvider};

use crate::harness::{CALLERS, Caller, Gateway, at_once, eventually};

/// What goes wrong after some frames.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Break {
    Cut,
    CutWithinAFrame,
    CleanEnd,
    Stall,
    Malformed,
    Error,
    Oversized,
}

const BREAKS: [Break; 7] = [
    Break::Cut,
    Break::CutWithinAFrame,
    Break::CleanEnd,
    Break::Stall,
    Break::Malformed,
    Break::Error,
    Break::Oversized,
];

impl Break {
    /// The speaker's stream with this after its first `count` frames.
    fn after(self, speaker: &Caller, count: usize) -> Answer {
        let (sent, rest) = speaker.frames.split_at(count);
        let mut pieces: Vec<Vec<u8>> = sent.iter().map(|frame| frame.as_bytes().to_vec()).collect();
        let end = match self {
            Self::Cut => End::Cut,
            Self::CleanEnd => End::Clean,
            Self::CutWithinAFrame => {
                pieces.push(rest[0].as_bytes()[..rest[0].len() / 2].to_vec());
                End::Cut
            }
            Self::Stall => End::Hang,
            Self::Malformed => {
                let malformed = match speaker.stream_type() {
                    "text/event-stream" => "event: nonsense\ndata: {\"choices\":[{]\n\n",
                    "application/json" => "{\"candidates\":[{]",
                    _ => "{\"message\":{]\n",
                };
                pieces.push(malformed.into());
                End::Clean
            }
            Self::Error => {
                let error = speaker.error_frame;
                let error = if count == 0 { error.replacen(",\r\n", "[", 1) } else { error.into() };
                pieces.push(error.into());
                End::Clean
            }
            Self::Oversized => {
                let large = "x".repeat(1 << 16);
                let begin = match speaker.stream_type() {
                    "text/event-stream" => "data: {\"choices\":[{\"x\":\"",
                    "application/json" if count == 0 => "[{\"x\":\"",
                    "application/json" => ",{\"x\":\"",
                    _ => "{\"x\":\"",
                };
                pieces.push(begin.into());
                // More than the largest frame of any dialect.
                pieces.extend(std::iter::repeat_n(large.into_bytes(), 33 * 16));
                End::Hang
            }
        };
        speaker.streamed(pieces).ending(end)
    }
}

/// After how many frames all of an answer has been said, so that what comes then may be let pass.
fn complete(speaker: &Caller) -> usize {
    match speaker.name {
        "gemini_array" => speaker.frames.len() - 1,
        _ => speaker.frames.len(),
    }
}

fn check(gateway: &Gateway, caller: &Caller, speaker: &Caller, breaks: Break, count: usize) {
    let provider = ScriptedProvider::always(breaks.after(speaker, count));
    let provider_name = format!("{}-{}", caller.name, speaker.name);
    let mut registration = speaker.registration(&provider_name, &provider);
    registration["timeout"] = json!(if breaks == Break::Stall { 0.25 } else { 20.0 });
    gateway.register(&registration);
    let context = format!("{} over {}, {breaks:?} after {count}", caller.name, speaker.name);
    let live = caller.ask(gateway, &format!("{provider_name}/alpha"), true).open();
    if live.status == 200 {
        let answer = live.whole();
        let body = answer.text();
        assert!(answer.is_complete, "{context}: {body}");
        let told = caller.told(&body);
        assert!(!told.ended, "{context}: an end: {body}");
        let error = told.error.unwrap_or_else(|| panic!("{context}: no error: {body}"));
        assert!("Hello world!".starts_with(&told.text), "{context}: {body}");
        if breaks == Break::Error {
            assert!(error.contains("ran out of memory"), "{context}: {error}");
        }
    } else {
        let answer = live.whole();
        let status = if breaks == Break::Stall { 504 } else { 502 };
        assert_eq!(answer.status, status, "{context}: {}", answer.text());
        caller.error(status, &answer.expect(status));
    }
    assert_eq!(provider.calls(), 1, "{context}");
    gateway.delete(&provider_name).expect(200);
}

/// A caller of another dialect than the speaker's, whose provider it is.
fn foreign(caller: &Caller) -> &'static Caller {
    let name = match caller.name {
        "openai_chat" => "anthropic",
        "openai_responses" => "gemini",
        "anthropic" => "openai_chat",
        "gemini" => "ollama",
        "gemini_array" => "mistral",
        "mistral" => "anthropic",
        // No other dialect fills in the middle.
        "mistral_fim" => "mistral_fim",
        "ollama" => "openai_chat",
        _ => "gemini",
    };
    crate::harness::caller(name)
}

fn check_all(pairs: impl Fn(&'static Caller) -> &'static Caller + Sync) {
    let gateway = Gateway::start();
    at_once(CALLERS.len(), |index| {
        let caller = &CALLERS[index];
        let speaker = pairs(caller);
        for breaks in BREAKS {
            for count in 0..complete(speaker) {
                check(&gateway, caller, speaker, breaks, count);
            }
        }
    });
}

#[test]
fn a_stream_of_the_same_dialect_never_ends_well_when_it_breaks() {
    check_all(|caller| caller);
}

#[test]
fn a_stream_of_another_dialect_never_ends_well_when_it_breaks() {
    check_all(foreign);
}

#[test]
fn every_stream_that_is_whole_ends_well() {
    let gateway = Gateway::start();
    for caller in &CALLERS {
        for speaker in [caller, foreign(caller)] {
            let provider = ScriptedProvider::always(speaker.streamed(speaker.frames.to_vec()));
            speaker.register(&gateway, "x", &provider);
            let told = caller.read(caller.ask(&gateway, "x/alpha", true).open());
            assert_eq!((told.text.as_str(), told.ended, told.error), ("Hello world!", true, None));
            gateway.delete("x").expect(200);
        }
    }
}

/// How many frames come before the caller is sure to see the first text.
fn up_to_text(speaker: &Caller) -> usize {
    1 + speaker.frames.iter().position(|frame| frame.contains("Hello")).expect("a text")
}

#[test]
fn a_caller_that_leaves_takes_the_providers_answer_with_it() {
    let gateway = Gateway::start();
    for caller in &CALLERS {
        for speaker in [caller, foreign(caller)] {
            let begun = speaker.frames[..up_to_text(speaker)].to_vec();
            let provider = ScriptedProvider::always(speaker.streamed(begun).ending(End::Hang));
            speaker.register(&gateway, "x", &provider);
            let live = caller.ask(&gateway, "x/alpha", true).open();
            assert_eq!(live.status, 200);
            let left = Instant::now();
            drop(live);
            eventually("the provider is hung up", || provider.disconnects() == 1);
            let took = left.elapsed();
            println!("{} over {}: {} ms", caller.name, speaker.name, took.as_millis());
            assert!(took < Duration::from_secs(2), "{took:?}");
            gateway.delete("x").expect(200);
        }
        let provider = ScriptedProvider::always(Answer::silence());
        caller.register(&gateway, "x", &provider);
        let ask = caller.ask(&gateway, "x/alpha", false);
        let waiting = ask.send_only();
        eventually("the provider is asked", || provider.calls() == 1);
        let left = Instant::now();
        drop(waiting);
        eventually("the provider is hung up", || provider.disconnects() == 1);
        assert!(left.elapsed() < Duration::from_secs(2), "whole: {:?}", left.elapsed());
        gateway.delete("x").expect(200);
    }
}

#[test]
fn a_caller_that_does_not_read_holds_its_provider_back() {
    /// What the provider would send if it could.
    const FRAMES: usize = 4096;
    let gateway = Gateway::start();
    for caller in CALLERS.iter().filter(|caller| caller.name != "mistral_fim") {
        for speaker in [caller, foreign(caller)] {
            let at = speaker.frames.iter().position(|frame| frame.contains("Hello")).unwrap();
            let large = speaker.frames[at].replace("Hello", &"x".repeat(1 << 14));
            // From the second element on a comma comes before each.
            let further = match speaker.stream_type() {
                "application/json" => large.replacen('[', ",", 1),
                _ => large.clone(),
            };
            let mut chunks: Vec<Vec<u8>> =
                speaker.frames[..at].iter().map(|frame| frame.as_bytes().to_vec()).collect();
            chunks.push(large.into_bytes());
            chunks.extend(std::iter::repeat_n(further.into_bytes(), FRAMES));
            let total: usize = chunks.iter().map(Vec::len).sum();
            let provider = ScriptedProvider::always(speaker.streamed(chunks));
            speaker.register(&gateway, "x", &provider);
            let live = caller.ask(&gateway, "x/alpha", true).open();
            assert_eq!(live.status, 200);
            std::thread::sleep(Duration::from_millis(700));
            let taken = provider.sent_bytes();
            println!("{} over {}: {taken} of {total} bytes", caller.name, speaker.name);
            assert!(taken < total / 2, "{} over {}: {taken}", caller.name, speaker.name);
            drop(live);
            gateway.delete("x").expect(200);
        }
    }
}

#[test]
fn a_gateway_that_stops_says_so_in_every_stream() {
    let mut gateway = Gateway::start();
    let mut open = Vec::new();
    for caller in &CALLERS {
        for speaker in [caller, foreign(caller)] {
            let begun = speaker.frames[..up_to_text(speaker)].to_vec();
            let provider = ScriptedProvider::always(speaker.streamed(begun).ending(End::Hang));
            let name = format!("{}-{}", caller.name, open.len());
            speaker.register(&gateway, &name, &provider);
            let live = caller.ask(&gateway, &format!("{name}/alpha"), true).open();
            open.push((caller, live, provider));
        }
    }
    gateway.terminate();
    for (caller, live, _provider) in open {
        let told = caller.read(live);
        assert!(!told.ended, "{}", caller.name);
        let error = told.error.expect(caller.name);
        assert!(error.contains("shutting down"), "{}: {error}", caller.name);
    }
    assert_eq!(gateway.exit_code(), Some(0));
}
