//! What providers answer, as every caller hears it: whole answers whole, and streams as streams.

use canonical::{Losses, Request};
use dialects::codec;

use crate::{ENDPOINTS, decode, echo, own_chats, said, snapshots::Snapshots};

#[test]
fn every_caller_hears_what_providers_answer() {
    let chats = own_chats();
    for dialect in canonical::Dialect::ALL {
        let mut snapshots = Snapshots::default();
        for chat in chats.iter().filter(|chat| chat.dialect == dialect) {
            let case = chat.case.name.rsplit('/').next().expect("a name");
            // The other endpoints of a dialect differ in their frame alone, which tests of their own hold.
            let others = ENDPOINTS.into_iter().filter(|(name, endpoint)| {
                *name == endpoint.dialect().as_str() && endpoint.dialect() != dialect
            });
            for (name, endpoint) in others {
                let text = if chat.case.is_stream {
                    let bytes = said(endpoint, &decode(dialect, &chat.case.body));
                    String::from_utf8(bytes).expect("text")
                } else {
                    let Ok(response) = codec(dialect).decode_response(&chat.case.body) else {
                        continue;
                    };
                    let (request, mut losses) = (Request::default(), Losses::default());
                    let bytes = endpoint.encode_response(&response, &request, &echo(), &mut losses);
                    let body: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
                    let pretty = serde_json::to_string_pretty(&body).expect("JSON");
                    format!("lost: {losses}\n\n{pretty}\n")
                };
                snapshots.add(case, name, text);
            }
        }
        snapshots.check(&format!("answers/{dialect}"));
    }
}
