//! What a caller sends to set a route, and the rules that make it one.

use std::collections::BTreeSet;

use grants::Pattern;
use routing::Strategy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Conditions, Need, ProviderError, ProviderName, Route, RouteCandidate, registration::check_model,
};

/// A route's name is as long as this, at most.
const LONGEST_NAME_BYTES: usize = 128;
/// More candidates than anyone tries in turn.
const MOST_CANDIDATES: usize = 64;
/// The largest weight.
const LARGEST_WEIGHT: u32 = 1_000_000;
/// More patterns than anyone writes into one condition.
const MOST_PATTERNS: usize = 64;

/// A route, as a caller describes it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct RouteDescription {
    /// How candidates are ordered: `priority` (as listed), `weighted`, `least-in-flight`, `latency`, `cheapest` or
    /// `local-first`; `priority` when unset.
    pub strategy: Option<String>,
    /// Who may answer: 1 to 64.
    pub candidates: Vec<CandidateDescription>,
    /// The route's name, which stands in the path; another one is refused.
    pub name: Option<String>,
}

/// One who may answer, as the API, the config file and the store have it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CandidateDescription {
    /// The provider's name. It need not be registered: then the candidate is passed over.
    pub provider: String,
    /// Its model.
    pub model: String,
    /// Its share among weighted candidates; 1 when unset.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub weight: Option<u32>,
    /// Which requests it is for; all when unset.
    pub when: Option<ConditionsDescription>,
}

/// Which requests a candidate is for: all that is said must hold.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConditionsDescription {
    /// Estimated tokens of input, at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens_at_least: Option<u64>,
    /// Estimated tokens of input, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens_at_most: Option<u64>,
    /// The request has all of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<Vec<Need>>,
    /// Patterns: the caller's key, by id or name, is one of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<Vec<String>>,
    /// Patterns: the caller's project is one of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projects: Option<Vec<String>>,
}

impl RouteDescription {
    /// Holds the description to every rule and fills in the defaults.
    ///
    /// # Errors
    ///
    /// Returns a sentence for everything that is wrong with it.
    pub fn check(self, name: &str) -> Result<Route, Vec<String>> {
        let mut faults = Vec::new();
        faults.extend(check_name(name).err());
        if self.name.is_some_and(|own| own != name) {
            faults.push(
                "A route's name can't be changed: set another route and remove this one".to_owned(),
            );
        }
        let strategy = self.strategy.as_deref().map_or(Ok(Strategy::default()), parse_strategy);
        let count = self.candidates.len();
        if !(1..=MOST_CANDIDATES).contains(&count) {
            faults.push(format!("candidates: give 1 to {MOST_CANDIDATES}, not {count}"));
        }
        let mut candidates: Vec<RouteCandidate> = Vec::new();
        for (index, description) in self.candidates.into_iter().enumerate() {
            match description.check() {
                Ok(candidate) if candidates.iter().any(|other| other.is_like(&candidate)) => {
                    let (provider, model) = (&candidate.provider, &candidate.model);
                    faults.push(format!("candidates[{index}]: {provider}/{model} is listed twice"));
                }
                Ok(candidate) => candidates.push(candidate),
                Err(wrong) => faults
                    .extend(wrong.into_iter().map(|fault| format!("candidates[{index}]: {fault}"))),
            }
        }
        match strategy {
            Ok(strategy) if faults.is_empty() => {
                Ok(Route { name: name.to_owned(), strategy, candidates, declared_at: None })
            }
            strategy => {
                faults.extend(strategy.err());
                Err(faults)
            }
        }
    }
}

impl CandidateDescription {
    fn check(self) -> Result<RouteCandidate, Vec<String>> {
        let mut faults = Vec::new();
        faults.extend(ProviderName::parse(&self.provider).err());
        if self.model.is_empty() {
            faults.push("model is empty: name one of the provider's models".to_owned());
        }
        let model = check_model("model", self.model).map_err(|error| error.to_string());
        let weight = self.weight.unwrap_or(1);
        if !(1..=LARGEST_WEIGHT).contains(&weight) {
            faults.push(format!("weight {weight}: give a whole number from 1 to {LARGEST_WEIGHT}"));
        }
        let when = self.when.unwrap_or_default().check();
        match (model, when) {
            (Ok(model), Ok(when)) if faults.is_empty() => {
                Ok(RouteCandidate { provider: self.provider, model, weight, when })
            }
            (model, when) => {
                faults.extend(model.err());
                faults.extend(when.err().into_iter().flatten());
                Err(faults)
            }
        }
    }
}

impl ConditionsDescription {
    fn check(self) -> Result<Conditions, Vec<String>> {
        let mut faults = Vec::new();
        let (least, most) = (self.input_tokens_at_least, self.input_tokens_at_most);
        if let (Some(least), Some(most)) = (least, most)
            && least > most
        {
            faults.push(format!(
                "when: no request has at least {least} and at most {most} tokens of input"
            ));
        }
        let needs = self.needs.unwrap_or_default();
        if needs.iter().collect::<BTreeSet<_>>().len() < needs.len() {
            faults.push("when.needs: name each once".to_owned());
        }
        let mut patterns = |member, given| {
            parse_patterns(member, given).unwrap_or_else(|fault| {
                faults.push(fault);
                Vec::new()
            })
        };
        let conditions = Conditions {
            input_tokens_at_least: least,
            input_tokens_at_most: most,
            needs,
            keys: patterns("keys", self.keys),
            projects: patterns("projects", self.projects),
        };
        if faults.is_empty() { Ok(conditions) } else { Err(faults) }
    }
}

impl From<&RouteCandidate> for CandidateDescription {
    fn from(candidate: &RouteCandidate) -> Self {
        let is_conditional = candidate.when != Conditions::default();
        Self {
            provider: candidate.provider.clone(),
            model: candidate.model.clone(),
            weight: Some(candidate.weight),
            when: is_conditional.then(|| ConditionsDescription::from(&candidate.when)),
        }
    }
}

impl From<&Conditions> for ConditionsDescription {
    fn from(when: &Conditions) -> Self {
        let texts = |patterns: &[Pattern]| {
            let texts: Vec<_> = patterns.iter().map(ToString::to_string).collect();
            (!texts.is_empty()).then_some(texts)
        };
        Self {
            input_tokens_at_least: when.input_tokens_at_least,
            input_tokens_at_most: when.input_tokens_at_most,
            needs: (!when.needs.is_empty()).then(|| when.needs.clone()),
            keys: texts(&when.keys),
            projects: texts(&when.projects),
        }
    }
}

/// Checks a route's name: it must fit into a path, as one does that holds slashes.
fn check_name(name: &str) -> Result<(), String> {
    let well_formed = (1..=LONGEST_NAME_BYTES).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:/".contains(&byte))
        && !name.split('/').any(|segment| matches!(segment, "" | "." | ".."));
    if well_formed {
        return Ok(());
    }
    Err(format!(
        "Invalid route name: use 1 to {LONGEST_NAME_BYTES} of A-Z a-z 0-9 . _ - : / and start with a letter or digit; \
         nothing between two slashes, or only dots, is no name"
    ))
}

fn parse_strategy(name: &str) -> Result<Strategy, String> {
    Strategy::parse(name).ok_or_else(|| {
        let known = Strategy::ALL.map(Strategy::as_str).join(", ");
        format!("Unknown strategy: use one of {known}")
    })
}

/// Reads the patterns of a condition. None at all would hold for nobody, and is more likely a slip.
fn parse_patterns(member: &str, given: Option<Vec<String>>) -> Result<Vec<Pattern>, String> {
    let Some(given) = given else { return Ok(Vec::new()) };
    if !(1..=MOST_PATTERNS).contains(&given.len()) {
        return Err(format!("when.{member}: give 1 to {MOST_PATTERNS} patterns, or leave it out"));
    }
    let parsed = given.iter().map(|text| Pattern::parse(text)).collect::<Result<_, _>>();
    parsed.map_err(|error| format!("when.{member}: {error}"))
}

/// Makes one sentence of what is wrong with a route.
pub(crate) fn refused(faults: &[String]) -> ProviderError {
    ProviderError::Invalid(faults.join("; "))
}
