//! Where thoughts and seals stand in the messages of OpenAI chat, which has no place of its own for them.
//!
//! The text is in `reasoning_content`, as DeepSeek began it. Sealed thoughts are in `reasoning_details` besides, in
//! OpenRouter's shape (<https://openrouter.ai/docs/use-cases/reasoning-tokens>); the seals of texts and calls in
//! `extra_content.google.thought_signature`, in Google's (<https://ai.google.dev/gemini-api/docs/thought-signatures>).
//! A caller that sends its assistant's messages back as they came thereby sends back all seals.

use canonical::{Dialect, Fault, Losses, Part, Reasoning, Seal};
use serde_json::{Value, json};

use crate::{
    fields::Fields,
    foreign_seal::{block_of, pack, unpack},
    openai_chat::request::REASONING_MEMBERS,
};

/// The member of a message that holds sealed thoughts.
pub(super) const DETAILS: &str = "reasoning_details";

/// The member of a message or call that holds its seal.
pub(crate) const EXTRA_CONTENT: &str = "extra_content";

/// Takes the thoughts of an assistant's message.
pub(super) fn take_thoughts(message: &mut Fields, losses: &mut Losses) -> Result<Vec<Part>, Fault> {
    let place = message.place(DETAILS);
    let mut thoughts = Vec::new();
    for (index, value) in message.list(DETAILS)?.into_iter().enumerate() {
        let detail = Fields::of(value, &format!("{place}[{index}]"))?;
        thoughts.extend(thought(detail, losses)?);
    }
    // The same thoughts again, in every member that a server filled.
    let mut plain = None;
    for member in REASONING_MEMBERS {
        let text = message.string(member)?.filter(|text| !text.is_empty());
        plain = plain.or(text);
    }
    if thoughts.is_empty() {
        thoughts.extend(plain.map(|text| Part::Reasoning(Reasoning { text, seal: None })));
    }
    Ok(thoughts)
}

fn thought(mut detail: Fields, losses: &mut Losses) -> Result<Option<Part>, Fault> {
    let sealed = |data: Option<String>| {
        data.filter(|data| !data.is_empty()).map(|data| unpack(data, Dialect::OpenAiChat))
    };
    let text = match detail.required_string("type")?.as_str() {
        "reasoning.text" => detail.string("text")?,
        "reasoning.summary" => detail.string("summary")?,
        "reasoning.encrypted" => {
            let seal = sealed(detail.string("data")?);
            return Ok(Some(match seal.as_ref().and_then(block_of) {
                Some(block) => Part::Opaque(block),
                None => Part::Reasoning(Reasoning { text: String::new(), seal }),
            }));
        }
        _ => {
            losses.note(format!("messages.{DETAILS}"));
            return Ok(None);
        }
    };
    let seal = sealed(detail.string("signature")?);
    Ok(Some(Part::Reasoning(Reasoning { text: text.unwrap_or_default(), seal })))
}

/// Writes a sealed thought as the entry of `reasoning_details` at `index`; one without a foreign seal needs none.
pub(super) fn detail(text: &str, seal: Option<&Seal>, index: usize) -> Option<Value> {
    let seal = seal.filter(|seal| seal.dialect != Dialect::OpenAiChat)?;
    let data = pack(seal, Dialect::OpenAiChat);
    Some(if text.is_empty() {
        json!({ "type": "reasoning.encrypted", "data": data, "index": index })
    } else {
        json!({ "type": "reasoning.text", "text": text, "signature": data, "index": index })
    })
}

/// Takes the seal of a message's text or of a call. A signature that isn't packed is Google's own.
pub(super) fn take_seal(fields: &mut Fields) -> Result<Option<Seal>, Fault> {
    let Some(mut extra) = fields.object(EXTRA_CONTENT)? else { return Ok(None) };
    let Some(mut google) = extra.object("google")? else { return Ok(None) };
    let data = google.string("thought_signature")?;
    Ok(data.map(|data| unpack(data, Dialect::Gemini)))
}

/// Writes the seal of a text or a call; null where there is none.
pub(crate) fn extra_content(seal: Option<&Seal>) -> Value {
    let Some(seal) = seal else { return Value::Null };
    json!({ "google": { "thought_signature": pack(seal, Dialect::Gemini) } })
}
