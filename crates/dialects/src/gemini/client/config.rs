//! Reads a caller's `generationConfig`.

use canonical::{Effort, Fault, Losses, OutputFormat, ReasoningControl, Request};

use super::{schema::json_schema, spelling::object};
use crate::fields::Fields;

/// Takes how the answer is made.
pub(super) fn take_generation_config(
    fields: &mut Fields,
    request: &mut Request,
    losses: &mut Losses,
) -> Result<(), Fault> {
    let Some(mut config) = object(fields, "generationConfig")? else { return Ok(()) };
    let sampling = &mut request.sampling;
    sampling.temperature = config.number("temperature")?;
    sampling.top_p = config.number("topP")?;
    sampling.top_k = config.count("topK")?;
    sampling.max_tokens = config.count("maxOutputTokens")?;
    sampling.seed = config.integer("seed")?;
    sampling.presence_penalty = config.number("presencePenalty")?;
    sampling.frequency_penalty = config.number("frequencyPenalty")?;
    sampling.choices = config.count("candidateCount")?;
    let alternatives = config.count("logprobs")?;
    let wants_logprobs = config.boolean("responseLogprobs")? == Some(true);
    sampling.logprobs = wants_logprobs.then(|| alternatives.unwrap_or(0));
    request.stop = config.strings("stopSequences")?;
    request.output = output(&mut config, losses)?;
    request.reasoning = reasoning(&mut config, losses)?;
    let modalities = config.strings("responseModalities")?;
    if modalities.iter().any(|modality| !modality.eq_ignore_ascii_case("text")) {
        losses.note("generationConfig.responseModalities");
    }
    config.note_rest("generationConfig", losses);
    Ok(())
}

fn output(config: &mut Fields, losses: &mut Losses) -> Result<OutputFormat, Fault> {
    let openapi = config.take("responseSchema").map(json_schema);
    let schema =
        config.take("responseJsonSchema").or(config.take("_responseJsonSchema")).or(openapi);
    let mime = config.string("responseMimeType")?;
    Ok(match (mime.as_deref(), schema) {
        (None | Some("" | "application/json"), Some(schema)) => {
            OutputFormat::JsonSchema { name: None, schema, strict: None }
        }
        (Some("application/json"), None) => OutputFormat::Json,
        (None | Some("" | "text/plain"), None) => OutputFormat::Text,
        (Some(_), _) => {
            losses.note("generationConfig.responseMimeType");
            OutputFormat::Text
        }
    })
}

/// A budget of -1 leaves the amount to the model, as no budget does.
fn reasoning(config: &mut Fields, losses: &mut Losses) -> Result<ReasoningControl, Fault> {
    let Some(mut thinking) = object(config, "thinkingConfig")? else {
        return Ok(ReasoningControl::default());
    };
    let budget = thinking.integer("thinkingBudget")?;
    let level = thinking.string("thinkingLevel")?.map(|level| level.to_ascii_uppercase());
    let effort = match level.as_deref() {
        None | Some("THINKING_LEVEL_UNSPECIFIED") => None,
        Some("MINIMAL") => Some(Effort::Minimal),
        Some("LOW") => Some(Effort::Low),
        Some("MEDIUM") => Some(Effort::Medium),
        Some("HIGH") => Some(Effort::High),
        Some(_) => {
            return Err(thinking.wrong("thinkingLevel", "`MINIMAL`, `LOW`, `MEDIUM` or `HIGH`"));
        }
    };
    let control = ReasoningControl {
        effort,
        budget_tokens: budget.and_then(|budget| u64::try_from(budget).ok()),
        include: thinking.boolean("includeThoughts")?,
    };
    thinking.note_rest("generationConfig.thinkingConfig", losses);
    Ok(control)
}
