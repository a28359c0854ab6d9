//! The known OpenAI-compatible vendors and local servers: one row each.

use canonical::Dialect;
use dialects::Quirks;
use upstream::Network;

/// A vendor or local server that speaks the OpenAI dialect, and how it differs from the others.
#[derive(Debug, PartialEq, Eq)]
pub struct Preset {
    /// What `settings.preset` calls it.
    pub id: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// Where it is, version segment included; of a local server, the port it listens on unless told otherwise.
    pub base_url: &'static str,
    /// Where its addresses lie.
    pub network: Network,
    /// Whether it answers nobody without an API key.
    pub needs_key: bool,
    /// The dialects that it speaks below `base_url`, the preferred one first.
    pub dialects: &'static [Dialect],
    /// Whether it tells its models.
    pub models: ModelsEndpoint,
    /// A path below `base_url` whose GET costs nothing and refuses a wrong key, where the list of models does not.
    pub key_check: Option<&'static str>,
    /// The words by which it refuses a wrong key, where its status does not.
    pub refused_key: Option<&'static str>,
    /// Words in a local server's list of models that tell it from the others that listen on the same port.
    pub list_words: Option<&'static str>,
    /// The environment variables in which programs look for a key of the vendor's, the usual one first.
    pub key_variables: &'static [&'static str],
    /// What its chat requests may hold.
    pub quirks: Quirks,
    /// The page that these facts were read on.
    pub source: &'static str,
    /// When they were read there, as `YYYY-MM`.
    pub checked: &'static str,
}

/// Whether a server tells its models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelsEndpoint {
    /// `GET {base_url}/models` lists them.
    Listed,
    /// No such endpoint: the models stand in its documentation only.
    NotOffered,
}

/// Takes only `max_tokens`, and no `stream_options`.
const STRICT: Quirks = Quirks { stream_usage: false, ..Quirks::COMPATIBLE };

/// Speaks OpenAI's chat completions alone.
const CHAT: &[Dialect] = &[Dialect::OpenAiChat];

/// Speaks OpenAI's Responses as well.
const CHAT_RESPONSES: &[Dialect] = &[Dialect::OpenAiChat, Dialect::OpenAiResponses];

/// Speaks Anthropic's messages and OpenAI's Responses as well.
const CHAT_RESPONSES_MESSAGES: &[Dialect] =
    &[Dialect::OpenAiChat, Dialect::OpenAiResponses, Dialect::Anthropic];

/// All known vendors and servers: the hosted ones, then the local ones.
///
/// A fact that no page confirms has the value of [`Quirks::COMPATIBLE`], and a comment that says so.
pub const PRESETS: &[Preset] = &[
    // Its list of models is open to anyone. It sends usage whether asked for or not.
    Preset {
        id: "openrouter",
        title: "OpenRouter",
        base_url: "https://openrouter.ai/api/v1",
        network: Network::Public,
        needs_key: true,
        dialects: CHAT,
        models: ModelsEndpoint::Listed,
        key_check: Some("/key"),
        refused_key: None,
        list_words: None,
        key_variables: &["OPENROUTER_API_KEY"],
        quirks: Quirks::OPENAI,
        source: "https://github.com/OpenRouterTeam/typescript-sdk/blob/main/.speakeasy/out.openapi.yaml",
        checked: "2026-11",
    },
    Preset {
        id: "groq",
        title: "Groq",
        base_url: "https://api.groq.com/openai/v1",
        network: Network::Public,
        needs_key: true,
        dialects: CHAT,
        models: ModelsEndpoint::Listed,
        key_check: None,
        refused_key: None,
        list_words: None,
        key_variables: &["GROQ_API_KEY"],
        quirks: Quirks::OPENAI,
        source: "https://github.com/groq/groq-python/blob/main/src/groq/types/chat/completion_create_params.py",
        checked: "2026-11",
    },
    // No version segment: its documentation names the bare host.
    Preset {
        id: "deepseek",
        title: "DeepSeek",
        base_url: "https://api.deepseek.com",
        network: Network::Public,
        needs_key: true,
        dialects: CHAT,
        models: ModelsEndpoint::Listed,
        key_check: None,
        refused_key: None,
        list_words: None,
        key_variables: &["DEEPSEEK_API_KEY"],
        quirks: Quirks::COMPATIBLE,
        source: "https://api-docs.deepseek.com/quick_start/your_first_api_call",
        checked: "2026-11",
    },
    // A wrong key is a 400. Unconfirmed: `stream_options`. Recorded streams carry usage without it.
    Preset {
        id: "xai",
        title: "xAI",
        base_url: "https://api.x.ai/v1",
        network: Network::Public,
        needs_key: true,
        dialects: CHAT,
        models: ModelsEndpoint::Listed,
        key_check: None,
        refused_key: Some("Incorrect API key provided"),
        list_words: None,
        key_variables: &["XAI_API_KEY"],
        quirks: Quirks::COMPATIBLE,
        source: "https://github.com/BerriAI/litellm/blob/main/docs/my-website/docs/providers/xai.md",
        checked: "2026-11",
    },
    // Lists its models as a bare array. Unconfirmed: `stream_options`, which its own SDK does not know.
    Preset {
        id: "together",
        title: "Together AI",
        base_url: "https://api.together.ai/v1",
        network: Network::Public,
        needs_key: true,
        dialects: CHAT,
        models: ModelsEndpoint::Listed,
        key_check: None,
        refused_key: None,
        list_words: None,
        key_variables: &["TOGETHER_API_KEY"],
        quirks: Quirks::COMPATIBLE,
        source: "https://docs.together.ai/docs/inference/openai-compatibility",
        checked: "2026-11",
    },
    // Unconfirmed: `stream_options`, which its own SDK does not know.
    Preset {
        id: "fireworks",
        title: "Fireworks AI",
        base_url: "https://api.fireworks.ai/inference/v1",
        network: Network::Public,
        needs_key: true,
        dialects: CHAT,
        models: ModelsEndpoint::Listed,
        key_check: None,
        refused_key: None,
        list_words: None,
        key_variables: &["FIREWORKS_API_KEY"],
        quirks: Quirks::COMPATIBLE,
        source: "https://docs.fireworks.ai/tools-sdks/openai-compatibility",
        checked: "2026-11",
    },
    Preset {
        id: "cerebras",
        title: "Cerebras",
        base_url: "https://api.cerebras.ai/v1",
        network: Network::Public,
        needs_key: true,
        dialects: CHAT,
        models: ModelsEndpoint::Listed,
        key_check: None,
        refused_key: None,
        list_words: None,
        key_variables: &["CEREBRAS_API_KEY"],
        quirks: Quirks::OPENAI,
        source: "https://inference-docs.cerebras.ai/api-reference/chat-completions",
        checked: "2026-11",
    },
    // No version segment. Usage comes with every chunk; its own SDK knows no member to ask for it.
    Preset {
        id: "perplexity",
        title: "Perplexity",
        base_url: "https://api.perplexity.ai",
        network: Network::Public,
        needs_key: true,
        dialects: CHAT,
        models: ModelsEndpoint::NotOffered,
        key_check: None,
        refused_key: None,
        list_words: None,
        key_variables: &["PERPLEXITY_API_KEY"],
        quirks: STRICT,
        source: "https://docs.perplexity.ai/docs/sonar/openai-compatibility",
        checked: "2026-11",
    },
    // Unknown members are a 422. Unconfirmed: the list of models, which clients use and the page leaves out.
    Preset {
        id: "cohere",
        title: "Cohere",
        base_url: "https://api.cohere.ai/compatibility/v1",
        network: Network::Public,
        needs_key: true,
        dialects: CHAT,
        models: ModelsEndpoint::Listed,
        key_check: None,
        refused_key: None,
        list_words: None,
        key_variables: &["CO_API_KEY", "COHERE_API_KEY"],
        quirks: STRICT,
        source: "https://docs.cohere.com/docs/compatibility-api",
        checked: "2026-11",
    },
    // Its list of models is open to anyone, and no free request is known that would refuse a wrong key.
    Preset {
        id: "nvidia",
        title: "NVIDIA",
        base_url: "https://integrate.api.nvidia.com/v1",
        network: Network::Public,
        needs_key: true,
        dialects: CHAT,
        models: ModelsEndpoint::Listed,
        key_check: None,
        refused_key: None,
        list_words: None,
        key_variables: &["NVIDIA_API_KEY"],
        quirks: STRICT,
        source: "https://github.com/matdev83/llm-interactive-proxy/blob/dev/docs/user_guide/backends/nvidia.md",
        checked: "2026-11",
    },
    Preset {
        id: "lmstudio",
        title: "LM Studio",
        base_url: "http://127.0.0.1:1234/v1",
        network: Network::Local,
        needs_key: false,
        dialects: CHAT_RESPONSES_MESSAGES,
        models: ModelsEndpoint::Listed,
        key_check: None,
        refused_key: None,
        list_words: None,
        key_variables: &[],
        quirks: Quirks::COMPATIBLE,
        source: "https://lmstudio.ai/docs/developer/openai-compat",
        checked: "2026-11",
    },
    Preset {
        id: "vllm",
        title: "vLLM",
        base_url: "http://127.0.0.1:8000/v1",
        network: Network::Local,
        needs_key: false,
        dialects: CHAT_RESPONSES_MESSAGES,
        models: ModelsEndpoint::Listed,
        key_check: None,
        refused_key: None,
        list_words: Some("\"vllm\""),
        key_variables: &[],
        quirks: Quirks::COMPATIBLE,
        source: "https://docs.vllm.ai/en/stable/serving/openai_compatible_server/",
        checked: "2026-11",
    },
    // With `--api-key` its list of models stays open to anyone; what refuses a wrong key lies outside `/v1`. It has
    // `/v1/messages` too, but seen with b10434: a stream whose first token is a piece of a character, as emoji begin,
    // lacks `message_start`, without which Anthropic's SDKs end in an error.
    Preset {
        id: "llamacpp",
        title: "llama.cpp",
        base_url: "http://127.0.0.1:8080/v1",
        network: Network::Local,
        needs_key: false,
        dialects: CHAT_RESPONSES,
        models: ModelsEndpoint::Listed,
        key_check: None,
        refused_key: None,
        list_words: Some("\"llamacpp\""),
        key_variables: &[],
        quirks: Quirks::COMPATIBLE,
        source: "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
        checked: "2026-11",
    },
    // Unconfirmed: `stream_options`; it ignores members that it does not know.
    Preset {
        id: "localai",
        title: "LocalAI",
        base_url: "http://127.0.0.1:8080/v1",
        network: Network::Local,
        needs_key: false,
        dialects: CHAT,
        models: ModelsEndpoint::Listed,
        key_check: None,
        refused_key: None,
        list_words: None,
        key_variables: &[],
        quirks: Quirks::COMPATIBLE,
        source: "https://localai.io/docs/basics/try/",
        checked: "2026-11",
    },
    // Wants the key that the user made up in its settings; one without any takes what comes. Unconfirmed:
    // `stream_options`.
    Preset {
        id: "jan",
        title: "Jan",
        base_url: "http://127.0.0.1:1337/v1",
        network: Network::Local,
        needs_key: false,
        dialects: CHAT,
        models: ModelsEndpoint::Listed,
        key_check: None,
        refused_key: None,
        list_words: None,
        key_variables: &[],
        quirks: Quirks::COMPATIBLE,
        source: "https://jan.ai/docs/desktop/api-preference",
        checked: "2026-11",
    },
];

/// Looks a preset up by its id.
#[must_use]
pub fn preset(id: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.id == id)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::PathBuf};

    use serde_json::Value;
    use upstream::parse_base_url;

    use super::*;

    fn repository() -> PathBuf {
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
    }

    fn fixture(id: &str, name: &str) -> Value {
        let path = repository().join("fixtures/presets").join(id).join(name);
        let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    #[test]
    fn ids_are_unique_and_lower_case() {
        let ids: BTreeSet<_> = PRESETS.iter().map(|preset| preset.id).collect();
        assert_eq!(ids.len(), PRESETS.len());
        for id in ids {
            assert!(id.bytes().all(|byte| byte.is_ascii_lowercase()), "{id}");
            assert_eq!(preset(id).map(|preset| preset.id), Some(id));
        }
        assert_eq!(preset("Groq"), None);
    }

    #[test]
    fn base_urls_fit_their_network_and_stand_in_their_final_form() {
        for preset in PRESETS {
            let parsed = parse_base_url(preset.base_url, preset.network)
                .unwrap_or_else(|error| panic!("{}: {error}", preset.id));
            assert_eq!(parsed.as_str(), preset.base_url);
            let refused = match preset.network {
                Network::Public => preset.base_url.starts_with("http:"),
                Network::Local => parse_base_url(preset.base_url, Network::Public).is_ok(),
            };
            assert!(!refused, "{} claims the wrong network", preset.id);
        }
    }

    #[test]
    fn sources_are_links_with_a_month() {
        for Preset { id, source, checked, .. } in PRESETS {
            assert!(source.starts_with("https://"), "{id}: {source}");
            let month = checked.strip_prefix("20").and_then(|rest| rest.split_once('-'));
            assert!(
                month.is_some_and(|(year, month)| {
                    year.len() == 2
                        && year.parse::<u8>().is_ok()
                        && matches!(month.parse(), Ok(1..=12))
                }),
                "{id}: {checked}"
            );
        }
    }

    #[test]
    fn each_row_has_its_fixtures_and_each_fixture_its_row() {
        let folders: BTreeSet<String> = fs::read_dir(repository().join("fixtures/presets"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let ids: BTreeSet<String> = PRESETS.iter().map(|preset| preset.id.to_owned()).collect();
        assert_eq!(folders, ids);
        for Preset { id, models, .. } in PRESETS {
            assert_eq!(fixture(id, "chat/response.json")["status"], 200, "{id}");
            assert_eq!(fixture(id, "stream/response.json")["stream"], "stream.sse", "{id}");
            let stream = repository().join(format!("fixtures/presets/{id}/stream/stream.sse"));
            assert!(fs::read_to_string(stream).unwrap().ends_with("data: [DONE]\n\n"), "{id}");
            assert!(fixture(id, "error.json")["status"].as_u64() >= Some(400), "{id}");
            let listed = match models {
                ModelsEndpoint::Listed => 200,
                ModelsEndpoint::NotOffered => 404,
            };
            assert_eq!(fixture(id, "models.json")["status"], listed, "{id}");
        }
    }

    #[test]
    fn the_words_of_a_refused_key_were_recorded() {
        for Preset { id, refused_key, .. } in PRESETS {
            let Some(words) = refused_key else { continue };
            let error = fixture(id, "error.json");
            assert_eq!(error["status"], 400, "{id}");
            assert!(error["body"].to_string().contains(words), "{id}");
        }
    }

    #[test]
    fn local_servers_are_told_apart_by_their_lists() {
        for Preset { id, list_words, network, key_variables, .. } in PRESETS {
            assert_eq!(key_variables.is_empty(), *network == Network::Local, "{id}");
            for preset in PRESETS.iter().filter(|preset| preset.network == Network::Local) {
                let Some(words) = list_words else { continue };
                let list = fixture(preset.id, "models.json").to_string();
                assert_eq!(list.contains(words), *id == preset.id, "{id} {}", preset.id);
            }
        }
    }

    #[test]
    fn fixtures_ask_as_the_rows_say() {
        for Preset { id, base_url, quirks, .. } in PRESETS {
            for kind in ["chat", "stream"] {
                let request = fixture(id, &format!("{kind}/request.json"));
                assert_eq!(request["url"], format!("{base_url}/chat/completions"), "{id}");
                let body = &request["body"];
                let bounds: Vec<_> = ["max_tokens", "max_completion_tokens"]
                    .into_iter()
                    .filter(|member| body.get(member).is_some())
                    .collect();
                assert_eq!(bounds, [quirks.max_tokens_member], "{id}");
                let asks_for_usage = kind == "stream" && quirks.stream_usage;
                assert_eq!(body.get("stream_options").is_some(), asks_for_usage, "{id}");
            }
        }
    }

    #[test]
    fn the_users_table_has_each_row() {
        let table = fs::read_to_string(repository().join("docs/presets.md")).unwrap();
        let lines: Vec<_> = table.lines().filter(|line| line.starts_with("| `")).collect();
        assert_eq!(lines.len(), PRESETS.len());
        for (line, Preset { id, title, base_url, needs_key, source, .. }) in
            lines.iter().zip(PRESETS)
        {
            let key = if *needs_key { "yes" } else { "no" };
            let start = format!("| `{id}` | {title} | `{base_url}` | {key} | ");
            assert!(line.starts_with(&start), "{line}\nshould start with\n{start}");
            assert!(line.contains(&format!("({source})")), "{line}\nlacks {source}");
        }
    }
}
