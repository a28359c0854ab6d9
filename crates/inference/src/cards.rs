//! What is known of every model that can be asked.

use std::time::Duration;

use canonical::{ModelCard, Price};
use futures_util::future::join_all;
use keys::Caller;
use pipeline::may_ask;
use providers::{Freshness, Route, Snapshot};
use tokio::time::timeout;

/// How long a list waits for the slowest provider; clients look for models within three seconds.
const LIST_LIMIT: Duration = Duration::from_millis(2500);

/// Every model of every provider that can be asked, under the names that callers send.
pub(crate) async fn all(snapshot: &Snapshot, caller: &Caller) -> Vec<ModelCard> {
    let routes = snapshot.routes().filter_map(|route| of_route(snapshot, caller, route));
    let routes: Vec<_> = routes.collect();
    let providers = snapshot
        .enabled()
        .filter(|provider| may_ask(caller, provider) && !provider.config().lacks_api_key());
    let lists = providers.map(|provider| async move {
        let models = timeout(LIST_LIMIT, provider.models(Freshness::Cached)).await;
        let ids = models.map(|models| models.ids).unwrap_or_default();
        let own = provider.config().name.as_str();
        let held = ids.into_iter().filter(move |id| caller.grant.holds_model(own, id, None));
        held.map(|id| {
            let name = format!("{}/{id}", provider.config().name);
            snapshot.card(provider, &id, &name)
        })
    });
    let listed = join_all(lists).await.into_iter().flatten();
    routes.into_iter().chain(listed).collect()
}

/// What is known of a route as a model: what any of its candidates has that the caller may ask; none where it may ask
/// none.
pub(crate) fn of_route(snapshot: &Snapshot, caller: &Caller, route: &Route) -> Option<ModelCard> {
    let cards = route.held(&caller.grant).filter_map(|candidate| {
        match snapshot.find(&candidate.provider) {
            Ok(provider) => may_ask(caller, provider)
                .then(|| snapshot.card(provider, &candidate.model, &route.name)),
            Err(_) => Some(ModelCard { id: route.name.clone(), ..ModelCard::default() }),
        }
    });
    let widest = cards.max_by_key(|card| card.context_window_tokens)?;
    Some(ModelCard { provider: "closedpaw".to_owned(), price: Price::default(), ..widest })
}
