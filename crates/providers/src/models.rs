//! A provider's own list of models: asked of it, kept for a while, one request in flight.

use std::{sync::Arc, time::Duration};

use canonical::{ErrorKind, Fault};
use tokio::time::Instant;

use crate::{Provider, asked::Asked};

/// How long a list is served without asking again.
const FRESH_FOR: Duration = Duration::from_secs(300);
/// How long a failure is told again before the provider is asked again.
const FAILURE_KEPT_FOR: Duration = Duration::from_secs(5);
/// How long asking for a list may take, over all its pages.
const LIST_LIMIT: Duration = Duration::from_secs(10);
/// Pages after which a list counts as endless.
const MOST_PAGES: usize = 50;
/// Models after which a list is cut.
const MOST_MODELS: usize = 20_000;

/// What is known of the list, and the request for a newer one that is under way.
pub(crate) type ModelList = Asked<Known>;

/// What the last requests left.
#[derive(Clone)]
pub(crate) struct Known {
    /// The last list that came.
    list: Option<List>,
    /// Why the last request brought none, if it did not.
    fault: Option<Fault>,
}

#[derive(Clone)]
struct List {
    ids: Vec<String>,
    came_at: Instant,
}

/// A list of models as callers see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Models {
    /// Ids as one would send them in a chat.
    pub ids: Vec<String>,
    /// Why the provider could not be asked, if it could not: then `ids` is the last list known, or empty.
    pub fault: Option<Fault>,
    /// Whether `ids` is an old list because of that.
    pub stale: bool,
}

/// Whether a kept list will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// A list that is young enough will do.
    Cached,
    /// The provider must be asked now, unless a request is on its way already.
    Refreshed,
}

impl Provider {
    /// Returns the provider's models, narrowed to the configured ones.
    ///
    /// However many callers ask, one request is in flight; the others share its outcome.
    pub async fn models(self: &Arc<Self>, freshness: Freshness) -> Models {
        let wanted = &self.config().models;
        if !self.config().lists_models() {
            return Models { ids: wanted.clone(), fault: None, stale: false };
        }
        let provider = Arc::clone(self);
        let ask = |last| async move { provider.ask_for_models(last).await };
        let will_do = |age, known: &Known| match freshness {
            Freshness::Cached => {
                known.is_fresh() || (known.fault.is_some() && age < FAILURE_KEPT_FOR)
            }
            Freshness::Refreshed => false,
        };
        let mut models = self.models.get(will_do, ask).await.seen(freshness);
        if !wanted.is_empty() {
            models.ids.retain(|id| wanted.contains(id));
        }
        models
    }

    /// Asks for the whole list; the `last` one stays known when there is none to be had.
    async fn ask_for_models(&self, last: Option<Known>) -> Known {
        let limit = LIST_LIMIT.min(self.config().timeout());
        let asked = tokio::time::timeout(limit, self.read_pages()).await.unwrap_or_else(|_| {
            let sentence = format!("no list of models within {} s", limit.as_secs_f64());
            Err(Fault::new(ErrorKind::Timeout, sentence))
        });
        match asked {
            Ok(ids) => Known { list: Some(List { ids, came_at: Instant::now() }), fault: None },
            Err(fault) => Known { list: last.and_then(|last| last.list), fault: Some(fault) },
        }
    }

    /// Reads page after page.
    async fn read_pages(&self) -> Result<Vec<String>, Fault> {
        let mut ids = Vec::new();
        let mut page = None;
        for _ in 0..MOST_PAGES {
            let body = self.read(&self.codec().models_target(page.as_deref())).await?;
            let listed = self
                .codec()
                .decode_models(&body)
                .map_err(|malformed| Fault::new(ErrorKind::Malformed, malformed.to_string()))?;
            ids.extend(listed.ids);
            page = listed.next;
            if page.is_none() || ids.len() > MOST_MODELS {
                ids.truncate(MOST_MODELS);
                return Ok(ids);
            }
        }
        let sentence = format!("the list of models did not end within {MOST_PAGES} pages");
        Err(Fault::new(ErrorKind::Malformed, sentence))
    }
}

impl Known {
    /// Whether there is a list that is young enough, however newer requests went.
    fn is_fresh(&self) -> bool {
        self.list.as_ref().is_some_and(|list| list.came_at.elapsed() < FRESH_FOR)
    }

    /// What a caller sees who asked for a list of this freshness.
    fn seen(self, freshness: Freshness) -> Models {
        let fault = match freshness {
            Freshness::Cached if self.is_fresh() => None,
            Freshness::Cached | Freshness::Refreshed => self.fault,
        };
        let stale = self.list.is_some() && fault.is_some();
        Models { ids: self.list.map(|list| list.ids).unwrap_or_default(), fault, stale }
    }
}
