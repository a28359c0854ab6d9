//! `closedpaw doctor` on healthy and broken places.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::Value;

use crate::program::Place;

/// What one check found.
fn outcome_of(findings: &Value, check: &str) -> String {
    let findings = findings.as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["check"] == check);
    finding.unwrap_or_else(|| panic!("{check} is missing"))["outcome"].as_str().unwrap().to_owned()
}

fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

fn doctor(place: &Place, variables: &[(&str, &str)]) -> (i32, Value) {
    let output = place.command(&["doctor"]).envs(variables.iter().copied()).output().unwrap();
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn a_fresh_machine_is_fine_and_stays_untouched() {
    let place = Place::new();
    let (code, findings) = doctor(&place, &[("CLOSEDPAW_LISTEN", &free_address())]);
    assert_eq!(code, 0, "{findings}");
    for check in ["data dir", "keys dir", "master key", "admin key", "database", "settings"] {
        assert_eq!(outcome_of(&findings, check), "ok", "{check}");
    }
    assert_ne!(outcome_of(&findings, "ollama"), "failed", "its absence is a warning");
    assert!(!place.data_dir().exists() && !place.keys_dir().exists());
}

#[test]
fn a_running_gateway_is_found() {
    let place = Place::new();
    let gateway = place.serve();
    let (code, findings) = doctor(&place, &[]);
    assert_eq!(code, 0, "{findings}");
    assert!(findings.to_string().contains(gateway.url()), "{findings}");
}

#[test]
fn each_fault_is_found_whatever_the_others_are() {
    let place = Place::new();
    place.serve().stop();
    let key = place.keys_dir().join("admin.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(place.data_dir().join("closedpaw.db"), "not a database").unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();

    let variables = [
        ("CLOSEDPAW_LISTEN", taken.as_str()),
        ("CLOSEDPAW_TLS_CERT", "/nowhere/cert.pem"),
        ("CLOSEDPAW_TLS_KEY", "/nowhere/key.pem"),
    ];
    let (code, findings) = doctor(&place, &variables);
    assert_eq!(code, 1);
    for check in ["admin key", "database", "certificate", "listener"] {
        assert_eq!(outcome_of(&findings, check), "failed", "{check}: {findings}");
    }
    assert_eq!(outcome_of(&findings, "data dir"), "ok");

    let (code, findings) = doctor(&place, &[("CLOSEDPAW_LOG_LEVEL", "loud")]);
    assert_eq!((code, outcome_of(&findings, "settings").as_str()), (1, "failed"));
}
