//! The candidates of a request: who may answer it, and why others are passed over.

use std::sync::Arc;

use canonical::{Ability, ErrorKind, Fault, Modality};
use keys::Caller;
use providers::{Conditions, Need, Route, RouteCandidate, Snapshot};
use routing::Strategy;

use crate::{
    Demand, Target,
    allowance::limits_tokens,
    resolve::{find_held, target},
};

/// Who may answer a request.
#[derive(Clone)]
pub struct Candidates {
    /// The route that the model's name is, if it is one.
    pub route: Option<Arc<Route>>,
    /// Who may answer, in the order of the route.
    pub able: Vec<Candidate>,
    /// Who may not.
    pub passed_over: Vec<PassedOver>,
}

/// One who may answer.
#[derive(Clone)]
pub struct Candidate {
    /// The provider and its model.
    pub target: Target,
    /// Its share among weighted candidates.
    pub weight: u32,
    when: Conditions,
}

/// One who may not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// The provider's name.
    pub provider: String,
    /// Its model.
    pub model: String,
    /// Why not, as a clause.
    pub reason: String,
}

impl Candidates {
    /// The one that a name means that is no route.
    pub(crate) fn one(target: Target) -> Self {
        let only = Candidate { target, weight: 1, when: Conditions::default() };
        Self { route: None, able: vec![only], passed_over: Vec::new() }
    }

    /// Those of a route that the caller holds.
    ///
    /// # Errors
    ///
    /// Fails when the caller holds none: then there is no such model for it.
    pub(crate) fn of_route(
        snapshot: &Snapshot,
        caller: &Caller,
        route: &Arc<Route>,
    ) -> Result<Self, Fault> {
        let mut candidates =
            Self { route: Some(Arc::clone(route)), able: Vec::new(), passed_over: Vec::new() };
        let mut held = route.held(&caller.grant).peekable();
        if held.peek().is_none() {
            return Err(unknown_model(&route.name));
        }
        for RouteCandidate { provider, model, weight, when } in held {
            match find_held(snapshot, &caller.grant, provider)
                .and_then(|provider| target(snapshot, provider, model))
            {
                Ok(target) => {
                    let when = when.clone();
                    candidates.able.push(Candidate { target, weight: *weight, when });
                }
                Err(fault) => candidates.passed_over.push(PassedOver {
                    provider: provider.clone(),
                    model: model.clone(),
                    reason: fault.public,
                }),
            }
        }
        Ok(candidates)
    }

    /// Whether anything depends on what the request demands: who can serve it, or how much is left for it.
    pub(crate) fn ask_for_demand(&self, caller: &Caller) -> bool {
        self.route.is_some()
            || limits_tokens(caller)
            || self.able.iter().any(|candidate| {
                let Candidate { target, .. } = candidate;
                target.provider.limits_tokens(&target.model)
            })
    }

    /// How one of them is chosen.
    pub(crate) fn strategy(&self) -> Strategy {
        self.route.as_ref().map_or(Strategy::Priority, |route| route.strategy)
    }

    /// Passes over whoever can't or may not serve the request. Where a model was named and no route, nothing is
    /// known better than by whoever named it, but for what the caller's key allows.
    pub(crate) fn fit(&mut self, snapshot: &Snapshot, caller: &Caller, demand: &Demand) {
        self.bar(caller);
        if self.route.is_none() {
            return;
        }
        let able = std::mem::take(&mut self.able);
        for candidate in able {
            match candidate.unfit_for(snapshot, caller, demand) {
                None => self.able.push(candidate),
                Some(reason) => self.pass_over(candidate, reason),
            }
        }
    }

    /// Passes over whoever the caller's key does not allow, whatever is asked.
    pub(crate) fn bar(&mut self, caller: &Caller) {
        let able = std::mem::take(&mut self.able);
        for candidate in able {
            match candidate.barred_by(caller) {
                None => self.able.push(candidate),
                Some(reason) => self.pass_over(candidate, reason),
            }
        }
    }

    fn pass_over(&mut self, candidate: Candidate, reason: String) {
        self.passed_over.push(PassedOver {
            provider: candidate.target.provider.config().name.to_string(),
            model: candidate.target.model,
            reason,
        });
    }

    /// The fault of a request that nobody can serve.
    pub(crate) fn nobody(&self) -> Fault {
        let reasons: Vec<_> = self
            .passed_over
            .iter()
            .map(|passed| format!("{}/{} {}", passed.provider, passed.model, passed.reason))
            .collect();
        let named = self.route.as_ref().map_or_else(
            || "the model can't serve this request".to_owned(),
            |route| format!("no candidate of the route '{}' can serve this request", route.name),
        );
        Fault::invalid_request(format!("{named}: {}", reasons.join("; ")))
    }
}

impl Candidate {
    /// Why the caller's key does not allow it.
    fn barred_by(&self, caller: &Caller) -> Option<String> {
        let is_barred = caller.grant.local_only && !self.target.provider.config().is_local();
        is_barred.then(|| "is not local, and this key's requests must stay local".to_owned())
    }

    /// Why it can't serve the request, or is not meant to.
    fn unfit_for(&self, snapshot: &Snapshot, caller: &Caller, demand: &Demand) -> Option<String> {
        self.when.unmet(caller, demand).or_else(|| self.unable(snapshot, demand))
    }

    /// What is publicly known to be beyond the model.
    fn unable(&self, snapshot: &Snapshot, demand: &Demand) -> Option<String> {
        let facts = snapshot.facts(&self.target.provider, &self.target.model)?;
        let card = snapshot.card(&self.target.provider, &self.target.model, "");
        // The estimate is from above.
        let least_tokens = demand.input_tokens / 4 * 3;
        if let Some(window) = card.context_window_tokens.filter(|window| *window < least_tokens) {
            let input = demand.input_tokens;
            return Some(format!(
                "has a context window of {window} tokens, too few for about {input} of input"
            ));
        }
        let lacks = |need: &&Need| match need {
            Need::Vision => {
                let reads = &facts.input_modalities;
                !reads.is_empty() && !reads.contains(&Modality::Image)
            }
            Need::Tools => lacks(&facts.abilities, Ability::Tools),
            Need::JsonSchema => lacks(&facts.abilities, Ability::JsonSchema),
        };
        let missing = demand.needs.iter().find(lacks)?;
        Some(match missing {
            Need::Vision => "reads no pictures".to_owned(),
            Need::Tools => "calls no tools".to_owned(),
            Need::JsonSchema => "holds no answer to a JSON schema".to_owned(),
        })
    }
}

/// Whether a model is known to lack an ability; of a model of which no ability is known, nothing is.
fn lacks(known: &[Ability], ability: Ability) -> bool {
    !known.is_empty() && !known.contains(&ability)
}

/// The fault of a name that means nothing to this caller, be it that there is no such model or that it is not theirs.
pub(crate) fn unknown_model(name: &str) -> Fault {
    let sentence = format!(
        "there is no model '{name}' that this key may call: send PROVIDER/MODEL or a route's name, or see the list of models"
    );
    Fault::new(ErrorKind::NotFound, sentence)
}

/// Which conditions a request fails.
trait Unmet {
    /// The first condition that is not met, as a clause.
    fn unmet(&self, caller: &Caller, demand: &Demand) -> Option<String>;
}

impl Unmet for Conditions {
    fn unmet(&self, caller: &Caller, demand: &Demand) -> Option<String> {
        let input = demand.input_tokens;
        if let Some(least) = self.input_tokens_at_least.filter(|least| input < *least) {
            return Some(format!(
                "is for input of at least {least} tokens, and this has about {input}"
            ));
        }
        if let Some(most) = self.input_tokens_at_most.filter(|most| input > *most) {
            return Some(format!(
                "is for input of at most {most} tokens, and this has about {input}"
            ));
        }
        if let Some(need) = self.needs.iter().find(|need| !demand.needs.contains(need)) {
            return Some(format!("is for requests that need {}", need.as_str()));
        }
        let named = |name: &str| grants::any_matches(&self.keys, name);
        if !self.keys.is_empty() && !named(caller.id.as_str()) && !named(&caller.name) {
            return Some("is for other keys".to_owned());
        }
        let project = caller.project.as_deref();
        if !self.projects.is_empty()
            && !project.is_some_and(|project| grants::any_matches(&self.projects, project))
        {
            return Some("is for other projects".to_owned());
        }
        None
    }
}
