//! The running gateway, as its clients reach it: found, authorised and spoken to over HTTP.

use std::{fs, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use canonical::{ErrorKind, Fault};
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::Value;
use upstream::{BaseUrl, BaseUrlError, Call, Client, Deadlines, Egress, Network, Reply, ReplyBody};

use crate::{
    cli::{gateway_key, screen::Spinner, session::Session},
    failure::Failure,
    instance::{self, Found, Instance},
};

/// The largest answer that a verb reads whole.
const MOST_ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// How long a connection may take: the gateway is near or not there.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How long an answer may take; a chat's own limits are the gateway's to keep.
const ANSWER_LIMIT: Duration = Duration::from_secs(3600);

/// A gateway and the key to present to it.
pub struct Gateway {
    url: BaseUrl,
    client: Client,
    headers: HeaderMap,
    /// What the gateway told of itself, when it was found on the data dir.
    pub instance: Option<Instance>,
}

impl Gateway {
    /// Finds the gateway that was named, or the one running on the data dir, and the key for it.
    pub fn find(session: &Session) -> Result<Self, Failure> {
        let (url, instance) = locate(session)?;
        let key = gateway_key::find(session, &url)?;
        let certificate = instance.as_ref().and_then(|instance| instance.certificate.as_deref());
        let egress = certificate.map_or_else(|| Ok(Egress::new()), trusting)?;
        let client = Client::new(&url, Network::Local, Arc::new(egress));
        Ok(Self { client, headers: headers(key.expose())?, url, instance })
    }

    /// The gateway's address.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Reads what is at `path`.
    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.answer(Method::GET, path, None).await
    }

    /// Sends `body` to `path`.
    pub async fn send(&self, method: Method, path: &str, body: &Value) -> Result<Value, Failure> {
        self.answer(method, path, Some(body)).await
    }

    /// Sends `body` to `path` and gives the answer's bytes as they come.
    pub async fn stream(&self, path: &str, body: &Value) -> Result<ReplyBody, Failure> {
        let _spinner = Spinner::start("waiting for the first word");
        let reply = self.call(Method::POST, path, Some(body)).await?;
        accepted(reply).await
    }

    async fn answer(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let _spinner = Spinner::start("waiting for the gateway");
        let body = accepted(self.call(method, path, body).await?).await?;
        let bytes = body.collect(MOST_ANSWER_BYTES).await.map_err(|fault| self.broken(&fault))?;
        serde_json::from_slice(&bytes).map_err(|_| {
            Failure::failed(format!("{} did not answer in JSON: is it ClosedPaw?", self.url()))
        })
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Reply, Failure> {
        let call = Call {
            method,
            target: path,
            headers: self.headers.clone(),
            body: body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string())),
            deadlines: Deadlines {
                connect: CONNECT_LIMIT,
                first_byte: ANSWER_LIMIT,
                idle: ANSWER_LIMIT,
                total: ANSWER_LIMIT,
            },
        };
        self.client.send(call).await.map_err(|fault| self.broken(&fault))
    }

    /// What to say of a gateway that can't be reached or stops in the middle of an answer.
    pub fn broken(&self, fault: &Fault) -> Failure {
        let reason = match (fault.kind, &fault.source) {
            (ErrorKind::Timeout, _) => "it does not answer in time",
            (_, Some(source)) => source,
            (_, None) => &fault.public,
        };
        Failure::not_running(format!("cannot reach the gateway at {}: {reason}", self.url()))
    }
}

/// Finds where the gateway is: the one that was named, or the one running on the data dir.
pub fn locate(session: &Session) -> Result<(BaseUrl, Option<Instance>), Failure> {
    if let Some(url) = session.url() {
        return Ok((parse_url(&url)?, None));
    }
    let instance = running(session)?;
    Ok((parse_url(&instance.url)?, Some(instance)))
}

/// Reads the URL of a gateway as one reads a provider's, but for what is said of the scheme.
pub fn parse_url(url: &str) -> Result<BaseUrl, Failure> {
    upstream::parse_base_url(url, Network::Local).map_err(|refusal| match refusal {
        BaseUrlError::Scheme => Failure::usage("--url must begin with http:// or https://"),
        refusal => Failure::usage(refusal.to_string().replace("base_url", "--url")),
    })
}

/// Trusts the certificate that the gateway on this machine shows, which need not name the address we use.
fn trusting(certificate: &Path) -> Result<Egress, Failure> {
    let unread = |error: &dyn std::fmt::Display| {
        Failure::failed(format!(
            "cannot read the gateway's certificate {}: {error}",
            certificate.display()
        ))
    };
    let pem = fs::read(certificate).map_err(|error| unread(&error))?;
    Egress::pinned(&pem).map_err(|error| unread(&error))
}

fn running(session: &Session) -> Result<Instance, Failure> {
    let data_dir = session.directories()?.data.value;
    let found = instance::find(&data_dir).map_err(|error| {
        Failure::failed(format!("cannot look for the gateway on {}: {error}", data_dir.display()))
    })?;
    match found {
        Found::Running(instance) => Ok(instance),
        Found::Starting => Err(Failure::not_running("the gateway is still starting: try again")),
        Found::Nothing => Err(Failure::not_running(format!(
            "no gateway is running on {}: start one with `closedpaw serve`, or name one with --url",
            data_dir.display()
        ))),
    }
}

fn headers(key: &str) -> Result<HeaderMap, Failure> {
    let mut authorization = HeaderValue::try_from(format!("Bearer {key}"))
        .map_err(|_| Failure::unauthorized("the key holds characters that no header can carry"))?;
    authorization.set_sensitive(true);
    let json = HeaderValue::from_static("application/json");
    Ok(HeaderMap::from_iter([
        (header::AUTHORIZATION, authorization),
        (header::ACCEPT, json.clone()),
        (header::CONTENT_TYPE, json),
    ]))
}

/// The body of a good answer, or the gateway's own sentence of a bad one.
async fn accepted(reply: Reply) -> Result<ReplyBody, Failure> {
    let status = reply.status;
    if (200..300).contains(&status) {
        return Ok(reply.body);
    }
    let body = reply.body.collect(MOST_ANSWER_BYTES).await.unwrap_or_default();
    let detail = serde_json::from_slice::<Value>(&body)
        .ok()
        .and_then(|answer| sentence(answer.get("detail")?))
        .unwrap_or_else(|| format!("the gateway answered with status {status}"));
    Err(Failure::Refused { status, detail })
}

/// The sentence of an error: `detail` itself, or what its list says of each parameter.
fn sentence(detail: &Value) -> Option<String> {
    if let Some(text) = detail.as_str() {
        return Some(text.to_owned());
    }
    let faults = detail.as_array()?.iter().filter_map(|fault| {
        // The first says where parameters stand, which is the verb's own matter.
        let (_, steps) = fault.get("loc")?.as_array()?.split_first()?;
        let step = |step: &Value| step.as_str().map_or_else(|| step.to_string(), str::to_owned);
        let place = steps.iter().map(step).collect::<Vec<_>>().join(".");
        Some(format!("{place}: {}", fault.get("msg")?.as_str()?))
    });
    let sentence = faults.collect::<Vec<_>>().join("; ");
    (!sentence.is_empty()).then_some(sentence)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{parse_url, sentence};

    #[test]
    fn errors_become_one_sentence() {
        let check =
            |detail, expected: Option<&str>| assert_eq!(sentence(&detail).as_deref(), expected);
        check(json!("Provider not found"), Some("Provider not found"));
        check(
            json!([
                { "loc": ["body", "name"], "msg": "Field required", "type": "missing" },
                { "loc": ["body", "models", 0], "msg": "Input should be a string", "type": "x" },
            ]),
            Some("name: Field required; models.0: Input should be a string"),
        );
        check(json!([]), None);
        check(json!({ "error": 1 }), None);
    }

    #[test]
    fn what_is_wrong_with_a_url_is_said_of_the_flag() {
        for url in [
            "ftp://gateway",
            "gateway:8000",
            "http://",
            "http://a:0",
            "http://user@a",
            "http://a?b",
        ] {
            let told = format!("{:?}", parse_url(url).unwrap_err());
            assert!(told.contains("--url") && !told.contains("network"), "{url}: {told}");
        }
    }
}
