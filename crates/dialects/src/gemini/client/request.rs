//! Reads the body of `generateContent`.

use canonical::{Dialect, Fault, Losses, Request};

use super::{
    config::take_generation_config,
    content::{take_messages, take_system},
    spelling::body,
    tools::{take_tool_config, take_tools},
};
use crate::fields::Fields;

/// Reads a request; the model and whether to stream stand in the path.
pub(super) fn decode(bytes: &[u8], losses: &mut Losses) -> Result<Request, Fault> {
    read(body(bytes)?, losses)
}

/// Reads a request out of its members.
pub(super) fn read(mut fields: Fields, losses: &mut Losses) -> Result<Request, Fault> {
    let mut request = Request {
        model: model(&mut fields)?,
        system: take_system(&mut fields, losses)?,
        messages: take_messages(&mut fields, losses)?,
        tools: take_tools(&mut fields, losses)?,
        stream_usage: true,
        ..Request::default()
    };
    take_tool_config(&mut fields, &mut request, losses)?;
    take_generation_config(&mut fields, &mut request, losses)?;
    let extras = fields.rest();
    request.extras = (!extras.is_empty()).then_some((Dialect::Gemini, extras));
    Ok(request)
}

/// Takes the model's id, where the body repeats it.
pub(super) fn model(fields: &mut Fields) -> Result<String, Fault> {
    let name = fields.string("model")?.unwrap_or_default();
    Ok(name.strip_prefix("models/").map_or(name.clone(), str::to_owned))
}
