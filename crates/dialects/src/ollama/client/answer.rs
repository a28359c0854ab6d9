//! The objects of an answer: one when it comes whole, many when it is streamed, the last with `done`.

use canonical::{
    FinishReason, Losses, Media, MediaKind, MediaSource, Part, Response, TokenLogprob, ToolCall,
    Usage,
};
use serde_json::{Value, json};

use crate::{
    Echo,
    arguments::arguments,
    chat_messages::{media_member, opaque_member},
    object::object,
    ollama::shape::Shape,
    rfc3339::rfc3339,
    token_logprobs,
};

/// What every object of an answer repeats.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) shape: Shape,
    pub(super) model: String,
    pub(super) created_at: String,
    /// Names calls that the provider gave no name.
    pub(super) id: String,
}

/// What one object says.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) thinking: String,
    pub(super) images: Vec<Value>,
    pub(super) tool_calls: Vec<Value>,
    pub(super) logprobs: Vec<TokenLogprob>,
}

/// Writes a whole answer.
pub(super) fn encode(
    shape: Shape,
    response: &Response,
    echo: &Echo,
    losses: &mut Losses,
) -> Vec<u8> {
    let mut head = Head::new(shape, echo);
    head.model.clone_from(response.model.as_ref().unwrap_or(&echo.model));
    let mut choices = response.choices.iter();
    let (mut said, mut finish) = (Said::default(), &FinishReason::Stop);
    if let Some(choice) = choices.next() {
        for part in &choice.parts {
            said.part(&head, part, losses);
        }
        said.logprobs.clone_from(&choice.logprobs);
        finish = &choice.finish.reason;
    }
    if choices.next().is_some() {
        losses.note("n");
    }
    if !says(finish) {
        losses.note("finish_reason");
    }
    head.last(said, finish, &response.usage).to_string().into_bytes()
}

/// Whether the dialect has a word for why an answer ended: there is none for a filter.
pub(super) fn says(reason: &FinishReason) -> bool {
    match reason {
        FinishReason::ContentFilter | FinishReason::Other(_) => false,
        FinishReason::Stop
        | FinishReason::StopSequence
        | FinishReason::Length
        | FinishReason::ToolCalls => true,
    }
}

impl Head {
    pub(super) fn new(shape: Shape, echo: &Echo) -> Self {
        let (model, id) = (echo.model.clone(), echo.id.clone());
        Self { shape, model, created_at: rfc3339(echo.created), id }
    }

    /// Writes an object that others follow.
    pub(super) fn more(&self, said: Said) -> Value {
        self.object(said, &object([("done", json!(false))]))
    }

    /// Writes the last object. Nobody knows its durations, but clients calculate with them.
    pub(super) fn last(&self, said: Said, finish: &FinishReason, usage: &Usage) -> Value {
        let end = object([
            ("done", json!(true)),
            ("done_reason", json!(done_reason(finish))),
            ("total_duration", json!(0)),
            ("load_duration", json!(0)),
            ("prompt_eval_count", json!(usage.prompt_tokens())),
            ("prompt_eval_duration", json!(0)),
            ("eval_count", json!(usage.output_tokens)),
            ("eval_duration", json!(0)),
        ]);
        self.object(said, &end)
    }

    /// Writes an object with the members of `end` last.
    pub(super) fn object(&self, said: Said, end: &Value) -> Value {
        let Said { text, thinking, images, tool_calls, logprobs } = said;
        let list = |values: Vec<Value>| if values.is_empty() { Value::Null } else { values.into() };
        let thinking = if thinking.is_empty() { Value::Null } else { thinking.into() };
        let (tool_calls, logprobs) = (list(tool_calls), list(token_logprobs::write(&logprobs)));
        let (model, created_at) = (json!(self.model), json!(self.created_at));
        let mut answer = match self.shape {
            Shape::Chat => {
                let message = object([
                    ("role", json!("assistant")),
                    ("content", text.into()),
                    ("thinking", thinking),
                    ("images", list(images)),
                    ("tool_calls", tool_calls),
                ]);
                object([
                    ("model", model),
                    ("created_at", created_at),
                    ("message", message),
                    ("logprobs", logprobs),
                ])
            }
            Shape::Generate => object([
                ("model", model),
                ("created_at", created_at),
                ("response", text.into()),
                ("thinking", thinking),
                ("tool_calls", tool_calls),
                ("logprobs", logprobs),
            ]),
        };
        if let (Some(answer), Some(end)) = (answer.as_object_mut(), end.as_object()) {
            answer.extend(end.clone());
        }
        answer
    }
}

impl Said {
    /// Adds a part of an answer. The dialect has no place for seals.
    fn part(&mut self, head: &Head, part: &Part, losses: &mut Losses) {
        let seal = match part {
            Part::Text { text, seal } => {
                self.text.push_str(text);
                seal
            }
            Part::Reasoning(reasoning) => {
                self.thinking.push_str(&reasoning.text);
                &reasoning.seal
            }
            Part::ToolCall(call) => {
                self.call(head, self.tool_calls.len(), call, losses);
                &call.seal
            }
            Part::Media(media) => {
                self.media(head, media, losses);
                &None
            }
            Part::Opaque(opaque) => {
                losses.note(opaque_member(opaque));
                &None
            }
            Part::ToolResult(_) => {
                losses.note("messages.tool_result");
                &None
            }
        };
        if seal.is_some() {
            losses.note("messages.seal");
        }
    }

    /// Adds a call, which comes whole; `position` is its place among the calls of the answer.
    pub(super) fn call(
        &mut self,
        head: &Head,
        position: usize,
        call: &ToolCall,
        losses: &mut Losses,
    ) {
        let id = match call.id.as_str() {
            "" => format!("call_{}_{position}", head.id),
            id => id.to_owned(),
        };
        let arguments = arguments(call, losses);
        let function = json!({ "index": position, "name": call.name, "arguments": arguments });
        self.tool_calls.push(json!({ "id": id, "function": function }));
    }

    /// Adds a picture by value, where there is a place for one.
    pub(super) fn media(&mut self, head: &Head, media: &Media, losses: &mut Losses) {
        match (head.shape, media.kind, &media.source) {
            (Shape::Chat, MediaKind::Image, MediaSource::Base64(data)) => {
                self.images.push(json!(data));
            }
            (Shape::Chat | Shape::Generate, kind, _) => losses.note(media_member(kind)),
        }
    }
}

/// Writes why an answer ended. There are but two words for it.
fn done_reason(finish: &FinishReason) -> &'static str {
    match finish {
        FinishReason::Length => "length",
        FinishReason::Stop
        | FinishReason::StopSequence
        | FinishReason::ToolCalls
        | FinishReason::ContentFilter
        | FinishReason::Other(_) => "stop",
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use canonical::{
        Choice, Dialect, FinishReason, Losses, Part, Reasoning, Response, Seal, TokenLogprob,
        ToolCall, Usage,
    };
    use serde_json::{Value, json};

    use super::encode;
    use crate::{Echo, ollama::shape::Shape};

    fn echo() -> Echo {
        let created = UNIX_EPOCH + Duration::from_millis(1_700_000_000_250);
        Echo { model: "asked".to_owned(), created, id: "e1".to_owned() }
    }

    fn written(shape: Shape, parts: Vec<Part>, reason: FinishReason) -> (Value, String) {
        let logprob = TokenLogprob { token: "Eel".into(), logprob: -0.5, ..Default::default() };
        let response = Response {
            id: Some("r1".to_owned()),
            model: None,
            choices: vec![Choice { parts, finish: reason.into(), logprobs: vec![logprob] }],
            usage: Usage {
                input_tokens: Some(3),
                cache_read_tokens: Some(2),
                output_tokens: Some(7),
                ..Usage::default()
            },
        };
        let mut losses = Losses::default();
        let body = encode(shape, &response, &echo(), &mut losses);
        (serde_json::from_slice(&body).unwrap(), losses.to_string())
    }

    fn call(id: &str, name: &str, arguments: &str) -> Part {
        let (id, name, arguments) = (id.to_owned(), name.to_owned(), arguments.to_owned());
        Part::ToolCall(ToolCall { id, name, arguments, seal: None })
    }

    fn thought() -> Part {
        let seal = Some(Seal { dialect: Dialect::Anthropic, data: "s".to_owned() });
        Part::Reasoning(Reasoning { text: "Long fish.".to_owned(), seal })
    }

    #[test]
    fn a_chat_answer_has_the_documented_shape() {
        let parts = vec![
            thought(),
            Part::text("E"),
            Part::text("el."),
            call("c1", "see", r#"{"b":1,"a":2}"#),
            call("", "ask", ""),
        ];
        let (body, lost) = written(Shape::Chat, parts, FinishReason::ToolCalls);
        let expected = json!({
            "model": "asked",
            "created_at": "2023-11-14T22:13:20.250000000Z",
            "message": {
                "role": "assistant",
                "content": "Eel.",
                "thinking": "Long fish.",
                "tool_calls": [
                    { "id": "c1", "function": { "index": 0, "name": "see", "arguments": { "b": 1, "a": 2 } } },
                    { "id": "call_e1_1", "function": { "index": 1, "name": "ask", "arguments": {} } },
                ],
            },
            "logprobs": [{ "token": "Eel", "logprob": -0.5 }],
            "done": true,
            "done_reason": "stop",
            "total_duration": 0,
            "load_duration": 0,
            "prompt_eval_count": 5,
            "prompt_eval_duration": 0,
            "eval_count": 7,
            "eval_duration": 0,
        });
        assert_eq!(body.to_string(), expected.to_string());
        assert_eq!(lost, "messages.seal");
    }

    #[test]
    fn a_generation_says_it_beside_the_rest() {
        let parts = vec![thought(), Part::text("Eel.")];
        let (body, _) = written(Shape::Generate, parts, FinishReason::Length);
        assert_eq!(body["response"], "Eel.");
        assert_eq!(body["thinking"], "Long fish.");
        assert_eq!(body["done_reason"], "length");
        assert_eq!(body.get("message"), None);
    }

    #[test]
    fn what_has_no_word_is_noted() {
        for (reason, word, lost) in [
            (FinishReason::Stop, "stop", ""),
            (FinishReason::StopSequence, "stop", ""),
            (FinishReason::Length, "length", ""),
            (FinishReason::ContentFilter, "stop", "finish_reason"),
            (FinishReason::Other("odd".to_owned()), "stop", "finish_reason"),
        ] {
            let (body, noted) = written(Shape::Chat, vec![Part::text("a")], reason);
            assert_eq!((body["done_reason"].as_str(), noted.as_str()), (Some(word), lost));
        }
        let parts = vec![call("c1", "see", r#"{"cut":"#)];
        let (body, noted) = written(Shape::Chat, parts, FinishReason::Length);
        assert_eq!(body["message"]["tool_calls"][0]["function"]["arguments"], json!({}));
        assert_eq!(body["message"]["content"], "");
        assert_eq!(noted, "messages.tool_calls.arguments");
    }
}
