//! Keeps web pages of other sites out, by what browsers say of the page that asks.
//!
//! Programs send neither header. Nothing here lets anyone in: that takes a key, which no browser
//! sends by itself.

use http::HeaderMap;
use http::header::ORIGIN;

use crate::hosts::Hosts;
use crate::refusal::Refusal;
use crate::{HostName, Scheme};

/// What the request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A page that is the same bytes for everyone: links from elsewhere may lead to it.
    Shell,
    Data,
}

/// Checks `Sec-Fetch-Site` and `Origin`.
pub(crate) fn check(
    headers: &HeaderMap,
    scheme: Scheme,
    hosts: &Hosts,
    target: Target,
) -> Result<(), Refusal> {
    let follows_link = target == Target::Shell
        && only(headers, "sec-fetch-mode") == Some(b"navigate")
        && only(headers, "sec-fetch-dest") == Some(b"document");
    let same_site = match only(headers, "sec-fetch-site") {
        Some(site) => matches!(site, b"same-origin" | b"none"),
        None => !headers.contains_key("sec-fetch-site"),
    };
    if !same_site && !follows_link {
        return Err(Refusal::OtherSite);
    }
    let same_origin = match only(headers, ORIGIN.as_str()) {
        Some(origin) => is_ours(origin, scheme, hosts),
        None => !headers.contains_key(ORIGIN),
    };
    if same_origin { Ok(()) } else { Err(Refusal::OtherOrigin) }
}

/// The header's value, if it was sent exactly once.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h [u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then_some(value.as_bytes())
}

fn is_ours(origin: &[u8], scheme: Scheme, hosts: &Hosts) -> bool {
    let Ok(origin) = str::from_utf8(origin) else { return false };
    let (host, default_port) = match (scheme, origin.split_once("://")) {
        (_, Some(("https", host))) => (host, 443),
        // A plain listener may stand behind a proxy that speaks TLS, but not the other way round.
        (Scheme::Http, Some(("http", host))) => (host, 80),
        _ => return false,
    };
    let Ok(host) = host.parse::<HostName>() else { return false };
    let port = Some(host.port.unwrap_or(default_port));
    hosts.serve(&HostName { port, ..host })
}
