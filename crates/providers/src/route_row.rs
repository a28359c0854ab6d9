//! Routes as stored rows.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;
use store::{RouteRow, Store};

use crate::{CandidateDescription, ProviderError, Route, RouteDescription};

/// Reads all routes, by name.
pub(crate) fn load(store: &Store) -> Result<BTreeMap<String, Arc<Route>>, ProviderError> {
    let rows = store.load_routes().map_err(|error| ProviderError::Store(error.to_string()))?;
    let read = |row| from_row(row).map(|route| (route.name.clone(), Arc::new(route)));
    rows.into_iter().map(read).collect()
}

/// Writes a route as a row.
pub(crate) fn to_row(route: &Route) -> Result<RouteRow, ProviderError> {
    let candidate = |candidate| serde_json::to_value(CandidateDescription::from(candidate));
    let candidates = route.candidates.iter().map(candidate).collect::<Result<_, _>>();
    Ok(RouteRow {
        name: route.name.clone(),
        strategy: route.strategy.as_str().to_owned(),
        candidates: candidates.map_err(|error| ProviderError::Store(error.to_string()))?,
    })
}

fn from_row(row: RouteRow) -> Result<Route, ProviderError> {
    let RouteRow { name, strategy, candidates } = row;
    let unreadable = |why: String| {
        ProviderError::Store(format!("route {name} is stored as what is no route: {why}"))
    };
    let candidates = serde_json::from_value(Value::Array(candidates))
        .map_err(|error| unreadable(error.to_string()))?;
    let description = RouteDescription { strategy: Some(strategy), candidates, name: None };
    description.check(&name).map_err(|faults| unreadable(faults.join("; ")))
}
