//! What every request to a provider carries in its headers.

use canonical::Dialect;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{ProviderConfig, ProviderError};

/// The headers of a provider's requests in one dialect.
pub(crate) struct RequestHeaders {
    pub(crate) dialect: Dialect,
    /// What the dialect wants said, unless somebody says it otherwise.
    fixed: HeaderMap,
    /// The key, and what the provider's owner wants said.
    own: HeaderMap,
}

impl RequestHeaders {
    /// Puts the headers together.
    ///
    /// # Errors
    ///
    /// Fails when a value fits no header.
    pub(crate) fn new(config: &ProviderConfig, dialect: Dialect) -> Result<Self, ProviderError> {
        let codec = dialects::codec(dialect);
        let fixed = codec
            .fixed_headers()
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut own = HeaderMap::new();
        if let Some(key) = &config.api_key {
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
        Ok(Self { dialect, fixed: fixed.collect(), own })
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
