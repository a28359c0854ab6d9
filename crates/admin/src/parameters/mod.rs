//! Parameters of the management API: a JSON body, a form or a query string becomes a checked value.
//!
//! A [`Parameters`] is made from a type's own JSON Schema, so that what the reference documents is what
//! is accepted. Every rule of the interface about parameters is here and nowhere else.

mod body;
mod check;
mod coerce;
pub(crate) mod declared;
mod fault;

use std::{borrow::Cow, marker::PhantomData};

use percent_encoding::percent_decode;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use server::{Call, Response};

pub(crate) use fault::{Fault, answer};

/// Parameters that may not stand in a query string, where logs and histories would keep them.
const SECRETS: [&str; 3] = ["api_key", "api_keys", "headers"];

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
    pub(crate) async fn read(&self, call: &mut Call, most_bytes: usize) -> Result<T, Response> {
        let query = pairs(call.query.as_deref().unwrap_or_default().as_bytes(), Source::Query);
        let mut sent = query.map_err(|fault| answer(&[fault]))?;
        sent.extend(body::read(call, most_bytes).await?);
        self.accept(sent).map_err(|faults| answer(&faults))
    }

    /// Holds what was sent to the schema.
    fn accept(&self, sent: Vec<Sent>) -> Result<T, Vec<Fault>> {
        let by_query = !sent.is_empty() && sent.iter().all(|sent| sent.source == Source::Query);
        let place = if by_query { Source::Query } else { Source::Json };
        let merged = self.merge(sent).map_err(|fault| vec![fault])?;
        let mut faults = Vec::new();
        for name in required(&self.schema) {
            if !merged.iter().any(|sent| sent.name == name) {
                faults.push(Fault::missing(vec![json!(place.loc()), json!(name)]));
            }
        }
        let mut members = Map::new();
        for Sent { source, name, value } in merged {
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

    /// Puts the sources together, in the order they were sent; one parameter has one value.
    fn merge(&self, sent: Vec<Sent>) -> Result<Vec<Sent>, Fault> {
        let mut merged: Vec<Sent> = Vec::new();
        for Sent { source, name, value } in sent {
            if source == Source::Query && SECRETS.contains(&name.as_str()) {
                return Err(Fault::Refused(format!(
                    "'{name}' is a secret and can't be sent in the URL: send it in the body"
                )));
            }
            let Some(schema) = self.property(&name) else {
                return Err(Fault::unknown(&[json!(source.loc()), json!(name)], &self.names()));
            };
            let value = match (source, value) {
                (Source::Query | Source::Form, Value::String(text)) => coerce::text(&text, schema),
                (Source::Json, Value::String(text)) => coerce::json_text(&text, schema),
                (_, value) => value,
            };
            match merged.iter_mut().find(|first| first.name == name) {
                Some(Sent { source: first_source, value: Value::Array(items), .. })
                    if source == *first_source && source != Source::Json =>
                {
                    // A form writes a list by naming it again.
                    items.extend(value.as_array().cloned().unwrap_or_default());
                }
                Some(first) if first.value != value => {
                    return Err(Fault::Refused(format!(
                        "'{name}' is given twice with different values: send it once"
                    )));
                }
                Some(_) => {}
                None => merged.push(Sent { source, name, value }),
            }
        }
        Ok(merged)
    }

    fn property(&self, name: &str) -> Option<&Value> {
        self.schema.get("properties")?.get(name)
    }

    fn names(&self) -> Vec<&str> {
        let properties = self.schema.get("properties").and_then(Value::as_object);
        properties.into_iter().flat_map(Map::keys).map(String::as_str).collect()
    }
}

/// What a request takes that takes nothing: any parameter is refused.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Nothing {}

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

/// Splits a query string, or a form, which is written alike.
fn pairs(text: &[u8], source: Source) -> Result<Vec<Sent>, Fault> {
    if percent_decode(text).decode_utf8().is_err() {
        let sentence = format!("The {} is not UTF-8: encode it as UTF-8", source.loc());
        return Err(Fault::Refused(sentence));
    }
    let sent = |(name, value): (Cow<'_, str>, Cow<'_, str>)| Sent {
        source,
        name: name.into_owned(),
        value: Value::String(value.into_owned()),
    };
    Ok(url::form_urlencoded::parse(text).map(sent).collect())
}

#[cfg(test)]
mod tests;
