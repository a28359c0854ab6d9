//! What Claude Code reads: variables, or the same in its settings file.
//!
//! Source: <https://code.claude.com/docs/en/settings> and <https://code.claude.com/docs/en/llm-gateway>.

use serde_json::{Map, Value};

use crate::{
    cli::{
        screen::note,
        session::Session,
        setup::{
            Options, Target, client_file::ClientFile, folder_of, print_variables, shell::Variable,
            tell_written,
        },
    },
    failure::Failure,
};

const BASE_URL: &str = "ANTHROPIC_BASE_URL";
const TOKEN: &str = "ANTHROPIC_AUTH_TOKEN";
/// The model, and the models that the names of its own stand for: it asks for those on its own account, too.
const MODELS: [&str; 4] = [
    "ANTHROPIC_MODEL",
    "ANTHROPIC_DEFAULT_OPUS_MODEL",
    "ANTHROPIC_DEFAULT_SONNET_MODEL",
    "ANTHROPIC_DEFAULT_HAIKU_MODEL",
];

/// Prints the variables, or writes them.
pub fn run(session: &Session, target: &Target, options: &Options) -> Result<(), Failure> {
    let models = || MODELS.into_iter().zip(options.model.iter().cycle());
    if !options.write {
        let mut variables =
            vec![Variable::text(BASE_URL, &target.url), Variable::key(TOKEN, &target.key)];
        variables.extend(models().map(|(name, model)| Variable::text(name, model)));
        return print_variables(session, &variables);
    }
    let path = folder_of(session, "CLAUDE_CONFIG_DIR", ".claude")?.join("settings.json");
    let file = ClientFile::read(&path)?;
    let mut settings = parse(file.text()).map_err(|why| file.refuse(why))?;
    let environment = settings.entry("env").or_insert_with(|| Value::Object(Map::new()));
    let Some(environment) = environment.as_object_mut() else {
        return Err(file.refuse("its `env` is not an object"));
    };
    environment.insert(BASE_URL.to_owned(), target.url.clone().into());
    for (name, model) in models() {
        environment.insert(name.to_owned(), model.clone().into());
    }
    for name in [TOKEN, "ANTHROPIC_API_KEY"] {
        if environment.contains_key(name) {
            note(&format!("`env` sets {name}, which goes before the gateway's key: remove it"));
        }
    }
    settings.insert("apiKeyHelper".to_owned(), target.key.command().into());
    let text = serde_json::to_string_pretty(&settings)
        .map_err(|error| Failure::failed(format!("cannot write the settings: {error}")))?;
    tell_written(session, &file.replace(&format!("{text}\n"))?)
}

fn parse(text: &str) -> Result<Map<String, Value>, String> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(settings)) => Ok(settings),
        Ok(_) => Err("it is not a JSON object".to_owned()),
        Err(error) => Err(format!("it is not JSON ({error})")),
    }
}
