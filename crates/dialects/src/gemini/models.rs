//! Reads the list of models, page by page.

use crate::{Malformed, ModelPage, json, percent::encoded};

/// Where the page with the token `page` is.
pub(super) fn target(page: Option<&str>) -> String {
    match page {
        None => "/models?pageSize=1000".to_owned(),
        Some(token) => format!("/models?pageSize=1000&pageToken={}", encoded(token)),
    }
}

/// Reads one page. The provider leaves empty lists out, so an object without models is an empty page.
pub(super) fn decode(body: &[u8]) -> Result<ModelPage, Malformed> {
    let body = json::parse(body)?;
    if !body.is_object() || body.get("error").is_some() {
        return Err(Malformed("the body is no list of models".to_owned()));
    }
    let names = json::list(&body, "models").iter().filter_map(|model| json::filled(model, "name"));
    let ids = names.map(|name| name.strip_prefix("models/").unwrap_or(name).to_owned());
    let next = json::filled(&body, "nextPageToken").map(str::to_owned);
    Ok(ModelPage { ids: ids.collect(), next })
}
