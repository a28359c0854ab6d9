//! Loads recorded exchanges: one folder a case, with what was asked and what came back.
//!
//! `request.json` holds `{method, url, query, headers, body}` and may be absent; `response.json` holds
//! `{status, headers, body}`, or `{status, headers, stream}` where `stream` names the file with the bytes.
#![expect(clippy::panic, clippy::expect_used, reason = "a broken fixture should fail the test")]
#![expect(clippy::disallowed_methods, reason = "tests alone read this variable")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// The variable that names a folder with more cases, in `fixtures/<provider>/`.
const EXTRA_CASES: &str = "CLOSEDPAW_EXTRA_CASES";

/// One exchange.
#[derive(Clone, Debug)]
pub struct Case {
    /// Folder and name, such as `mistral/chat-plain`.
    pub name: String,
    /// Which of the provider's APIs was called, where the collection's `index.json` says.
    pub api: Option<String>,
    /// What was asked, where it is known.
    pub request: Option<Value>,
    /// The status of the answer.
    pub status: u16,
    /// The headers of the answer, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body of the answer.
    pub body: Vec<u8>,
    /// Whether the answer was streamed.
    pub is_stream: bool,
}

impl Case {
    /// Returns the path of the URL that was asked, without its query.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        let url = self.request.as_ref()?.get("url")?.as_str()?;
        let path = url.find("://").map_or(url, |scheme| {
            let rest = url.get(scheme + 3..).unwrap_or_default();
            rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/")
        });
        path.split('?').next()
    }

    /// Returns a header of the answer by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Returns the folder of our own fixtures.
#[must_use]
pub fn own_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// Loads our own cases of a folder.
///
/// # Panics
///
/// Panics when there are none, or when one is broken.
#[must_use]
pub fn own(folder: &str) -> Vec<Case> {
    load(&own_root(), folder)
}

/// Loads the extra cases of a folder; `None` unless the environment names where they are.
///
/// # Panics
///
/// Panics when there are none although they should be, or when one is broken.
#[must_use]
pub fn extra(folder: &str) -> Option<Vec<Case>> {
    let root = std::env::var_os(EXTRA_CASES).filter(|root| !root.is_empty())?;
    Some(load(&Path::new(&root).join("fixtures"), folder))
}

/// Loads every recorded request below an extra folder, by its file's path: `{method, url or path, body}`, with or
/// without an answer. `None` unless the environment names where they are.
///
/// # Panics
///
/// Panics when the folder or a file in it is broken.
#[must_use]
pub fn extra_requests(folder: &str) -> Option<Vec<(String, Value)>> {
    let root = std::env::var_os(EXTRA_CASES).filter(|root| !root.is_empty())?;
    let mut requests = Vec::new();
    collect_requests(&Path::new(&root).join("fixtures").join(folder), &mut requests);
    Some(requests)
}

fn collect_requests(folder: &Path, requests: &mut Vec<(String, Value)>) {
    for entry in
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
    {
        let path = entry.expect("a readable folder entry").path();
        if path.is_dir() {
            collect_requests(&path, requests);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let request = parse(&fs::read(&path).expect("a readable file"), &path);
            if request.get("method").is_some() {
                requests.push((path.display().to_string(), request));
            }
        }
    }
}

fn load(root: &Path, folder: &str) -> Vec<Case> {
    let index = fs::read(root.join("index.json")).ok().map(|bytes| parse(&bytes, root));
    let folder_path = root.join(folder);
    let entries = fs::read_dir(&folder_path)
        .unwrap_or_else(|error| panic!("can't read {}: {error}", folder_path.display()));
    let mut cases: Vec<_> = entries
        .map(|entry| entry.expect("a readable folder entry").path())
        .filter(|path| path.join("response.json").exists())
        .map(|path| load_case(&path, folder, index.as_ref()))
        .collect();
    assert!(!cases.is_empty(), "{} holds no cases", folder_path.display());
    cases.sort_by(|left, right| left.name.cmp(&right.name));
    cases
}

fn load_case(path: &Path, folder: &str, index: Option<&Value>) -> Case {
    let read = |file: &str| fs::read(path.join(file)).map(|bytes| parse(&bytes, path));
    let file_name = path.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8");
    let name = format!("{folder}/{file_name}");
    let response = read("response.json").expect("the case has a response.json");
    let stream = response.get("stream").and_then(Value::as_str);
    let body = match (stream, response.get("body")) {
        (Some(file), _) => fs::read(path.join(file)).expect("the stream's file is there"),
        (None, Some(Value::String(text))) => text.clone().into_bytes(),
        (None, Some(body)) => body.to_string().into_bytes(),
        (None, None) => Vec::new(),
    };
    let status = response.get("status").and_then(Value::as_u64).expect("the case has a status");
    Case {
        api: index.and_then(|index| api_of(index, &name)),
        request: read("request.json").ok(),
        status: u16::try_from(status).expect("a status is small"),
        headers: headers_of(&response),
        body,
        is_stream: stream.is_some(),
        name,
    }
}

fn api_of(index: &Value, name: &str) -> Option<String> {
    let fixtures = index.get("fixtures")?.as_array()?;
    let entry = fixtures.iter().find(|entry| entry.get("dir").is_some_and(|dir| dir == name))?;
    entry.get("api")?.as_str().map(str::to_owned)
}

fn headers_of(response: &Value) -> Vec<(String, String)> {
    let headers = response.get("headers").and_then(Value::as_object);
    let pair = |(name, value): (&String, &Value)| {
        Some((name.to_ascii_lowercase(), value.as_str()?.to_owned()))
    };
    headers.into_iter().flatten().filter_map(pair).collect()
}

fn parse(bytes: &[u8], path: &Path) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|error| panic!("{} holds broken JSON: {error}", path.display()))
}
