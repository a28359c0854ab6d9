//! A provider's own list of models: asked of it, kept for a while, one request in flight.

use std::{sync::Arc, time::Duration};

use canonical::{ErrorKind, Fault};

use crate::{Provider, asked::Asked};

/// How long a list is served without asking again.
const FRESH_FOR: Duration = Duration::from_secs(300);
/// How long asking for a list may take, over all its pages.
const LIST_LIMIT: Duration = Duration::from_secs(10);
/// Pages after which a list counts as endless.
const MOST_PAGES: usize = 50;
/// Models after which a list is cut.
const MOST_MODELS: usize = 20_000;

/// The last list, and the request for one that is under way.
pub(crate) type ModelList = Asked<Models>;

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
            return Models::fresh(wanted.clone());
        }
        let provider = Arc::clone(self);
        let ask = |last| async move { provider.ask_for_models(last).await };
        let will_do = |age, models: &Models| match freshness {
            Freshness::Cached => models.fault.is_none() && age < FRESH_FOR,
            Freshness::Refreshed => false,
        };
        let mut models = self.models.get(will_do, ask).await;
        if !wanted.is_empty() {
            models.ids.retain(|id| wanted.contains(id));
        }
        models
    }

    /// Asks for the whole list; the `last` one stands in when there is none to be had.
    async fn ask_for_models(&self, last: Option<Models>) -> Models {
        let limit = LIST_LIMIT.min(self.config().timeout());
        match tokio::time::timeout(limit, self.read_pages(limit)).await {
            Ok(Ok(ids)) => Models::fresh(ids),
            Ok(Err(fault)) => Models::stale(last, fault),
            Err(_) => {
                let sentence = format!("no list of models within {} s", limit.as_secs_f64());
                Models::stale(last, Fault::new(ErrorKind::Timeout, sentence))
            }
        }
    }

    /// Reads page after page.
    async fn read_pages(&self, limit: Duration) -> Result<Vec<String>, Fault> {
        let mut ids = Vec::new();
        let mut page = None;
        for _ in 0..MOST_PAGES {
            let body = self.read(&self.codec().models_target(page.as_deref()), limit).await?;
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

impl Models {
    /// A list as it is now.
    fn fresh(ids: Vec<String>) -> Self {
        Self { ids, fault: None, stale: false }
    }

    /// The last list known, and why there is no newer one.
    fn stale(last: Option<Self>, fault: Fault) -> Self {
        let known = last.filter(|last| last.stale || last.fault.is_none());
        let stale = known.is_some();
        Self { ids: known.map(|known| known.ids).unwrap_or_default(), fault: Some(fault), stale }
    }
}
