//! A grant, and what may be passed on of it.

use thiserror::Error;

use crate::{Pattern, Scope, Scopes, any_covers, any_matches};

/// What a key may do. Absent lists mean everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What it is good for.
    pub scopes: Scopes,
    /// The providers that it may see and call, by name.
    pub providers: Option<Vec<Pattern>>,
    /// The models that it may call: a model's id, `PROVIDER/MODEL`, or the name of a route.
    pub models: Option<Vec<Pattern>>,
    /// Whether what it asks must stay on this machine and its network.
    pub local_only: bool,
}

/// What somebody wants a new key to hold. Absent means all that the maker holds, but for the scopes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What it shall be good for; `inference` alone when absent.
    pub scopes: Option<Vec<Scope>>,
    /// The providers that it shall see and call.
    pub providers: Option<Vec<Pattern>>,
    /// The models that it shall call.
    pub models: Option<Vec<Pattern>>,
    /// Whether what it asks shall stay local.
    pub local_only: bool,
}

/// Something was wanted that its maker does not hold.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NotHeld {
    /// A scope.
    #[error("your key does not hold the scope '{0}', so it can't pass it on")]
    Scope(Scope),
    /// A pattern of providers.
    #[error("your key does not hold all providers that '{0}' means, so it can't pass them on")]
    Provider(Pattern),
    /// A pattern of models.
    #[error("your key does not hold all models that '{0}' means, so it can't pass them on")]
    Model(Pattern),
}

impl Grant {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        Self { scopes: Scopes::all(), providers: None, models: None, local_only: false }
    }

    /// Whether it allows what needs `scope`.
    #[must_use]
    pub const fn allows(&self, scope: Scope) -> bool {
        self.scopes.allow(scope)
    }

    /// Whether it holds the provider of that name.
    #[must_use]
    pub fn holds_provider(&self, name: &str) -> bool {
        self.providers.as_ref().is_none_or(|patterns| any_matches(patterns, name))
    }

    /// Whether it holds a provider's model: by its id, by `PROVIDER/MODEL`, or by the `route` that leads to it.
    #[must_use]
    pub fn holds_model(&self, provider: &str, model: &str, route: Option<&str>) -> bool {
        let by_name = |patterns: &[Pattern]| {
            any_matches(patterns, model)
                || any_matches(patterns, &format!("{provider}/{model}"))
                || route.is_some_and(|route| any_matches(patterns, route))
        };
        self.holds_provider(provider) && self.models.as_deref().is_none_or(by_name)
    }

    /// The grant of a key that the holder of this one makes.
    ///
    /// # Errors
    ///
    /// Fails when more is wanted than is held.
    pub fn pass_on(&self, wanted: Wanted) -> Result<Self, NotHeld> {
        let scopes = wanted.scopes.unwrap_or_else(|| vec![Scope::Inference]);
        if let Some(scope) = scopes.iter().find(|scope| !self.allows(**scope)) {
            return Err(NotHeld::Scope(*scope));
        }
        Ok(Self {
            scopes: scopes.into_iter().collect(),
            providers: narrowed(self.providers.as_deref(), wanted.providers)
                .map_err(NotHeld::Provider)?,
            models: narrowed(self.models.as_deref(), wanted.models).map_err(NotHeld::Model)?,
            local_only: self.local_only || wanted.local_only,
        })
    }
}

/// The patterns that are wanted, if all are held; what is held where none are.
fn narrowed(
    held: Option<&[Pattern]>,
    wanted: Option<Vec<Pattern>>,
) -> Result<Option<Vec<Pattern>>, Pattern> {
    let Some(wanted) = wanted else { return Ok(held.map(<[_]>::to_vec)) };
    let more = wanted.iter().find(|pattern| held.is_some_and(|held| !any_covers(held, pattern)));
    match more {
        Some(more) => Err(more.clone()),
        None => Ok(Some(wanted)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> Option<Vec<Pattern>> {
        Some(texts.iter().map(|text| Pattern::parse(text).unwrap()).collect())
    }

    #[test]
    fn what_is_not_wanted_is_as_the_maker_has_it_but_for_the_scopes() {
        let held = Grant { providers: patterns(&["near-*"]), ..Grant::all() };
        let made = held.pass_on(Wanted::default()).unwrap();
        assert_eq!(made.providers, held.providers);
        assert_eq!(made.models, None);
        assert_eq!(made.scopes.iter().collect::<Vec<_>>(), [Scope::Inference]);
    }

    #[test]
    fn scopes_that_include_others_pass_those_on() {
        let held = Grant { scopes: [Scope::ProvidersWrite].into_iter().collect(), ..Grant::all() };
        let want = |scope| held.pass_on(Wanted { scopes: Some(vec![scope]), ..Wanted::default() });
        assert!(want(Scope::ProvidersRead).unwrap().allows(Scope::ProvidersRead));
        assert!(!want(Scope::ProvidersRead).unwrap().allows(Scope::ProvidersWrite));
        assert_eq!(want(Scope::Keys), Err(NotHeld::Scope(Scope::Keys)));
        assert_eq!(want(Scope::Admin), Err(NotHeld::Scope(Scope::Admin)));
        let all = Grant { scopes: [Scope::Admin].into_iter().collect(), ..Grant::all() };
        assert!(Scope::ALL.into_iter().all(|scope| all.allows(scope)));
    }

    #[test]
    fn models_are_held_by_id_by_path_and_by_route() {
        let grant = Grant {
            providers: patterns(&["near-*", "far"]),
            models: patterns(&["llama*", "far/gpt-4o", "fast"]),
            ..Grant::all()
        };
        let check = |provider: &str, model: &str, route: Option<&str>, expected: bool| {
            let held = grant.holds_model(provider, model, route);
            assert_eq!(held, expected, "{provider} {model} {route:?}");
        };
        check("near-1", "llama3", None, true);
        check("far", "gpt-4o", None, true);
        check("near-1", "gpt-4o", None, false);
        check("near-1", "gpt-4o", Some("fast"), true);
        check("other", "llama3", None, false);
        check("other", "gpt-4o", Some("fast"), false);
        check("far", "x", Some("slow"), false);
    }

    #[test]
    fn staying_local_is_never_lost() {
        let held = Grant { local_only: true, ..Grant::all() };
        assert!(held.pass_on(Wanted::default()).unwrap().local_only);
        let wanted = Wanted { local_only: true, ..Wanted::default() };
        assert!(Grant::all().pass_on(wanted).unwrap().local_only);
    }
}
