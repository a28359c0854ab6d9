//! Where a provider is: the base URL with the defaults of its type filled in.

use upstream::{BaseUrl, BaseUrlError, Network, parse_base_url};

use crate::ProviderType;

/// Checks `base_url` and brings it into the form that the type's dialect builds on.
///
/// A cloud's empty path means the version segment of its default; from an Ollama address a trailing
/// `/api` or `/v1` is dropped, as people copy both; any other path is kept as given.
///
/// # Errors
///
/// Says why the address is refused for the network class.
pub(crate) fn resolve(
    provider_type: ProviderType,
    base_url: &str,
    network: Network,
) -> Result<BaseUrl, BaseUrlError> {
    let parsed = parse_base_url(base_url, network)?;
    let text = parsed.as_str();
    let whole = match (provider_type, parsed.path()) {
        (ProviderType::Ollama, _) => without_api_path(text).to_owned(),
        (_, "") => format!("{text}{}", provider_type.version_segment()),
        (_, _) => return Ok(parsed),
    };
    parse_base_url(&whole, network)
}

/// Drops the path under which Ollama serves one of its APIs.
fn without_api_path(base_url: &str) -> &str {
    base_url.strip_suffix("/api").or_else(|| base_url.strip_suffix("/v1")).unwrap_or(base_url)
}
