//! A provider's stream that breaks off never ends well for a caller.

use canonical::{Dialect, Event};
use dialects::ChatEndpoint;
use memchr::memmem;

use crate::{Chat, ENDPOINTS, extra_chats, heard, own_chats, said};

/// What a stream holds once it has ended well, whichever of these it is.
fn end_marks(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::OpenAiChat | Dialect::Mistral => &["[DONE]"],
        Dialect::OpenAiResponses => &["\"response.completed\"", "\"response.incomplete\""],
        Dialect::Anthropic => &["\"message_stop\""],
        // The reason is the only mark there is; a blocked prompt has one of its own.
        Dialect::Gemini => &["\"finishReason\"", "\"blockReason\""],
        Dialect::Ollama => &["\"done\":true", "\"done\": true"],
    }
}

fn holds_end(dialect: Dialect, bytes: &[u8]) -> bool {
    end_marks(dialect).iter().any(|mark| memmem::find(bytes, mark.as_bytes()).is_some())
}

/// Cuts a provider's stream at every byte and returns how many different streams callers then heard.
fn check(chat: &Chat) -> usize {
    let (name, bytes) = (&chat.case.name, chat.case.body.as_slice());
    let (mut last, mut different) = (Vec::new(), 0);
    for end in 0..bytes.len() {
        let cut = &bytes[..end];
        let events = crate::decode(chat.dialect, cut);
        if events.last() == Some(&Event::Stop) {
            assert!(holds_end(chat.dialect, cut), "{name} is an answer when cut at {end}");
            continue;
        }
        if events == last {
            continue;
        }
        for (caller, endpoint) in ENDPOINTS {
            assert_is_broken(endpoint, &events, &format!("{name} at {end} for {caller}"));
        }
        (last, different) = (events, different + 1);
    }
    different
}

fn assert_is_broken(endpoint: &dyn ChatEndpoint, events: &[Event], name: &str) {
    let out = said(endpoint, events);
    assert!(!holds_end(endpoint.dialect(), &out), "{name}: {}", out.escape_ascii());
    assert!(memmem::find(&out, b"\"error\"").is_some(), "{name}: {}", out.escape_ascii());
    let heard = heard(endpoint, &out);
    assert!(matches!(heard.last(), Some(Event::Failed(_))), "{name}: {heard:?}");
}

#[test]
fn a_stream_cut_at_any_byte_ends_well_for_nobody() {
    let cuts: usize = own_chats().iter().filter(|chat| chat.case.is_stream).map(check).sum();
    assert!(cuts > 100, "only {cuts} different cuts");
}

#[test]
fn an_extra_stream_cut_at_any_byte_ends_well_for_nobody() {
    /// Reading each beginning of longer ones would take minutes.
    const LONGEST_BYTES: usize = 6_000;
    let Some(chats) = extra_chats() else { return };
    let short = |chat: &&Chat| chat.case.is_stream && chat.case.body.len() <= LONGEST_BYTES;
    let cuts: usize = chats.iter().filter(short).map(check).sum();
    println!("{cuts} different cuts");
    assert!(cuts > 100, "only {cuts} different cuts");
}

#[test]
fn a_stream_that_ends_well_ends_well_for_everybody() {
    for chat in own_chats().iter().filter(|chat| chat.case.is_stream) {
        let events = crate::decode(chat.dialect, &chat.case.body);
        if events.last() != Some(&Event::Stop) {
            continue;
        }
        for (caller, endpoint) in ENDPOINTS {
            let out = said(endpoint, &events);
            let name = format!("{} for {caller}: {}", chat.case.name, out.escape_ascii());
            assert!(holds_end(endpoint.dialect(), &out), "{name}");
            assert_eq!(heard(endpoint, &out).last(), Some(&Event::Stop), "{name}");
        }
    }
}
