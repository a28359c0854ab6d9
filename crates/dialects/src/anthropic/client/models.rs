//! Writes the list of models, page by page.

use canonical::{Ability, Fault, Modality, ModelCard};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::{fields::invalid, model_facts::add_unnamed_facts, rfc3339::rfc3339_of_seconds};

/// How many models a page has when nobody says, and at most.
const USUAL_LIMIT: usize = 20;
const LARGEST_LIMIT: usize = 1000;

/// What stands for the day of release of a model whose day nobody knows; the member must be there.
const UNKNOWN_DAY: &str = "1970-01-01T00:00:00Z";

/// Writes the page that `query` asks for.
///
/// Source: <https://docs.anthropic.com/en/api/models-list>
pub(super) fn encode(models: &[ModelCard], query: Option<&str>) -> Result<Vec<u8>, Fault> {
    let (page, has_more) = Page::parse(query)?.of(models)?;
    let body = json!({
        "data": page.iter().map(model).collect::<Vec<_>>(),
        "has_more": has_more,
        "first_id": page.first().map(|model| &model.id),
        "last_id": page.last().map(|model| &model.id),
    });
    Ok(body.to_string().into_bytes())
}

/// Writes what is known of one model.
pub(super) fn model(card: &ModelCard) -> Value {
    let created = card.created_s.map(rfc3339_of_seconds);
    let mut model = json!({
        "type": "model",
        "id": card.id,
        "display_name": card.display_name.as_ref().unwrap_or(&card.id),
        "created_at": created.as_deref().unwrap_or(UNKNOWN_DAY),
        "lifecycle": "active",
        "max_input_tokens": card.context_window_tokens,
        "max_tokens": card.max_output_tokens,
        "capabilities": capabilities(card),
    });
    add_unnamed_facts(card, &mut model);
    model
}

/// Writes what the model can do, unless nothing is known of it. Members for what only Anthropic has must be there
/// as well.
fn capabilities(card: &ModelCard) -> Value {
    if card.abilities.is_empty() && card.input_modalities.is_empty() {
        return Value::Null;
    }
    let when = |supported: bool| json!({"supported": supported});
    let can = |ability| when(card.abilities.contains(&ability));
    let reads = |modality| when(card.input_modalities.contains(&modality));
    let thinks = card.abilities.contains(&Ability::Reasoning);
    json!({
        "batch": when(false),
        "citations": when(false),
        "code_execution": when(false),
        "context_management": when(false),
        "effort": {
            "supported": thinks,
            "low": when(thinks),
            "medium": when(thinks),
            "high": when(thinks),
            "max": when(false),
        },
        "image_input": reads(Modality::Image),
        "pdf_input": reads(Modality::Document),
        "server_tools": {
            "supported": false,
            "code_execution": when(false),
            "web_search": when(false),
        },
        "structured_outputs": can(Ability::JsonSchema),
        "thinking": {
            "supported": thinks,
            "types": {
                "adaptive": when(thinks),
                "between_tools": when(false),
                "disabled": when(true),
                "enabled": when(thinks),
            },
        },
    })
}

/// Which models a caller wants to see.
#[derive(Debug)]
struct Page {
    limit: usize,
    after: Option<String>,
    before: Option<String>,
}

impl Page {
    /// Reads a query. Members that the endpoint doesn't know, such as `beta`, say nothing.
    fn parse(query: Option<&str>) -> Result<Self, Fault> {
        let mut page = Self { limit: USUAL_LIMIT, after: None, before: None };
        for pair in query.unwrap_or_default().split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "limit" => page.limit = limit(value)?,
                "after_id" => page.after = id(value),
                "before_id" => page.before = id(value),
                _ => {}
            }
        }
        if page.after.is_some() && page.before.is_some() {
            return Err(invalid("`after_id` and `before_id` exclude each other: send one of them"));
        }
        Ok(page)
    }

    /// Returns the models of the page, and whether there are more in the direction that is being gone.
    fn of(self, models: &[ModelCard]) -> Result<(&[ModelCard], bool), Fault> {
        let position = |id: &str, member: &str| {
            let position = models.iter().position(|model| model.id == id);
            position.ok_or_else(|| invalid(format!("`{member}` must be the id of a listed model")))
        };
        if let Some(before) = self.before {
            let (earlier, _) = models.split_at(position(&before, "before_id")?);
            let (rest, page) = earlier.split_at(earlier.len().saturating_sub(self.limit));
            return Ok((page, !rest.is_empty()));
        }
        let first = match self.after {
            Some(after) => position(&after, "after_id")? + 1,
            None => 0,
        };
        let later = models.get(first..).unwrap_or_default();
        let (page, rest) = later.split_at(later.len().min(self.limit));
        Ok((page, !rest.is_empty()))
    }
}

fn limit(value: &str) -> Result<usize, Fault> {
    let limit = value.parse().ok().filter(|limit| (1..=LARGEST_LIMIT).contains(limit));
    limit.ok_or_else(|| invalid(format!("`limit` must be a number from 1 to {LARGEST_LIMIT}")))
}

/// Reads an id of a query; an empty one is none.
fn id(value: &str) -> Option<String> {
    let plain = value.replace('+', " ");
    let id = percent_decode_str(&plain).decode_utf8_lossy().into_owned();
    (!id.is_empty()).then_some(id)
}
