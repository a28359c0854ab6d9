//! Ollama, which a fresh gateway talks to: whether it answers where it usually does.

use std::{error::Error, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method};
use providers::ProviderType;
use upstream::{Call, Client, Deadlines, Egress, Network};

use super::Finding;

const CHECK: &str = "ollama";
const ADVICE: &str = "start it with `ollama serve`, or use other providers";

/// Asks Ollama for its version.
pub(super) async fn check() -> Finding {
    let url = ProviderType::Ollama.default_base_url().unwrap_or_default();
    match ask(url).await {
        Ok(200) => Finding::ok(CHECK, format!("it answers at {url}")),
        Ok(status) => {
            Finding::warning(CHECK, format!("{url} answers with status {status}"), ADVICE)
        }
        Err(_) => Finding::warning(CHECK, format!("nothing answers at {url}"), ADVICE),
    }
}

async fn ask(url: &str) -> Result<u16, Box<dyn Error>> {
    let base_url = upstream::parse_base_url(url, Network::Local)?;
    let call = Call {
        method: Method::GET,
        target: "/api/version",
        headers: HeaderMap::new(),
        body: Bytes::new(),
        deadlines: Deadlines { total: Duration::from_secs(2), ..Deadlines::default() },
    };
    Ok(Client::new(&base_url, Network::Local, Arc::new(Egress::new())).send(call).await?.status)
}
