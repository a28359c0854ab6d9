//! Reads images and documents of a caller's messages.

use canonical::{Fault, Media, MediaKind, MediaSource, Part};
use serde_json::Value;

use super::block::Blocks;
use crate::{
    fields::Fields,
    json::{member, text},
};

/// Whether the block's source is of a type that can be told to other providers. Files that lie at Anthropic can't.
pub(super) fn is_known(block: &Value) -> bool {
    let source = text(member(block, "source"), "type");
    matches!(source, Some("base64" | "url" | "text" | "content"))
}

/// Reads an image.
pub(super) fn image(mut fields: Fields, blocks: &mut Blocks<'_>) -> Result<Part, Fault> {
    let mut source = fields.object("source")?.ok_or_else(|| fields.missing("source"))?;
    let media = media(MediaKind::Image, &mut source)?;
    blocks.note_rest(source);
    blocks.note_rest(fields);
    Ok(Part::Media(media))
}

/// Reads a document. One of text becomes text behind its title, and one of blocks becomes those blocks, since
/// other providers know no documents but files.
pub(super) fn document(mut fields: Fields, blocks: &mut Blocks<'_>) -> Result<Vec<Part>, Fault> {
    let title = fields.string("title")?;
    let mut source = fields.object("source")?.ok_or_else(|| fields.missing("source"))?;
    let heading = title.clone().map(Part::text);
    let parts = match source.string("type")?.as_deref() {
        Some("text") => {
            source.take("media_type");
            let body = Part::text(source.required_string("data")?);
            heading.into_iter().chain([body]).collect()
        }
        Some("content") => {
            let place = source.place("content");
            let content = source.take("content").ok_or_else(|| source.missing("content"))?;
            heading.into_iter().chain(blocks.read(content, &place)?).collect()
        }
        Some(_) | None => {
            let media = media(MediaKind::Document, &mut source)?;
            vec![Part::Media(Media { name: title, ..media })]
        }
    };
    blocks.note_rest(source);
    blocks.note_rest(fields);
    Ok(parts)
}

/// Reads media by value or by address.
fn media(kind: MediaKind, source: &mut Fields) -> Result<Media, Fault> {
    let mime = source.string("media_type")?;
    let address = source.string("url")?;
    let source = match address {
        Some(url) => MediaSource::Url(url),
        None => MediaSource::Base64(source.required_string("data")?),
    };
    Ok(Media { kind, mime, source, detail: None, name: None })
}
