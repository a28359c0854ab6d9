//! Reads the addresses at which callers say their media are.

use canonical::{Fault, Media, MediaKind, MediaSource};

use crate::fields::invalid;

/// Reads an address: a `data:` URL holds the bytes, any other is for the provider to fetch. The kind is `kind`
/// unless the media type says otherwise. `place` is named where the URL is broken.
pub(crate) fn media_at(url: String, kind: MediaKind, place: &str) -> Result<Media, Fault> {
    let (mime, source) = match url.get(..5) {
        Some(scheme) if scheme.eq_ignore_ascii_case("data:") => {
            let broken =
                || invalid(format!("`{place}` must be a URL of the form data:TYPE;base64,DATA"));
            let (head, data) =
                url.get(5..).and_then(|rest| rest.split_once(',')).ok_or_else(broken)?;
            let mime = head.strip_suffix(";base64").ok_or_else(broken)?;
            let mime = mime.split(';').next().filter(|mime| !mime.is_empty());
            (mime.map(str::to_ascii_lowercase), MediaSource::Base64(data.to_owned()))
        }
        Some(_) | None => (None, MediaSource::Url(url)),
    };
    let kind = mime.as_deref().map_or(kind, |mime| kind_of(mime).unwrap_or(kind));
    Ok(Media { kind, mime, source, detail: None, name: None })
}

/// Tells the kind from a media type, where it does.
fn kind_of(mime: &str) -> Option<MediaKind> {
    match mime.split('/').next()? {
        "image" => Some(MediaKind::Image),
        "audio" => Some(MediaKind::Audio),
        "application" | "text" => Some(MediaKind::Document),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use canonical::{MediaKind, MediaSource};

    use super::media_at;

    #[test]
    fn data_urls_hold_the_bytes_and_tell_the_kind() {
        for (url, kind, mime, source) in [
            (
                "data:image/PNG;base64,aGk=",
                MediaKind::Image,
                Some("image/png"),
                MediaSource::Base64("aGk=".into()),
            ),
            (
                "DATA:application/pdf;name=a.pdf;base64,aGk=",
                MediaKind::Document,
                Some("application/pdf"),
                MediaSource::Base64("aGk=".into()),
            ),
            (
                "https://marsh.example/a.png",
                MediaKind::Image,
                None,
                MediaSource::Url("https://marsh.example/a.png".into()),
            ),
        ] {
            let media = media_at(url.to_owned(), MediaKind::Image, "url").unwrap();
            assert_eq!((media.kind, media.mime.as_deref(), media.source), (kind, mime, source));
        }
        for url in ["data:image/png;base64", "data:image/png,raw"] {
            let fault = media_at(url.to_owned(), MediaKind::Image, "a.url").unwrap_err();
            assert!(fault.public.starts_with("`a.url` must be a URL"), "{fault}");
        }
    }
}
