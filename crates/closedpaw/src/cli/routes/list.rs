//! `closedpaw routes list`: one row a route.

use serde_json::Value;

use super::candidate;
use crate::{
    cli::{cell, gateway::Gateway, session::Session},
    failure::Failure,
};

const HEADINGS: [&str; 4] = ["name", "strategy", "candidates", "declared at"];

/// Prints the list.
pub async fn run(session: &Session, gateway: &Gateway) -> Result<(), Failure> {
    let answer = gateway.get("/api/routes").await?;
    session.screen().show(&answer, &HEADINGS, || {
        let routes = answer.get("routes").and_then(Value::as_object);
        let row = |(name, route): (&String, &Value)| {
            let candidates = route.get("candidates").and_then(Value::as_array);
            let names: Vec<_> = candidates.into_iter().flatten().map(candidate::name).collect();
            vec![
                name.clone(),
                cell::text(route.get("strategy")),
                names.join(", "),
                cell::text(route.get("declared_at")),
            ]
        };
        routes.into_iter().flatten().map(row).collect()
    })
}
