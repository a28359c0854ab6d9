//! Keeps the crates in layers: a crate may use only what lies below it.

use anyhow::Result;
use serde_json::Value;

use crate::workspace;

/// The crates from the bottom up. Those of one layer know nothing of each other.
const LAYERS: [&[&str]; 8] = [
    &["canonical", "wire", "vault", "limits", "grants"],
    &["catalog", "dialects", "config", "store", "routing"],
    &["upstream", "keys", "records"],
    &["providers", "telemetry"],
    &["pipeline"],
    &["server"],
    &["admin", "inference"],
    &["closedpaw"],
];

/// What only tests may use, and the chores that measure.
const TEST_ONLY: &str = "testkit";

/// What stands apart from the program.
const APART: &str = "xtask";

pub fn findings() -> Result<Vec<String>> {
    let metadata = workspace::metadata()?;
    let packages = members(&metadata, "/packages");
    let names: Vec<&str> = packages.iter().filter_map(|package| text(package, "name")).collect();
    let mut findings = Vec::new();
    for package in &packages {
        let Some(user) = text(package, "name") else { continue };
        if layer(user).is_none() && ![TEST_ONLY, APART].contains(&user) {
            findings.push(format!("the crate {user} has no layer: add it to xtask's table"));
        }
        for dependency in members(package, "/dependencies") {
            let Some(used) = text(dependency, "name").filter(|name| names.contains(name)) else {
                continue;
            };
            let kind = text(dependency, "kind");
            if !may_use(user, used, kind) {
                findings
                    .push(format!("the crate {user} may not use {used}, which is not below it"));
            }
        }
    }
    Ok(findings)
}

/// Whether `user` may depend on `used`; `kind` is Cargo's: none, or `dev`, or `build`.
fn may_use(user: &str, used: &str, kind: Option<&str>) -> bool {
    if used == TEST_ONLY {
        return kind == Some("dev") || user == APART;
    }
    // A crate outside the layers, which `layer` does not know, is below nothing and above nothing.
    layer(used).zip(layer(user)).is_some_and(|(below, above)| below < above)
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&name))
}

fn members<'a>(value: &'a Value, pointer: &str) -> Vec<&'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten().collect()
}

fn text<'a>(value: &'a Value, member: &str) -> Option<&'a str> {
    value.get(member)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::may_use;

    #[test]
    fn use_goes_downwards_only() {
        assert!(may_use("providers", "upstream", None));
        assert!(!may_use("upstream", "providers", None));
        assert!(!may_use("upstream", "providers", Some("dev")));
        assert!(!may_use("vault", "wire", None));
    }

    #[test]
    fn tests_alone_use_the_test_kit() {
        assert!(may_use("vault", "testkit", Some("dev")));
        assert!(!may_use("vault", "testkit", None));
        assert!(may_use("xtask", "testkit", None), "the chores measure with it");
    }

    #[test]
    fn the_chores_stand_apart() {
        assert!(!may_use("xtask", "canonical", None));
        assert!(!may_use("closedpaw", "xtask", None));
    }
}
