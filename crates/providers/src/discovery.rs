//! Discovery: which servers run on this machine, at the ports that they listen on unless told otherwise.

use std::{net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use canonical::Dialect;
use futures_util::future::join_all;
use http::{HeaderMap, Method};
use serde_json::{Map, Value, json};
use upstream::{BaseUrl, Call, Client, Deadlines, Egress, Network, parse_base_url};

use crate::{
    ProviderManager, ProviderName, ProviderType, Snapshot,
    presets::{PRESETS, Preset},
};

/// How long one place may take to answer.
const LIMIT: Duration = Duration::from_secs(1);
/// A longer list of models is none that a server on somebody's machine has.
const MOST_LIST_BYTES: usize = 1024 * 1024;

/// A server that was found on this machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What people call it.
    pub kind: &'static str,
    /// Where it is.
    pub base_url: String,
    /// The models that it lists; none where it lists them only to whoever has its key.
    pub models: Vec<String>,
    /// Whether it answers nobody without a key.
    pub needs_key: bool,
    /// The provider that it is registered as, if it is.
    pub registered_as: Option<ProviderName>,
    /// What to register it with; the key is missing where it needs one.
    pub registration: Map<String, Value>,
}

/// A usual place, and who may be met there.
struct Place {
    base_url: BaseUrl,
    kinds: Vec<Kind>,
}

/// A kind of server.
#[derive(Clone, Copy)]
enum Kind {
    Ollama,
    Preset(&'static Preset),
    /// It speaks the OpenAI dialect, and is none that is known.
    Unknown,
}

/// A server that answered.
struct Server {
    kind: Kind,
    base_url: BaseUrl,
    models: Vec<String>,
    needs_key: bool,
}

impl ProviderManager {
    /// Looks for servers on this machine's loopback, at all usual places side by side, each for a second at most.
    pub async fn discover(&self) -> Vec<Found> {
        let servers = look(&usual_places(), self.egress()).await;
        describe(servers, &self.snapshot())
    }
}

/// Where local servers listen unless they are told otherwise.
fn usual_places() -> Vec<Place> {
    let ollama = ProviderType::Ollama.default_base_url().map(|base_url| (base_url, Kind::Ollama));
    let local = PRESETS.iter().filter(|preset| preset.network == Network::Local);
    let presets = local.map(|preset| (preset.base_url, Kind::Preset(preset)));
    let mut places: Vec<Place> = Vec::new();
    for (base_url, kind) in ollama.into_iter().chain(presets) {
        let Ok(base_url) = parse_base_url(base_url, Network::Local) else { continue };
        match places.iter_mut().find(|place| place.base_url == base_url) {
            Some(place) => place.kinds.push(kind),
            None => places.push(Place { base_url, kinds: vec![kind] }),
        }
    }
    places
}

/// Asks at each place who is there. Ourselves we never meet: no connection leads back here.
async fn look(places: &[Place], egress: &Arc<Egress>) -> Vec<Server> {
    let asked = places.iter().map(|place| tokio::time::timeout(LIMIT, place.ask(egress)));
    join_all(asked).await.into_iter().filter_map(|answer| answer.ok().flatten()).collect()
}

impl Place {
    /// Asks for the list of models, which tells who answers.
    async fn ask(&self, egress: &Arc<Egress>) -> Option<Server> {
        let dialect = match self.kinds.first()? {
            Kind::Ollama => Dialect::Ollama,
            Kind::Preset(_) | Kind::Unknown => Dialect::OpenAiChat,
        };
        let codec = dialects::codec(dialect);
        let call = Call {
            method: Method::GET,
            target: &codec.models_target(None),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            deadlines: Deadlines { connect: LIMIT, first_byte: LIMIT, idle: LIMIT, total: LIMIT },
        };
        let client = Client::new(&self.base_url, Network::Local, Arc::clone(egress));
        let reply = client.send(call).await.ok()?;
        let server = |kind, models, needs_key| Server {
            kind,
            base_url: self.base_url.clone(),
            models,
            needs_key,
        };
        match reply.status {
            200 => {
                let body = reply.body.collect(MOST_LIST_BYTES).await.ok()?;
                let listed = codec.decode_models(&body).ok()?;
                Some(server(self.kind_of(&body), listed.ids, false))
            }
            // Anything at all may refuse strangers; a port that is one server's own tells who does.
            401 | 403 => match self.kinds.as_slice() {
                [kind @ Kind::Preset(Preset { list_words: None, .. })] => {
                    Some(server(*kind, Vec::new(), true))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Who sends that list: whose words stand in it, or who is alone at the place and needs no telling apart.
    fn kind_of(&self, list: &[u8]) -> Kind {
        let list = String::from_utf8_lossy(list);
        let says = |kind: &&Kind| match kind {
            Kind::Ollama => true,
            Kind::Preset(preset) => preset.list_words.is_some_and(|words| list.contains(words)),
            Kind::Unknown => false,
        };
        match (self.kinds.iter().find(says), self.kinds.as_slice()) {
            (Some(kind), _) | (None, [kind @ Kind::Preset(Preset { list_words: None, .. })]) => {
                *kind
            }
            (None, _) => Kind::Unknown,
        }
    }
}

/// Says of each server whether it is registered, and what to register it with.
fn describe(servers: Vec<Server>, snapshot: &Snapshot) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for Server { kind, base_url, models, needs_key } in servers {
        let known =
            snapshot.iter().find(|known| is_same_place(&known.config().base_url, &base_url));
        let (title, name, provider_type, settings) = match kind {
            Kind::Ollama => ("Ollama", "ollama".to_owned(), ProviderType::Ollama, None),
            Kind::Preset(Preset { title, id, .. }) => {
                (*title, (*id).to_owned(), ProviderType::Custom, Some(json!({ "preset": id })))
            }
            Kind::Unknown => {
                let name = format!("local-{}", base_url.port());
                ("OpenAI-compatible server", name, ProviderType::Custom, None)
            }
        };
        let is_taken = |name: &str| {
            snapshot.find(name).is_ok()
                || found.iter().any(|other| other.registration.get("name") == Some(&json!(name)))
        };
        let mut registration = Map::new();
        registration.insert("provider_type".to_owned(), json!(provider_type.as_str()));
        registration.insert("name".to_owned(), json!(free_name(&name, is_taken)));
        registration.insert("base_url".to_owned(), json!(base_url.as_str()));
        registration.insert("network".to_owned(), json!(Network::Local.as_str()));
        if let Some(settings) = settings {
            registration.insert("settings".to_owned(), settings);
        }
        // The first that can chat, as far as its name tells.
        if let Some(model) = models.iter().find(|model| !model.contains("embed")) {
            registration.insert("default_model".to_owned(), json!(model));
        }
        found.push(Found {
            kind: title,
            base_url: base_url.as_str().to_owned(),
            models,
            needs_key,
            registered_as: known.map(|known| known.config().name.clone()),
            registration,
        });
    }
    found
}

/// The name, or the first with a number that is not taken.
fn free_name(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2_u32..).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| !is_taken(name)).unwrap_or_else(|| name.to_owned())
}

/// Whether two addresses lead to the same server, by whatever name of this machine.
fn is_same_place(one: &BaseUrl, other: &BaseUrl) -> bool {
    let is_loopback = |host: &str| {
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback())
    };
    let same_host =
        one.host() == other.host() || (is_loopback(one.host()) && is_loopback(other.host()));
    same_host && one.port() == other.port()
}

#[cfg(test)]
mod tests {
    use testkit::scripted::{Answer, ScriptedProvider};

    use super::*;
    use crate::presets::preset;

    const LLAMACPP: &str = r#"{"data":[{"id":"a.gguf","owned_by":"llamacpp"}]}"#;
    const UNKNOWN: &str = r#"{"data":[{"id":"text-embed"},{"id":"b"}]}"#;

    fn place(server: &ScriptedProvider, path: &str, kinds: &[Kind]) -> Place {
        let base_url = parse_base_url(&format!("{}{path}", server.url()), Network::Local).unwrap();
        Place { base_url, kinds: kinds.to_vec() }
    }

    fn kind(id: &str) -> Kind {
        Kind::Preset(preset(id).unwrap())
    }

    /// What is found where one kind of answer is given at a place of those kinds.
    async fn found(answer: Answer, path: &str, kinds: &[Kind]) -> Vec<Found> {
        let server = ScriptedProvider::always(answer);
        let egress = Arc::new(Egress::new());
        describe(look(&[place(&server, path, kinds)], &egress).await, &Snapshot::default())
    }

    #[test]
    fn the_usual_places_are_these() {
        let places: Vec<_> = usual_places()
            .iter()
            .map(|place| (place.base_url.as_str().to_owned(), place.kinds.len()))
            .collect();
        let expected = [
            ("http://127.0.0.1:11434", 1),
            ("http://127.0.0.1:1234/v1", 1),
            ("http://127.0.0.1:8000/v1", 1),
            ("http://127.0.0.1:8080/v1", 2),
            ("http://127.0.0.1:1337/v1", 1),
        ];
        assert_eq!(places, expected.map(|(base_url, kinds)| (base_url.to_owned(), kinds)));
    }

    #[tokio::test]
    async fn who_answers_is_told_by_the_list() {
        let tags = r#"{"models":[{"model":"llama3.2:3b"}]}"#;
        let both = [kind("llamacpp"), kind("localai")];
        for (body, path, kinds, expected) in [
            (tags, "", [Kind::Ollama].as_slice(), Some(("Ollama", "ollama", "llama3.2:3b"))),
            (LLAMACPP, "/v1", &both, Some(("llama.cpp", "llamacpp", "a.gguf"))),
            (UNKNOWN, "/v1", &[kind("lmstudio")], Some(("LM Studio", "lmstudio", "b"))),
            ("<html>", "/v1", &both, None),
            (tags, "/v1", &both, None),
        ] {
            let found = found(Answer::json(200, body), path, kinds).await;
            let seen = found.first().map(|found| {
                let text = |member: &str| found.registration[member].as_str().unwrap();
                (found.kind, text("name"), text("default_model"))
            });
            assert_eq!(seen, expected, "{body}");
        }
        let stranger = found(Answer::json(200, UNKNOWN), "/v1", &both).await;
        assert_eq!(stranger[0].kind, "OpenAI-compatible server");
        assert_eq!(stranger[0].models, ["text-embed", "b"]);
        let members: Vec<_> = stranger[0].registration.keys().map(String::as_str).collect();
        assert_eq!(members, ["provider_type", "name", "base_url", "network", "default_model"]);
    }

    #[tokio::test]
    async fn who_wants_a_key_first_is_known_by_its_own_port_alone() {
        let refusal = || Answer::json(401, "{}");
        let jan = found(refusal(), "/v1", &[kind("jan")]).await;
        assert_eq!((jan[0].kind, jan[0].needs_key), ("Jan", true));
        let open = found(Answer::json(200, UNKNOWN), "/v1", &[kind("jan")]).await;
        assert_eq!((open[0].kind, open[0].needs_key), ("Jan", false));
        assert!(found(refusal(), "/v1", &[kind("vllm")]).await.is_empty());
        assert!(found(refusal(), "/v1", &[kind("llamacpp"), kind("localai")]).await.is_empty());
        assert!(found(Answer::json(404, "{}"), "/v1", &[kind("jan")]).await.is_empty());
    }

    #[tokio::test]
    async fn what_hangs_or_is_ourselves_is_passed_over() {
        let hanging = ScriptedProvider::always(Answer::silence());
        let own = ScriptedProvider::always(Answer::json(200, LLAMACPP));
        let other = ScriptedProvider::always(Answer::json(200, LLAMACPP));
        let egress = Arc::new(Egress::new());
        egress.set_listeners(vec![own.address()]);
        let places =
            [&hanging, &own, &other].map(|server| place(server, "/v1", &[kind("llamacpp")]));
        let found = describe(look(&places, &egress).await, &Snapshot::default());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].base_url, format!("{}/v1", other.url()));
        assert_eq!((hanging.calls(), own.calls()), (1, 0));
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        assert_eq!(free_name("a", |_| false), "a");
        assert_eq!(free_name("a", |name| ["a", "a-2"].contains(&name)), "a-3");
    }

    #[test]
    fn this_machine_has_many_names() {
        let check = |one: &str, other: &str, expected| {
            let parse = |text| parse_base_url(text, Network::Local).unwrap();
            assert_eq!(is_same_place(&parse(one), &parse(other)), expected, "{one} {other}");
        };
        check("http://127.0.0.1:1234/v1", "http://localhost:1234", true);
        check("http://127.0.0.1:1234/v1", "http://[::1]:1234/v1", true);
        check("http://127.0.0.1:1234/v1", "http://127.0.0.1:1235/v1", false);
        check("http://127.0.0.1:1234/v1", "http://10.0.0.5:1234/v1", false);
        check("https://a.example/v1", "https://a.example/v2", true);
    }
}
