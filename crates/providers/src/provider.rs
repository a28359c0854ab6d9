//! A registered provider, ready to be asked.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    sync::{Arc, MutexGuard},
    time::SystemTime,
};

use bytes::Bytes;
use canonical::{Dialect, ErrorKind, Fault};
use dialects::{Codec, ErrorAnswer};
use http::{HeaderMap, HeaderValue, Method, header};
use routing::{KeyRing, ModelState};
use upstream::{Call, Client, Deadlines, Egress, Reply};

use crate::{
    ProviderConfig, ProviderError, Question, Refused,
    admission::{Gate, Renewed},
    health::HealthCheck,
    models::ModelList,
    request_headers::RequestHeaders,
    traffic::Traffic,
};

/// An error answer longer than this is no message for people.
const MOST_ERROR_BYTES: usize = 64 * 1024;
/// A document longer than this is refused; the longest are lists of models.
const MOST_DOCUMENT_BYTES: usize = 8 * 1024 * 1024;
/// A secret shorter than this is not looked for in texts: it would be found in any.
const SHORTEST_SECRET_BYTES: usize = 4;

/// A registered provider: its configuration and everything that lives as long as it does.
pub struct Provider {
    config: ProviderConfig,
    codec: &'static dyn Codec,
    client: Client,
    /// What every request carries, for each dialect that the provider speaks and each of its keys.
    headers: Vec<RequestHeaders>,
    pub(crate) gate: Gate,
    pub(crate) models: Arc<ModelList>,
    pub(crate) health: Arc<HealthCheck>,
    traffic: Arc<Traffic>,
}

impl Provider {
    /// Makes a provider that nobody has asked anything yet.
    pub(crate) fn new(config: ProviderConfig, egress: &Arc<Egress>) -> Result<Self, ProviderError> {
        let codec = dialects::codec(config.dialect());
        let client = Client::new(&config.base_url, config.network, Arc::clone(egress));
        Ok(Self {
            headers: RequestHeaders::all(&config)?,
            gate: Gate::new(&config),
            codec,
            client,
            models: Arc::default(),
            health: Arc::default(),
            traffic: Arc::new(Traffic::new(config.keys().count())),
            config,
        })
    }

    /// Makes the provider that `self` becomes under a new configuration.
    ///
    /// What the change does not touch goes on: connections, model list, health, what is held against keys and models, and what was counted.
    pub(crate) fn reconfigured(
        &self,
        config: ProviderConfig,
        renewed: Renewed,
        egress: &Arc<Egress>,
    ) -> Result<Self, ProviderError> {
        let mut new = Self::new(config, egress)?;
        if new.config.is_reached_like(&self.config) {
            new.client = self.client.clone();
            new.models = Arc::clone(&self.models);
            new.health = Arc::clone(&self.health);
            if !renewed.keys {
                new.traffic = Arc::clone(&self.traffic);
            }
        }
        new.gate.continue_from(&self.gate, renewed);
        Ok(new)
    }

    /// Its configuration.
    #[must_use]
    pub fn config(&self) -> &ProviderConfig {
        &self.config
    }

    /// The codec of the dialect that it is translated to.
    #[must_use]
    pub fn codec(&self) -> &'static dyn Codec {
        self.codec
    }

    /// What is remembered of one of its models.
    #[must_use]
    pub fn model_state(&self, model: &str) -> Arc<ModelState> {
        self.traffic.model(model)
    }

    /// What is remembered of each model that was asked for, by its name.
    #[must_use]
    pub fn model_states(&self) -> BTreeMap<String, Arc<ModelState>> {
        self.traffic.models()
    }

    /// Which of its keys may be used.
    pub fn key_ring(&self) -> MutexGuard<'_, KeyRing> {
        self.traffic.keys()
    }

    /// Makes sure that there is a key, if the provider answers nothing without one.
    ///
    /// # Errors
    ///
    /// Fails when the key is missing.
    pub fn require_api_key(&self) -> Result<(), Fault> {
        if self.config.lacks_api_key() {
            let sentence = format!("{} API key not configured", self.config.title());
            return Err(Fault::invalid_request(sentence));
        }
        Ok(())
    }

    /// Reads the document at `target` below the base URL, which costs no tokens. The caller sets the limit.
    pub(crate) async fn read(&self, target: &str) -> Result<Bytes, Fault> {
        self.read_by(self.usual_key(), target).await
    }

    /// Reads it likewise with the key of that number.
    pub(crate) async fn read_by(&self, key: usize, target: &str) -> Result<Bytes, Fault> {
        let question = Question {
            key,
            dialect: self.codec.dialect(),
            method: Method::GET,
            target,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            deadlines: Deadlines::default(),
        };
        let reply = self.ask(question).await?;
        reply.body.collect(MOST_DOCUMENT_BYTES).await
    }

    /// Asks the provider.
    ///
    /// # Errors
    ///
    /// Fails when no answer of status 200 begins; the provider's own words are the fault's text.
    pub async fn ask(&self, question: Question<'_>) -> Result<Reply, Refused> {
        self.require_api_key()?;
        let Question { key, dialect, method, target, headers, body, deadlines } = question;
        let own = self.headers.iter().find(|own| own.dialect == dialect && own.key == key);
        let mut headers = own.map(|own| own.beside(headers)).unwrap_or_default();
        if !body.is_empty() {
            let json = HeaderValue::from_static("application/json");
            headers.insert(header::CONTENT_TYPE, json);
        }
        let reply = self.client.send(Call { method, target, headers, body, deadlines }).await?;
        if reply.status == 200 { Ok(reply) } else { Err(self.read_error(dialect, reply).await) }
    }

    /// Reads an answer of another status than 200, and takes our own secrets out of it.
    async fn read_error(&self, dialect: Dialect, reply: Reply) -> Refused {
        let (status, headers) = (reply.status, reply.headers);
        if (300..400).contains(&status) {
            let sentence = "it redirects, which is never followed: set base_url to where it leads";
            let fault = Fault::new(ErrorKind::UpstreamFailed, sentence);
            return fault.with_upstream_status(status).into();
        }
        let body = reply.body.collect(MOST_ERROR_BYTES).await.unwrap_or_default();
        // Once here, so that a text that is cut short can't end within a secret, and once below, where
        // JSON had escaped one.
        let clean = self.without_secrets(String::from_utf8_lossy(&body).into_owned());
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let received_at = SystemTime::now();
        let answer = ErrorAnswer { status, header: &header, received_at, body: clean.as_bytes() };
        let mut fault = dialects::codec(dialect).decode_error(&answer);
        let refused_key = self.config.settings.preset.and_then(|preset| preset.refused_key);
        if refused_key.is_some_and(|words| fault.public.contains(words)) {
            fault = Fault::new(ErrorKind::KeyRefused, fault.public).with_upstream_status(status);
        }
        let redacted = self.redacted(fault.clone());
        let holds_secrets = redacted != fault || clean.as_bytes() != body;
        let is_json = header("content-type").is_some_and(|kind| kind.contains("json"));
        let body = Some(body).filter(|body| is_json && !body.is_empty() && !holds_secrets);
        Refused { fault: redacted, body }
    }

    /// Takes the provider's keys and header values out of the words of a fault.
    #[must_use]
    pub fn redacted(&self, fault: Fault) -> Fault {
        Fault { public: self.without_secrets(fault.public), ..fault }
    }

    fn without_secrets(&self, text: String) -> String {
        let secrets = self.config.keys().chain(self.config.headers.values());
        let mut secrets: Vec<_> = secrets
            .map(vault::Secret::expose)
            .filter(|secret| secret.len() >= SHORTEST_SECRET_BYTES)
            .collect();
        // One may be part of another, such as the key and a header that holds it.
        secrets.sort_unstable_by_key(|secret| Reverse(secret.len()));
        secrets.into_iter().fold(text, |text, secret| text.replace(secret, "[redacted]"))
    }
}
