//! Resolve: from names to a provider and a model.

use std::{sync::Arc, time::Instant};

use canonical::{Dialect, ErrorKind, Fault, Price, TraceContext};
use dialects::{Codec, Quirks, ThinkingQuirks};
use futures_util::future::join_all;
use grants::Grant;
use http::HeaderValue;
use keys::Caller;
use providers::{Freshness, Provider, ProviderName, Snapshot, check_model};

use crate::{Candidates, candidates::unknown_model};

/// A provider and the model to ask it for.
#[derive(Clone)]
pub struct Target {
    /// The provider.
    pub provider: Arc<Provider>,
    /// The model's id, as the provider knows it.
    pub model: String,
    /// Which of the provider's keys it is asked with, counted from 0.
    pub(crate) key: usize,
    /// Until when an answer is waited for.
    pub(crate) deadline: Option<Instant>,
    /// For how long a silent provider is waited for.
    pub(crate) patience: Patience,
    /// The span that the provider is told, if any.
    pub(crate) trace: Option<TraceContext>,
    /// What tracers before us note beside it.
    pub(crate) trace_state: Option<HeaderValue>,
    /// The codec that it is asked by, where the caller's bytes don't pass as they are.
    pub(crate) codec: &'static dyn Codec,
    /// What the provider asks for the model.
    pub(crate) price: Price,
    /// Tokens that an answer of the model may have, where known.
    largest_answer_tokens: Option<u64>,
    /// How the model may be told to think.
    thinking: ThinkingQuirks,
}

/// For how long a provider is waited for that says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// To its deadline: nobody else could answer.
    ToTheEnd,
    /// While it shows that it lives: somebody else could answer meanwhile.
    WhileAlive,
}

impl Target {
    /// The target, asked in the dialect that its provider is translated to.
    pub(crate) fn new(provider: &Arc<Provider>, model: String) -> Self {
        let codec = provider.codec();
        Self {
            provider: Arc::clone(provider),
            model,
            key: 0,
            deadline: None,
            patience: Patience::ToTheEnd,
            trace: None,
            trace_state: None,
            codec,
            price: Price::default(),
            largest_answer_tokens: None,
            thinking: ThinkingQuirks::default(),
        }
    }

    /// The provider, whatever its model: its default one where it has any.
    pub(crate) fn of_any_model(provider: &Arc<Provider>) -> Self {
        Self::new(provider, provider.config().default_model.clone().unwrap_or_default())
    }

    /// Has it asked in the caller's own dialect, if its provider speaks that.
    pub(crate) fn speak_like(&mut self, dialect: Dialect) {
        if self.speaks(dialect) {
            self.codec = dialects::codec(dialect);
        }
    }

    /// How the provider and the model differ from others of their dialect.
    pub(crate) fn quirks(&self) -> Quirks {
        let (largest_answer_tokens, thinking) = (self.largest_answer_tokens, self.thinking);
        Quirks { largest_answer_tokens, thinking, ..self.provider.config().quirks() }
    }

    /// Whether the provider lists the model; unknown where its list can't be had.
    pub async fn is_listed(&self) -> Option<bool> {
        let models = self.provider.models(Freshness::Cached).await;
        let is_listed = listed(&self.provider, &models.ids, &self.model).is_some();
        Some(is_listed).filter(|_| !models.ids.is_empty())
    }

    /// The first language of the provider's that has a place for what is asked, and that place.
    fn first_with_place(
        &self,
        place: impl Fn(&dyn Codec) -> Option<String>,
    ) -> Option<(&'static dyn Codec, String)> {
        let mut codecs = self.provider.config().dialects().iter().copied().map(dialects::codec);
        codecs.find_map(|codec| Some((codec, place(codec)?)))
    }

    /// Where the provider makes embeddings of that many inputs, and in which of its languages.
    pub(crate) fn embeddings_place(&self, inputs: usize) -> Option<(&'static dyn Codec, String)> {
        self.first_with_place(|codec| codec.embeddings_target(&self.model, inputs))
    }

    /// Where the provider counts tokens, and in which of its languages.
    pub(crate) fn count_place(&self) -> Option<(&'static dyn Codec, String)> {
        self.first_with_place(|codec| codec.count_target(&self.model))
    }

    /// Whether the provider speaks the dialect.
    pub(crate) fn speaks(&self, dialect: Dialect) -> bool {
        self.provider.config().dialects().contains(&dialect)
    }
}

/// Finds who may answer where provider and model are named apart; the default provider and its default model when
/// unnamed, and a route where only its name stands.
pub(crate) fn resolve(
    snapshot: &Snapshot,
    caller: &Caller,
    provider: Option<&str>,
    model: &str,
) -> Result<Candidates, Fault> {
    if provider.is_none()
        && let Some(route) = snapshot.route(model)
    {
        return Candidates::of_route(snapshot, caller, route);
    }
    let held = |name: &&ProviderName| caller.grant.holds_provider(name.as_str());
    let name = match (provider, snapshot.default_name().filter(held)) {
        (Some(name), _) => name,
        (None, Some(default)) => default.as_str(),
        (None, None) => {
            return Err(Fault::invalid_request(
                "No provider given, and none is the default: send 'provider' or set one",
            ));
        }
    };
    let provider = find_held(snapshot, &caller.grant, name)?;
    let default_model = &provider.config().default_model;
    let model = Some(model).filter(|model| !model.is_empty());
    let model = model.or(default_model.as_deref()).ok_or_else(|| {
        Fault::invalid_request(format!(
            "No model given, and provider {name} has no default_model: send 'model' or set one"
        ))
    })?;
    hold(caller, target(snapshot, provider, model)?, model).map(Candidates::one)
}

/// Finds a provider by its name, if the grant holds it: to others there is none.
///
/// # Errors
///
/// Fails when there is none.
pub(crate) fn find_held<'a>(
    snapshot: &'a Snapshot,
    grant: &Grant,
    name: &str,
) -> Result<&'a Arc<Provider>, Fault> {
    let held = snapshot.find(name).ok().filter(|_| grant.holds_provider(name));
    held.ok_or_else(|| Fault::new(ErrorKind::NotFound, format!("Provider not found: {name}")))
}

/// Whether a caller's key lets its requests go to the provider: it holds it, and they need not stay local or it is.
#[must_use]
pub fn may_ask(caller: &Caller, provider: &Provider) -> bool {
    let config = provider.config();
    let stays_in_bounds = !caller.grant.local_only || config.is_local();
    stays_in_bounds && caller.grant.holds_provider(config.name.as_str())
}

/// Finds who may answer to a model's name.
///
/// A route's name means its candidates, `PROVIDER/MODEL` both. Any other name is looked for in the default provider's
/// list of models, then in all lists; what stands in none goes to a default provider whose list can't be had. What the
/// caller does not hold does not exist for it, in these lists neither.
///
/// # Errors
///
/// Fails when the name means nothing, or two things.
pub(crate) async fn resolve_name(
    snapshot: &Snapshot,
    caller: &Caller,
    name: &str,
) -> Result<Candidates, Fault> {
    if let Some(route) = snapshot.route(name) {
        return Candidates::of_route(snapshot, caller, route);
    }
    find_model(snapshot, caller, name).await.map(Candidates::one)
}

/// Finds the one model that a name means which is no route.
///
/// # Errors
///
/// Fails when the name means nothing to the caller, or two things.
pub async fn find_model(snapshot: &Snapshot, caller: &Caller, name: &str) -> Result<Target, Fault> {
    let found = find_named(snapshot, caller, name).await?;
    hold(caller, found, name)
}

/// Makes sure that the caller holds what its name means.
fn hold(caller: &Caller, target: Target, name: &str) -> Result<Target, Fault> {
    let provider = target.provider.config().name.as_str();
    let is_held = caller.grant.holds_model(provider, &target.model, None);
    if is_held { Ok(target) } else { Err(unknown_model(name)) }
}

async fn find_named(snapshot: &Snapshot, caller: &Caller, name: &str) -> Result<Target, Fault> {
    let find = |provider: &str| find_held(snapshot, &caller.grant, provider);
    if let Some(provider) = name.strip_suffix('/')
        && find(provider).is_ok()
    {
        return Err(Fault::invalid_request(format!(
            "`model` names a provider and no model: send {provider}/MODEL"
        )));
    }
    if name.is_empty() {
        return Err(Fault::invalid_request(
            "`model` is missing: send PROVIDER/MODEL, or a model's own name",
        ));
    }
    if let Some((provider, model)) = name.split_once('/')
        && let Ok(provider) = find(provider)
    {
        return target(snapshot, provider, model);
    }
    let is_held = |provider: &Provider, model: &str| {
        caller.grant.holds_model(provider.config().name.as_str(), model, None)
    };
    let default = snapshot.default_name().and_then(|name| find(name.as_str()).ok());
    let default = default.filter(|provider| provider.config().enabled && may_ask(caller, provider));
    let mut unlisted_default = None;
    if let Some(default) = default {
        let models = default.models(Freshness::Cached).await;
        let model = listed(default, &models.ids, name);
        if let Some(model) = model.filter(|model| is_held(default, model)) {
            return target(snapshot, default, &model);
        }
        unlisted_default = Some(default).filter(|_| models.ids.is_empty());
    }
    let others = snapshot.enabled().filter(|other| {
        !other.config().lacks_api_key()
            && may_ask(caller, other)
            && !default.is_some_and(|default| Arc::ptr_eq(default, other))
    });
    let lists = others.map(|other| async move {
        let models = other.models(Freshness::Cached).await;
        let model = listed(other, &models.ids, name)?;
        is_held(other, &model).then_some((other, model))
    });
    let found: Vec<_> = join_all(lists).await.into_iter().flatten().collect();
    match (found.as_slice(), unlisted_default) {
        ([(provider, model)], _) => target(snapshot, provider, model),
        ([], Some(default)) => target(snapshot, default, name),
        ([], None) => Err(unknown_model(name)),
        (several, _) => {
            let names: Vec<_> = several
                .iter()
                .map(|(provider, model)| format!("{}/{model}", provider.config().name))
                .collect();
            Err(Fault::invalid_request(format!(
                "the model '{name}' is ambiguous: send one of {}",
                names.join(", ")
            )))
        }
    }
}

/// The id under which a provider lists a model.
fn listed(provider: &Provider, ids: &[String], name: &str) -> Option<String> {
    let codec = provider.codec();
    let exact = ids.iter().find(|id| *id == name);
    exact.or_else(|| ids.iter().find(|id| codec.is_same_model(id, name))).cloned()
}

/// A model of a provider that may be asked.
pub(crate) fn target(
    snapshot: &Snapshot,
    provider: &Arc<Provider>,
    model: &str,
) -> Result<Target, Fault> {
    require_askable(provider)?;
    let model = check_model("model", model.to_owned())
        .map_err(|error| Fault::invalid_request(error.to_string()))?;
    let price = snapshot.price(provider, &model);
    let facts = snapshot.facts(provider, &model);
    let largest_answer_tokens = facts.and_then(|facts| facts.max_output_tokens);
    let thinking = facts.map(|facts| ThinkingQuirks {
        takes_levels: facts.adaptive_thinking,
        takes_budgets: facts.budget_thinking,
        always_thinks: facts.always_thinks == Some(true),
    });
    let thinking = thinking.unwrap_or_default();
    Ok(Target { price, largest_answer_tokens, thinking, ..Target::new(provider, model) })
}

/// Makes sure that a provider may be asked.
///
/// # Errors
///
/// Fails when it is disabled, or its key is missing.
pub(crate) fn require_askable(provider: &Provider) -> Result<(), Fault> {
    let config = provider.config();
    if config.enabled {
        return provider.require_api_key();
    }
    Err(Fault::invalid_request(format!(
        "Provider {} is disabled: enable it, or choose another provider",
        config.name
    )))
}
