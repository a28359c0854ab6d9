//! A provider's base URL: read once as browsers read it, refused for what the string already shows.

use std::net::IpAddr;

use http::{
    Uri,
    uri::{Authority, Scheme},
};
use url::{Host, Url};

use crate::{
    Network,
    address::{AddressClass, classify},
};

/// More than any provider's URL needs.
const MAX_BYTES: usize = 2048;

/// A checked base URL: scheme, host, port and path, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    scheme: Scheme,
    authority: Authority,
    host: Host<String>,
    port: u16,
}

impl BaseUrl {
    /// The normalised URL, without a trailing slash and without a port that is the scheme's own.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What credentials are bound to: `scheme://host:port`, always with the port.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    /// The host as one writes it in a URL: a name, an IPv4 address or a bracketed IPv6 address.
    #[must_use]
    pub fn host(&self) -> &str {
        self.authority.host()
    }

    /// The port, the scheme's own where the URL names none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path without a trailing slash: empty, or begins with a slash.
    #[must_use]
    pub fn path(&self) -> &str {
        let after_scheme = self.text.split_once("://").map_or("", |(_, rest)| rest);
        after_scheme.find('/').and_then(|start| after_scheme.get(start..)).unwrap_or_default()
    }

    /// Appends `target`, a path and an optional query that begin with a slash. The authority stays as it is.
    ///
    /// # Errors
    ///
    /// [`InvalidTarget`] when the target could be read as another path than the one written, or is no path.
    pub fn join(&self, target: &str) -> Result<Uri, InvalidTarget> {
        let path = target.split('?').next().unwrap_or_default();
        let plain = path.starts_with('/')
            && !path.split('/').any(is_dot_segment)
            && !target.contains(['\\', '#']);
        if !plain {
            return Err(InvalidTarget);
        }
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(format!("{}{target}", self.path()))
            .build()
            .map_err(|_| InvalidTarget)
    }

    pub(crate) fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }

    pub(crate) fn typed_host(&self) -> &Host<String> {
        &self.host
    }
}

/// Why a base URL is refused, as the sentence that the management API answers with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's sentence is its documentation")]
pub enum BaseUrlError {
    #[error("base_url is longer than {MAX_BYTES} bytes")]
    TooLong,
    #[error(
        "base_url may hold printable ASCII only, no spaces and no backslash: write an international name as xn--"
    )]
    Characters,
    #[error(
        "base_url must begin with https://, or with http:// for a provider with network: local"
    )]
    Scheme,
    #[error("base_url must name a host after the two slashes")]
    NoHost,
    #[error("base_url may not hold a user name or password: send the key as api_key")]
    Userinfo,
    #[error("base_url may not hold a query or a fragment")]
    QueryOrFragment,
    #[error("base_url holds no valid host and port")]
    Host,
    #[error("base_url may not use port 0")]
    Port,
    #[error(
        "base_url uses http, which only a local provider may: use https, or set network: local"
    )]
    HttpNeedsLocal,
    #[error("base_url points at the local address {0}: set network: local to allow it")]
    AddressNeedsLocal(IpAddr),
    #[error(
        "base_url points at {0}, which is never reachable: link-local, metadata, multicast and reserved addresses are refused"
    )]
    NeverReachable(IpAddr),
}

/// A request target that can't be appended to a base URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this can't be sent as a path to the provider: check the model name for `..`, `\\` and `#`"
)]
pub struct InvalidTarget;

/// Reads `raw` as the base URL of a provider of class `network`.
///
/// A name passes here, whatever it resolves to: the addresses are judged at every connection.
///
/// # Errors
///
/// [`BaseUrlError`], whose text is the sentence for the user.
pub fn parse_base_url(raw: &str, network: Network) -> Result<BaseUrl, BaseUrlError> {
    refuse_oddities(raw)?;
    let url = Url::parse(raw).map_err(|_| BaseUrlError::Host)?;
    let host = url.host().ok_or(BaseUrlError::NoHost)?.to_owned();
    let port = url.port_or_known_default().filter(|port| *port != 0).ok_or(BaseUrlError::Port)?;
    let scheme = match url.scheme() {
        "https" => Scheme::HTTPS,
        "http" => Scheme::HTTP,
        _ => return Err(BaseUrlError::Scheme),
    };
    refuse_host(&host, network)?;
    if network == Network::Public && scheme == Scheme::HTTP {
        return Err(BaseUrlError::HttpNeedsLocal);
    }
    let authority =
        format!("{host}:{port}").parse::<Authority>().map_err(|_| BaseUrlError::Host)?;
    let text = url.as_str().trim_end_matches('/').to_owned();
    let base_url = BaseUrl { text, scheme, authority, host, port };
    base_url.join("/").map_err(|InvalidTarget| BaseUrlError::Characters)?;
    Ok(base_url)
}

/// Refuses what parsers are known to read in different ways, before one of them reads it.
fn refuse_oddities(raw: &str) -> Result<(), BaseUrlError> {
    if raw.len() > MAX_BYTES {
        return Err(BaseUrlError::TooLong);
    }
    if !raw.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return Err(BaseUrlError::Characters);
    }
    let (scheme, rest) = raw.split_once("://").ok_or(BaseUrlError::Scheme)?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return Err(BaseUrlError::Scheme);
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return Err(BaseUrlError::NoHost);
    }
    if authority.contains('@') {
        return Err(BaseUrlError::Userinfo);
    }
    if authority.contains('%') {
        return Err(BaseUrlError::Host);
    }
    if rest.contains(['?', '#']) {
        return Err(BaseUrlError::QueryOrFragment);
    }
    Ok(())
}

fn refuse_host(host: &Host<String>, network: Network) -> Result<(), BaseUrlError> {
    let address = match host {
        Host::Domain(name) if is_host_name(name) => return Ok(()),
        Host::Domain(_) => return Err(BaseUrlError::Host),
        Host::Ipv4(address) => IpAddr::V4(*address),
        Host::Ipv6(address) => IpAddr::V6(*address),
    };
    match (classify(address), network) {
        (AddressClass::Public, Network::Public | Network::Local)
        | (AddressClass::Private, Network::Local) => Ok(()),
        (AddressClass::Private, Network::Public) => Err(BaseUrlError::AddressNeedsLocal(address)),
        (AddressClass::Never, Network::Public | Network::Local) => {
            Err(BaseUrlError::NeverReachable(address))
        }
    }
}

/// Whether `name` is made of labels that resolvers agree on, with or without the dot of the root.
fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    name.len() <= 254 && name.strip_suffix('.').unwrap_or(name).split('.').all(is_label)
}

/// Whether servers take `segment` for a step in the tree, written plainly or percent-encoded.
fn is_dot_segment(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn accepted(raw: &str) -> BaseUrl {
        parse_base_url(raw, Network::Local).unwrap()
    }

    #[track_caller]
    fn check_refused(raw: &str, network: Network, expected: &BaseUrlError) {
        assert_eq!(parse_base_url(raw, network).as_ref(), Err(expected), "{raw}");
    }

    #[test]
    fn is_normalised() {
        let base_url = accepted("HTTPS://API.Example.com:443/v1/");
        assert_eq!(base_url.as_str(), "https://api.example.com/v1");
        assert_eq!(base_url.origin(), "https://api.example.com:443");
        assert_eq!((base_url.host(), base_url.port()), ("api.example.com", 443));
        assert_eq!(base_url.path(), "/v1");
        assert_eq!(accepted("http://0x7f.1:8080").as_str(), "http://127.0.0.1:8080");
        assert_eq!(accepted("http://[0::1]/").origin(), "http://[::1]:80");
        assert_eq!(accepted("https://x/a/../b//").as_str(), "https://x/b");
        assert_eq!(accepted("https://x/").path(), "");
        assert_eq!(
            parse_base_url(accepted("http://[::1]/v1").as_str(), Network::Local),
            Ok(accepted("http://[::1]/v1"))
        );
    }

    #[test]
    fn what_needs_local_says_so() {
        for raw in
            ["http://127.0.0.1:11434", "https://10.1.2.3/v1", "http://ollama.lan", "http://8.8.8.8"]
        {
            let sentence = parse_base_url(raw, Network::Public).unwrap_err().to_string();
            assert!(sentence.contains("set network: local"), "{raw}: {sentence}");
            accepted(raw);
        }
    }

    #[test]
    fn says_why() {
        use BaseUrlError::*;
        let metadata = NeverReachable(IpAddr::from([169, 254, 169, 254]));
        check_refused("http://169.254.169.254/", Network::Public, &metadata);
        check_refused("http://2852039166/", Network::Local, &metadata);
        for (raw, expected) in [
            ("https://x/ y", Characters),
            ("https://ex\u{e4}mple.com", Characters),
            ("https:\\\\x", Characters),
            ("api.example.com/v1", Scheme),
            ("https:/x", Scheme),
            ("ws://x", Scheme),
            ("https:///x", NoHost),
            ("https://", NoHost),
            ("https://key@x", Userinfo),
            ("https://x%2e", Host),
            ("https://a..b", Host),
            ("https://-a", Host),
            ("https://x:65536", Host),
            ("https://x:0", Port),
            ("https://x?y", QueryOrFragment),
            ("https://x/#y", QueryOrFragment),
        ] {
            check_refused(raw, Network::Local, &expected);
        }
        check_refused(&format!("https://x/{}", "y".repeat(MAX_BYTES)), Network::Local, &TooLong);
    }

    #[test]
    fn no_sentence_repeats_a_password() {
        let sentence = parse_base_url("https://me:hunter2@x", Network::Public).unwrap_err();
        assert!(!sentence.to_string().contains("hunter2"));
    }

    #[test]
    fn join_appends_to_the_path() {
        let uri = |base: &str, target| accepted(base).join(target).map(|uri| uri.to_string());
        assert_eq!(uri("https://x/v1/", "/chat?a=b").unwrap(), "https://x:443/v1/chat?a=b");
        assert_eq!(uri("http://[::1]:1", "/").unwrap(), "http://[::1]:1/");
        assert_eq!(uri("https://x", "//y/z").unwrap(), "https://x:443//y/z");
        assert_eq!(
            uri("https://x", "/m/a..b/.c?x=/../").unwrap(),
            "https://x:443/m/a..b/.c?x=/../"
        );
    }

    #[test]
    fn join_never_leaves_the_path() {
        for target in [
            "",
            "chat",
            "@evil",
            ":1/",
            "?x",
            "/../x",
            "/a/%2E./b",
            "/.",
            "/a\\b",
            "/a#b",
            "/a b",
            "/a\r\nb",
        ] {
            assert_eq!(accepted("https://x/v1").join(target), Err(InvalidTarget), "{target}");
        }
    }
}
