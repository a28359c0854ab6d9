//! Reads what a message or a tool says: a text, or a list of texts, images and files.

use canonical::{Fault, Losses, Media, MediaKind, MediaSource, Part};
use serde_json::Value;

use crate::fields::{Fields, invalid};

/// Reads the member `name` of an item.
pub(super) fn read(
    fields: &mut Fields,
    name: &str,
    losses: &mut Losses,
) -> Result<Vec<Part>, Fault> {
    let place = fields.place(name);
    match fields.take(name) {
        Some(Value::String(text)) => Ok(vec![Part::text(text)]),
        Some(Value::Array(contents)) => {
            let mut parts = Vec::new();
            for (position, content) in contents.into_iter().enumerate() {
                let content = Fields::of(content, &format!("{place}[{position}]"))?;
                parts.extend(part(content, losses)?);
            }
            Ok(parts)
        }
        Some(_) => Err(fields.wrong(name, "a string or a list of content parts")),
        None => Err(fields.missing(name)),
    }
}

fn part(mut fields: Fields, losses: &mut Losses) -> Result<Option<Part>, Fault> {
    let kind = fields.required_string("type")?;
    let part = match kind.as_str() {
        "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text" => {
            if !fields.list("annotations")?.is_empty() {
                losses.note("input.annotations");
            }
            fields.take("logprobs");
            Part::text(fields.required_string("text")?)
        }
        "refusal" => Part::text(fields.required_string("refusal")?),
        "input_image" => image(&mut fields)?,
        "input_file" => file(&mut fields)?,
        other => {
            losses.note(format!("input.{other}"));
            return Ok(None);
        }
    };
    fields.note_rest("input", losses);
    Ok(Some(part))
}

fn image(fields: &mut Fields) -> Result<Part, Fault> {
    refuse_stored(fields)?;
    let (source, mime) = address(fields.required_string("image_url")?);
    let detail = fields.string("detail")?.filter(|detail| detail != "auto");
    Ok(Part::Media(Media { kind: MediaKind::Image, mime, source, detail, name: None }))
}

fn file(fields: &mut Fields) -> Result<Part, Fault> {
    refuse_stored(fields)?;
    let name = fields.string("filename")?;
    let (source, mime) = match (fields.string("file_data")?, fields.string("file_url")?) {
        (Some(data), _) if data.starts_with("data:") => address(data),
        (Some(data), _) => (MediaSource::Base64(data), None),
        (None, Some(url)) => (MediaSource::Url(url), None),
        (None, None) => return Err(fields.missing("file_data")),
    };
    let kind = match mime.as_deref().and_then(|mime| mime.split_once('/')) {
        Some(("image", _)) => MediaKind::Image,
        Some(("audio", _)) => MediaKind::Audio,
        Some(_) | None => MediaKind::Document,
    };
    Ok(Part::Media(Media { kind, mime, source, detail: None, name }))
}

/// Refuses what is stored at a provider, where this gateway has stored nothing.
fn refuse_stored(fields: &Fields) -> Result<(), Fault> {
    if !fields.has("file_id") {
        return Ok(());
    }
    let place = fields.place("file_id");
    Err(invalid(format!("`{place}` names a stored file: send the file itself, or its address")))
}

/// Reads an address, which holds the bytes themselves where it is a `data:` URL in base64.
fn address(url: String) -> (MediaSource, Option<String>) {
    let data = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    match data {
        Some((mime, data)) => {
            let mime = mime.split(';').next().filter(|mime| !mime.is_empty());
            (MediaSource::Base64(data.to_owned()), mime.map(str::to_owned))
        }
        None => (MediaSource::Url(url), None),
    }
}
