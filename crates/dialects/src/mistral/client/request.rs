//! Reads a caller's chat request, and one to fill in the middle of a text.

use canonical::{Dialect, Fault, Losses, Message, Part, Request, Role, Sampling};
use serde_json::Value;

use crate::{
    fields::{Fields, invalid},
    openai_chat::client::request::{say_nothing, shared, with_rest},
};

/// Reads a chat request.
pub(super) fn chat(body: &[u8], losses: &mut Losses) -> Result<Request, Fault> {
    let mut fields = Fields::parse(body)?;
    let mut request = shared(&mut fields, Dialect::Mistral, losses)?;
    request.sampling.seed = fields.integer("random_seed")?;
    say_nothing(&mut fields, "safe_prompt", |value| value == false);
    Ok(with_rest(request, fields, Dialect::Mistral))
}

/// Reads a request to go on from `prompt`. Other dialects can't be told of a `suffix` to arrive at; without one
/// a chat can say the same.
pub(super) fn fill_in(body: &[u8]) -> Result<Request, Fault> {
    let mut fields = Fields::parse(body)?;
    let model = fields.required_string("model")?;
    let prompt = fields.required_string("prompt")?;
    say_nothing(&mut fields, "suffix", |value: &Value| value == "");
    if fields.has("suffix") {
        return Err(invalid(
            "`suffix` needs a provider that speaks Mistral's own dialect: choose a model of such a provider, or leave `suffix` out",
        ));
    }
    let sampling = Sampling {
        temperature: fields.number("temperature")?,
        top_p: fields.number("top_p")?,
        max_tokens: fields.count("max_tokens")?,
        seed: fields.integer("random_seed")?,
        ..Sampling::default()
    };
    let request = Request {
        model,
        messages: vec![Message { role: Role::User, parts: vec![Part::text(prompt)] }],
        sampling,
        stop: fields.strings("stop")?,
        stream: fields.boolean("stream")?.unwrap_or_default(),
        ..Request::default()
    };
    Ok(with_rest(request, fields, Dialect::Mistral))
}
