//! A provider's own list of models: asked of it, kept for a while, one request in flight.

use std::time::{Duration, Instant};

use bytes::Bytes;
use canonical::{ErrorKind, Fault};
use http::Method;
use tokio::sync::Mutex;
use upstream::Deadlines;

use crate::Provider;

/// How long a list is served without asking again.
const FRESH_FOR: Duration = Duration::from_secs(300);
/// How long asking for a list may take, over all its pages.
const LIST_LIMIT: Duration = Duration::from_secs(10);
/// Pages after which a list counts as endless.
const MOST_PAGES: usize = 50;
/// Models after which a list is cut.
const MOST_MODELS: usize = 20_000;
/// A page longer than this is refused.
const MOST_PAGE_BYTES: usize = 8 * 1024 * 1024;

/// What a provider answered when it was last asked for its models, and the last good answer.
#[derive(Default)]
pub(crate) struct ModelList {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    good: Option<(Instant, Vec<String>)>,
    failed: Option<(Instant, Fault)>,
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
    pub async fn models(&self, freshness: Freshness) -> Models {
        let mut models = if self.config().lists_models() {
            self.listed(freshness).await
        } else {
            Models { ids: self.config().models.clone(), fault: None, stale: false }
        };
        let wanted = &self.config().models;
        if !wanted.is_empty() {
            models.ids.retain(|id| wanted.contains(id));
        }
        models
    }

    /// Returns the whole list, asking for it when the kept one will not do.
    async fn listed(&self, freshness: Freshness) -> Models {
        let arrived = Instant::now();
        let mut kept = self.models.kept.lock().await;
        if let Some(models) = kept.answer(arrived, freshness) {
            return models;
        }
        let limit = LIST_LIMIT.min(self.config().timeout());
        match tokio::time::timeout(limit, self.fetch_models(limit)).await {
            Ok(Ok(ids)) => {
                kept.failed = None;
                kept.good = Some((Instant::now(), ids.clone()));
                Models { ids, fault: None, stale: false }
            }
            Ok(Err(fault)) => kept.fail(fault),
            Err(_) => kept.fail(Fault::new(
                ErrorKind::Timeout,
                format!("no list of models within {} s", limit.as_secs_f64()),
            )),
        }
    }

    /// Asks for all pages.
    async fn fetch_models(&self, limit: Duration) -> Result<Vec<String>, Fault> {
        let mut ids = Vec::new();
        let mut page = None;
        for _ in 0..MOST_PAGES {
            let target = self.codec().models_target(page.as_deref());
            let deadlines = within(limit);
            let reply = self.ask(Method::GET, &target, Bytes::new(), deadlines).await?;
            let body = reply.body.collect(MOST_PAGE_BYTES).await?;
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
        Err(Fault::new(
            ErrorKind::Malformed,
            format!("the list of models did not end within {MOST_PAGES} pages"),
        ))
    }
}

/// Lets every phase of one request take as long as the whole list may.
pub(crate) fn within(limit: Duration) -> Deadlines {
    Deadlines { connect: limit, first_byte: limit, idle: limit, total: limit }
}

impl Kept {
    /// Returns what is kept, if it will do for a caller that came at `arrived`.
    fn answer(&self, arrived: Instant, freshness: Freshness) -> Option<Models> {
        if let Some((when, fault)) = &self.failed
            && *when >= arrived
        {
            return Some(self.stale(fault.clone()));
        }
        let (when, ids) = self.good.as_ref()?;
        let will_do = match freshness {
            Freshness::Cached => arrived.saturating_duration_since(*when) < FRESH_FOR,
            Freshness::Refreshed => *when >= arrived,
        };
        will_do.then(|| Models { ids: ids.clone(), fault: None, stale: false })
    }

    /// Notes a failure and returns the last list known.
    fn fail(&mut self, fault: Fault) -> Models {
        self.failed = Some((Instant::now(), fault.clone()));
        self.stale(fault)
    }

    /// The last list known, and why there is no newer one.
    fn stale(&self, fault: Fault) -> Models {
        let ids = self.good.as_ref().map(|(_, ids)| ids.clone());
        Models { stale: ids.is_some(), ids: ids.unwrap_or_default(), fault: Some(fault) }
    }
}
