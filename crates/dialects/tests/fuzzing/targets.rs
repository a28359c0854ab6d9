//! What must hold for any bytes, one function for each way in. Shared with the fuzzers in `fuzz/`.

use canonical::{Event, EventChecker, Losses, Request};
use dialects::{ChatEndpoint, CountEndpoint, DIALECTS, Echo, EmbeddingsEndpoint, Quirks};
use serde_json::Value;
use wire::{
    Edit, Envelope, Framing, NdjsonDecoder, RawFrames, SseDecoder, event_data, find_strings,
    json_string, splice,
};

const LIMIT_BYTES: usize = 1 << 20;

/// Every chat endpoint.
const CHATS: [&dyn ChatEndpoint; 9] = [
    dialects::OPENAI_CHAT,
    dialects::OPENAI_RESPONSES,
    dialects::ANTHROPIC_MESSAGES,
    dialects::GEMINI_GENERATE,
    dialects::GEMINI_GENERATE_ARRAY,
    dialects::MISTRAL_CHAT,
    dialects::MISTRAL_FIM,
    dialects::OLLAMA_CHAT,
    dialects::OLLAMA_GENERATE,
];

const EMBEDDINGS: [&dyn EmbeddingsEndpoint; 5] = [
    dialects::OPENAI_EMBEDDINGS,
    dialects::MISTRAL_EMBEDDINGS,
    dialects::GEMINI_EMBED,
    dialects::GEMINI_BATCH_EMBED,
    dialects::OLLAMA_EMBED,
];

const COUNTS: [&dyn CountEndpoint; 2] = [dialects::ANTHROPIC_COUNT, dialects::GEMINI_COUNT];

/// Cuts `data` into chunks of a size, from 1, that its bytes decide, so that a recorded stream is an input.
fn chunks(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let sum = data.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
    data.chunks(usize::from(sum) + 1)
}

/// What the envelope takes is JSON, and edits keep it JSON.
pub fn envelope(data: &[u8]) {
    let _ = find_strings(data, &["requests", "*", "model"]);
    let Ok(envelope) = Envelope::read(data) else { return };
    // Numbers out of range and half surrogate pairs are JSON, but no values of serde_json's.
    let readable = serde_json::from_slice::<Value>(data).is_ok();
    let models = find_strings(data, &["model"]).expect("an envelope is JSON").into_iter();
    let renamed = models.map(|span| Edit { span, text: json_string("a\"b") });
    let edits: Vec<Edit> = renamed.chain(envelope.ask_for_usage()).collect();
    let edited = splice(data, &edits);
    let again = Envelope::read(&edited).expect("an edited body is as good as the body");
    assert_eq!(again.ask_for_usage(), None);
    assert_eq!(again.model, envelope.model.map(|_| "a\"b".into()));
    assert_eq!(serde_json::from_slice::<Value>(&edited).is_ok(), readable);
}

/// Frames and the rest are the body.
pub fn frames(data: &[u8]) {
    for framing in [Framing::Sse, Framing::Ndjson, Framing::JsonArray] {
        let (mut frames, mut passed) = (RawFrames::new(framing, LIMIT_BYTES), Vec::new());
        for chunk in chunks(data) {
            frames.feed(chunk);
            while let Ok(Some(frame)) = frames.next() {
                assert!(!frame.is_empty());
                let _ = event_data(&frame);
                passed.extend_from_slice(&frame);
            }
        }
        passed.extend_from_slice(frames.rest());
        assert_eq!(passed, data);
    }
}

/// Events don't depend on how the bytes come.
pub fn sse(data: &[u8]) {
    fn read<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> Vec<(Option<String>, String)> {
        let (mut decoder, mut events) = (SseDecoder::new(LIMIT_BYTES), Vec::new());
        for chunk in chunks {
            decoder.feed(chunk);
            while let Ok(Some(event)) = decoder.next() {
                events.push((event.event.map(str::to_owned), event.data.to_owned()));
            }
        }
        let last = decoder.finish();
        events.extend(last.map(|event| (event.event.map(str::to_owned), event.data.to_owned())));
        events
    }
    assert_eq!(read(chunks(data)), read(std::iter::once(data)));
}

/// Lines don't depend on how the bytes come.
pub fn ndjson(data: &[u8]) {
    fn read<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
        let (mut decoder, mut lines) = (NdjsonDecoder::new(LIMIT_BYTES), Vec::new());
        for chunk in chunks {
            decoder.feed(chunk);
            while let Ok(Some(line)) = decoder.next() {
                lines.push(line.to_owned());
            }
        }
        lines.extend(decoder.finish().map(str::to_owned));
        lines
    }
    assert_eq!(read(chunks(data)), read(std::iter::once(data)));
}

/// A provider's stream becomes events in their order, with one end, and any caller's dialect can say them.
pub fn stream(data: &[u8]) {
    for codec in DIALECTS {
        let (mut decoder, mut events) = (codec.stream_decoder(), Vec::new());
        for chunk in chunks(data) {
            decoder.feed(chunk, &mut events);
        }
        decoder.finish(&mut events);
        let mut checker = EventChecker::default();
        for event in &events {
            checker.check(event).expect("events in order");
        }
        assert!(checker.is_ended(), "{}: {events:?}", codec.dialect());
        say(&events);
    }
}

/// A provider's whole answer is read or refused, and any caller's dialect can say it.
pub fn answer(data: &[u8]) {
    for codec in DIALECTS {
        let _ = codec.decode_models(data);
        let _ = codec.decode_embeddings(data);
        let _ = codec.decode_count(data);
        let Ok(response) = codec.decode_response(data) else { continue };
        for chat in CHATS {
            let request = Request::default();
            let said = chat.encode_response(&response, &request, &echo(), &mut Losses::default());
            if !said.is_empty() {
                let heard = chat.decode_answer(&said);
                assert!(heard.is_ok(), "{}: {heard:?} {}", chat.dialect(), said.escape_ascii());
            }
        }
        say(&Vec::<Event>::from(response));
    }
}

/// A caller's request is read or refused in words, and what is read can be said to any provider.
pub fn request(data: &[u8]) {
    for chat in CHATS {
        match chat.decode_request(data, &mut Losses::default()) {
            Err(fault) => {
                assert!(!fault.public.is_empty());
                assert_json(&chat.encode_error(chat.error_status(&fault), &fault, "req_1"));
            }
            Ok(request) => {
                for codec in DIALECTS {
                    let quirks = Quirks::COMPATIBLE;
                    assert_json(&codec.encode_request(&request, &quirks, &mut Losses::default()));
                }
            }
        }
    }
    for embeddings in EMBEDDINGS {
        let Ok(request) = embeddings.decode_request(data, &mut Losses::default()) else { continue };
        for codec in DIALECTS {
            let encoded = codec.encode_embeddings(&request, &mut Losses::default());
            encoded.iter().for_each(|body| assert_json(body));
        }
    }
    for count in COUNTS {
        let Ok(request) = count.decode_request(data, &mut Losses::default()) else { continue };
        for codec in DIALECTS {
            assert_json(&codec.encode_count(&request, &mut Losses::default()));
        }
    }
}

/// Says `events` in every caller's dialect, and holds that a caller sees the end that there was.
fn say(events: &[Event]) {
    for chat in CHATS {
        let mut encoder = chat.stream_encoder(&Request::default(), &echo());
        let mut out = Vec::new();
        for event in events {
            encoder.encode(event, &mut out);
        }
        if out.is_empty() {
            continue;
        }
        let (mut decoder, mut heard) = (chat.answer_decoder(), Vec::new());
        decoder.feed(&out, &mut heard);
        decoder.finish(&mut heard);
        let (said, heard) =
            (events.last() == Some(&Event::Stop), heard.last() == Some(&Event::Stop));
        assert_eq!(heard, said, "{}: {events:?}: {}", chat.dialect(), out.escape_ascii());
    }
}

/// Nothing, or JSON.
fn assert_json(bytes: &[u8]) {
    let read = serde_json::from_slice::<Value>(bytes);
    assert!(bytes.is_empty() || read.is_ok(), "{}", String::from_utf8_lossy(bytes));
}

fn echo() -> Echo {
    let created = std::time::UNIX_EPOCH;
    Echo { model: "m".to_owned(), created, id: "1".to_owned() }
}
