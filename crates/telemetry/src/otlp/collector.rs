//! The collector that traces are sent to.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use canonical::Fault;
use http::{HeaderMap, HeaderValue, Method, header};
use records::RequestRecord;
use serde_json::{Value, json};
use upstream::{BaseUrl, Call, Client, Deadlines, Egress, Network};

use super::spans;

/// How long the collector may take for one batch.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of the collector's answer that are read.
const MOST_ANSWER_BYTES: usize = 64 * 1024;

/// A collector that speaks OTLP over HTTP.
pub struct Collector {
    client: Client,
    /// Credentials among them.
    headers: HeaderMap,
    service: String,
    version: &'static str,
    patience: Duration,
}

/// A batch was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Now; later it may be.
    ForNow {
        /// Why, for the log.
        reason: String,
        /// When, if the collector said so.
        retry_after: Option<Duration>,
    },
    /// And never will be, for this reason.
    ForGood(String),
}

impl Collector {
    /// Describes the collector at `endpoint`, which `/v1/traces` is appended to; it may be on this machine. The
    /// resource is named `service`.
    #[must_use]
    pub fn new(
        endpoint: &BaseUrl,
        headers: HeaderMap,
        service: String,
        version: &'static str,
        egress: Arc<Egress>,
    ) -> Self {
        let client = Client::new(endpoint, Network::Local, egress);
        Self { client, headers, service, version, patience: PATIENCE }
    }

    #[cfg(test)]
    pub(super) fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Sends the spans of some requests, and returns how many of them were rejected.
    pub(super) async fn send(&self, records: &[Arc<RequestRecord>]) -> Result<usize, Refused> {
        let mut headers = self.headers.clone();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let patience = self.patience;
        let call = Call {
            method: Method::POST,
            target: "/v1/traces",
            headers,
            body: Bytes::from(self.payload(records).to_string()),
            deadlines: Deadlines {
                connect: patience,
                first_byte: patience,
                idle: patience,
                total: patience,
            },
        };
        let unreachable =
            |fault: Fault| Refused::ForNow { reason: fault.public, retry_after: None };
        let reply = self.client.send(call).await.map_err(unreachable)?;
        let status = reply.status;
        let retry_after = seconds(&reply.headers);
        let body = reply.body.collect(MOST_ANSWER_BYTES).await;
        let reason = format!("the collector answered {status}");
        match status {
            // What a full answer says of single spans; one that can't be read says nothing.
            200..=299 => Ok(body.ok().map(|body| rejected(&body)).unwrap_or_default()),
            // https://opentelemetry.io/docs/specs/otlp/#failures-1: these and no others.
            429 | 502 | 503 | 504 => Err(Refused::ForNow { reason, retry_after }),
            _ => Err(Refused::ForGood(reason)),
        }
    }

    /// `ExportTraceServiceRequest`.
    fn payload(&self, records: &[Arc<RequestRecord>]) -> Value {
        let text =
            |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
        let spans: Vec<Value> = records.iter().flat_map(|record| spans::of(record)).collect();
        json!({ "resourceSpans": [{
            "resource": { "attributes": [
                text("service.name", &self.service),
                text("service.version", self.version),
            ] },
            "scopeSpans": [{
                "scope": { "name": "closedpaw", "version": self.version },
                "spans": spans,
            }],
        }] })
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Collector").field("service", &self.service).finish_non_exhaustive()
    }
}

impl Refused {
    pub(super) fn reason(&self) -> &str {
        match self {
            Self::ForNow { reason, .. } | Self::ForGood(reason) => reason,
        }
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::ForNow { retry_after, .. } => *retry_after,
            Self::ForGood(_) => None,
        }
    }
}

fn seconds(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

/// How many spans a collector says that it rejected; its JSON may have the number as a string.
fn rejected(body: &[u8]) -> usize {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let number = answer.pointer("/partialSuccess/rejectedSpans");
    let number = number.and_then(|number| match number {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_u64(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    });
    usize::try_from(number.unwrap_or_default()).unwrap_or(usize::MAX)
}
