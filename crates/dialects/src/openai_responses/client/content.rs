//! Reads what a message or a tool says: a text, or a list of texts, images and files.

use canonical::{Fault, Losses, Media, MediaKind, Part};
use serde_json::Value;

use crate::{
    data_url::{bytes_of, media_at},
    fields::{Fields, invalid},
};

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
        "input_image" => Part::Media(image(&mut fields)?),
        "input_file" => Part::Media(file(&mut fields)?),
        other => {
            losses.note(format!("input.{other}"));
            return Ok(None);
        }
    };
    fields.note_rest("input", losses);
    Ok(Some(part))
}

fn image(fields: &mut Fields) -> Result<Media, Fault> {
    refuse_stored(fields)?;
    let place = fields.place("image_url");
    let media = media_at(fields.required_string("image_url")?, MediaKind::Image, &place)?;
    let detail = fields.string("detail")?.filter(|detail| detail != "auto");
    Ok(Media { detail, ..media })
}

fn file(fields: &mut Fields) -> Result<Media, Fault> {
    refuse_stored(fields)?;
    let name = fields.string("filename")?;
    let media = match (fields.string("file_data")?, fields.string("file_url")?) {
        (Some(data), _) => bytes_of(data, MediaKind::Document, &fields.place("file_data"))?,
        (None, Some(url)) => media_at(url, MediaKind::Document, &fields.place("file_url"))?,
        (None, None) => return Err(fields.missing("file_data")),
    };
    Ok(Media { name, ..media })
}

/// Refuses what is stored at a provider, where this gateway has stored nothing.
fn refuse_stored(fields: &Fields) -> Result<(), Fault> {
    if !fields.has("file_id") {
        return Ok(());
    }
    let place = fields.place("file_id");
    Err(invalid(format!("`{place}` names a stored file: send the file itself, or its address")))
}
