//! Splits a request's body into parameters.

use std::fmt;

use http::{StatusCode, header::CONTENT_TYPE};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, json};
use server::{Call, Response, response};

use super::{Fault, Sent, Source, fault, pairs};

/// Reads the body and splits it by its content type.
pub(super) async fn read(call: &mut Call, most_bytes: usize) -> Result<Vec<Sent>, Response> {
    let content_type = call.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.map(str::to_owned);
    let body = call.body(most_bytes).await.map_err(Response::from)?;
    if body.is_empty() {
        return Ok(Vec::new());
    }
    let essence = content_type.as_deref().and_then(|value| value.split(';').next());
    let essence = essence.unwrap_or("application/json").trim().to_ascii_lowercase();
    match essence.as_str() {
        // Where curl sends JSON without being told its type, it says that it is a form.
        "application/x-www-form-urlencoded" if !body.trim_ascii_start().starts_with(b"{") => {
            pairs(&body, Source::Form).map_err(|fault| fault::answer(&[fault]))
        }
        "application/json" | "text/json" | "application/x-www-form-urlencoded" => {
            json_body(&body).map_err(|fault| fault::answer(&[fault]))
        }
        _ => Err(response::detail(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Unsupported content type: send application/json or application/x-www-form-urlencoded",
        )),
    }
}

/// Splits a JSON object, keeping members that stand there twice.
pub(super) fn json_body(body: &[u8]) -> Result<Vec<Sent>, Fault> {
    let members = serde_json::from_slice::<Members>(body).map_err(|error| {
        let (msg, kind) = if error.is_data() {
            (
                "Input should be a valid dictionary or object to extract fields from".to_owned(),
                "dict_type",
            )
        } else {
            (format!("JSON decode error: {error}"), "json_invalid")
        };
        Fault::Malformed { loc: vec![json!("body")], msg, kind }
    })?;
    let sent = |(name, value)| Sent { source: Source::Json, name, value };
    Ok(members.0.into_iter().map(sent).collect())
}

/// The members of a JSON object, in order, repeated ones included.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}
