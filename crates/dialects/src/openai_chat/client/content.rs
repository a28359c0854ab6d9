//! Reads `content` of a caller's message, in the forms that OpenAI chat and Mistral have between them.

use canonical::{Dialect, Fault, Losses, Media, MediaKind, MediaSource, Opaque, Part, Reasoning};
use serde_json::Value;

use crate::{
    data_url::{bytes_of, media_at},
    fields::{Fields, invalid},
    foreign_seal::{block_of, unpack},
    json::{is_true, present, text},
};

/// The kinds of chunks that the canonical form has a name for.
const KNOWN: [&str; 7] =
    ["text", "refusal", "image_url", "document_url", "file", "input_audio", "thinking"];

/// Takes `content`, which is a text or a list of chunks; none where it is absent.
pub(super) fn content(
    message: &mut Fields,
    dialect: Dialect,
    losses: &mut Losses,
) -> Result<Option<Vec<Part>>, Fault> {
    let place = message.place("content");
    let chunks = match message.take("content") {
        None => return Ok(None),
        Some(Value::String(text)) => return Ok(Some(vec![Part::text(text)])),
        Some(Value::Array(chunks)) => chunks,
        Some(_) => return Err(message.wrong("content", "a string or a list of parts")),
    };
    let mut parts = Vec::with_capacity(chunks.len());
    let mut is_open = false;
    for (index, value) in chunks.into_iter().enumerate() {
        let goes_on = is_open_thought(&value);
        match (parts.last_mut(), chunk(value, &format!("{place}[{index}]"), dialect, losses)?) {
            (Some(Part::Reasoning(thought)), Some(Part::Reasoning(more))) if is_open => {
                thought.text.push_str(&more.text);
                thought.seal = more.seal;
            }
            (_, part) => parts.extend(part),
        }
        is_open = goes_on;
    }
    Ok(Some(parts))
}

/// Whether the next thought is more of this one, as Mistral's callers have it from a stream.
fn is_open_thought(chunk: &Value) -> bool {
    text(chunk, "type") == Some("thinking")
        && present(chunk, "signature").is_none()
        && !is_true(chunk, "closed")
}

/// Reads a chunk; of a kind that is not known here it is its own dialect's business.
fn chunk(
    value: Value,
    place: &str,
    dialect: Dialect,
    losses: &mut Losses,
) -> Result<Option<Part>, Fault> {
    if text(&value, "type").is_some_and(|kind| !KNOWN.contains(&kind)) {
        return Ok(Some(Part::Opaque(Opaque { dialect, json: value })));
    }
    let mut chunk = Fields::of(value, place)?;
    let part = match chunk.required_string("type")?.as_str() {
        "text" => Some(Part::text(chunk.required_string("text")?)),
        "refusal" => Some(Part::text(chunk.required_string("refusal")?)),
        "image_url" => Some(Part::Media(image(&mut chunk, losses)?)),
        "document_url" => {
            let (at, url) = (chunk.place("document_url"), chunk.required_string("document_url")?);
            let name = chunk.string("document_name")?;
            Some(Part::Media(Media { name, ..media_at(url, MediaKind::Document, &at)? }))
        }
        "file" => file(&mut chunk, losses)?.map(Part::Media),
        "input_audio" => Some(Part::Media(audio(&mut chunk, losses)?)),
        "thinking" => Some(thinking(&mut chunk, dialect)?),
        _ => None,
    };
    chunk.note_rest("messages", losses);
    Ok(part)
}

/// Reads an image, whose address is a member of an object or stands alone.
fn image(chunk: &mut Fields, losses: &mut Losses) -> Result<Media, Fault> {
    let place = chunk.place("image_url");
    match chunk.take("image_url") {
        None => Err(chunk.missing("image_url")),
        Some(Value::String(url)) => media_at(url, MediaKind::Image, &place),
        Some(value) => {
            let mut image = Fields::of(value, &place)?;
            let url = image.required_string("url")?;
            let detail = image.string("detail")?;
            let media = media_at(url, MediaKind::Image, &image.place("url"))?;
            image.note_rest("messages.image_url", losses);
            Ok(Media { detail, ..media })
        }
    }
}

/// Reads a file. One that lies with the dialect's own vendor can't be had by another provider.
fn file(chunk: &mut Fields, losses: &mut Losses) -> Result<Option<Media>, Fault> {
    let mut file = match chunk.object("file")? {
        Some(file) => file,
        None if chunk.take("file_id").is_some() => {
            losses.note("messages.file_id");
            return Ok(None);
        }
        None => return Err(chunk.missing("file")),
    };
    if file.take("file_id").is_some() {
        losses.note("messages.file_id");
    }
    let (place, name) = (file.place("file_data"), file.string("filename")?);
    let media = match file.string("file_data")? {
        Some(data) => Some(bytes_of(data, MediaKind::Document, &place)?),
        None => None,
    };
    file.note_rest("messages.file", losses);
    Ok(media.map(|media| Media { name, ..media }))
}

/// Reads a recording: an object with its bytes, or Mistral's text that is an address or the bytes.
fn audio(chunk: &mut Fields, losses: &mut Losses) -> Result<Media, Fault> {
    let place = chunk.place("input_audio");
    let recording = |mime: Option<String>, data: String| Media {
        kind: MediaKind::Audio,
        mime,
        source: MediaSource::Base64(data),
        detail: None,
        name: None,
    };
    match chunk.take("input_audio") {
        None => Err(chunk.missing("input_audio")),
        Some(Value::String(url)) if url.contains(':') => media_at(url, MediaKind::Audio, &place),
        Some(Value::String(data)) => Ok(recording(None, data)),
        Some(value) => {
            let mut audio = Fields::of(value, &place)?;
            let data = audio.required_string("data")?;
            let format = audio.string("format")?;
            audio.note_rest("messages.input_audio", losses);
            let mime = format.map(|format| match format.as_str() {
                "mp3" => "audio/mpeg".to_owned(),
                format => format!("audio/{format}"),
            });
            Ok(recording(mime, data))
        }
    }
}

/// Reads thoughts: a list of texts, or one text as some gateways write it. What seals them may be a whole block.
fn thinking(chunk: &mut Fields, dialect: Dialect) -> Result<Part, Fault> {
    let place = chunk.place("thinking");
    let text = match chunk.take("thinking") {
        Some(Value::String(text)) => text,
        Some(Value::Array(thoughts)) => {
            thoughts.iter().filter_map(|thought| thought.get("text")?.as_str()).collect()
        }
        None => String::new(),
        Some(_) => return Err(invalid(format!("`{place}` must be a list of texts"))),
    };
    chunk.take("closed");
    let seal = chunk.string("signature")?.map(|data| unpack(data, dialect));
    Ok(match seal.as_ref().and_then(block_of) {
        Some(block) => Part::Opaque(block),
        None => Part::Reasoning(Reasoning { text, seal }),
    })
}
