//! Pictures as Ollama has them: base64 without a word of what they are.

use canonical::{Fault, Media, MediaKind, Part};

use crate::{data_url::bytes_of, fields::Fields, image_type::image_type};

/// Takes the member `images`.
pub(super) fn take(fields: &mut Fields) -> Result<Vec<Part>, Fault> {
    let place = fields.place("images");
    let images = fields.strings("images")?.into_iter();
    images.map(|data| Ok(Part::Media(image(data, &place)?))).collect()
}

/// Reads a picture. Some clients send a `data:` URL, which Ollama refuses; we can do better.
fn image(data: String, place: &str) -> Result<Media, Fault> {
    // Other providers insist on a media type.
    let seen = image_type(&data);
    let media = bytes_of(data, MediaKind::Image, place)?;
    Ok(Media { mime: media.mime.or(seen.map(str::to_owned)), ..media })
}

#[cfg(test)]
mod tests {
    use canonical::MediaSource;

    use super::image;

    #[test]
    fn the_kind_of_a_picture_is_seen() {
        for (data, mime, bytes) in [
            ("iVBORw0KGgoAAA", Some("image/png"), "iVBORw0KGgoAAA"),
            ("/9j/4AAQ", Some("image/jpeg"), "/9j/4AAQ"),
            ("R0lGODlh", Some("image/gif"), "R0lGODlh"),
            ("UklGRiQA", Some("image/webp"), "UklGRiQA"),
            ("data:image/webp;base64,QUJD", Some("image/webp"), "QUJD"),
            ("QUJD", None, "QUJD"),
        ] {
            let image = image(data.to_owned(), "images").unwrap();
            assert_eq!(image.mime.as_deref(), mime);
            assert_eq!(image.source, MediaSource::Base64(bytes.to_owned()));
        }
    }
}
