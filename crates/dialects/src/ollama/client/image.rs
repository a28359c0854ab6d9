//! Pictures as Ollama has them: base64 without a word of what they are.

use canonical::{Fault, Media, MediaKind, MediaSource, Part};

use crate::{fields::Fields, image_type::image_type};

/// Takes the member `images`.
pub(super) fn take(fields: &mut Fields) -> Result<Vec<Part>, Fault> {
    Ok(fields.strings("images")?.into_iter().map(|data| Part::Media(image(data))).collect())
}

/// Reads a picture. Some clients send a `data:` URL, which Ollama refuses; we can do better.
fn image(data: String) -> Media {
    let (mime, data) = match data.strip_prefix("data:").and_then(|url| url.split_once(";base64,")) {
        Some((mime, data)) => (Some(mime.to_owned()), data.to_owned()),
        // Other providers insist on a media type.
        None => (image_type(&data).map(str::to_owned), data),
    };
    let source = MediaSource::Base64(data);
    Media { kind: MediaKind::Image, mime, source, detail: None, name: None }
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
            let image = image(data.to_owned());
            assert_eq!(image.mime.as_deref(), mime);
            assert_eq!(image.source, MediaSource::Base64(bytes.to_owned()));
        }
    }
}
