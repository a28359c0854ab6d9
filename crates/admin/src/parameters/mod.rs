//! Parameters of the management API: a JSON body, a form or a query string becomes a checked value.
//!
//! A [`Parameters`] is made from a type's own JSON Schema, so that what the reference documents is what
//! is accepted. Every rule of the interface about parameters is here and nowhere else.

mod body;
mod check;
mod coerce;
mod fault;

use std::marker::PhantomData;

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use server::{Call, Response};

pub(crate) use fault::Fault;

/// Parameters that may not stand in a query string, where logs and histories would keep them.
const SECRETS: [&str; 2] = ["api_key", "headers"];

/// Reads the parameters of one kind of request.
pub(crate) struct Parameters<T> {
    schema: Value,
    of: PhantomData<fn() -> T>,
}

/// Where a parameter came from; the name is the first part of a fault's `loc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// The query string.
    Query,
    /// The body, as JSON.
    Json,
    /// The body, as a form.
    Form,
}

impl Source {
    const fn loc(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Json | Self::Form => "body",
        }
    }
}

/// One parameter as it was sent.
struct Sent {
    source: Source,
    name: String,
    value: Value,
}

impl<T: DeserializeOwned + JsonSchema> Parameters<T> {
    /// Derives the rules from the type.
    pub(crate) fn new() -> Self {
        Self { schema: schema_of::<T>(), of: PhantomData }
    }

    /// Reads and checks the parameters of a request whose body may have `most_bytes`.
    ///
    /// # Errors
    ///
    /// The answer that tells the caller every fault at once.
    pub(crate) async fn read(&self, call: Call, most_bytes: usize) -> Result<T, Response> {
        let mut sent = query(call.query.as_deref().unwrap_or_default());
        sent.extend(body::read(call, most_bytes).await?);
        self.accept(sent).map_err(fault::answer)
    }

    /// Holds what was sent to the schema.
    fn accept(&self, sent: Vec<Sent>) -> Result<T, Vec<Fault>> {
        let missing_from =
            if sent.iter().all(|sent| sent.source == Source::Query) && !sent.is_empty() {
                Source::Query
            } else {
                Source::Json
            };
        let merged = self.merge(sent)?;
        let mut faults = Vec::new();
        for name in required(&self.schema) {
            if merged.get(name).is_none_or(|(_, value)| value.is_null()) {
                faults.push(Fault::missing(vec![json!(missing_from.loc()), json!(name)]));
            }
        }
        let mut members = Map::new();
        for (name, (source, value)) in merged {
            if let Some(schema) = self.property(&name) {
                let mut loc = vec![json!(source.loc()), json!(name)];
                check::check(&value, schema, &mut loc, &mut faults);
            }
            members.insert(name, value);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        serde_json::from_value(Value::Object(members))
            .map_err(|error| vec![Fault::value(vec![json!("body")], error.to_string())])
    }

    /// Puts the sources together; one parameter has one value.
    fn merge(&self, sent: Vec<Sent>) -> Result<indexed::Members, Vec<Fault>> {
        let mut merged = indexed::Members::default();
        let mut faults = Vec::new();
        for Sent { source, name, value } in sent {
            let Some(schema) = self.property(&name) else {
                let loc = vec![json!(source.loc()), json!(name)];
                faults.push(Fault::unknown(loc, &name, self.names()));
                continue;
            };
            if source == Source::Query && SECRETS.contains(&name.as_str()) {
                faults.push(Fault::refused(format!(
                    "'{name}' is a secret and can't be sent in the URL: send it in the body"
                )));
                continue;
            }
            let value = match (source, value) {
                (Source::Query | Source::Form, Value::String(text)) => coerce::text(&text, schema),
                (Source::Json, Value::String(text)) => coerce::json_string(text, schema),
                (_, value) => value,
            };
            match merged.get(&name) {
                Some((_, first)) if *first != value => faults.push(Fault::refused(format!(
                    "'{name}' is given twice with different values: send it once"
                ))),
                Some(_) => {}
                None => merged.insert(name, source, value),
            }
        }
        if faults.is_empty() { Ok(merged) } else { Err(faults) }
    }

    fn property(&self, name: &str) -> Option<&Value> {
        self.schema.get("properties")?.get(name)
    }

    fn names(&self) -> Vec<&str> {
        let properties = self.schema.get("properties").and_then(Value::as_object);
        properties.into_iter().flat_map(Map::keys).map(String::as_str).collect()
    }
}

/// The JSON Schema of a type, with everything it refers to inside it.
pub(crate) fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// The names that a schema requires.
fn required(schema: &Value) -> Vec<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Splits a query string.
fn query(query: &str) -> Vec<Sent> {
    url::form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| Sent {
            source: Source::Query,
            name: name.into_owned(),
            value: Value::String(value.into_owned()),
        })
        .collect()
}

/// Parameters by name, in the order they were sent.
mod indexed {
    use serde_json::Value;

    use super::Source;

    #[derive(Default)]
    pub(super) struct Members(Vec<(String, (Source, Value))>);

    impl Members {
        pub(super) fn get(&self, name: &str) -> Option<&(Source, Value)> {
            self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
        }

        pub(super) fn insert(&mut self, name: String, source: Source, value: Value) {
            self.0.push((name, (source, value)));
        }
    }

    impl IntoIterator for Members {
        type Item = (String, (Source, Value));
        type IntoIter = std::vec::IntoIter<Self::Item>;

        fn into_iter(self) -> Self::IntoIter {
            self.0.into_iter()
        }
    }
}
