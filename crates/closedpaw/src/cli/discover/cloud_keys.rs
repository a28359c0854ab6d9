//! Keys of clouds in the usual environment variables, as what could be registered with them.

use config::Environment;
use providers::{
    ProviderType,
    presets::{PRESETS, Preset},
};
use serde_json::{Map, Value, json};
use upstream::{BaseUrl, Network, parse_base_url};
use vault::Secret;

use super::offer::Offer;

/// How the keys begin that a gateway like this one makes: they open it, and no cloud.
const OWN_KEYS: [&str; 2] = ["sk-cp-", "cp-admin-"];
/// Where the keys are kept that open the gateway, whoever made them up.
const OWN_VARIABLES: [&str; 2] = ["CLOSEDPAW_KEY", "CLOSEDPAW_ADMIN_KEY"];

/// A cloud whose key may be in the environment.
struct Cloud {
    title: &'static str,
    /// What its provider is called unless that is taken.
    name: &'static str,
    provider_type: ProviderType,
    preset: Option<&'static Preset>,
    base_url: &'static str,
    key_variables: &'static [&'static str],
    base_url_variable: Option<&'static str>,
}

/// The keys that are there, less those of the gateway itself at `gateway_url`.
pub fn offers(environment: &Environment, gateway_url: &str, listed: &Value) -> Vec<Offer> {
    clouds().filter_map(|cloud| cloud.offer(environment, gateway_url, listed)).collect()
}

fn clouds() -> impl Iterator<Item = Cloud> {
    let types = ProviderType::ALL.into_iter().map(|provider_type| Cloud {
        title: provider_type.title(),
        name: provider_type.as_str(),
        provider_type,
        preset: None,
        base_url: provider_type.default_base_url().unwrap_or_default(),
        key_variables: provider_type.key_variables(),
        base_url_variable: provider_type.base_url_variable(),
    });
    let presets = PRESETS.iter().map(|preset| Cloud {
        title: preset.title,
        name: preset.id,
        provider_type: ProviderType::Custom,
        preset: Some(preset),
        base_url: preset.base_url,
        key_variables: preset.key_variables,
        base_url_variable: None,
    });
    types.chain(presets)
}

impl Cloud {
    fn offer(&self, environment: &Environment, gateway_url: &str, listed: &Value) -> Option<Offer> {
        let found = self.key_variables.iter().find_map(|variable| {
            let key = Secret::new(environment.text(variable)?.trim());
            Some((*variable, key)).filter(|(_, key)| !key.expose().is_empty())
        });
        let (variable, key) = found?;
        let own = OWN_VARIABLES.into_iter().filter_map(|variable| environment.text(variable));
        let is_own = OWN_KEYS.iter().any(|start| key.expose().starts_with(start))
            || own.into_iter().any(|own| own == key.expose());
        // Programs send the key there and nowhere else, and so must we.
        let told = self.base_url_variable.and_then(|variable| environment.text(variable));
        let base_url = told.as_deref().unwrap_or(self.base_url);
        let place = parse_base_url(base_url, Network::Local).ok()?;
        let gateway = parse_base_url(gateway_url, Network::Local).ok();
        if is_own || gateway.is_some_and(|gateway| gateway.origin() == place.origin()) {
            return None;
        }
        let registered = registered_at(&place, listed);
        let last4 = key.hint().map(str::to_owned);
        let name = free_name(self.name, listed);
        let mut registration = Map::new();
        registration.insert("provider_type".to_owned(), json!(self.provider_type.as_str()));
        registration.insert("name".to_owned(), json!(name));
        if told.is_some() {
            registration.insert("base_url".to_owned(), json!(place.as_str()));
            if parse_base_url(place.as_str(), Network::Public).is_err() {
                registration.insert("network".to_owned(), json!(Network::Local.as_str()));
            }
        }
        if let Some(preset) = self.preset {
            registration.insert("settings".to_owned(), json!({ "preset": preset.id }));
        }
        Some(Offer {
            found: self.title.to_owned(),
            place: place.as_str().to_owned(),
            models: Vec::new(),
            variable: Some(variable.to_owned()),
            has_another_key: registered
                .is_some_and(|(_, provider)| !has_key_like(provider, last4.as_deref())),
            registered_as: registered.map(|(name, _)| name.clone()),
            key: Some(key),
            last4,
            needs_key: true,
            name,
            registration,
            outcome: Value::Null,
        })
    }
}

fn providers(listed: &Value) -> impl Iterator<Item = (&String, &Value)> {
    listed.get("providers").and_then(Value::as_object).into_iter().flatten()
}

/// The provider that is registered at that origin, if one is.
fn registered_at<'a>(place: &BaseUrl, listed: &'a Value) -> Option<(&'a String, &'a Value)> {
    providers(listed).find(|(_, provider)| {
        let base_url = provider.get("base_url").and_then(Value::as_str).unwrap_or_default();
        parse_base_url(base_url, Network::Local).is_ok_and(|known| known.origin() == place.origin())
    })
}

/// Whether one of a provider's keys ends alike, as far as is told.
fn has_key_like(provider: &Value, last4: Option<&str>) -> bool {
    let keys = provider.get("api_keys").and_then(Value::as_array).into_iter().flatten();
    keys.into_iter().any(|key| key.get("last4").and_then(Value::as_str) == last4)
}

/// The name, or the first with a number that no provider has.
fn free_name(name: &str, listed: &Value) -> String {
    let is_taken = |name: &str| providers(listed).any(|(known, _)| known == name);
    let numbered = (2_u32..).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| !is_taken(name)).unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sk-0123456789-abcdefghij-KLMN";
    const GATEWAY: &str = "http://127.0.0.1:8000";

    /// What is offered for these variables.
    fn offered<const N: usize>(variables: [(&str, &str); N], listed: &Value) -> Vec<Offer> {
        offers(&Environment::fixed(variables), GATEWAY, listed)
    }

    #[test]
    fn each_usual_variable_is_one_clouds() {
        for (variable, name, settings) in [
            ("OPENAI_API_KEY", "openai", Value::Null),
            ("ANTHROPIC_API_KEY", "anthropic", Value::Null),
            ("GEMINI_API_KEY", "google", Value::Null),
            ("GOOGLE_API_KEY", "google", Value::Null),
            ("MISTRAL_API_KEY", "mistral", Value::Null),
            ("GROQ_API_KEY", "groq", json!({ "preset": "groq" })),
            ("OPENROUTER_API_KEY", "openrouter", json!({ "preset": "openrouter" })),
            ("DEEPSEEK_API_KEY", "deepseek", json!({ "preset": "deepseek" })),
            ("XAI_API_KEY", "xai", json!({ "preset": "xai" })),
            ("TOGETHER_API_KEY", "together", json!({ "preset": "together" })),
        ] {
            let offers = offered([(variable, KEY)], &json!({}));
            assert_eq!(offers.len(), 1, "{variable}");
            let registration = &offers[0].registration;
            assert_eq!(registration["name"], name, "{variable}");
            assert_eq!(registration.get("settings").unwrap_or(&Value::Null), &settings);
            assert_eq!(registration.get("base_url"), None, "the vendor's own");
            let shown = serde_json::to_string(&offers).unwrap();
            assert!(shown.contains("KLMN") && !shown.contains(KEY), "{shown}");
        }
        let both = [("GEMINI_API_KEY", KEY), ("GOOGLE_API_KEY", "sk-other")];
        assert_eq!(offered(both, &json!({})).len(), 1);
        assert!(offered([("OPENAI_API_KEY", " ")], &json!({})).is_empty());
    }

    #[test]
    fn a_key_goes_where_its_programs_send_it_and_nowhere_else() {
        let with = |base_url| {
            offered([("OPENAI_API_KEY", KEY), ("OPENAI_BASE_URL", base_url)], &json!({}))
        };
        let local = with("http://10.0.0.5:9000/v1/");
        assert_eq!(local[0].registration["base_url"], "http://10.0.0.5:9000/v1");
        assert_eq!(local[0].registration["network"], "local");
        let public = with("https://llm.example/v1");
        assert_eq!(public[0].registration["base_url"], "https://llm.example/v1");
        assert_eq!(public[0].registration.get("network"), None);
        assert!(with("http://127.0.0.1:8000/v1").is_empty(), "the gateway itself");
        assert!(with("no address").is_empty());
    }

    #[test]
    fn the_gateways_own_keys_are_nobody_elses() {
        for own in ["sk-cp-abc-0123456789", "cp-admin-0123456789"] {
            assert!(offered([("OPENAI_API_KEY", own)], &json!({})).is_empty(), "{own}");
        }
        for variable in ["CLOSEDPAW_KEY", "CLOSEDPAW_ADMIN_KEY"] {
            let same = [("OPENAI_API_KEY", KEY), (variable, KEY)];
            assert!(offered(same, &json!({})).is_empty(), "{variable}");
        }
    }

    #[test]
    fn what_is_registered_is_told_and_a_taken_name_gets_a_number() {
        let listed = json!({ "providers": {
            "work": { "base_url": "https://api.openai.com/v1", "api_keys": [{ "last4": "KLMN" }] },
            "groq": { "base_url": "https://other.example/v1", "api_keys": [] },
        } });
        let offers = offered([("OPENAI_API_KEY", KEY), ("GROQ_API_KEY", KEY)], &listed);
        assert_eq!(offers[0].registered_as.as_deref(), Some("work"));
        assert!(!offers[0].has_another_key);
        assert_eq!((offers[1].registered_as.as_deref(), &*offers[1].name), (None, "groq-2"));
        let other = offered([("OPENAI_API_KEY", "sk-another-key-of-some-length")], &listed);
        assert!(other[0].has_another_key);
    }
}
