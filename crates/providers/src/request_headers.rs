//! What every request to a provider carries in its headers.

use canonical::Dialect;
use http::{HeaderMap, HeaderName, HeaderValue};
use vault::Secret;

use crate::{ProviderConfig, ProviderError};

/// The headers of a provider's requests in one dialect, with one of its keys.
pub(crate) struct RequestHeaders {
    pub(crate) dialect: Dialect,
    /// The number of the key among them; 0 where there is none.
    pub(crate) key: usize,
    /// What the dialect wants said, unless somebody says it otherwise.
    fixed: HeaderMap,
    /// The key, and what the provider's owner wants said.
    own: HeaderMap,
}

impl RequestHeaders {
    /// Puts the headers together, for each dialect that the provider speaks and each of its keys.
    ///
    /// # Errors
    ///
    /// Fails when a value fits no header.
    pub(crate) fn all(config: &ProviderConfig) -> Result<Vec<Self>, ProviderError> {
        let mut keys: Vec<_> = config.keys().map(Some).collect();
        if keys.is_empty() {
            keys.push(None);
        }
        let mut all = Vec::new();
        for dialect in config.dialects() {
            for (number, key) in keys.iter().enumerate() {
                all.push(Self::new(config, *dialect, number, *key)?);
            }
        }
        Ok(all)
    }

    fn new(
        config: &ProviderConfig,
        dialect: Dialect,
        number: usize,
        key: Option<&Secret>,
    ) -> Result<Self, ProviderError> {
        let codec = dialects::codec(dialect);
        let fixed = codec
            .fixed_headers()
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut own = HeaderMap::new();
        if let Some(key) = key {
            let credential = codec.credential();
            let value = format!("{}{}", credential.prefix, key.expose());
            let name = HeaderName::from_static(credential.header);
            own.insert(name, secret_value("api_key", &value)?);
        }
        for (name, value) in &config.headers {
            let parsed = HeaderName::try_from(name.as_str())
                .map_err(|_| ProviderError::Invalid(format!("Invalid header name {name:?}")))?;
            own.insert(parsed, secret_value(name, value.expose())?);
        }
        Ok(Self { dialect, key: number, fixed: fixed.collect(), own })
    }

    /// Adds them to the headers of one request, whose own say otherwise only where the dialect does.
    pub(crate) fn beside(&self, further: HeaderMap) -> HeaderMap {
        let mut headers = self.fixed.clone();
        headers.extend(further);
        headers.extend(self.own.clone());
        headers
    }
}

/// Makes a header value that is never shown in logs.
fn secret_value(name: &str, text: &str) -> Result<HeaderValue, ProviderError> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| ProviderError::Invalid(format!("The value of {name} fits no header")))?;
    value.set_sensitive(true);
    Ok(value)
}
