//! Reads the parts of an answer's content.

use canonical::{Dialect, Media, MediaKind, MediaSource, Opaque, Part, Reasoning, Seal, ToolCall};
use serde_json::Value;

use crate::json::{filled, is_true, present, text};

/// Reads one part; one that says nothing is none. Parts that only the dialect understands stay as they are.
pub(super) fn part(part: &Value) -> Option<Part> {
    let seal = seal(part);
    if let Some(call) = present(part, "functionCall") {
        return Some(Part::ToolCall(ToolCall {
            id: text(call, "id").unwrap_or_default().to_owned(),
            name: text(call, "name").unwrap_or_default().to_owned(),
            arguments: present(call, "args").map_or_else(|| "{}".to_owned(), Value::to_string),
            seal,
        }));
    }
    let prose = text(part, "text").map(str::to_owned);
    if is_true(part, "thought") && prose.is_some() {
        let text = prose.unwrap_or_default();
        return (!text.is_empty() || seal.is_some())
            .then_some(Part::Reasoning(Reasoning { text, seal }));
    }
    if let Some(media) = media(part) {
        return Some(Part::Media(media));
    }
    match (prose, seal) {
        (Some(text), seal) if !text.is_empty() || seal.is_some() => Some(Part::Text { text, seal }),
        (Some(_), _) => None,
        (None, _) if holds_block(part) => {
            Some(Part::Opaque(Opaque { dialect: Dialect::Gemini, json: part.clone() }))
        }
        (None, Some(seal)) => Some(Part::Text { text: String::new(), seal: Some(seal) }),
        (None, None) => None,
    }
}

/// Reads the mark that the provider wants back with the part.
pub(super) fn seal(part: &Value) -> Option<Seal> {
    let data = filled(part, "thoughtSignature")?.to_owned();
    Some(Seal { dialect: Dialect::Gemini, data })
}

/// Reads media by value or by address.
fn media(part: &Value) -> Option<Media> {
    let (blob, source) = if let Some(blob) = present(part, "inlineData") {
        (blob, MediaSource::Base64(text(blob, "data")?.to_owned()))
    } else {
        let file = present(part, "fileData")?;
        (file, MediaSource::Url(text(file, "fileUri")?.to_owned()))
    };
    let mime = filled(blob, "mimeType").map(str::to_owned);
    Some(Media { kind: media_kind(mime.as_deref()), mime, source, detail: None, name: None })
}

/// Tells what media are by their type.
pub(super) fn media_kind(mime: Option<&str>) -> MediaKind {
    match mime.and_then(|mime| mime.split('/').next()) {
        Some("image") => MediaKind::Image,
        Some("audio") => MediaKind::Audio,
        _ => MediaKind::Document,
    }
}

/// Whether the part holds a block of its own, such as `executableCode`.
fn holds_block(part: &Value) -> bool {
    part.as_object().is_some_and(|members| members.values().any(Value::is_object))
}
