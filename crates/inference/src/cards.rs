//! What is known of every model that can be asked.

use std::time::Duration;

use canonical::ModelCard;
use futures_util::future::join_all;
use providers::{Freshness, Snapshot};
use tokio::time::timeout;

/// How long a list waits for the slowest provider; clients look for models within three seconds.
const LIST_LIMIT: Duration = Duration::from_millis(2500);

/// Every model of every provider that can be asked, under the names that callers send.
pub(crate) async fn all(snapshot: &Snapshot) -> Vec<ModelCard> {
    let providers = snapshot.enabled().filter(|provider| !provider.config().lacks_api_key());
    let lists = providers.map(|provider| async move {
        let models = timeout(LIST_LIMIT, provider.models(Freshness::Cached)).await;
        let ids = models.map(|models| models.ids).unwrap_or_default();
        ids.into_iter().map(|id| {
            let name = format!("{}/{id}", provider.config().name);
            snapshot.card(provider, &id, &name)
        })
    });
    join_all(lists).await.into_iter().flatten().collect()
}
