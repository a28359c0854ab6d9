//! Where a provider is: the base URL with the defaults of its type filled in.

use upstream::{BaseUrl, BaseUrlError, Egress, Network, parse_base_url};

use crate::{ProviderError, ProviderType, Settings};

/// Where providers of the type and preset live unless it is said.
pub(crate) fn default_network(provider_type: ProviderType, settings: &Settings) -> Network {
    settings.preset.map_or(provider_type.default_network(), |preset| preset.network)
}

/// Checks the base URL that was `given`, or takes the one of the preset or type where none was.
///
/// # Errors
///
/// Says that there is none, why it is refused for the network class, or that it is our own.
pub(crate) fn resolve(
    provider_type: ProviderType,
    settings: &Settings,
    given: Option<&str>,
    network: Network,
    egress: &Egress,
) -> Result<BaseUrl, ProviderError> {
    let default = settings.preset.map(|preset| preset.base_url);
    let base_url = given
        .filter(|given| !given.is_empty())
        .or(default)
        .or(provider_type.default_base_url())
        .ok_or_else(|| {
            ProviderError::invalid(
                "base_url is required for custom providers, unless settings.preset names a vendor",
            )
        })?;
    let base_url = normalise(provider_type, base_url, network)
        .map_err(|refusal| ProviderError::Invalid(refusal.to_string()))?;
    if egress.leads_back(&base_url) {
        return Err(ProviderError::Invalid(format!(
            "base_url leads back to this gateway: {} is where it listens; give the base_url of the \
             server, on another port",
            base_url.origin()
        )));
    }
    Ok(base_url)
}

/// Brings an address into the form that the type's dialect builds on.
///
/// A cloud's empty path means the version segment of its default; from an Ollama address a trailing
/// `/api` or `/v1` is dropped, as people copy both; any other path is kept as given.
fn normalise(
    provider_type: ProviderType,
    base_url: &str,
    network: Network,
) -> Result<BaseUrl, BaseUrlError> {
    let parsed = parse_base_url(base_url, network)?;
    let given = parsed.path();
    let path = match (provider_type, given) {
        (ProviderType::Ollama, _) => without_api(given),
        (_, "") => provider_type.version_segment(),
        (_, _) => given,
    };
    let root = parsed.as_str().strip_suffix(given).unwrap_or_default();
    parse_base_url(&format!("{root}{path}"), network)
}

/// Drops the path under which Ollama serves one of its APIs.
fn without_api(path: &str) -> &str {
    path.strip_suffix("/api").or_else(|| path.strip_suffix("/v1")).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use upstream::Network;

    use super::normalise;
    use crate::ProviderType;

    #[track_caller]
    fn check(provider_type: ProviderType, given: &str, expected: &str) {
        let resolved = normalise(provider_type, given, Network::Local).unwrap();
        assert_eq!(resolved.as_str(), expected, "{provider_type} {given}");
        // What is stored is read back by the same rules.
        assert_eq!(normalise(provider_type, expected, Network::Local).unwrap(), resolved);
    }

    #[test]
    fn a_clouds_empty_path_means_its_version() {
        for (provider_type, version) in [
            (ProviderType::OpenAi, "/v1"),
            (ProviderType::Anthropic, "/v1"),
            (ProviderType::Mistral, "/v1"),
            (ProviderType::Google, "/v1beta"),
        ] {
            let expected = format!("https://llm.example{version}");
            for given in ["https://llm.example", "https://LLM.example:443/", &expected] {
                check(provider_type, given, &expected);
            }
            check(provider_type, &format!("{expected}/"), &expected);
            for kept in ["https://llm.example/v2", "https://llm.example/proxy/openai"] {
                check(provider_type, kept, kept);
            }
            let default = provider_type.default_base_url().unwrap();
            check(provider_type, default, default);
        }
    }

    #[test]
    fn the_paths_of_ollamas_apis_are_dropped() {
        let root = "http://127.0.0.1:11434";
        for path in ["", "/", "/api", "/api/", "/v1", "/v1/"] {
            check(ProviderType::Ollama, &format!("{root}{path}"), root);
        }
        for (given, expected) in [
            ("http://gpu/ollama/api", "http://gpu/ollama"),
            ("http://gpu/apis", "http://gpu/apis"),
            ("http://gpu/v1/chat", "http://gpu/v1/chat"),
            // Hosts may be called like paths.
            ("http://api", "http://api"),
            ("http://v1/", "http://v1"),
            ("http://api/api", "http://api"),
        ] {
            check(ProviderType::Ollama, given, expected);
        }
    }

    #[test]
    fn a_custom_path_is_kept_as_given() {
        for kept in ["http://llm.lan", "http://llm.lan/api", "http://llm.lan/v1", "http://v1"] {
            check(ProviderType::Custom, kept, kept);
            check(ProviderType::Custom, &format!("{kept}/"), kept);
        }
    }
}
