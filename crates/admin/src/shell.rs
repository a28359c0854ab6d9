//! The static pages: the same bytes for everyone, without data; their scripts fetch the rest with a key.

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use server::{Access, Call, Response, Route, asks_for_json, response};

/// What the pages may do: run and style from their own files, and talk to this origin alone.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'",
);

/// One file of the shell.
struct Asset {
    path: &'static str,
    content_type: &'static str,
    content: &'static [u8],
}

const ASSETS: [Asset; 4] = [
    Asset {
        path: "/api/docs",
        content_type: "text/html; charset=utf-8",
        content: include_bytes!("../assets/docs.html"),
    },
    Asset {
        path: "/assets/docs.js",
        content_type: "text/javascript; charset=utf-8",
        content: include_bytes!("../assets/docs.js"),
    },
    Asset {
        path: "/assets/page.css",
        content_type: "text/css; charset=utf-8",
        content: include_bytes!("../assets/page.css"),
    },
    Asset {
        path: "/assets/paw.svg",
        content_type: "image/svg+xml",
        content: include_bytes!("../assets/paw.svg"),
    },
];

const HOME: &[u8] = include_bytes!("../assets/home.html");

/// The routes of the shell.
pub(crate) fn routes() -> impl Iterator<Item = Route> {
    let asset = |asset: Asset| {
        let serve = move |_call: Call| async move { page(asset.content_type, asset.content) };
        Route::new(Method::GET, asset.path, Access::Open, serve)
    };
    let home = Route::new(Method::GET, "/", Access::Shell, |call: Call| async move {
        if asks_for_json(&call.headers) { about() } else { page("text/html; charset=utf-8", HOME) }
    });
    ASSETS.into_iter().map(asset).chain([home])
}

/// Answers a file of the shell.
fn page(content_type: &'static str, content: &'static [u8]) -> Response {
    let mut answer = response::bytes(StatusCode::OK, content_type, Bytes::from_static(content));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    answer
}

/// Answers `GET /` for a program.
fn about() -> Response {
    let about = serde_json::json!({
        "name": "ClosedPaw",
        "version": env!("CARGO_PKG_VERSION"),
        "status": "running",
        "security_model": "zero_trust",
    });
    response::json(StatusCode::OK, &about)
}
