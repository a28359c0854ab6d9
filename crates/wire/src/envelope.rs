//! The few top-level members of a request body that a gateway must know.

use std::borrow::Cow;
use std::ops::Range;

use crate::scan::{BodyError, Scan, Tail};
use crate::splice::Edit;

/// What a request body says of itself. Reading it checks the whole body: UTF-8, JSON, depth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The `model` member, without quotes and escapes.
    pub model: Option<Cow<'a, str>>,
    /// The `stream` member; `null` is none.
    pub stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    tail: Tail,
}

/// The `stream_options` member.
#[derive(Clone, Debug, PartialEq, Eq)]
struct StreamOptions {
    /// Where its value stands in the body.
    span: Range<usize>,
    include_usage: Option<IncludeUsage>,
    /// Where a further member would go; none where the value is `null`.
    tail: Option<Tail>,
}

/// The `stream_options.include_usage` member.
#[derive(Clone, Debug, PartialEq, Eq)]
struct IncludeUsage {
    /// What it says; `null` is false.
    value: bool,
    /// Where its value stands in the body.
    span: Range<usize>,
}

impl<'a> Envelope<'a> {
    /// Reads a request body.
    ///
    /// # Errors
    ///
    /// Fails when the body is not a JSON object of at most [`MAX_DEPTH`](crate::MAX_DEPTH) levels, when
    /// one of the known members is there twice, however it is spelt, and when it has another type than it
    /// must have. The error's text is meant for the caller.
    pub fn read(body: &'a [u8]) -> Result<Self, BodyError> {
        let mut scan = Scan::new(body)?;
        let (mut model, mut stream, mut options) = (None, None, None);
        let tail = scan.members(|scan, name| match decoded_name(scan, name)?.as_ref() {
            "model" => once("model", &mut model, read_model(scan)?),
            "stream" => once("stream", &mut stream, read_stream(scan)?),
            "stream_options" => once("stream_options", &mut options, read_options(scan)?),
            _ => scan.value().map(drop),
        })?;
        scan.end()?;
        Ok(Self { model, stream: stream.flatten(), stream_options: options, tail })
    }

    /// Asks for usage in a stream, with `stream_options.include_usage`; none where that is asked for already.
    #[must_use]
    pub fn ask_for_usage(&self) -> Option<Edit> {
        const MEMBER: &str = r#""include_usage":true"#;
        let Some(options) = &self.stream_options else {
            return Some(insert(self.tail, &format!(r#""stream_options":{{{MEMBER}}}"#)));
        };
        match (&options.include_usage, options.tail) {
            (Some(IncludeUsage { value: true, .. }), _) => None,
            (Some(usage), _) => Some(Edit { span: usage.span.clone(), text: "true".to_owned() }),
            (None, Some(tail)) => Some(insert(tail, MEMBER)),
            (None, None) => {
                Some(Edit { span: options.span.clone(), text: format!("{{{MEMBER}}}") })
            }
        }
    }
}

fn insert(tail: Tail, member: &str) -> Edit {
    let comma = if tail.empty { "" } else { "," };
    Edit { span: tail.at..tail.at, text: format!("{comma}{member}") }
}

fn decoded_name<'a>(scan: &Scan<'a>, name: Range<usize>) -> Result<Cow<'a, str>, BodyError> {
    let at_bytes = name.start;
    scan.decoded(name)
        .ok_or(BodyError::NotJson { at_bytes, expected: "a name without half surrogate pairs" })
}

fn once<T>(member: &'static str, place: &mut Option<T>, value: T) -> Result<(), BodyError> {
    if place.replace(value).is_some() { Err(BodyError::Twice { member }) } else { Ok(()) }
}

fn read_model<'a>(scan: &mut Scan<'a>) -> Result<Cow<'a, str>, BodyError> {
    let wrong = BodyError::WrongType { member: "model", expected: "a string" };
    if scan.peek() != Some(b'"') {
        // What is no JSON at all is told as that.
        return scan.value().and(Err(wrong));
    }
    let span = scan.string()?;
    scan.decoded(span).ok_or(wrong)
}

fn read_stream(scan: &mut Scan<'_>) -> Result<Option<bool>, BodyError> {
    read_bool(scan, "stream").map(|(value, _)| value)
}

fn read_options(scan: &mut Scan<'_>) -> Result<StreamOptions, BodyError> {
    match scan.peek() {
        Some(b'{') => {
            let start = scan.at();
            let mut include_usage = None;
            let tail = scan.members(|scan, name| {
                if decoded_name(scan, name)? != "include_usage" {
                    return scan.value().map(drop);
                }
                let member = "stream_options.include_usage";
                let (value, span) = read_bool(scan, member)?;
                let value = IncludeUsage { value: value.unwrap_or(false), span };
                once(member, &mut include_usage, value)
            })?;
            Ok(StreamOptions { span: start..scan.at(), include_usage, tail: Some(tail) })
        }
        _ => {
            let span = scan.value()?;
            if scan.text(span.clone()) != "null" {
                let member = "stream_options";
                return Err(BodyError::WrongType { member, expected: "an object" });
            }
            Ok(StreamOptions { span, include_usage: None, tail: None })
        }
    }
}

fn read_bool(
    scan: &mut Scan<'_>,
    member: &'static str,
) -> Result<(Option<bool>, Range<usize>), BodyError> {
    let span = scan.value()?;
    let value = match scan.text(span.clone()) {
        "true" => Some(true),
        "false" => Some(false),
        "null" => None,
        _ => return Err(BodyError::WrongType { member, expected: "true or false" }),
    };
    Ok((value, span))
}

#[cfg(test)]
mod tests {
    use super::Envelope;
    use crate::splice;

    #[test]
    fn finds_what_it_is_asked_for() {
        let body = br#" { "a":[{"model":"x"}], "mo\u0064el" : "gpt\/\u00e9" ,"stream":true} "#;
        let envelope = Envelope::read(body).unwrap();
        assert_eq!(envelope.model.as_deref(), Some("gpt/é"));
        assert_eq!(envelope.stream, Some(true));
        assert_eq!(Envelope::read(br#"{"stream":null}"#).unwrap().stream, None);
    }

    #[test]
    fn refuses_in_a_sentence() {
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(64), "]".repeat(64));
        for (body, expected) in [
            (r#"{"model":"a","mo\u0064el":"a"}"#, "`model` is given twice: send it once"),
            (r#"{"stream":null,"stream":true}"#, "`stream` is given twice: send it once"),
            (
                r#"{"stream_options":{},"stream_options":null}"#,
                "`stream_options` is given twice: send it once",
            ),
            (
                r#"{"stream_options":{"include_usage":true,"include_usage":false}}"#,
                "`stream_options.include_usage` is given twice: send it once",
            ),
            (r#"{"model":null}"#, "`model` must be a string"),
            (r#"{"model":"\ud800"}"#, "`model` must be a string"),
            (r#"{"stream":"true"}"#, "`stream` must be true or false"),
            (r#"{"stream_options":7}"#, "`stream_options` must be an object"),
            ("[]", "the body is not JSON: expected an object at byte 0"),
            ("", "the body is not JSON: expected an object at byte 0"),
            ("{} {}", "the body is not JSON: expected nothing after the first value at byte 3"),
            (r#"{"a":NaN}"#, "the body is not JSON: expected a value at byte 5"),
            (r#"{"model":NaN}"#, "the body is not JSON: expected a value at byte 9"),
            (
                "{\"a\":\"\t\"}",
                "the body is not JSON: expected control characters to be escaped at byte 6",
            ),
            (
                "{\"a\":\"b\u{1f}\"}",
                "the body is not JSON: expected control characters to be escaped at byte 7",
            ),
            (r#"{"a":1,}"#, "the body is not JSON: expected a string at byte 7"),
            (
                r#"{"\ud800":1}"#,
                "the body is not JSON: expected a name without half surrogate pairs at byte 1",
            ),
            (deep.as_str(), "the body nests deeper than 64 levels: flatten it"),
        ] {
            assert_eq!(
                Envelope::read(body.as_bytes()).unwrap_err().to_string(),
                expected,
                "{body}"
            );
        }
        let error = Envelope::read(b"{\"a\":\"\xff\"}").unwrap_err();
        assert_eq!(error.to_string(), "the body is not UTF-8 text: byte 6 begins no character");
    }

    #[test]
    fn goes_as_deep_as_it_says() {
        let body = format!(r#"{{"a":{}{}}}"#, "[".repeat(63), "]".repeat(63));
        assert!(Envelope::read(body.as_bytes()).is_ok());
        let wide = format!(r#"{{"a":[{}0]}}"#, "[],{},".repeat(100));
        assert!(Envelope::read(wide.as_bytes()).is_ok());
    }

    #[test]
    fn asks_for_usage_once() {
        for (body, expected) in [
            (r"{ }", r#"{"stream_options":{"include_usage":true} }"#),
            (r#"{"a":1 }"#, r#"{"a":1,"stream_options":{"include_usage":true} }"#),
            (
                r#"{"stream_options" : null,"a":1}"#,
                r#"{"stream_options" : {"include_usage":true},"a":1}"#,
            ),
            (r#"{"stream_options":{ }}"#, r#"{"stream_options":{"include_usage":true }}"#),
            (
                r#"{"stream_options":{"x":{}}}"#,
                r#"{"stream_options":{"x":{},"include_usage":true}}"#,
            ),
            (
                r#"{"stream_options":{"include_usage": false}}"#,
                r#"{"stream_options":{"include_usage": true}}"#,
            ),
            (
                r#"{"stream_options":{"include_usage": null}}"#,
                r#"{"stream_options":{"include_usage": true}}"#,
            ),
        ] {
            let edit = Envelope::read(body.as_bytes()).unwrap().ask_for_usage().unwrap();
            let spliced = splice(body.as_bytes(), &[edit]);
            assert_eq!(String::from_utf8(spliced.clone()).unwrap(), expected);
            assert_eq!(Envelope::read(&spliced).unwrap().ask_for_usage(), None);
        }
    }
}
