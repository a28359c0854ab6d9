//! What picture base64 holds, told by how it begins.

/// How the base64 of each kind of picture begins.
const BEGINNINGS: [(&str, &str); 4] = [
    ("iVBORw0KGgo", "image/png"),
    ("/9j/", "image/jpeg"),
    ("R0lGOD", "image/gif"),
    ("UklGR", "image/webp"),
];

/// The media type of a picture, where its bytes tell.
pub(crate) fn image_type(base64: &str) -> Option<&'static str> {
    let known = BEGINNINGS.iter().find(|(beginning, _)| base64.starts_with(beginning));
    known.map(|(_, mime)| *mime)
}
