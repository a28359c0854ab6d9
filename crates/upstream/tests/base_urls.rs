//! The corpus of base URLs: each line as it stands, over https too, and with network: local.

#![expect(clippy::panic, reason = "tests fail by panicking")]

use std::{
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
};

use upstream::{BaseUrl, BaseUrlError, Network, parse_base_url};

const CORPUS: &str = "fixtures/ssrf/base_urls.tsv";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Expected {
    Block,
    Resolve,
    Public,
}

struct Line {
    expected: Expected,
    raw: String,
}

/// Our own corpus, and the one beside it where the environment names a folder.
fn corpora() -> Vec<(PathBuf, Vec<Line>)> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    #[expect(clippy::disallowed_methods, reason = "tests have no configuration of their own")]
    let extra = std::env::var_os("CLOSEDPAW_EXTRA_CASES").map(PathBuf::from);
    let folders = std::iter::once(own).chain(extra);
    folders.map(|folder| folder.join(CORPUS)).map(|path| (path.clone(), read(&path))).collect()
}

fn read(path: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let lines = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (expected, raw) = line.split_once('\t').unwrap_or_else(|| panic!("{path:?}: {line}"));
        let expected = match expected {
            "block" => Expected::Block,
            "resolve" => Expected::Resolve,
            "public" => Expected::Public,
            other => panic!("{path:?}: unknown expectation {other}"),
        };
        Line { expected, raw: raw.replace("\\t", "\t").replace("\\n", "\n") }
    });
    let lines = lines.collect::<Vec<_>>();
    assert!(!lines.is_empty(), "{path:?} holds no line");
    lines
}

/// Runs `check` on every line and reports all the lines it finds fault with.
fn check_all(check: impl Fn(&Line) -> Option<String>) {
    for (path, lines) in corpora() {
        let faults = lines.iter().filter_map(|line| {
            Some(format!("{:?} {:?}: {}", line.expected, line.raw, check(line)?))
        });
        let faults = faults.collect::<Vec<_>>();
        assert!(faults.is_empty(), "{path:?}:\n{}", faults.join("\n"));
    }
}

fn over_https(raw: &str) -> Option<String> {
    let (scheme, rest) = raw.split_at_checked(5)?;
    scheme.eq_ignore_ascii_case("http:").then(|| format!("https:{rest}"))
}

/// Whether `result` is what the line says for a public provider over https.
fn misjudged(expected: Expected, result: Result<BaseUrl, BaseUrlError>) -> Option<String> {
    match (expected, result) {
        (Expected::Block, Ok(base_url)) => Some(format!("accepted as {}", base_url.as_str())),
        (Expected::Resolve | Expected::Public, Err(error)) => Some(format!("refused: {error}")),
        (Expected::Block, Err(_)) | (Expected::Resolve | Expected::Public, Ok(_)) => None,
    }
}

#[test]
fn each_line_as_it_stands() {
    check_all(|line| match (parse_base_url(&line.raw, Network::Public), over_https(&line.raw)) {
        // A public provider is refused http whatever it names.
        (Err(BaseUrlError::HttpNeedsLocal), Some(_)) if line.expected != Expected::Block => None,
        (result, _) => misjudged(line.expected, result),
    });
}

#[test]
fn each_line_over_https() {
    check_all(|line| {
        misjudged(line.expected, parse_base_url(&over_https(&line.raw)?, Network::Public))
    });
}

#[test]
fn each_line_with_network_local() {
    check_all(|line| {
        let result = parse_base_url(&line.raw, Network::Local);
        match (&result, line.expected) {
            (Ok(base_url), Expected::Block) if is_private_literal(base_url.host()) => None,
            (_, expected) => misjudged(expected, result),
        }
    });
}

/// Whether `host` is an address that a local provider may have, by other means than the crate's own table.
fn is_private_literal(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    match host.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => {
            let carrier_grade = (Ipv4Addr::new(100, 64, 0, 0)..=Ipv4Addr::new(100, 127, 255, 255))
                .contains(&address)
                && address != Ipv4Addr::new(100, 100, 100, 200);
            address.is_private() || address.is_loopback() || carrier_grade
        }
        Ok(IpAddr::V6(address)) => {
            let metadata = host.starts_with("fd00:ec2:") || host == "fd20:ce::254";
            address.is_loopback() || (address.is_unique_local() && !metadata)
        }
        Err(_) => false,
    }
}

#[test]
fn a_private_literal_is_refused_with_the_way_out() {
    check_all(|line| {
        let local = parse_base_url(&line.raw, Network::Local).ok()?;
        let error = parse_base_url(&line.raw, Network::Public).err()?.to_string();
        (!error.contains("set network: local")).then(|| format!("{}: {error}", local.as_str()))
    });
}
