//! Who may call what: every role on every route, however the key is carried and the path is spelt, against an oracle
//! that knows the rules and not the table.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
};

use serde_json::{Value, json};

use crate::{
    harness::{Gateway, at_once},
    virtual_keys::{make, text},
};

const SCOPES: [&str; 7] =
    ["inference", "providers:read", "providers:write", "keys", "usage", "metrics", "admin"];

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// Where SDKs call: what the management API's own description does not list.
const INFERENCE: [(&str, &str); 26] = [
    ("GET", "/v1/capabilities"),
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/responses"),
    ("GET", "/v1/responses"),
    ("POST", "/v1/embeddings"),
    ("POST", "/v1/messages"),
    ("POST", "/v1/messages/count_tokens"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/a"),
    ("POST", "/v1/models/a"),
    ("GET", "/v1/models/a:generateContent"),
    ("POST", "/v1/models/a:generateContent"),
    ("GET", "/v1beta/models"),
    ("GET", "/v1beta/models/a:generateContent"),
    ("POST", "/v1beta/models/a:generateContent"),
    ("POST", "/mistral/v1/chat/completions"),
    ("POST", "/mistral/v1/fim/completions"),
    ("POST", "/mistral/v1/embeddings"),
    ("GET", "/mistral/v1/models"),
    ("POST", "/api/chat"),
    ("POST", "/api/generate"),
    ("POST", "/api/embed"),
    ("GET", "/api/tags"),
    ("POST", "/api/show"),
    ("GET", "/api/ps"),
    ("GET", "/api/version"),
];

/// What a route asks of whoever calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Nothing,
    AnyKey,
    Scope(&'static str),
}

/// The rules as documents have them.
fn needed(method: &str, path: &str) -> Needs {
    let reads = matches!(method, "GET" | "HEAD");
    let below = |start: &str| path == start || path.starts_with(&format!("{start}/"));
    match path {
        "/livez" | "/readyz" => Needs::Nothing,
        "/api/openapi.json" => Needs::AnyKey,
        "/metrics" => Needs::Scope("metrics"),
        "/api/explain" => Needs::Scope("providers:read"),
        _ if below("/api/keys") => Needs::Scope("keys"),
        _ if below("/api/projects") => Needs::Scope(if reads { "keys" } else { "admin" }),
        _ if below("/api/config") => Needs::Scope("admin"),
        "/api/discover" => Needs::Scope("providers:write"),
        _ if below("/api/requests") || below("/api/usage") => Needs::Scope("usage"),
        _ if below("/api/providers") || below("/api/routes") => {
            Needs::Scope(if reads { "providers:read" } else { "providers:write" })
        }
        "/api/chat/multi" => Needs::Scope("inference"),
        _ if INFERENCE.iter().any(|(_, known)| *known == path) => Needs::Scope("inference"),
        _ => panic!("no rule says who may call {method} {path}: write one"),
    }
}

/// Whoever calls, and with what.
struct Role {
    name: &'static str,
    key: Option<String>,
    /// The scopes of a key that is valid.
    scopes: Option<Vec<&'static str>>,
}

impl Role {
    fn holds(&self, scope: &str) -> bool {
        let scopes = self.scopes.iter().flatten();
        let includes = |own: &&str| {
            *own == scope
                || *own == "admin"
                || (*own, scope) == ("providers:write", "providers:read")
        };
        scopes.into_iter().any(includes)
    }
}

/// How a key is carried: the headers, and whether it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    Bearer,
    XApiKey,
    XGoogApiKey,
    Twice,
    BesideAnother,
    Query,
    Cookie,
}

const POSITIONS: [Position; 7] = [
    Position::Bearer,
    Position::XApiKey,
    Position::XGoogApiKey,
    Position::Twice,
    Position::BesideAnother,
    Position::Query,
    Position::Cookie,
];

impl Position {
    fn headers(self, key: &str) -> String {
        match self {
            Self::Bearer => format!("authorization: Bearer {key}\r\n"),
            Self::XApiKey => format!("x-api-key: {key}\r\n"),
            Self::XGoogApiKey => format!("x-goog-api-key: {key}\r\n"),
            Self::Twice => format!("x-api-key: {key}\r\nauthorization: Bearer {key}\r\n"),
            Self::BesideAnother => format!("x-api-key: {key}\r\nauthorization: Bearer another\r\n"),
            Self::Query => String::new(),
            Self::Cookie => format!("cookie: key={key}; authorization=Bearer {key}\r\n"),
        }
    }

    fn target(self, path: &str, key: &str) -> String {
        if self == Self::Query {
            format!("{path}?key={key}&api_key={key}")
        } else {
            path.to_owned()
        }
    }
}

/// How a path is spelt, and whether it is then still the same path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    Plain,
    TrailingSlash,
    DoubledSlash,
    LeadingDoubledSlash,
    Dot,
    DotDot,
    EncodedDots,
    EncodedSlash,
    EncodedLetter,
    UpperCase,
    Parameter,
    Backslash,
}

const SPELLINGS: [Spelling; 12] = [
    Spelling::Plain,
    Spelling::TrailingSlash,
    Spelling::DoubledSlash,
    Spelling::LeadingDoubledSlash,
    Spelling::Dot,
    Spelling::DotDot,
    Spelling::EncodedDots,
    Spelling::EncodedSlash,
    Spelling::EncodedLetter,
    Spelling::UpperCase,
    Spelling::Parameter,
    Spelling::Backslash,
];

impl Spelling {
    fn of(self, path: &str) -> String {
        let (start, last) = path.rsplit_once('/').unwrap();
        let first = path.as_bytes()[1];
        match self {
            Self::Plain => path.to_owned(),
            Self::TrailingSlash => format!("{path}/"),
            Self::DoubledSlash => format!("{start}//{last}"),
            Self::LeadingDoubledSlash => format!("/{path}"),
            Self::Dot => format!("{start}/./{last}"),
            // What is open stands before it.
            Self::DotDot => format!("/livez/..{path}"),
            Self::EncodedDots => format!("/livez/%2E%2e{path}"),
            Self::EncodedSlash if start.is_empty() => format!("/%2F{last}"),
            Self::EncodedSlash => format!("{start}%2F{last}"),
            Self::EncodedLetter => format!("/%{first:02x}{}", &path[2..]),
            Self::UpperCase => path.to_uppercase(),
            Self::Parameter => format!("{path};x=1"),
            Self::Backslash => format!("{start}\\{last}"),
        }
    }
}

/// One request of the matrix.
struct Case<'a> {
    role: &'a Role,
    method: &'a str,
    path: &'a str,
    is_route: bool,
    position: Position,
    spelling: Spelling,
}

impl Case<'_> {
    fn message(&self, host: &str) -> String {
        let key = self.role.key.as_deref();
        let path = self.spelling.of(self.path);
        let target = key.map_or_else(|| path.clone(), |key| self.position.target(&path, key));
        let headers = key.map(|key| self.position.headers(key)).unwrap_or_default();
        let body = if matches!(self.method, "GET" | "HEAD") { "" } else { "content-length: 0\r\n" };
        format!("{} {target} HTTP/1.1\r\nhost: {host}\r\n{headers}{body}\r\n", self.method)
    }

    /// Whether that status is right.
    fn judge(&self, status: u16) -> bool {
        let is_plain = self.spelling == Spelling::Plain;
        let needs = if self.is_route { needed(self.method, self.path) } else { Needs::AnyKey };
        let allowed = |status: u16| !matches!(status, 401 | 403);
        if is_plain && needs == Needs::Nothing {
            return allowed(status);
        }
        let has_key = self.role.key.is_some();
        if has_key && self.position == Position::BesideAnother {
            return status == 400;
        }
        let is_carried = !matches!(self.position, Position::Query | Position::Cookie);
        let Some(_) = self.role.scopes.as_ref().filter(|_| is_carried) else {
            // A path that ends in something a route takes as a parameter needs a key like any other; a target that
            // is none at all is refused before anybody is asked.
            return status == 401 || self.spelling == Spelling::Backslash && status == 400;
        };
        match (is_plain, needs) {
            (false, _) => self.judge_misspelt(status),
            (true, _) if !self.is_route => matches!(status, 404 | 405),
            (true, Needs::Scope(scope)) if !self.role.holds(scope) => status == 403,
            (true, Needs::Scope(_) | Needs::AnyKey | Needs::Nothing) => {
                allowed(status) && status != 405
            }
        }
    }

    /// Another spelling is another path: nothing is there, or a route with a parameter takes it for a name of its own,
    /// and asks for the scope of that route.
    fn judge_misspelt(&self, status: u16) -> bool {
        let is_name = matches!(
            self.spelling,
            Spelling::Parameter
                | Spelling::EncodedSlash
                | Spelling::TrailingSlash
                | Spelling::EncodedLetter
        );
        let is_held = match needed_below(self.method, self.path) {
            Some(Needs::Scope(scope)) => self.role.holds(scope),
            Some(Needs::AnyKey | Needs::Nothing) | None => true,
        };
        match status {
            400 | 404 | 405 => true,
            403 => is_name && !is_held,
            200..=299 | 401 => false,
            _ => is_name && is_held,
        }
    }
}

/// What a path that is no route may be taken for.
fn needed_below(method: &str, path: &str) -> Option<Needs> {
    let known = ["/api/providers", "/api/keys", "/api/projects", "/api/routes", "/api/requests"];
    if known.iter().any(|start| path.starts_with(start)) {
        return Some(needed(method, path));
    }
    INFERENCE.iter().any(|(_, known)| *known == path).then_some(Needs::Scope("inference"))
}

/// Sends requests one after the other on one connection, and reads each one's status.
fn statuses(gateway: &Gateway, cases: &[Case<'_>]) -> Vec<u16> {
    let host = gateway.address().to_string();
    let connect = || BufReader::new(TcpStream::connect(gateway.address()).unwrap());
    let mut connection = connect();
    let mut statuses = Vec::with_capacity(cases.len());
    for case in cases {
        connection.get_mut().write_all(case.message(&host).as_bytes()).unwrap();
        let (status, keeps_open) = read_answer(&mut connection, case.method == "HEAD");
        statuses.push(status);
        if !keeps_open {
            connection = connect();
        }
    }
    statuses
}

/// Reads one answer to its end: its status, and whether the connection can be used again.
fn read_answer(connection: &mut BufReader<TcpStream>, is_head: bool) -> (u16, bool) {
    let mut line = String::new();
    connection.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let (mut length, mut keeps_open) = (Some(0), true);
    loop {
        line.clear();
        connection.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match (name.to_ascii_lowercase().as_str(), value.trim()) {
            ("content-length", value) => length = Some(value.parse().unwrap()),
            ("transfer-encoding", _) => length = None,
            ("connection", "close") => keeps_open = false,
            _ => {}
        }
    }
    match length {
        Some(_) if is_head => {}
        Some(length) => {
            let mut body = vec![0; length];
            connection.read_exact(&mut body).unwrap();
        }
        // No answer of this matrix is a stream; its end is that of the connection.
        None => keeps_open = false,
    }
    (status, keeps_open)
}

fn roles(gateway: &Gateway) -> Vec<Role> {
    let valid = |name, key: String, scopes| Role { name, key: Some(key), scopes: Some(scopes) };
    let invalid = |name, key: String| Role { name, key: Some(key), scopes: None };
    let all = json!(SCOPES);
    let revoked = make(gateway, &json!({ "name": "revoked", "scopes": all }));
    let path = format!("/api/keys/{}", revoked["id"].as_str().unwrap());
    gateway.ask("DELETE", &path).send().expect(200);
    let rotated = make(gateway, &json!({ "name": "rotated", "scopes": all }));
    let path = format!("/api/keys/{}/rotate", rotated["id"].as_str().unwrap());
    gateway.ask("POST", &path).send().expect(200);
    let ends = humantime::format_rfc3339_millis(
        std::time::SystemTime::now() + std::time::Duration::from_millis(300),
    );
    let expired = json!({ "name": "expired", "scopes": all, "expires_at": ends.to_string() });
    let expired = make(gateway, &expired);
    crate::harness::eventually("the key ends", || {
        let shown = gateway.get(&format!("/api/keys/{}", expired["id"].as_str().unwrap()));
        shown.expect(200)["status"] == "expired"
    });
    let mut roles = vec![
        Role { name: "nobody", key: None, scopes: None },
        invalid("wrong", "wrong-wrong-wrong-wrong".to_owned()),
        invalid("revoked", text(&revoked)),
        invalid("rotated", text(&rotated)),
        invalid("expired", text(&expired)),
        valid("the admin key", gateway.key.clone(), vec!["admin"]),
    ];
    for scope in SCOPES {
        let made = make(gateway, &json!({ "name": scope, "scopes": [scope] }));
        roles.push(valid(scope, text(&made), vec![scope]));
    }
    roles
}

/// Every path that is served, with its methods.
fn served(gateway: &Gateway) -> BTreeMap<String, Vec<String>> {
    let mut paths: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let described = gateway.get("/api/openapi.json").expect(200);
    for (pattern, methods) in described["paths"].as_object().unwrap() {
        let path: String = pattern
            .split('/')
            .map(|part| if part.starts_with('{') { "nobody" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let methods = methods.as_object().unwrap().keys().map(|method| method.to_uppercase());
        paths.entry(path).or_default().extend(methods);
    }
    for (method, path) in INFERENCE {
        paths.entry(path.to_owned()).or_default().push(method.to_owned());
    }
    for methods in paths.values_mut() {
        if methods.iter().any(|method| method == "GET") {
            methods.push("HEAD".to_owned());
        }
    }
    paths
}

#[test]
fn every_role_on_every_route_however_asked() {
    let gateway = Gateway::start();
    // Nothing is registered, so that nobody is asked and every name is unknown.
    gateway.delete("ollama").expect(200);
    let (roles, paths) = (roles(&gateway), served(&gateway));
    let work: Vec<_> =
        roles.iter().flat_map(|role| paths.iter().map(move |path| (role, path))).collect();
    let counted = at_once(4, |thread| {
        let mut count = 0;
        for (role, (path, methods)) in work.iter().skip(thread).step_by(4) {
            let mut cases = Vec::new();
            for method in METHODS {
                let is_route = methods.iter().any(|known| known == method);
                let all =
                    POSITIONS.iter().flat_map(|at| SPELLINGS.iter().map(move |as_| (*at, *as_)));
                // What is no route is asked for plainly alone.
                let asked = all.filter(|(at, as_)| {
                    let is_carried_by_none = role.key.is_none() && *at != Position::Bearer;
                    is_route && !is_carried_by_none
                        || *at == Position::Bearer && *as_ == Spelling::Plain
                });
                cases.extend(asked.map(|(position, spelling)| Case {
                    role,
                    method,
                    path,
                    is_route,
                    position,
                    spelling,
                }));
            }
            for (case, status) in cases.iter().zip(statuses(&gateway, &cases)) {
                assert!(
                    case.judge(status),
                    "{} on {} {} ({:?}, {:?}) got {status}",
                    case.role.name,
                    case.method,
                    case.path,
                    case.position,
                    case.spelling
                );
            }
            count += cases.len();
        }
        count
    });
    let requests: usize = counted.into_iter().sum();
    assert!(requests > 50_000, "{requests}");
    assert_eq!(gateway.names(), [""; 0], "nothing was registered on the way");
}

#[test]
fn what_is_no_key_is_refused_whatever_it_holds() {
    let gateway = Gateway::start();
    let made = make(&gateway, &json!({ "name": "x", "scopes": SCOPES }));
    let (start, secret) = made["key"].as_str().unwrap().rsplit_once('-').unwrap();
    let id = made["id"].as_str().unwrap();
    let sql = [
        "' OR '1'='1",
        "' OR 1=1 --",
        "'; DROP TABLE keys; --",
        "\" OR \"\"=\"",
        "' UNION SELECT digest FROM keys --",
        "admin' --",
        "%' OR '%'='",
        "1) OR (1=1",
        "'||(SELECT hex(digest) FROM keys)||'",
        "x'; ATTACH DATABASE '/tmp/x' AS y; --",
    ];
    let mut keys: Vec<String> = sql.iter().map(|text| (*text).to_owned()).collect();
    for text in sql {
        keys.push(format!("sk-cp-{text}"));
        keys.push(format!("sk-cp-{text}-{secret}"));
        keys.push(format!("{start}-{text}"));
        keys.push(format!("{start}-{secret}{text}"));
    }
    keys.extend([
        id.to_owned(),
        "sk-cp-".to_owned(),
        "sk-cp--".to_owned(),
        start.to_owned(),
        format!("{start}-"),
        format!("{start}-{}", &secret[1..]),
        format!("{start}-{}", "0".repeat(secret.len())),
        format!("sk-cp-aaaaaaaaaaaa-{secret}"),
        format!("SK-CP-{id}-{secret}"),
        "null".to_owned(),
        "undefined".to_owned(),
        "x".repeat(10_000),
    ]);
    for key in &keys {
        for (name, value) in [
            ("authorization", format!("Bearer {key}")),
            ("x-api-key", key.clone()),
            ("x-goog-api-key", key.clone()),
        ] {
            for target in ["/api/providers", "/api/keys", "/v1/models", "/nothing"] {
                let ask = gateway.ask_without_key("GET", target).header(name, &value);
                assert_eq!(ask.send().status, 401, "{name}: {value} on {target}");
            }
        }
    }
    let list = gateway.get("/api/keys").expect(200);
    assert_eq!(list["keys"].as_array().map(Vec::len), Some(1));
    assert_ne!(list["keys"][0]["status"], Value::Null);
}
