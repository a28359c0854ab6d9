//! The OpenAPI 3.1 description, generated from the table of endpoints.

use std::collections::BTreeMap;

use grants::Scope;
use serde_json::{Map, Value, json};
use server::Access;

use crate::endpoints::{Endpoint, endpoints};

/// Describes the management API.
#[must_use]
pub fn openapi() -> Value {
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for endpoint in endpoints() {
        let method = endpoint.method.as_str().to_ascii_lowercase();
        paths.entry(path_of(&endpoint)).or_default().insert(method, operation(&endpoint));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "ClosedPaw management API",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Register LLM providers, list their models, watch their health, chat with any of them.",
            "description": "Parameters may come as a JSON body, a form, or query parameters; the same one \
                given twice with different values is refused. Secrets are taken from the body only. Every \
                error is `{\"detail\": …}`. What stands in the brackets of an operation's `security` is the scope \
                that the key must hold.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "x-api-key": { "type": "apiKey", "in": "header", "name": "x-api-key" },
                "x-goog-api-key": { "type": "apiKey", "in": "header", "name": "x-goog-api-key" },
            },
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["detail"],
                    "properties": {
                        "detail": {
                            "description": "One sentence that says what to do; for status 422 a list of \
                                `{\"loc\", \"msg\", \"type\"}`.",
                            "type": ["string", "array"],
                        },
                        "upstream_status": {
                            "description": "The status that the provider answered with.",
                            "type": "integer",
                        },
                    },
                },
            },
        },
        "security": key_with(&[]),
    })
}

/// Describes one row.
fn operation(endpoint: &Endpoint) -> Value {
    let mut responses = Map::new();
    let mut answer = Map::new();
    answer.insert(endpoint.content_type.to_owned(), json!({ "schema": endpoint.answers }));
    if let Some(events) = endpoint.streams {
        let schema = json!({ "type": "string", "description": events });
        answer.insert("text/event-stream".to_owned(), json!({ "schema": schema }));
    }
    responses.insert("200".to_owned(), json!({ "description": "done", "content": answer }));
    let unauthorized = (401, "no valid key was sent");
    let key_needed = (endpoint.access != Access::Open).then_some(unauthorized);
    let scope_needed = match endpoint.access {
        Access::Scope(scope) => Some((403, format!("the key lacks the scope `{scope}`"))),
        Access::Open | Access::Shell | Access::Key => None,
    };
    let scope_needed = scope_needed.as_ref().map(|(status, text)| (*status, text.as_str()));
    let own = endpoint.refusals.iter().copied();
    for (status, description) in key_needed.into_iter().chain(scope_needed).chain(own) {
        let error = json!({ "schema": { "$ref": "#/components/schemas/Error" } });
        let content = json!({ "application/json": error });
        let refusal = json!({ "description": description, "content": content });
        responses.insert(status.to_string(), refusal);
    }
    let mut operation = Map::new();
    operation.insert("summary".to_owned(), json!(endpoint.summary));
    operation.insert("operationId".to_owned(), json!(operation_id(endpoint)));
    let mut parameters = path_parameters(&path_of(endpoint));
    match &endpoint.takes {
        Some(schema) if endpoint.method == http::Method::GET => {
            parameters.extend(query_parameters(schema));
        }
        Some(schema) => {
            let content = json!({
                "application/json": { "schema": schema },
                "application/x-www-form-urlencoded": { "schema": schema },
            });
            let body = json!({ "required": true, "content": content });
            operation.insert("requestBody".to_owned(), body);
        }
        None => {}
    }
    if !parameters.is_empty() {
        operation.insert("parameters".to_owned(), Value::Array(parameters));
    }
    operation.insert("responses".to_owned(), Value::Object(responses));
    match endpoint.access {
        Access::Open | Access::Shell => drop(operation.insert("security".to_owned(), json!([]))),
        Access::Scope(scope) => {
            operation.insert("security".to_owned(), key_with(&[scope]));
        }
        Access::Key => {}
    }
    Value::Object(operation)
}

/// A key in any of its places that holds the scopes, as a security requirement.
///
/// Source: <https://spec.openapis.org/oas/v3.1.0#security-requirement-object>: for schemes like these the list holds
/// names of roles.
fn key_with(scopes: &[Scope]) -> Value {
    let roles: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
    json!([{ "bearer": roles }, { "x-api-key": roles }, { "x-goog-api-key": roles }])
}

/// The path as the description has it, which knows no parameters that hold slashes: they are sent encoded, or as they
/// are.
fn path_of(endpoint: &Endpoint) -> String {
    endpoint.path.replace("{*", "{")
}

/// A name for code generators: the method and the path's words.
fn operation_id(endpoint: &Endpoint) -> String {
    let path = path_of(endpoint);
    let words = path.split(['/', '{', '}', '.']).filter(|word| !word.is_empty());
    let method = endpoint.method.as_str().to_ascii_lowercase();
    words.fold(method, |id, word| format!("{id}_{word}"))
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let describe = |name| {
        let schema = json!({ "type": "string" });
        json!({ "name": name, "in": "path", "required": true, "schema": schema })
    };
    names.map(describe).collect()
}

fn query_parameters(schema: &Value) -> Vec<Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let describe = |(name, schema): (&String, &Value)| {
        json!({
            "name": name,
            "in": "query",
            "description": schema.get("description"),
            "schema": schema,
        })
    };
    properties.into_iter().flatten().map(describe).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use grants::Scope;
    use serde_json::{Value, json};

    use super::openapi;

    /// Each operation that needs a key, as `METHOD /path`, with the scope that its `security` names; with an empty one
    /// where any key will do.
    fn scopes() -> BTreeSet<(String, String)> {
        let described = openapi();
        let mut scopes = BTreeSet::new();
        for (path, methods) in described["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let security = operation.get("security").unwrap_or(&described["security"]);
                let roles = security.pointer("/0/bearer/0").and_then(Value::as_str);
                if *security != json!([]) {
                    let name = format!("{} {path}", method.to_uppercase());
                    scopes.insert((name, roles.unwrap_or_default().to_owned()));
                }
            }
        }
        scopes
    }

    #[test]
    fn each_operation_names_its_scope_in_every_place_of_a_key() {
        let described = openapi();
        let made = &described["paths"]["/api/keys"]["post"]["security"];
        let expected = json!([{ "bearer": ["keys"] }, { "x-api-key": ["keys"] }, { "x-goog-api-key": ["keys"] }]);
        assert_eq!(made, &expected);
        assert_eq!(described["paths"]["/livez"]["get"]["security"], json!([]));
        assert_eq!(described["paths"]["/api/openapi.json"]["get"].get("security"), None);
    }

    #[test]
    fn the_document_on_keys_lists_what_each_scope_opens() {
        let document = include_str!("../../../docs/keys.md");
        let known = |name: &str| name.is_empty() || Scope::parse(name).is_some();
        let mut listed = BTreeSet::new();
        for row in document.lines().filter_map(|line| line.strip_prefix("| ")) {
            let mut cells = row.split(" | ");
            let first = cells.next().unwrap_or_default();
            let scope = if first == "any key" { "" } else { first.trim_matches('`') };
            if known(scope) {
                let code = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
                // The pages are no operations of the API.
                let operations = code.filter(|code| code.contains(" /") && *code != "GET /");
                listed.extend(operations.map(|code| (code.to_owned(), scope.to_owned())));
            }
        }
        assert_eq!(listed, scopes());
    }
}
