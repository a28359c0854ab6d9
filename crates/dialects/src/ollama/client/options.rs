//! Reads what chats and generations share: the model, `options`, `format`, `think` and `stream`.

use canonical::{Effort, Fault, Losses, OutputFormat, ReasoningControl, Request, Sampling};
use serde_json::Value;

use crate::fields::Fields;

/// Starts a request with the members that say how to answer.
pub(super) fn read(fields: &mut Fields, losses: &mut Losses) -> Result<Request, Fault> {
    // How long the model stays in memory. Other providers have theirs there always.
    fields.take("keep_alive");
    let mut request = Request {
        model: fields.required_string("model")?,
        stream: fields.boolean("stream")?.unwrap_or(true),
        output: format(fields)?,
        reasoning: think(fields)?,
        ..Request::default()
    };
    if let Some(options) = fields.object("options")? {
        (request.sampling, request.stop) = sampling(options, losses)?;
    }
    request.sampling.logprobs = logprobs(fields)?;
    Ok(request)
}

/// Reads `""`, which older clients send for none, `"json"`, or a schema.
fn format(fields: &mut Fields) -> Result<OutputFormat, Fault> {
    match fields.take("format") {
        None => Ok(OutputFormat::Text),
        Some(Value::String(word)) if word.is_empty() => Ok(OutputFormat::Text),
        Some(Value::String(word)) if word == "json" => Ok(OutputFormat::Json),
        Some(schema @ Value::Object(_)) => {
            Ok(OutputFormat::JsonSchema { name: None, schema, strict: None })
        }
        Some(_) => Err(fields.wrong("format", "\"json\" or a JSON Schema")),
    }
}

/// Reads a switch or a level; who lets a model think also wants to see its thoughts.
/// Source: <https://github.com/ollama/ollama/blob/main/docs/capabilities/thinking.mdx>
fn think(fields: &mut Fields) -> Result<ReasoningControl, Fault> {
    let (effort, include) = match fields.take("think") {
        None => (None, None),
        // Other dialects have no bare switch: the middle is what their models do unless told otherwise.
        Some(Value::Bool(true)) => (Some(Effort::Medium), Some(true)),
        Some(Value::Bool(false)) => (Some(Effort::None), None),
        Some(level) => {
            let effort = match level.as_str() {
                Some("low") => Effort::Low,
                Some("medium") => Effort::Medium,
                Some("high") => Effort::High,
                Some("max") => Effort::Max,
                Some(_) | None => {
                    let expected = "true, false, \"low\", \"medium\", \"high\" or \"max\"";
                    return Err(fields.wrong("think", expected));
                }
            };
            (Some(effort), Some(true))
        }
    };
    Ok(ReasoningControl { effort, budget_tokens: None, include })
}

/// Reads `options`. Those of them that only Ollama's own runner has are noted.
fn sampling(mut options: Fields, losses: &mut Losses) -> Result<(Sampling, Vec<String>), Fault> {
    let positive = |number: i64| u64::try_from(number).ok().filter(|number| *number > 0);
    let sampling = Sampling {
        temperature: options.number("temperature")?,
        top_p: options.number("top_p")?,
        // 0 draws from all tokens.
        top_k: options.integer("top_k")?.and_then(positive),
        // -1 is without end, and -2 until the window is full.
        max_tokens: options.integer("num_predict")?.and_then(positive),
        // -1 is a seed by chance.
        seed: options.integer("seed")?.filter(|seed| *seed != -1),
        presence_penalty: options.number("presence_penalty")?,
        frequency_penalty: options.number("frequency_penalty")?,
        choices: None,
        logprobs: None,
    };
    let stop = options.strings("stop")?;
    options.note_rest("options", losses);
    Ok((sampling, stop))
}

/// Reads how many alternatives to report; the count alone reports nothing.
fn logprobs(fields: &mut Fields) -> Result<Option<u64>, Fault> {
    let wanted = fields.boolean("logprobs")?.unwrap_or(false);
    let top = fields.count("top_logprobs")?.unwrap_or(0);
    Ok(wanted.then_some(top))
}

#[cfg(test)]
mod tests {
    use canonical::{Effort, Fault, Losses, OutputFormat, ReasoningControl, Request, Sampling};
    use serde_json::{Value, json};

    use super::read;
    use crate::fields::Fields;

    fn read_all(mut body: Value) -> Result<(Request, String), Fault> {
        body["model"] = json!("m");
        let mut losses = Losses::default();
        let mut fields = Fields::parse(body.to_string().as_bytes())?;
        let request = read(&mut fields, &mut losses)?;
        assert!(fields.rest().is_empty());
        Ok((request, losses.to_string()))
    }

    #[test]
    fn options_are_read_and_the_runners_own_are_noted() {
        let (request, lost) = read_all(json!({ "options": {
            "temperature": 0, "top_p": 0.5, "top_k": 40, "num_predict": 5, "seed": 7, "stop": "END",
            "presence_penalty": 0.25, "frequency_penalty": -0.25,
            "num_ctx": 8192, "mirostat": null, "repeat_penalty": 1.1,
        }}))
        .unwrap();
        let expected = Sampling {
            temperature: Some(0.0),
            top_p: Some(0.5),
            top_k: Some(40),
            max_tokens: Some(5),
            seed: Some(7),
            presence_penalty: Some(0.25),
            frequency_penalty: Some(-0.25),
            choices: None,
            logprobs: None,
        };
        assert_eq!(request.sampling, expected);
        assert_eq!(request.stop, ["END"]);
        assert_eq!(lost, "options.num_ctx, options.repeat_penalty");
    }

    #[test]
    fn numbers_that_mean_none_are_unset() {
        for options in [
            json!({ "num_predict": -1, "seed": -1, "top_k": 0 }),
            json!({ "num_predict": -2 }),
            json!({ "num_predict": 0, "top_k": -1 }),
            json!({}),
            Value::Null,
        ] {
            let (request, lost) = read_all(json!({ "options": options })).unwrap();
            assert_eq!(request.sampling, Sampling::default(), "{options}");
            assert_eq!(lost, "");
        }
    }

    #[test]
    fn thinking_is_a_switch_or_a_level() {
        for (think, effort, include) in [
            (Value::Null, None, None),
            (json!(true), Some(Effort::Medium), Some(true)),
            (json!(false), Some(Effort::None), None),
            (json!("low"), Some(Effort::Low), Some(true)),
            (json!("medium"), Some(Effort::Medium), Some(true)),
            (json!("high"), Some(Effort::High), Some(true)),
            (json!("max"), Some(Effort::Max), Some(true)),
        ] {
            let (request, _) = read_all(json!({ "think": think })).unwrap();
            let expected = ReasoningControl { effort, budget_tokens: None, include };
            assert_eq!(request.reasoning, expected, "{think}");
        }
    }

    #[test]
    fn the_format_is_none_json_or_a_schema() {
        let schema = json!({ "type": "object" });
        let by_schema =
            OutputFormat::JsonSchema { name: None, schema: schema.clone(), strict: None };
        for (format, expected) in [
            (Value::Null, OutputFormat::Text),
            (json!(""), OutputFormat::Text),
            (json!("json"), OutputFormat::Json),
            (schema, by_schema),
        ] {
            let (request, _) = read_all(json!({ "format": format })).unwrap();
            assert_eq!(request.output, expected, "{format}");
        }
    }

    #[test]
    fn answers_are_streamed_unless_told_otherwise() {
        for (stream, expected) in [(Value::Null, true), (json!(true), true), (json!(false), false)]
        {
            let (request, _) = read_all(json!({ "stream": stream, "keep_alive": null })).unwrap();
            assert_eq!(request.stream, expected);
        }
    }

    #[test]
    fn alternatives_are_reported_when_probabilities_are() {
        for (body, expected) in [
            (json!({ "logprobs": true, "top_logprobs": 3 }), Some(3)),
            (json!({ "logprobs": true }), Some(0)),
            (json!({ "logprobs": false, "top_logprobs": 3 }), None),
            (json!({ "top_logprobs": 3 }), None),
        ] {
            assert_eq!(read_all(body.clone()).unwrap().0.sampling.logprobs, expected, "{body}");
        }
    }

    #[test]
    fn faults_name_the_member() {
        for (body, member) in [
            (json!({ "think": "hard" }), "`think` must be true, false"),
            (json!({ "think": 1 }), "`think` must be true, false"),
            (json!({ "format": "xml" }), "`format` must be \"json\""),
            (json!({ "stream": "no" }), "`stream` must be true or false"),
            (json!({ "options": [] }), "`options` must be an object"),
            (json!({ "options": { "top_p": "1" } }), "`options.top_p` must be a number"),
            (json!({ "options": { "num_predict": 0.5 } }), "`options.num_predict` must be"),
        ] {
            let fault = read_all(body).unwrap_err();
            assert!(fault.public.starts_with(member), "{}", fault.public);
        }
    }
}
