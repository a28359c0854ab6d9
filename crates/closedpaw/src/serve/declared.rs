//! Providers, routes, keys and projects that the config file declares: held to the rules of the API, and taken over.

use ::keys::{DeclaredKey, DeclaredKeyFault, DeclaredKeys, KeyManager, NewKey, Project};
use admin::DeclaredFault;
use catalog::Catalog;
use config::{Fault, Settings};
use providers::{
    DeclarationFault, Declarations, DeclaredProvider, DeclaredRoute, ProviderManager, Registration,
    RouteDescription,
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use upstream::Egress;

/// What the file declares, checked.
pub struct Declared {
    declarations: Declarations,
    keys: DeclaredKeys,
}

impl Declared {
    /// Takes everything over, or nothing. Returns the new generation.
    ///
    /// # Errors
    ///
    /// What is wrong with it beside all else that there is.
    pub fn take_over(
        self,
        catalog: Catalog,
        manager: &ProviderManager,
        keys: &KeyManager,
    ) -> Result<u64, Vec<String>> {
        let Self { declarations, keys: declared } = self;
        let keys = || keys.set_declared(declared).map_err(|error| vec![error.to_string()]);
        manager.set_declared(declarations, catalog, keys)
    }
}

/// Holds what is declared to the rules.
///
/// # Errors
///
/// Everything that breaks one, each with where it stands.
pub fn check(settings: &Settings, egress: &Egress) -> Result<Declared, Vec<Fault>> {
    let mut faults = Vec::new();
    let sections = &settings.declared;
    let mut providers = Vec::new();
    for table in &sections.providers {
        let Some(registration) = read::<Registration>(table, Name::Member, &mut faults) else {
            continue;
        };
        match DeclaredProvider::new(registration, table.origin().to_string(), egress) {
            Ok(provider) => providers.push(provider),
            Err(error) => faults.push(fault(table, &error.to_string())),
        }
    }
    let mut routes = Vec::new();
    for table in &sections.routes {
        let Some(description) = read::<RouteDescription>(table, Name::Member, &mut faults) else {
            continue;
        };
        match DeclaredRoute::new(&table.name, description, table.origin().to_string()) {
            Ok(route) => routes.push(route),
            Err(sentences) => {
                faults.extend(sentences.iter().map(|sentence| fault(table, sentence)));
            }
        }
    }
    let keys = sections.keys.iter().filter_map(|table| key(table, &mut faults)).collect();
    let project = |table: &config::Declared| {
        let project = read::<Project>(table, Name::Title, &mut faults)?;
        Some((table.name.clone(), project, table.origin().to_string()))
    };
    let projects = sections.projects.iter().filter_map(project).collect();
    let keys = DeclaredKeys::check(keys, projects).unwrap_or_else(|found| {
        let tables = || sections.keys.iter().chain(&sections.projects);
        faults.extend(found.into_iter().filter_map(
            |DeclaredKeyFault { declared_at, sentence }| {
                let table = tables().find(|table| table.origin().to_string() == declared_at)?;
                Some(fault(table, &sentence))
            },
        ));
        DeclaredKeys::default()
    });
    // A provider that is faulty is declared all the same: that it can't be the default need not be said as well.
    let is_faulty = |name: &str| {
        !faults.is_empty() && sections.providers.iter().any(|table| table.name == name)
    };
    let default = settings.models.default_provider.as_ref();
    let named = default.map(|name| name.value.as_str()).filter(|name| !is_faulty(name));
    match Declarations::new(providers, routes, named) {
        Ok(declarations) if faults.is_empty() => Ok(Declared { declarations, keys }),
        declarations => {
            let wrong = |wrong| match wrong {
                DeclarationFault::Route { name, sentence } => {
                    let table = sections.routes.iter().find(|table| table.name == name)?;
                    Some(fault(table, &sentence))
                }
                DeclarationFault::Default { sentence } => {
                    let message = format!("default_provider: {sentence}");
                    Some(Fault { origin: default?.origin.clone(), message })
                }
            };
            faults.extend(declarations.err().into_iter().flatten().filter_map(wrong));
            Err(faults)
        }
    }
}

/// Where a declaration's own name goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    /// It is a member of what the API takes.
    Member,
    /// It stands in the path.
    Title,
}

/// Reads a table as what the API takes.
fn read<T: DeserializeOwned + JsonSchema>(
    table: &config::Declared,
    name: Name,
    faults: &mut Vec<Fault>,
) -> Option<T> {
    let mut members = table.exposed();
    if name == Name::Member {
        let own = Value::from(table.name.as_str());
        if members.insert("name".to_owned(), own.clone()).is_some_and(|given| given != own) {
            let sentence = "name: the table has the name already: leave this one out";
            let origin = table.origin_of(&["name".to_owned()]);
            faults.push(Fault { origin, message: message(table, sentence) });
        }
    }
    let wrong = |DeclaredFault { path, sentence }: DeclaredFault| Fault {
        origin: table.origin_of(&path),
        message: message(table, &sentence),
    };
    match admin::declared(members) {
        Ok(read) => Some(read),
        Err(found) => {
            faults.extend(found.into_iter().map(wrong));
            None
        }
    }
}

fn key(table: &config::Declared, faults: &mut Vec<Fault>) -> Option<DeclaredKey> {
    let mut rest = table.clone();
    let text = rest.take_secret("key");
    if text.is_none() {
        let sentence = r#"`key` is missing: refer to the key itself, as { env = "NAME" } or { file = "PATH" }"#;
        faults.push(fault(table, sentence));
    }
    let new = read::<NewKey>(&rest, Name::Member, faults)?;
    // That the secret can't be had is told already; what stands in for it is no key.
    let text = text.filter(|_| !table.lacks_secret("key"));
    Some(DeclaredKey { text: text?, new, declared_at: table.origin().to_string() })
}

fn fault(table: &config::Declared, sentence: &str) -> Fault {
    Fault { origin: table.origin(), message: message(table, sentence) }
}

fn message(table: &config::Declared, sentence: &str) -> String {
    format!("{}: {sentence}", table.path_to(&[]))
}
