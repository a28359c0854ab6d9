//! Media as the provider takes them: pictures of four types, PDF and plain text.

use base64::{Engine, engine::general_purpose::STANDARD};
use canonical::{Media, MediaKind, MediaSource};
use serde_json::{Value, json};

use crate::{image_type::image_type, object::object};

/// The media types of pictures; the provider answers 400 to any other.
/// Source: <https://docs.claude.com/en/docs/build-with-claude/vision>
const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Writes a picture or a document as a content block; `None` where the provider takes nothing of the kind.
pub(super) fn block(media: &Media) -> Option<Value> {
    let (kind, title) = match media.kind {
        MediaKind::Image => ("image", Value::Null),
        MediaKind::Document => ("document", json!(media.name)),
        MediaKind::Audio => return None,
    };
    let source = match &media.source {
        MediaSource::Url(url) => json!({"type": "url", "url": url}),
        MediaSource::Base64(data) => held(media, data)?,
    };
    Some(object([("type", json!(kind)), ("source", source), ("title", title)]))
}

/// Writes what is held by value. Of a type that nobody told, a picture's bytes tell, and a document is a PDF.
fn held(media: &Media, data: &str) -> Option<Value> {
    let told = media.mime.as_deref().map(essence);
    let base64 = |mime: &str| json!({"type": "base64", "media_type": mime, "data": data});
    match (media.kind, told.as_deref()) {
        (MediaKind::Image, None) => Some(base64(image_type(data).unwrap_or("image/png"))),
        (MediaKind::Image, Some("image/jpg")) => Some(base64("image/jpeg")),
        (MediaKind::Image, Some(told)) => PICTURES.contains(&told).then(|| base64(told)),
        (MediaKind::Document, None | Some("application/pdf")) => Some(base64("application/pdf")),
        (MediaKind::Document, Some("text/plain")) => {
            let text = String::from_utf8(STANDARD.decode(data).ok()?).ok()?;
            Some(json!({"type": "text", "media_type": "text/plain", "data": text}))
        }
        (MediaKind::Document | MediaKind::Audio, _) => None,
    }
}

/// The media type without its parameters, lower case.
fn essence(mime: &str) -> String {
    mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
