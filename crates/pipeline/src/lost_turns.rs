//! Refuses a conversation of which a turn would get lost whole: what the model answers to the rest is no answer to what
//! was asked.

use canonical::{Fault, Losses, Message, Part, Request, Role};

use crate::Target;

/// Checks that every turn has something that the provider can be told.
///
/// # Errors
///
/// Fails when the conversation is empty, or nothing of a turn can be said in the provider's dialect.
pub(crate) fn refuse_lost_turns(target: &Target, request: &Request) -> Result<(), Fault> {
    let invalid = |sentence| Err(Fault::invalid_request(sentence));
    if request.messages.iter().all(|message| message.parts.is_empty()) {
        return invalid("the conversation is empty: send a message with content".to_owned());
    }
    for (index, Message { role, parts }) in request.messages.iter().enumerate() {
        let lost: Vec<_> = parts.iter().map_while(|part| lost(target, *role, part)).collect();
        if !lost.is_empty() && lost.len() == parts.len() {
            let provider = &target.provider.config().name;
            let (turn, lost) = (index + 1, lost.join(", "));
            return invalid(format!("nothing of message {turn} can be sent to {provider}: {lost}"));
        }
    }
    Ok(())
}

/// The name of a part that the provider's dialect has no way to say. Text, thoughts and tools are always said, or
/// their loss leaves the rest meaningful.
fn lost(target: &Target, role: Role, part: &Part) -> Option<String> {
    match part {
        Part::Media(_) | Part::Opaque(_) => {}
        Part::Text { .. } | Part::ToolCall(_) | Part::ToolResult(_) | Part::Reasoning(_) => {
            return None;
        }
    }
    let encoded = |parts| {
        let messages = vec![Message { role, parts }];
        let mut losses = Losses::default();
        let alone = Request { model: target.model.clone(), messages, ..Request::default() };
        let body = target.codec.encode_request(&alone, &target.quirks(), &mut losses);
        (body, losses)
    };
    let (with_nothing, _) = encoded(Vec::new());
    let (with_part, losses) = encoded(vec![part.clone()]);
    (with_part == with_nothing).then(|| losses.to_string())
}
