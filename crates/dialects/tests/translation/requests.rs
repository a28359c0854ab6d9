//! What callers ask, as every provider is told it: `fixtures/callers/<dialect>/<case>.json`.

use std::fs;

use canonical::{Dialect, Losses, Request};
use dialects::{Codec, DIALECTS, Quirks, holds_foreign_seals};
use serde_json::Value;
use testkit::fixtures;

use crate::{endpoint, snapshots::Snapshots};

/// A request as a caller sends it.
struct Asked {
    name: String,
    body: Vec<u8>,
}

fn asked_in(dialect: Dialect) -> Vec<Asked> {
    let folder = fixtures::own_root().join("callers").join(dialect.as_str());
    let mut asked: Vec<Asked> = fs::read_dir(&folder)
        .expect("a folder of requests")
        .map(|entry| entry.expect("a readable folder entry").path())
        .map(|path| {
            let name = path.file_stem().and_then(|name| name.to_str()).expect("a name in UTF-8");
            Asked { name: name.to_owned(), body: fs::read(&path).expect("a file") }
        })
        .collect();
    asked.sort_by(|left, right| left.name.cmp(&right.name));
    assert!(asked.len() > 5, "{} holds too little", folder.display());
    asked
}

/// Reads a request as the lane of other dialects does.
fn read(dialect: Dialect, asked: &Asked, losses: &mut Losses) -> Request {
    let endpoint = endpoint(dialect);
    let mut request = endpoint.decode_request(&asked.body, losses).expect(&asked.name);
    request.model = "heron-1".to_owned();
    request
}

fn write(codec: &dyn Codec, request: &Request, losses: &mut Losses) -> Value {
    let bytes = codec.encode_request(request, &Quirks::OPENAI, losses);
    serde_json::from_slice(&bytes).expect("a request is JSON")
}

/// Leaves out what is only written once somebody asks for it by name: a caller of Anthropic that has the model think
/// wants to see thoughts.
fn comparable(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(thinking) = body.get_mut("thinking").and_then(Value::as_object_mut) {
        thinking.remove("display");
    }
    body
}

#[test]
fn every_provider_is_told_what_callers_ask() {
    for dialect in Dialect::ALL {
        let mut snapshots = Snapshots::default();
        for asked in asked_in(dialect) {
            // Its own provider is asked in the caller's own bytes, but for seals that aren't the provider's.
            let is_translated =
                |target: Dialect| target != dialect || holds_foreign_seals(&asked.body);
            for codec in DIALECTS.into_iter().filter(|codec| is_translated(codec.dialect())) {
                let mut losses = Losses::default();
                let request = read(dialect, &asked, &mut losses);
                let body = write(codec, &request, &mut losses);
                let target = codec.chat_target(&request.model, request.stream);
                let pretty = serde_json::to_string_pretty(&body).expect("JSON");
                let text = format!("POST {target}\nlost: {losses}\n\n{pretty}\n");
                snapshots.add(&asked.name, codec.dialect().as_str(), text);
            }
        }
        snapshots.check(&format!("requests/{dialect}"));
    }
}

#[test]
fn a_request_read_and_written_again_stays_the_same() {
    for dialect in Dialect::ALL {
        for asked in asked_in(dialect) {
            for target in DIALECTS {
                let mut losses = Losses::default();
                let mut body = write(target, &read(dialect, &asked, &mut losses), &mut losses);
                let name = format!("{dialect}/{} for {}", asked.name, target.dialect());
                // Whose instructions are whose is only settled by the first round between two dialects.
                let settled = usize::from(target.dialect() != dialect);
                for round in 0..3 {
                    let again = Asked { name: name.clone(), body: body.to_string().into_bytes() };
                    let mut losses = Losses::default();
                    let request = read(target.dialect(), &again, &mut losses);
                    let rewritten = write(target, &request, &mut losses);
                    let (is, was) = (comparable(&rewritten), comparable(&body));
                    assert!(round < settled || is == was, "{name}: {is}\nwas {was}");
                    body = rewritten;
                }
            }
        }
    }
}
