//! Reads one part of a caller's content.

use canonical::{
    Dialect, Fault, Losses, Media, MediaSource, Opaque, Part, Reasoning, Seal, ToolCall, ToolResult,
};
use serde_json::{Map, Value};

use super::spelling::{object, objects, standard_base64};
use crate::{fields::Fields, foreign_seal, gemini::part::media_kind};

/// What parts are called in [`Losses`].
const GROUP: &str = "contents.parts";

/// Reads one part; one that says nothing is none. Blocks that only the dialect understands stay as they are.
pub(super) fn part(mut part: Fields, losses: &mut Losses) -> Result<Option<Part>, Fault> {
    let is_thought = part.boolean("thought")? == Some(true);
    let seal = part.string("thoughtSignature")?.filter(|data| !data.is_empty()).map(seal_of);
    if let Some(call) = object(&mut part, "functionCall")? {
        part.note_rest(GROUP, losses);
        return tool_call(call, seal, losses).map(Some);
    }
    if let Some(result) = object(&mut part, "functionResponse")? {
        part.note_rest(GROUP, losses);
        return tool_result(result, losses).map(Some);
    }
    if is_film(&part) {
        return Ok(Some(opaque(part.rest(), seal)));
    }
    if let Some(media) = media(&mut part, losses)? {
        if seal.is_some() {
            losses.note("contents.parts.thoughtSignature");
        }
        part.note_rest(GROUP, losses);
        return Ok(Some(Part::Media(media)));
    }
    let text = part.string("text")?;
    let rest = part.rest();
    if text.is_none() && rest.values().any(Value::is_object) {
        return Ok(Some(opaque(rest, seal)));
    }
    for (name, _) in rest {
        losses.note(format!("{GROUP}.{name}"));
    }
    let text = text.unwrap_or_default();
    Ok(match (text.is_empty() && seal.is_none(), is_thought) {
        (true, _) => None,
        (false, true) => Some(match seal.as_ref().and_then(foreign_seal::block_of) {
            Some(block) => Part::Opaque(block),
            None => Part::Reasoning(Reasoning { text, seal }),
        }),
        (false, false) => Some(Part::Text { text, seal }),
    })
}

/// Whether the part holds moving pictures, which no other dialect can show.
fn is_film(part: &Fields) -> bool {
    let held = ["inlineData", "fileData"].into_iter().find_map(|name| part.peek(name));
    let mime = ["mimeType", "mime_type"].into_iter().find_map(|name| held?.get(name)?.as_str());
    mime.is_some_and(|mime| mime.starts_with("video/"))
}

/// Reads a seal, which SDKs may have written in another alphabet than they got it in.
pub(super) fn seal_of(data: String) -> Seal {
    let foreign = foreign_seal::unpack(standard_base64(&data), Dialect::Gemini);
    if foreign.dialect == Dialect::Gemini { Seal { data, ..foreign } } else { foreign }
}

fn opaque(mut json: Map<String, Value>, seal: Option<Seal>) -> Part {
    let own = seal.filter(|seal| seal.dialect == Dialect::Gemini);
    if let Some(Seal { data, .. }) = own {
        json.insert("thoughtSignature".to_owned(), data.into());
    }
    Part::Opaque(Opaque { dialect: Dialect::Gemini, json: json.into() })
}

fn tool_call(mut call: Fields, seal: Option<Seal>, losses: &mut Losses) -> Result<Part, Fault> {
    let id = call.string("id")?.unwrap_or_default();
    let name = call.required_string("name")?;
    let arguments = match call.take("args") {
        None => "{}".to_owned(),
        Some(args @ Value::Object(_)) => args.to_string(),
        Some(_) => return Err(call.wrong("args", "an object")),
    };
    call.note_rest("contents.parts.functionCall", losses);
    Ok(Part::ToolCall(ToolCall { id, name, arguments, seal }))
}

/// Reads what a tool answered, and the media that newer models take with it.
fn tool_result(mut result: Fields, losses: &mut Losses) -> Result<Part, Fault> {
    let call_id = result.string("id")?.unwrap_or_default();
    let name = result.string("name")?.filter(|name| !name.is_empty());
    let response = match result.take("response") {
        None => Map::new(),
        Some(Value::Object(response)) => response,
        Some(_) => return Err(result.wrong("response", "an object")),
    };
    let is_error = response.get("error").is_some_and(|error| !error.is_null());
    let mut content = vec![Part::text(said(response))];
    for (mut part, _) in objects(&mut result, "parts")? {
        content.extend(media(&mut part, losses)?.map(Part::Media));
        part.note_rest("contents.parts.functionResponse.parts", losses);
    }
    result.note_rest("contents.parts.functionResponse", losses);
    Ok(Part::ToolResult(ToolResult { call_id, name, content, is_error }))
}

/// What a tool said: `output` or `error` if the response is nothing else, else the whole response.
/// Source: `FunctionResponse.response` of <https://ai.google.dev/api/caching>
fn said(response: Map<String, Value>) -> String {
    let mut members = response.iter();
    match (members.next(), members.next()) {
        (None, _) => String::new(),
        (Some((name, Value::String(text))), None)
            if matches!(name.as_str(), "output" | "error") =>
        {
            text.clone()
        }
        (Some((name, value)), None) if matches!(name.as_str(), "output" | "error") => {
            value.to_string()
        }
        (Some(_), _) => Value::Object(response).to_string(),
    }
}

/// Takes media by value or by address.
fn media(part: &mut Fields, losses: &mut Losses) -> Result<Option<Media>, Fault> {
    let (mut blob, source) = if let Some(mut blob) = object(part, "inlineData")? {
        let data = standard_base64(&blob.required_string("data")?);
        (blob, MediaSource::Base64(data))
    } else if let Some(mut file) = object(part, "fileData")? {
        let uri = file.required_string("fileUri")?;
        (file, MediaSource::Url(uri))
    } else {
        return Ok(None);
    };
    let mime = blob.string("mimeType")?.filter(|mime| !mime.is_empty());
    let name = blob.string("displayName")?;
    blob.note_rest("contents.parts.media", losses);
    Ok(Some(Media { kind: media_kind(mime.as_deref()), mime, source, detail: None, name }))
}
