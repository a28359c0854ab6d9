//! What Codex reads: a model provider in its config file, and a variable that holds the key.
//!
//! Source: <https://developers.openai.com/codex/config-reference>.

use serde_json::json;
use toml_edit::{DocumentMut, Item, Table, TableLike, value};

use crate::{
    cli::{
        screen::{note, print_json, print_line},
        session::{Output, Session},
        setup::{
            Options, Target, client_file::ClientFile, folder_of, shell::Variable, tell_written,
        },
    },
    failure::Failure,
};

const PROVIDER: &str = "closedpaw";
const KEY_VARIABLE: &str = "CLOSEDPAW_KEY";

/// Prints the config, or writes it.
pub fn run(session: &Session, target: &Target, options: &Options) -> Result<(), Failure> {
    let model = options.model.as_deref();
    let path = folder_of(session, "CODEX_HOME", ".codex")?.join("config.toml");
    let key = Variable::key(KEY_VARIABLE, &target.key).line();
    if options.write {
        let file = ClientFile::read(&path)?;
        let mut config = file
            .text()
            .parse::<DocumentMut>()
            .map_err(|error| file.refuse(format!("it is not TOML ({})", error.message())))?;
        add(&mut config, &target.url, model).map_err(|why| file.refuse(why))?;
        tell_written(session, &file.replace(&config.to_string())?)?;
    } else {
        let mut config = DocumentMut::new();
        add(&mut config, &target.url, model).map_err(Failure::failed)?;
        let text = config.to_string();
        if session.asked_output() == Some(Output::Json) {
            return print_json(&json!({ "file": path, "config": text, "lines": [key] }));
        }
        note(&format!("For {}, or add --write:", path.display()));
        print_line(text.trim_end())?;
    }
    note(&format!("Codex takes the key from a variable: before you start it, say\n\n  {key}"));
    Ok(())
}

/// Adds the provider and chooses it; what else there is stays.
fn add(config: &mut DocumentMut, url: &str, model: Option<&str>) -> Result<(), &'static str> {
    set(config.as_table_mut(), "model_provider", PROVIDER);
    if let Some(model) = model {
        set(config.as_table_mut(), "model", model);
    }
    let providers = config.entry("model_providers").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let providers = providers.as_table_like_mut().ok_or("its `model_providers` is not a table")?;
    let ours = providers.entry(PROVIDER).or_insert_with(|| Item::Table(Table::new()));
    let ours = ours.as_table_like_mut().ok_or("its `model_providers.closedpaw` is not a table")?;
    set(ours, "name", "ClosedPaw");
    set(ours, "base_url", &format!("{url}/v1"));
    set(ours, "wire_api", "responses");
    set(ours, "env_key", KEY_VARIABLE);
    Ok(())
}

/// Sets a text; comments around an old one stay.
fn set(table: &mut dyn TableLike, name: &str, text: &str) {
    let mut new = value(text);
    let Some(old) = table.get_mut(name) else {
        table.insert(name, new);
        return;
    };
    if let (Some(old), Some(new)) = (old.as_value(), new.as_value_mut()) {
        *new.decor_mut() = old.decor().clone();
    }
    *old = new;
}

#[cfg(test)]
mod tests {
    use toml_edit::DocumentMut;

    use super::add;

    #[track_caller]
    fn check(before: &str, expected: &str) {
        let mut config: DocumentMut = before.parse().unwrap();
        for _again in 0..2 {
            add(&mut config, "http://127.0.0.1:8000", Some("work/o3")).unwrap();
            assert_eq!(config.to_string(), expected);
        }
    }

    const OURS: &str = r#"name = "ClosedPaw"
base_url = "http://127.0.0.1:8000/v1"
wire_api = "responses"
env_key = "CLOSEDPAW_KEY"
"#;

    #[test]
    fn what_else_there_is_stays() {
        let chosen = "model_provider = \"closedpaw\"\nmodel = \"work/o3\"\n";
        check("", &format!("{chosen}\n[model_providers.closedpaw]\n{OURS}"));
        check(
            "# mine\nmodel = \"o4\" # fast\n\n[model_providers.lab] # here\nbase_url = \"http://lab\"\n",
            &format!(
                "# mine\nmodel = \"work/o3\" # fast\nmodel_provider = \"closedpaw\"\n\n\
                 [model_providers.lab] # here\nbase_url = \"http://lab\"\n\n\
                 [model_providers.closedpaw]\n{OURS}"
            ),
        );
        check(
            &format!(
                "{chosen}[model_providers.closedpaw]\nname = \"x\"\nrequest_max_retries = 2\n"
            ),
            &format!(
                "{chosen}[model_providers.closedpaw]\n{}",
                OURS.replacen('\n', "\nrequest_max_retries = 2\n", 1)
            ),
        );
    }

    #[test]
    fn what_can_hold_no_provider_is_refused() {
        for config in ["model_providers = 1\n", "model_providers = { closedpaw = 1 }\n"] {
            let mut config: DocumentMut = config.parse().unwrap();
            assert!(add(&mut config, "http://127.0.0.1:8000", None).is_err(), "{config}");
        }
    }
}
