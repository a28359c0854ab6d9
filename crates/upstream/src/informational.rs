//! Informational responses (1xx): a few pass unseen, and a provider that sends them without end is given up.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use canonical::{ErrorKind, Fault};
use http::Request;
use tokio::sync::Notify;

/// Informational responses that may come before the answer.
const MOST_RESPONSES: usize = 8;

/// Counts the informational responses to `request`. The future is ready once there are too many.
///
/// Hyper reads them for as long as they come. Dropping the request is what ends its connection.
pub(crate) fn without_end<B>(request: &mut Request<B>) -> impl Future<Output = Fault> + use<B> {
    let too_many = Arc::new(Notify::new());
    let (notify, received) = (Arc::clone(&too_many), AtomicUsize::new(0));
    hyper::ext::on_informational(request, move |_| {
        if received.fetch_add(1, Ordering::Relaxed) == MOST_RESPONSES {
            notify.notify_one();
        }
    });
    async move {
        too_many.notified().await;
        Fault::new(ErrorKind::Malformed, "the provider sends informational responses without end")
    }
}
