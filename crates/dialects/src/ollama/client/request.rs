//! Reads the body of `POST /api/chat`.

use canonical::{Dialect, Fault, Losses, Request, Tool};
use serde_json::Value;

use super::{messages, options};
use crate::fields::{Fields, invalid};

/// Reads a request.
pub(super) fn decode(body: &[u8], losses: &mut Losses) -> Result<Request, Fault> {
    let mut fields = Fields::parse(body)?;
    let mut request = options::read(&mut fields, losses)?;
    let messages = fields.list("messages")?;
    if messages.is_empty() {
        return Err(says_nothing("messages"));
    }
    (request.system, request.messages) = messages::read(messages, losses)?;
    for (index, value) in fields.list("tools")?.into_iter().enumerate() {
        request.tools.push(tool(value, &format!("tools[{index}]"), losses)?);
    }
    request.extras = rest(fields);
    Ok(request)
}

/// The fault of a request that only has a model loaded or unloaded, which other providers know nothing of.
pub(super) fn says_nothing(member: &str) -> Fault {
    invalid(format!(
        "`{member}` is empty: a model of this provider needs no loading, send something to answer"
    ))
}

/// What no member of the canonical form holds.
pub(super) fn rest(fields: Fields) -> Option<(Dialect, serde_json::Map<String, Value>)> {
    let rest = fields.rest();
    (!rest.is_empty()).then_some((Dialect::Ollama, rest))
}

fn tool(value: Value, place: &str, losses: &mut Losses) -> Result<Tool, Fault> {
    let mut fields = Fields::of(value, place)?;
    fields.take("type");
    let mut function = fields.object("function")?.ok_or_else(|| fields.missing("function"))?;
    let parameters = function.take("parameters");
    if parameters.as_ref().is_some_and(|parameters| !parameters.is_object()) {
        return Err(function.wrong("parameters", "a JSON Schema, which is an object"));
    }
    let tool = Tool {
        name: function.required_string("name")?,
        description: function.string("description")?,
        parameters,
        strict: function.boolean("strict")?,
        freeform: false,
    };
    function.note_rest("tools", losses);
    fields.note_rest("tools", losses);
    Ok(tool)
}

#[cfg(test)]
mod tests {
    use canonical::{Dialect, ErrorKind, Losses, Request};
    use serde_json::{Value, json};

    use super::decode;

    fn read(mut body: Value) -> Result<(Request, String), String> {
        body["model"] = json!("m");
        let mut losses = Losses::default();
        let request = decode(body.to_string().as_bytes(), &mut losses);
        let request = request.map_err(|fault| {
            assert_eq!(fault.kind, ErrorKind::InvalidRequest);
            fault.public
        })?;
        Ok((request, losses.to_string()))
    }

    #[test]
    fn tools_and_strange_members_are_kept() {
        let function = json!({ "name": "tide", "description": "Tells it", "color": 1,
            "parameters": { "type": "object" } });
        let (request, lost) = read(json!({
            "messages": [{ "role": "user", "content": "Hi" }],
            "tools": [{ "type": "function", "function": function, "items": 1 }, { "function": { "name": "map" } }],
            "keep_alive": "5m",
            "shift": true,
            "nothing": null,
        }))
        .unwrap();
        assert_eq!(lost, "tools.color, tools.items");
        let named: Vec<_> = request.tools.iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(named, ["tide", "map"]);
        assert_eq!(request.tools[0].parameters, Some(json!({ "type": "object" })));
        let (origin, extras) = request.extras.unwrap();
        assert_eq!(origin, Dialect::Ollama);
        assert_eq!(Value::from(extras), json!({ "shift": true }));
    }

    #[test]
    fn no_tools_are_none() {
        let messages = json!([{ "role": "user", "content": "Hi" }]);
        for tools in [json!([]), Value::Null] {
            let (request, lost) = read(json!({ "messages": messages, "tools": tools })).unwrap();
            assert_eq!((request.tools.len(), lost.as_str()), (0, ""));
            assert_eq!(request.extras, None);
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_words() {
        let user = json!([{ "role": "user", "content": "Hi" }]);
        for (body, expected) in [
            (json!({}), "`messages` is empty"),
            (json!({ "messages": [], "keep_alive": 0 }), "`messages` is empty"),
            (json!({ "messages": "Hi" }), "`messages` must be a list"),
            (json!({ "messages": ["Hi"] }), "`messages[0]` must be an object"),
            (json!({ "messages": user, "tools": [{}] }), "`tools[0].function` is missing"),
            (
                json!({ "messages": user, "tools": [{ "function": { "name": "f", "parameters": 1 } }] }),
                "`tools[0].function.parameters` must be a JSON Schema",
            ),
        ] {
            let public = read(body).unwrap_err();
            assert!(public.starts_with(expected), "{public}");
        }
        let fault = decode(br#"{"messages":[]}"#, &mut Losses::default()).unwrap_err();
        assert_eq!(fault.public, "`model` is missing");
    }
}
