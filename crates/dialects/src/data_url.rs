//! Reads the addresses at which callers say their media are, and the bytes that some of them hold.

use canonical::{Fault, Media, MediaKind, MediaSource};

use crate::fields::invalid;

/// Reads an address: a `data:` URL holds the bytes, any other is for the provider to fetch. The kind is `kind`
/// unless the media type says otherwise. `place` is named where the URL is broken.
pub(crate) fn media_at(url: String, kind: MediaKind, place: &str) -> Result<Media, Fault> {
    let Some(rest) = after_scheme(&url) else {
        return Ok(media(kind, None, MediaSource::Url(url)));
    };
    let broken = || invalid(format!("`{place}` must be a URL of the form data:TYPE;base64,DATA"));
    let (head, data) = rest.split_once(',').ok_or_else(broken)?;
    let mime = head.strip_suffix(";base64").ok_or_else(broken)?;
    let mime = mime.split(';').next().filter(|mime| !mime.is_empty());
    let mime = mime.map(str::to_ascii_lowercase);
    let kind = mime.as_deref().and_then(kind_of).unwrap_or(kind);
    Ok(media(kind, mime, MediaSource::Base64(data.to_owned())))
}

/// Reads the bytes themselves: base64, or a `data:` URL that holds it.
pub(crate) fn bytes_of(data: String, kind: MediaKind, place: &str) -> Result<Media, Fault> {
    match after_scheme(&data) {
        Some(_) => media_at(data, kind, place),
        None => Ok(media(kind, None, MediaSource::Base64(data))),
    }
}

fn after_scheme(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_at_checked(5)?;
    scheme.eq_ignore_ascii_case("data:").then_some(rest)
}

fn media(kind: MediaKind, mime: Option<String>, source: MediaSource) -> Media {
    Media { kind, mime, source, detail: None, name: None }
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
