//! What became of requests: a list of them, and one with every try.

use std::{sync::Arc, time::SystemTime};

use grants::Scope;
use http::StatusCode;
use keys::Caller;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use server::{Call, Response, response};
use store::{RequestFilter, RequestRow};

use crate::{
    Admin, answer,
    moment::Moment,
    parameters::{self, Fault, Parameters},
    problem,
    request_view::{RequestDetails, RequestView},
};

/// How many are listed when nobody says.
const USUAL_LIMIT: u32 = 100;

/// Which requests are wanted.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListParameters {
    /// Those that came then or later: a day in UTC, a time, or how long ago, such as `7d`.
    since: Option<String>,
    /// Those that came before this time, or by the end of this day.
    until: Option<String>,
    /// Only this key's: `admin`, or a virtual key's id.
    key: Option<String>,
    /// Only this project's.
    project: Option<String>,
    /// Only those that this provider answered, or was asked last.
    provider: Option<String>,
    /// Only those that went to this model.
    model: Option<String>,
    /// Only those that asked for this route.
    route: Option<String>,
    /// Only those that ended so.
    outcome: Option<Outcome>,
    /// Only those with this kind of error.
    error: Option<String>,
    /// How many; 100 when unset.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// How a request ended.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Answered,
    Refused,
    Failed,
    BrokenOff,
    Cancelled,
}

/// Requests, newest first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RequestList {
    /// The requests.
    requests: Vec<RequestView>,
    /// What to send as `cursor` for the next page; `null` on the last one.
    next: Option<String>,
}

/// `GET /api/requests`
pub(crate) async fn list(
    admin: Arc<Admin>,
    parameters: Arc<Parameters<ListParameters>>,
    mut call: Call,
) -> Response {
    let asked = match parameters.read(&mut call, 0).await {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let filter = match asked.filter(visible_project(&call.caller), SystemTime::now()) {
        Ok(filter) => filter,
        Err(fault) => return parameters::answer(&[fault]),
    };
    let store = Arc::clone(&admin.store);
    let found = tokio::task::spawn_blocking(move || store.requests(&filter)).await;
    match found.map_err(problem::stopped).and_then(|found| found.map_err(problem::store_error)) {
        Ok(page) => answer::ok(&RequestList {
            next: page.next.map(|next| next.to_string()),
            requests: page.requests.into_iter().map(RequestView::from).collect(),
        }),
        Err(failed) => failed,
    }
}

/// `GET /api/requests/{id}`
pub(crate) async fn show(admin: Arc<Admin>, call: Call) -> Response {
    match find(&admin, &call.caller, call.param("id").unwrap_or_default()).await {
        Ok(request) => answer::ok(&RequestDetails::from(request)),
        Err(refused) => refused,
    }
}

/// Finds a request that the caller may see.
///
/// # Errors
///
/// Answers where there is none, or the store fails.
pub(crate) async fn find(admin: &Admin, caller: &Caller, id: &str) -> Result<RequestRow, Response> {
    let (id, project) = (id.to_owned(), visible_project(caller));
    let store = Arc::clone(&admin.store);
    let found = tokio::task::spawn_blocking(move || store.request(&id, project.as_deref())).await;
    let found = found.map_err(problem::stopped)?.map_err(problem::store_error)?;
    found.ok_or_else(|| response::detail(StatusCode::NOT_FOUND, "Request not found"))
}

/// The only project whose requests a caller may see; `None` for one who may see all.
pub(crate) fn visible_project(caller: &Caller) -> Option<String> {
    caller.project.clone().filter(|_| !caller.grant.allows(Scope::Admin))
}

impl ListParameters {
    fn filter(
        self,
        within_project: Option<String>,
        now: SystemTime,
    ) -> Result<RequestFilter, Fault> {
        let after = self.cursor.map(|cursor| {
            cursor.parse().map_err(|()| Fault::Malformed {
                loc: vec![json!("query"), json!("cursor")],
                msg: "Input should be `next` of the page before".to_owned(),
                kind: "value_error",
            })
        });
        Ok(RequestFilter {
            since_ms: Moment::read("since", self.since.as_deref(), now)?.map(Moment::begins_ms),
            until_ms: Moment::read("until", self.until.as_deref(), now)?.map(Moment::ends_ms),
            key: self.key,
            project: self.project,
            within_project,
            provider: self.provider,
            model: self.model,
            route: self.route,
            outcome: self.outcome.map(|outcome| outcome.as_str().to_owned()),
            error: self.error,
            after: after.transpose()?,
            limit: self.limit.unwrap_or(USUAL_LIMIT),
        })
    }
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::BrokenOff => "broken_off",
            Self::Cancelled => "cancelled",
        }
    }
}

#[cfg(test)]
mod tests {
    use grants::{Grant, Scope};
    use keys::Caller;

    use super::visible_project;

    #[test]
    fn a_key_of_a_project_sees_that_project_alone() {
        let check = |project: Option<&str>, scope: Scope, expected: Option<&str>| {
            let grant = Grant { scopes: [scope].into_iter().collect(), ..Grant::all() };
            let project = project.map(str::to_owned);
            let caller = Caller { project, grant, ..Caller::nobody() };
            assert_eq!(visible_project(&caller).as_deref(), expected, "{caller:?}");
        };
        check(None, Scope::Usage, None);
        check(Some("blue"), Scope::Usage, Some("blue"));
        check(Some("blue"), Scope::Admin, None);
    }
}
