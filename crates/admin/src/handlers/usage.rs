//! What was used, and what it cost: sums by key, project, provider, model or day.

use std::{sync::Arc, time::SystemTime};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use server::{Call, Response};
use store::{Sums, UsageBy, UsageFilter, UsageRow};

use crate::{
    Admin, answer,
    handlers::requests::visible_project,
    moment::Moment,
    parameters::{self, Fault, Parameters},
    problem,
};

/// Which sums are wanted.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct UsageParameters {
    /// By what sums are put together; `key` when unset.
    by: Option<By>,
    /// The first day, in UTC: a day, a time in it, or how long ago, such as `7d`.
    since: Option<String>,
    /// The last day.
    until: Option<String>,
    /// Only this key's: `admin`, or a virtual key's id.
    key: Option<String>,
    /// Only this project's.
    project: Option<String>,
    /// Only this provider's.
    provider: Option<String>,
    /// Only this model's.
    model: Option<String>,
    /// Only this route's.
    route: Option<String>,
}

/// By what sums are put together.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum By {
    Key,
    Project,
    Provider,
    Model,
    Day,
}

/// Sums of requests.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Usage {
    /// By what they were put together.
    by: &'static str,
    /// One row for each, in the order of their names. The member that `by` names says which one; it is `null` for
    /// requests without.
    rows: Vec<Map<String, Value>>,
    /// All rows together.
    total: SumsView,
}

/// Sums over some requests.
#[derive(Serialize, JsonSchema)]
struct SumsView {
    /// Requests, however they ended.
    requests: u64,
    /// Those that failed or broke off.
    failed: u64,
    /// Input tokens that were neither read from nor written to a cache.
    input_tokens: u64,
    /// Input tokens read from a cache.
    cache_read_tokens: u64,
    /// Input tokens written to a cache.
    cache_write_tokens: u64,
    /// Output tokens, thinking included.
    output_tokens: u64,
    /// The part of the output that was thinking.
    reasoning_tokens: u64,
    /// Input and output together.
    total_tokens: u64,
    /// Billionths of a US dollar, as far as prices are known.
    cost_nano_usd: u64,
    /// Requests that a provider answered at a price that nobody knows.
    unpriced_requests: u64,
}

/// `GET /api/usage`
pub(crate) async fn usage(
    admin: Arc<Admin>,
    parameters: Arc<Parameters<UsageParameters>>,
    mut call: Call,
) -> Response {
    let asked = match parameters.read(&mut call, 0).await {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let by = asked.by.map_or(UsageBy::Key, By::stored);
    let filter = match asked.filter(visible_project(&call.caller), SystemTime::now()) {
        Ok(filter) => filter,
        Err(fault) => return parameters::answer(&[fault]),
    };
    let store = Arc::clone(&admin.store);
    let found = tokio::task::spawn_blocking(move || store.usage(by, &filter)).await;
    match found.map_err(problem::stopped).and_then(|found| found.map_err(problem::store_error)) {
        Ok(rows) => answer::ok(&Usage::of(by, &rows)),
        Err(failed) => failed,
    }
}

impl UsageParameters {
    fn filter(self, within_project: Option<String>, now: SystemTime) -> Result<UsageFilter, Fault> {
        let day = |name, text: Option<String>| -> Result<Option<String>, Fault> {
            Ok(Moment::read(name, text.as_deref(), now)?.map(Moment::day))
        };
        Ok(UsageFilter {
            since_day: day("since", self.since)?,
            until_day: day("until", self.until)?,
            key: self.key,
            project: self.project,
            within_project,
            provider: self.provider,
            model: self.model,
            route: self.route,
        })
    }
}

impl By {
    const fn stored(self) -> UsageBy {
        match self {
            Self::Key => UsageBy::Key,
            Self::Project => UsageBy::Project,
            Self::Provider => UsageBy::Provider,
            Self::Model => UsageBy::Model,
            Self::Day => UsageBy::Day,
        }
    }
}

impl Usage {
    fn of(by: UsageBy, rows: &[UsageRow]) -> Self {
        let mut total = Sums::default();
        rows.iter().for_each(|row| total.add(&row.sums));
        let view = |row: &UsageRow| {
            let mut members = Map::new();
            members.insert(by.as_str().to_owned(), row.name.clone().into());
            if let Ok(Value::Object(sums)) = serde_json::to_value(SumsView::of(&row.sums)) {
                members.extend(sums);
            }
            members
        };
        Self { by: by.as_str(), rows: rows.iter().map(view).collect(), total: SumsView::of(&total) }
    }
}

impl SumsView {
    fn of(sums: &Sums) -> Self {
        Self {
            requests: sums.requests,
            failed: sums.failed,
            input_tokens: sums.input_tokens,
            cache_read_tokens: sums.cache_read_tokens,
            cache_write_tokens: sums.cache_write_tokens,
            output_tokens: sums.output_tokens,
            reasoning_tokens: sums.reasoning_tokens,
            total_tokens: sums.total_tokens(),
            cost_nano_usd: sums.cost_nano_usd,
            unpriced_requests: sums.unpriced_requests,
        }
    }
}
