//! What one half of the dialect writes and the other reads.

use canonical::{
    Choice, Collector, Dialect, EmbeddingInput, EmbeddingRequest, Event, EventChecker,
    FinishReason, Losses, Media, MediaKind, MediaSource, Message, Opaque, OutputFormat, Part,
    Reasoning, ReasoningControl, Request, Response, Role, Sampling, Seal, TokenLogprob, Tool,
    ToolCall, ToolChoice, ToolResult, Usage,
};
use proptest::prelude::*;
use serde_json::json;

use super::echo;
use crate::{
    ChatEndpoint, Codec, CountEndpoint, EmbeddingsEndpoint, GEMINI_GENERATE, GEMINI_GENERATE_ARRAY,
    Quirks, StreamDecoder,
    gemini::{
        Gemini,
        client::{BatchEmbedContents, CountTokens, content::joined, part::seal_of},
    },
};

fn call(id: &str) -> Part {
    Part::ToolCall(ToolCall {
        id: id.to_owned(),
        name: "look".to_owned(),
        arguments: "{\"n\":1}".to_owned(),
        seal: Some(Seal { dialect: Dialect::Gemini, data: "s".to_owned() }),
    })
}

fn request() -> Request {
    let result = |text: &str, is_error| {
        Part::ToolResult(ToolResult {
            call_id: "a".to_owned(),
            name: Some("look".to_owned()),
            content: vec![Part::text(text)],
            is_error,
        })
    };
    let image = Part::Media(Media {
        kind: MediaKind::Image,
        mime: Some("image/png".to_owned()),
        source: MediaSource::Base64("+/8=".to_owned()),
        detail: None,
        name: None,
    });
    let message = |role, parts| Message { role, parts };
    let extras = json!({"safetySettings": [{"category": "X"}]});
    Request {
        model: "m".to_owned(),
        system: vec![Part::text("Be brief.")],
        messages: vec![
            message(Role::User, vec![Part::text("Hi"), image]),
            message(
                Role::Assistant,
                vec![
                    Part::Reasoning(Reasoning {
                        text: "Hm.".to_owned(),
                        seal: Some(Seal { dialect: Dialect::Gemini, data: "s".to_owned() }),
                    }),
                    Part::text("Well."),
                    call("a"),
                    Part::Opaque(Opaque {
                        dialect: Dialect::Gemini,
                        json: json!({"executableCode": {"code": "1"}}),
                    }),
                ],
            ),
            message(Role::User, vec![result("5", false)]),
            message(Role::Assistant, vec![call("a")]),
            message(Role::User, vec![result("no", true), Part::text("And?")]),
        ],
        tools: vec![Tool {
            name: "look".to_owned(),
            description: Some("Looks.".to_owned()),
            parameters: Some(json!({"type": "object", "properties": {"n": {"$ref": "#"}}})),
            strict: None,
            freeform: false,
        }],
        tool_choice: Some(ToolChoice::Tool("look".to_owned())),
        sampling: Sampling {
            temperature: Some(0.5),
            top_p: Some(0.25),
            top_k: Some(4),
            max_tokens: Some(100),
            seed: Some(-7),
            presence_penalty: Some(0.5),
            frequency_penalty: Some(-0.5),
            choices: Some(2),
            logprobs: Some(3),
        },
        output: OutputFormat::JsonSchema {
            name: None,
            schema: json!({"type": "object"}),
            strict: None,
        },
        reasoning: ReasoningControl {
            effort: None,
            budget_tokens: Some(1024),
            include: Some(true),
        },
        stop: vec!["X".to_owned()],
        stream_usage: true,
        extras: Some((Dialect::Gemini, extras.as_object().unwrap().clone())),
        ..Request::default()
    }
}

#[test]
fn a_request_survives_its_own_dialect() {
    let mut losses = Losses::default();
    let sent = Request { model: String::new(), ..request() };
    let body = Gemini.encode_request(&sent, &Quirks::COMPATIBLE, &mut losses);
    assert_eq!(GEMINI_GENERATE.decode_request(&body, &mut losses), Ok(sent));
    assert_eq!(losses, Losses::default());

    let body = Gemini.encode_count(&request(), &mut losses);
    assert_eq!(CountTokens.decode_request(&body, &mut losses), Ok(request()));
    assert_eq!(losses, Losses::default());
}

#[test]
fn a_request_for_embeddings_survives_its_own_dialect() {
    let extras = json!({"taskType": "X"}).as_object().unwrap().clone();
    let request = EmbeddingRequest {
        model: "m".to_owned(),
        inputs: vec![EmbeddingInput::Text("a".to_owned()), EmbeddingInput::Text(String::new())],
        dimensions: Some(64),
        extras: Some((Dialect::Gemini, extras)),
        ..EmbeddingRequest::default()
    };
    let mut losses = Losses::default();
    let body = Gemini.encode_embeddings(&request, &mut losses).unwrap();
    assert_eq!(BatchEmbedContents.decode_request(&body, &mut losses), Ok(request));
    assert_eq!(losses, Losses::default());
}

fn any_seal() -> impl Strategy<Value = Option<Seal>> {
    let dialects = prop::sample::select(vec![Dialect::Anthropic, Dialect::OpenAiResponses]);
    prop::option::of((dialects, "[ -~]{1,9}").prop_map(|(dialect, data)| Seal { dialect, data }))
}

fn any_part() -> impl Strategy<Value = Part> {
    let call = |(id, seal): (String, Option<Seal>)| {
        let (name, arguments) = ("look".to_owned(), format!("{{\"a\":\"{id}\"}}"));
        Part::ToolCall(ToolCall { id, name, arguments, seal })
    };
    prop_oneof![
        (".{1,9}", any_seal()).prop_map(|(text, seal)| Part::Text { text, seal }),
        (".{1,9}", any_seal()).prop_map(|(text, seal)| Part::Reasoning(Reasoning { text, seal })),
        ("[a-z]{0,3}", any_seal()).prop_map(call),
        Just(Part::Media(Media {
            kind: MediaKind::Audio,
            mime: Some("audio/wav".to_owned()),
            source: MediaSource::Base64("QUJD".to_owned()),
            detail: None,
            name: None,
        })),
    ]
}

fn any_response() -> impl Strategy<Value = Response> {
    let reasons = vec![
        FinishReason::Stop,
        FinishReason::Length,
        FinishReason::ContentFilter,
        FinishReason::Other("OTHER".to_owned()),
    ];
    let token = ("[a-z]{1,3}", -9..0_i32).prop_map(|(token, logprob)| TokenLogprob {
        token,
        logprob: f64::from(logprob),
        bytes: None,
        top: Vec::new(),
    });
    let choice = (
        prop::collection::vec(any_part(), 0..6),
        prop::sample::select(reasons),
        prop::collection::vec(token, 0..3),
    );
    let choice = choice.prop_map(|(parts, reason, logprobs)| {
        let calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
        let reason = match reason {
            FinishReason::Stop if calls => FinishReason::ToolCalls,
            reason => reason,
        };
        Choice { parts, finish: reason.into(), logprobs }
    });
    let usage = Usage {
        input_tokens: Some(5),
        cache_read_tokens: Some(2),
        cache_write_tokens: None,
        output_tokens: Some(7),
        reasoning_tokens: Some(3),
    };
    prop::collection::vec(choice, 1..3).prop_map(move |choices| Response {
        id: Some("r".to_owned()),
        model: Some("m".to_owned()),
        choices,
        usage,
    })
}

/// Brings seals home and joins pieces, as happens when a caller sends an answer back.
fn normal(mut response: Response) -> Response {
    for choice in &mut response.choices {
        for part in &mut choice.parts {
            let (Part::Text { seal, .. }
            | Part::Reasoning(Reasoning { seal, .. })
            | Part::ToolCall(ToolCall { seal, .. })) = part
            else {
                continue;
            };
            *seal = seal.take().map(|seal| match seal.dialect {
                Dialect::Gemini => seal_of(seal.data),
                _ => seal,
            });
        }
        choice.parts = joined(std::mem::take(&mut choice.parts));
    }
    response
}

/// Writes the answer as a stream and reads it in chunks of `size` bytes.
fn streamed(endpoint: &dyn ChatEndpoint, response: &Response, size: usize) -> Response {
    let mut encoder = endpoint.stream_encoder(&Request::default(), &echo());
    let mut bytes = Vec::new();
    for event in Vec::<Event>::from(response.clone()) {
        bytes.extend_from_slice(encoder.keep_alive());
        encoder.encode(&event, &mut bytes);
    }
    read(endpoint.answer_decoder(), &bytes, size)
}

fn read(mut decoder: Box<dyn StreamDecoder>, bytes: &[u8], size: usize) -> Response {
    let mut events = Vec::new();
    for chunk in bytes.chunks(size) {
        decoder.feed(chunk, &mut events);
    }
    decoder.finish(&mut events);
    let (mut checker, mut collector) = (EventChecker::default(), Collector::default());
    for event in events {
        checker.check(&event).unwrap();
        collector.push(event);
    }
    collector.finish().unwrap()
}

proptest! {
    #[test]
    fn an_answer_is_the_same_whole_and_streamed(response in any_response(), size in 1usize..200) {
        let body = GEMINI_GENERATE.encode_response(
            &response,
            &Request::default(),
            &echo(),
            &mut Losses::default(),
        );
        let whole = normal(GEMINI_GENERATE.decode_answer(&body).unwrap());
        prop_assert_eq!(&whole, &normal(response.clone()));
        prop_assert_eq!(&whole, &normal(streamed(GEMINI_GENERATE, &response, size)));
        prop_assert_eq!(&whole, &normal(streamed(GEMINI_GENERATE_ARRAY, &response, size)));
    }
}
