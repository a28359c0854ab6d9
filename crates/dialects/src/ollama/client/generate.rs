//! Reads the body of `POST /api/generate`: one prompt, which becomes a chat of one turn.

use canonical::{Fault, Losses, Message, Part, Request, Role};
use serde_json::Value;

use super::{
    image, options,
    request::{rest, says_nothing},
};
use crate::fields::{Fields, invalid};

/// Reads a request.
pub(super) fn decode(body: &[u8], losses: &mut Losses) -> Result<Request, Fault> {
    let mut fields = Fields::parse(body)?;
    let mut request = options::read(&mut fields, losses)?;
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    if filled(fields.string("suffix")?).is_some() {
        return Err(invalid(
            "`suffix` asks to fill in a middle, which only models of an Ollama provider do here: \
             leave it out, or ask such a model",
        ));
    }
    request.system.extend(filled(fields.string("system")?).map(Part::text));
    let mut parts = image::take(&mut fields)?;
    parts.extend(filled(fields.string("prompt")?).map(Part::text));
    if parts.is_empty() {
        return Err(says_nothing("prompt"));
    }
    request.messages.push(Message { role: Role::User, parts });
    note_own(&mut fields, losses)?;
    request.extras = rest(fields);
    Ok(request)
}

/// Notes members that only work on the model itself, unless they ask for nothing.
fn note_own(fields: &mut Fields, losses: &mut Losses) -> Result<(), Fault> {
    if fields.boolean("raw")? == Some(true) {
        losses.note("raw");
    }
    for name in ["template", "context"] {
        let is_empty = |value: &Value| *value == "" || value.as_array().is_some_and(Vec::is_empty);
        if fields.take(name).is_some_and(|value| !is_empty(&value)) {
            losses.note(name);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use canonical::{Losses, Message, Part, Request, Role};
    use serde_json::{Value, json};

    use super::decode;

    fn read(mut body: Value) -> Result<(Request, String), String> {
        body["model"] = json!("m");
        let mut losses = Losses::default();
        let request = decode(body.to_string().as_bytes(), &mut losses);
        request.map(|request| (request, losses.to_string())).map_err(|fault| fault.public)
    }

    #[test]
    fn a_prompt_becomes_a_turn() {
        let (request, lost) = read(json!({
            "prompt": "Name it.", "system": "Be brief.", "images": ["/9j/4AAQ"],
            "suffix": "", "template": "", "context": [], "raw": false,
        }))
        .unwrap();
        assert_eq!(request.system, [Part::text("Be brief.")]);
        assert_eq!(request.messages[0].parts.len(), 2);
        assert_eq!(request.messages[0].parts[1], Part::text("Name it."));
        assert!(request.stream && request.extras.is_none());
        assert_eq!(lost, "");
    }

    #[test]
    fn what_only_the_model_itself_can_take_is_noted() {
        let (request, lost) = read(json!({
            "prompt": "Hi", "template": "{{ .Prompt }}", "context": [1, 2], "raw": true, "width": 8,
        }))
        .unwrap();
        let parts = vec![Part::text("Hi")];
        assert_eq!(request.messages, [Message { role: Role::User, parts }]);
        assert_eq!(lost, "raw, template, context");
        let extras = request.extras.unwrap().1;
        assert_eq!(Value::from(extras), json!({ "width": 8 }));
    }

    #[test]
    fn what_no_other_provider_can_do_is_refused() {
        for (body, expected) in [
            (json!({ "prompt": "def f(", "suffix": "return x" }), "`suffix` asks"),
            (json!({}), "`prompt` is empty"),
            (json!({ "prompt": "", "keep_alive": 0 }), "`prompt` is empty"),
            (json!({ "system": "Be brief." }), "`prompt` is empty"),
        ] {
            let public = read(body).unwrap_err();
            assert!(public.starts_with(expected), "{public}");
        }
    }
}
