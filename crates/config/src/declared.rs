//! What the config file declares: tables by name, with the secrets that they refer to.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Map, Value as Json};
use vault::Secret;

use crate::{
    Origin, Value,
    secret_reference::{SecretShape, UNRESOLVED},
};

/// A kind of thing that the file declares, as `[SECTION.NAME]`.
pub(crate) struct Section {
    /// The table that holds the others.
    pub name: &'static str,
    /// The members that are secrets, and what they look like.
    pub secrets: &'static [(&'static str, SecretShape)],
    /// What it declares: a sentence for the reference.
    pub meaning: &'static str,
    /// An example for the reference.
    pub example: &'static str,
    of: fn(&mut DeclaredSections) -> &mut Vec<Declared>,
}

impl Section {
    /// Where what it declares is kept.
    pub fn of<'a>(&self, sections: &'a mut DeclaredSections) -> &'a mut Vec<Declared> {
        (self.of)(sections)
    }
}

/// Every kind.
pub(crate) static SECTIONS: [Section; 4] = [
    Section {
        name: "providers",
        secrets: &[
            ("api_key", SecretShape::One),
            ("api_keys", SecretShape::List),
            ("headers", SecretShape::Table),
        ],
        meaning: "A provider, with the members of `POST /api/providers/register`.",
        example: "\
[providers.work]
provider_type = \"openai\"
api_key = { env = \"OPENAI_API_KEY\" }
default_model = \"gpt-4o-mini\"

[providers.rack]
provider_type = \"custom\"
base_url = \"http://10.0.0.5:8080/v1\"
network = \"local\"
headers = { X-Team = { file = \"team.txt\" } }
",
        of: |sections| &mut sections.providers,
    },
    Section {
        name: "routes",
        secrets: &[],
        meaning: "A route, with the members of `PUT /api/routes/NAME`. A name with slashes or dots stands in quotes.",
        example: "\
[routes.smart]
strategy = \"local-first\"
candidates = [
    { provider = \"ollama\", model = \"llama3.2:3b\", when = { input_tokens_at_most = 8000 } },
    { provider = \"work\", model = \"gpt-4o-mini\" },
]
",
        of: |sections| &mut sections.routes,
    },
    Section {
        name: "keys",
        secrets: &[("key", SecretShape::One)],
        meaning: "A key of the gateway, with the members of `POST /api/keys`, and `key`, the key itself.",
        example: "\
[keys.ci]
key = { env = \"CI_GATEWAY_KEY\" }
project = \"tests\"
models = [\"smart\"]
limits = { requests_per_minute = 60 }
",
        of: |sections| &mut sections.keys,
    },
    Section {
        name: "projects",
        secrets: &[],
        meaning: "What the keys of a project may use together.",
        example: "[projects.tests]\nlimits = { tokens_per_minute = 200_000 }\n",
        of: |sections| &mut sections.projects,
    },
];

/// Everything that the file declares, each kind in the order in which it stands there.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DeclaredSections {
    /// `[providers.NAME]`
    #[serde(serialize_with = "by_name", skip_serializing_if = "Vec::is_empty")]
    pub providers: Vec<Declared>,
    /// `[routes.NAME]`
    #[serde(serialize_with = "by_name", skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Declared>,
    /// `[keys.NAME]`
    #[serde(serialize_with = "by_name", skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Declared>,
    /// `[projects.NAME]`
    #[serde(serialize_with = "by_name", skip_serializing_if = "Vec::is_empty")]
    pub projects: Vec<Declared>,
}

/// One table that declares something. Where it refers to a secret, `members` has the reference, as `env:NAME` or
/// `file:PATH`.
#[derive(Clone)]
pub struct Declared {
    /// The table's name, which is the thing's.
    pub name: String,
    /// Its members.
    pub members: Map<String, Json>,
    pub(crate) section: &'static str,
    pub(crate) file: PathBuf,
    /// The line of the table itself.
    pub(crate) line: usize,
    /// The line of each value in it, by the names and indices that lead there.
    pub(crate) lines: BTreeMap<Vec<String>, usize>,
    /// The secrets, each by what leads there.
    pub(crate) secrets: Vec<(Vec<String>, Secret)>,
}

impl Declared {
    /// The members with the secrets in the places of the references. Only for whoever uses them.
    #[must_use]
    pub fn exposed(&self) -> Map<String, Json> {
        let mut members = self.members.clone();
        for (path, secret) in &self.secrets {
            let Some((first, rest)) = path.split_first() else { continue };
            let mut place = members.get_mut(first);
            for step in rest {
                place = place.and_then(|value| match value {
                    Json::Object(members) => members.get_mut(step),
                    Json::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
                    Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
                });
            }
            if let Some(place) = place {
                *place = Json::String(secret.expose().to_owned());
            }
        }
        members
    }

    /// Whether a member refers to a secret that can't be had, which is a fault already.
    #[must_use]
    pub fn lacks_secret(&self, member: &str) -> bool {
        self.members.get(member).and_then(Json::as_str) == Some(UNRESOLVED)
    }

    /// Takes a secret out from among the members, where it stands.
    pub fn take_secret(&mut self, member: &str) -> Option<Secret> {
        self.members.remove(member);
        let is_it = |(path, _): &(Vec<String>, Secret)| *path == [member];
        let index = self.secrets.iter().position(is_it)?;
        Some(self.secrets.swap_remove(index).1)
    }

    /// Where the value stands that names and indices lead to, or the nearest around it.
    #[must_use]
    pub fn origin_of(&self, path: &[String]) -> Origin {
        let around = (0..=path.len()).rev().find_map(|length| self.lines.get(path.get(..length)?));
        Origin::File { path: self.file.clone(), line: around.copied().unwrap_or(self.line) }
    }

    /// Where the table stands.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin::File { path: self.file.clone(), line: self.line }
    }

    /// What the table is called in the file, and what leads to a value in it: `providers.work.api_key`.
    #[must_use]
    pub fn path_to(&self, path: &[String]) -> String {
        let own = format!("{}.{}", self.section, self.name);
        path.iter().fold(own, |path, step| format!("{path}.{step}"))
    }
}

impl fmt::Debug for Declared {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} at {}", self.path_to(&[]), self.origin())
    }
}

impl Serialize for Declared {
    /// Writes each member with its origin, as other settings are.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.members.len()))?;
        for (name, value) in &self.members {
            let origin = self.origin_of(std::slice::from_ref(name));
            map.serialize_entry(name, &Value::new(value, origin))?;
        }
        map.end()
    }
}

fn by_name<S: Serializer>(declared: &[Declared], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(declared.iter().map(|declared| (&declared.name, declared)))
}
