//! Reads the list of models, page by page.

use crate::{Malformed, ModelPage, json, percent::encoded};

/// Where the page after the model `page` is.
pub(super) fn target(page: Option<&str>) -> String {
    match page {
        None => "/models?limit=1000".to_owned(),
        Some(last_id) => format!("/models?limit=1000&after_id={}", encoded(last_id)),
    }
}

/// Reads one page.
pub(super) fn decode(body: &[u8]) -> Result<ModelPage, Malformed> {
    let body = json::parse(body)?;
    if !json::member(&body, "data").is_array() {
        return Err(Malformed("the list of models has no data".to_owned()));
    }
    let ids = json::list(&body, "data").iter().filter_map(|model| json::filled(model, "id"));
    let next = json::filled(&body, "last_id").filter(|_| json::is_true(&body, "has_more"));
    Ok(ModelPage { ids: ids.map(str::to_owned).collect(), next: next.map(str::to_owned) })
}
