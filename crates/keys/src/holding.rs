//! What a key holds, and what of it may be passed on: grant, limits, time and project.

use std::time::SystemTime;

use grants::{Grant, Pattern, Wanted};
use limits::Limits;

use crate::{KeyError, NewKey, moment, name};

/// Patterns that a key may have of one kind.
const MOST_PATTERNS: usize = 256;

/// What a key holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holding {
    /// What it may do.
    pub(crate) grant: Grant,
    /// How much.
    pub(crate) limits: Limits,
    /// Until when; `None` is for ever.
    pub(crate) expires_at: Option<SystemTime>,
    /// For which project.
    pub(crate) project: Option<String>,
}

impl Holding {
    /// Everything, without limits or end: what the admin key holds.
    pub(crate) fn all() -> Self {
        Self { grant: Grant::all(), limits: Limits::default(), expires_at: None, project: None }
    }

    /// What a new key holds that the holder of this makes.
    ///
    /// # Errors
    ///
    /// Fails when a rule is broken or more is wanted than is held.
    pub(crate) fn pass_on(&self, wanted: &NewKey) -> Result<Self, KeyError> {
        let scopes = wanted.scopes.clone();
        if scopes.as_ref().is_some_and(Vec::is_empty) {
            return Err(invalid("scopes is empty: leave it out, or name at least one"));
        }
        let grant = self.grant.pass_on(Wanted {
            scopes,
            providers: patterns("providers", wanted.providers.as_deref())?,
            models: patterns("models", wanted.models.as_deref())?,
            local_only: wanted.local_only.unwrap_or_default(),
        })?;
        Ok(Self {
            grant,
            limits: self.limits_of(wanted.limits.unwrap_or_default())?,
            expires_at: self.end_of(wanted.expires_at.as_deref())?,
            project: self.project_of(wanted.project.as_deref())?,
        })
    }

    /// Whether a key that holds `other` can do nothing that the holder of this can't.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let wanted = Wanted {
            scopes: Some(other.grant.scopes.iter().collect()),
            // Without patterns all is wanted, which only `*` says.
            providers: other.grant.providers.clone().or_else(everything),
            models: other.grant.models.clone().or_else(everything),
            local_only: other.grant.local_only,
        };
        self.grant.pass_on(wanted).is_ok()
            && (other.grant.local_only || !self.grant.local_only)
            && other.limits.within(&self.limits)
            && self.expires_at.is_none_or(|end| other.expires_at.is_some_and(|ends| ends <= end))
            && (self.project.is_none() || self.project == other.project)
    }

    fn limits_of(&self, wanted: Limits) -> Result<Limits, KeyError> {
        check_limits(&wanted).map_err(KeyError::Invalid)?;
        Ok(Limits {
            requests_per_minute: at_most(
                "requests_per_minute",
                self.limits.requests_per_minute,
                wanted.requests_per_minute,
            )?,
            tokens_per_minute: at_most(
                "tokens_per_minute",
                self.limits.tokens_per_minute,
                wanted.tokens_per_minute,
            )?,
            concurrency: at_most("concurrency", self.limits.concurrency, wanted.concurrency)?,
        })
    }

    fn end_of(&self, wanted: Option<&str>) -> Result<Option<SystemTime>, KeyError> {
        let Some(wanted) = wanted else { return Ok(self.expires_at) };
        let end = moment::parse(wanted).ok_or_else(|| {
            invalid("expires_at must be a time as in 2030-01-31T12:00:00Z (RFC 3339)")
        })?;
        match self.expires_at {
            Some(own) if end > own => Err(KeyError::Beyond(format!(
                "your key ends at {}, so one made with it can't end later",
                moment::write(own)
            ))),
            Some(_) | None => Ok(Some(end)),
        }
    }

    fn project_of(&self, wanted: Option<&str>) -> Result<Option<String>, KeyError> {
        let Some(wanted) = wanted else { return Ok(self.project.clone()) };
        name::check_project(wanted).map_err(KeyError::Invalid)?;
        match &self.project {
            Some(own) if own != wanted => Err(KeyError::Beyond(format!(
                "your key belongs to the project '{own}', so one made with it can't belong to another"
            ))),
            Some(_) | None => Ok(Some(wanted.to_owned())),
        }
    }
}

/// Holds limits to what a limit may be.
pub(crate) fn check_limits(limits: &Limits) -> Result<(), String> {
    let zero = [
        ("requests_per_minute", limits.requests_per_minute == Some(0)),
        ("tokens_per_minute", limits.tokens_per_minute == Some(0)),
        ("concurrency", limits.concurrency == Some(0)),
    ];
    match zero.into_iter().find(|(_, is_zero)| *is_zero) {
        Some((limit, _)) => {
            Err(format!("limits.{limit} must be at least 1: leave it out for no limit"))
        }
        None => Ok(()),
    }
}

/// What is wanted of a limit, if it is held; what is held where nothing is wanted.
fn at_most<N: Copy + PartialOrd + std::fmt::Display>(
    limit: &str,
    held: Option<N>,
    wanted: Option<N>,
) -> Result<Option<N>, KeyError> {
    match (held, wanted) {
        (Some(held), Some(wanted)) if wanted > held => Err(KeyError::Beyond(format!(
            "your key's limit of {limit} is {held}, so one made with it can't have {wanted}"
        ))),
        (held, None) => Ok(held),
        (_, wanted) => Ok(wanted),
    }
}

fn patterns(of: &str, wanted: Option<&[String]>) -> Result<Option<Vec<Pattern>>, KeyError> {
    let Some(wanted) = wanted else { return Ok(None) };
    if wanted.is_empty() {
        let sentence = format!(
            "{of} is empty: leave it out for all that your key holds, or name at least one"
        );
        return Err(KeyError::Invalid(sentence));
    }
    if wanted.len() > MOST_PATTERNS {
        return Err(KeyError::Invalid(format!("{of} has more than {MOST_PATTERNS} patterns")));
    }
    let mut patterns = Vec::with_capacity(wanted.len());
    for text in wanted {
        let pattern =
            Pattern::parse(text).map_err(|error| KeyError::Invalid(format!("{of}: {error}")))?;
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    Ok(Some(patterns))
}

fn everything() -> Option<Vec<Pattern>> {
    Some(vec![Pattern::parse("*").ok()?])
}

fn invalid(sentence: &str) -> KeyError {
    KeyError::Invalid(sentence.to_owned())
}
