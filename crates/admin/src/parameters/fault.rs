//! What is wrong with parameters, and how callers are told.

use http::StatusCode;
use serde_json::{Value, json};
use server::{Response, response};

/// A name is repeated up to here.
const LONGEST_NAME_BYTES: usize = 32;

/// One thing that is wrong.
#[derive(Debug, PartialEq)]
pub(crate) enum Fault {
    /// The request breaks a rule of the interface: 400 with one sentence.
    Refused(String),
    /// A parameter that nobody knows: 400 with one sentence.
    Unknown {
        /// The path to it, as below, of which no name is kept that may be a secret.
        loc: Vec<Value>,
        /// What was probably meant.
        advice: String,
    },
    /// A parameter is missing or malformed: 422 with a list, as FastAPI's clients expect.
    Malformed {
        /// The path to the value: `body` or `query`, then names and indices.
        loc: Vec<Value>,
        /// What was expected, for people.
        msg: String,
        /// What was expected, for programs.
        kind: &'static str,
    },
}

impl Fault {
    pub(crate) fn missing(loc: Vec<Value>) -> Self {
        Self::Malformed { loc, msg: "Field required".to_owned(), kind: "missing" }
    }

    pub(super) fn value(loc: Vec<Value>, msg: String) -> Self {
        Self::Malformed { loc, msg, kind: "value_error" }
    }

    /// Names the unknown parameter at `loc`, and the known one that was probably meant.
    pub(super) fn unknown(loc: &[Value], known: &[&str]) -> Self {
        let name = loc.last().map(step).unwrap_or_default();
        let distance = |candidate: &&str| strsim::damerau_levenshtein(&name, candidate);
        let advice = match known.iter().copied().min_by_key(distance) {
            Some(nearest) if distance(&nearest) <= 3.min(nearest.len() / 2 + 1) => {
                format!("did you mean '{nearest}'?")
            }
            Some(_) => format!("known are {}", known.join(", ")),
            None => "this request takes none".to_owned(),
        };
        let repeated =
            loc.iter().map(|name| if name.is_string() { json!(step(name)) } else { name.clone() });
        Self::Unknown { loc: repeated.collect(), advice }
    }

    /// The sentence for callers, where one sentence says it.
    pub(super) fn sentence(&self) -> Option<String> {
        match self {
            Self::Refused(sentence) => Some(sentence.clone()),
            Self::Unknown { loc, advice } => {
                let path: Vec<_> = loc.iter().skip(1).map(step).collect();
                Some(format!("Unknown parameter '{}': {advice}", path.join(".")))
            }
            Self::Malformed { .. } => None,
        }
    }
}

/// One step of a path as it is repeated.
pub(super) fn step(step: &Value) -> String {
    step.as_str().map_or_else(|| step.to_string(), repeatable)
}

/// A name as it is repeated and compared: what is no name is not repeated, since it may be a secret that was
/// put in the wrong place.
fn repeatable(name: &str) -> String {
    let is_name = (1..=LONGEST_NAME_BYTES).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { name.to_owned() } else { "…".to_owned() }
}

/// Tells the caller. A broken rule goes before malformed values, and its sentence stands alone.
pub(crate) fn answer(faults: &[Fault]) -> Response {
    let mut malformed = Vec::new();
    for fault in faults {
        if let Some(sentence) = fault.sentence() {
            return response::detail(StatusCode::BAD_REQUEST, &sentence);
        }
        if let Fault::Malformed { loc, msg, kind } = fault {
            malformed.push(json!({ "loc": loc, "msg": msg, "type": kind }));
        }
    }
    response::json(StatusCode::UNPROCESSABLE_ENTITY, &json!({ "detail": malformed }))
}
