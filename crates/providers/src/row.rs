//! Configurations as stored rows: what is secret is sealed for its row and the origin it was entered for.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use store::ProviderRow;
use upstream::{BaseUrl, Network, parse_base_url};
use vault::{Context, MasterKey, Secret};

use crate::{
    ProviderConfig, ProviderError, ProviderName, ProviderType, Settings,
    extra_headers::ExtraHeaders, registration::check_model_limits,
};

/// Seals a configuration into a row.
pub(crate) fn to_row(
    config: &ProviderConfig,
    master_key: &MasterKey,
) -> Result<ProviderRow, ProviderError> {
    let origin = config.base_url.origin();
    let name = config.name.as_str();
    let seal = |secret: &Secret, column| {
        master_key
            .seal(secret, &Context { table: "providers", row: name, column, origin: &origin })
            .map_err(|error| ProviderError::Store(error.to_string()))
    };
    let api_key_sealed =
        config.api_key.as_ref().map(|key| seal(key, "api_key_sealed")).transpose()?;
    let headers =
        (!config.headers.is_empty()).then(|| headers_text(&config.headers)).transpose()?;
    let headers_sealed = headers.map(|headers| seal(&headers, "headers_sealed")).transpose()?;
    let api_keys =
        (!config.api_keys.is_empty()).then(|| keys_text(&config.api_keys)).transpose()?;
    let api_keys_sealed = api_keys.map(|keys| seal(&keys, "api_keys_sealed")).transpose()?;
    let model_limits =
        config.model_limits.iter().map(|(pattern, limits)| (pattern.as_str(), limits));
    Ok(ProviderRow {
        name: name.to_owned(),
        provider_type: config.provider_type.as_str().to_owned(),
        base_url: config.base_url.as_str().to_owned(),
        default_model: config.default_model.clone(),
        models: config.models.clone(),
        enabled: config.enabled,
        rate_limit: config.rate_limit,
        timeout_s: config.timeout_s,
        network: config.network.as_str().to_owned(),
        settings: config.settings.to_json(),
        api_key_sealed,
        api_key_hint: config.api_key.as_ref().and_then(Secret::hint).map(str::to_owned),
        headers_sealed,
        header_names: config.headers.keys().cloned().collect(),
        api_keys_sealed,
        limits: to_object(&config.limits)?,
        model_limits: to_object(&model_limits.collect::<BTreeMap<_, _>>())?,
        timeouts: to_object(&config.timeouts)?,
        queue: to_object(&config.queue)?,
        created_at_ms: milliseconds(config.created_at),
    })
}

/// Opens a row.
pub(crate) fn from_row(
    row: ProviderRow,
    master_key: &MasterKey,
) -> Result<ProviderConfig, ProviderError> {
    let unreadable =
        |what: &str| ProviderError::Store(format!("provider {} is stored with {what}", row.name));
    let provider_type =
        ProviderType::parse(&row.provider_type).ok_or_else(|| unreadable("an unknown type"))?;
    let network =
        Network::from_name(&row.network).ok_or_else(|| unreadable("an unknown network class"))?;
    let base_url: BaseUrl = parse_base_url(&row.base_url, network)
        .map_err(|refusal| unreadable(&format!("an address that is refused: {refusal}")))?;
    let settings = Settings::parse(provider_type, &row.settings)
        .map_err(|fault| unreadable(&format!("settings that are refused: {fault}")))?;
    let origin = base_url.origin();
    let open = |sealed: &[u8], column| {
        let context = Context { table: "providers", row: &row.name, column, origin: &origin };
        master_key
            .open(sealed, &context)
            .map_err(|error| unreadable(&format!("a secret that can't be opened: {error}")))
    };
    let api_key =
        row.api_key_sealed.as_deref().map(|sealed| open(sealed, "api_key_sealed")).transpose()?;
    let headers = match &row.headers_sealed {
        Some(sealed) => parse_headers(&open(sealed, "headers_sealed")?)
            .ok_or_else(|| unreadable("headers that can't be read"))?,
        None => ExtraHeaders::new(),
    };
    let api_keys = match &row.api_keys_sealed {
        Some(sealed) => parse_keys(&open(sealed, "api_keys_sealed")?)
            .ok_or_else(|| unreadable("keys that can't be read"))?,
        None => Vec::new(),
    };
    let model_limits = from_object(&row.model_limits).map_err(|fault| unreadable(&fault))?;
    let model_limits =
        check_model_limits(Some(model_limits)).map_err(|fault| unreadable(&fault.to_string()))?;
    Ok(ProviderConfig {
        name: ProviderName::parse(&row.name).map_err(|_| unreadable("a name that is no name"))?,
        provider_type,
        base_url,
        api_key,
        api_keys,
        default_model: row.default_model.clone(),
        models: row.models.clone(),
        enabled: row.enabled,
        rate_limit: row.rate_limit,
        timeout_s: row.timeout_s,
        timeouts: from_object(&row.timeouts).map_err(|fault| unreadable(&fault))?,
        limits: from_object(&row.limits).map_err(|fault| unreadable(&fault))?,
        model_limits,
        queue: from_object(&row.queue).map_err(|fault| unreadable(&fault))?,
        network,
        settings,
        headers,
        created_at: moment(row.created_at_ms),
        declared_at: None,
    })
}

/// Writes members as an object.
fn to_object(members: &impl Serialize) -> Result<Map<String, Value>, ProviderError> {
    let written =
        serde_json::to_value(members).and_then(serde_json::from_value::<Map<String, Value>>);
    written.map_err(|error| ProviderError::Store(error.to_string()))
}

/// Reads what [`to_object`] wrote; the fault is what the row then holds.
fn from_object<T: DeserializeOwned>(members: &Map<String, Value>) -> Result<T, String> {
    serde_json::from_value(Value::Object(members.clone()))
        .map_err(|error| format!("members that can't be read: {error}"))
}

/// Writes keys as one text to be sealed.
fn keys_text(keys: &[Secret]) -> Result<Secret, ProviderError> {
    let plain: Vec<&str> = keys.iter().map(Secret::expose).collect();
    let text = serde_json::to_string(&plain);
    text.map(Secret::new).map_err(|error| ProviderError::Store(error.to_string()))
}

/// Reads what [`keys_text`] wrote.
fn parse_keys(text: &Secret) -> Option<Vec<Secret>> {
    let plain: Vec<String> = serde_json::from_str(text.expose()).ok()?;
    Some(plain.into_iter().map(Secret::new).collect())
}

/// Writes headers as one text to be sealed.
fn headers_text(headers: &ExtraHeaders) -> Result<Secret, ProviderError> {
    let plain: BTreeMap<&str, &str> =
        headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
    let text = serde_json::to_string(&plain);
    text.map(Secret::new).map_err(|error| ProviderError::Store(error.to_string()))
}

/// Reads what [`headers_text`] wrote.
fn parse_headers(text: &Secret) -> Option<ExtraHeaders> {
    let plain: BTreeMap<String, String> = serde_json::from_str(text.expose()).ok()?;
    Some(plain.into_iter().map(|(name, value)| (name, Secret::new(value))).collect())
}

/// A moment as milliseconds since 1970.
fn milliseconds(moment: SystemTime) -> i64 {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The moment that so many milliseconds since 1970 mean.
fn moment(milliseconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default())
}
