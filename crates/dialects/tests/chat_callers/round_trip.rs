//! What the provider-facing half writes, the caller-facing half reads.

use canonical::{Dialect, Losses, Request, Tool};
use dialects::{ChatEndpoint, MISTRAL_CHAT, OPENAI_CHAT, Quirks, codec};

use crate::samples;

fn write(dialect: Dialect, request: &Request) -> (Vec<u8>, String) {
    let mut losses = Losses::default();
    let bytes = codec(dialect).encode_request(request, &Quirks::OPENAI, &mut losses);
    (bytes, losses.to_string())
}

fn read(endpoint: &dyn ChatEndpoint, bytes: &[u8], name: &str) -> Request {
    endpoint.decode_request(bytes, &mut Losses::default()).expect(name)
}

#[test]
fn a_request_read_and_written_again_is_the_same() {
    for endpoint in [OPENAI_CHAT, MISTRAL_CHAT] {
        for (name, request) in samples::requests() {
            // OpenAI has no place that says of thoughts whose they are.
            if endpoint.dialect() == Dialect::OpenAiChat && name == "thoughts_replayed" {
                continue;
            }
            let (bytes, _) = write(endpoint.dialect(), &request);
            let (again, losses) = write(endpoint.dialect(), &read(endpoint, &bytes, name));
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect(name);
            assert_eq!(text(again), text(bytes), "{name}");
            assert!(losses.is_empty(), "{name}: {losses}");
        }
    }
}

#[test]
fn what_is_carried_whole_is_read_whole() {
    for endpoint in [OPENAI_CHAT, MISTRAL_CHAT] {
        let mut same = Vec::new();
        for (name, request) in samples::requests() {
            let (bytes, losses) = write(endpoint.dialect(), &request);
            let again = read(endpoint, &bytes, name);
            // Providers are asked for usage whatever the caller asks.
            if losses.is_empty()
                && again == (Request { stream_usage: again.stream_usage, ..request })
            {
                same.push(name);
            }
        }
        let both = ["plain", "json", "json_schema", "prefill", "stream"];
        // Mistral is told of the parameters of a tool that has none, and takes no instructions after an answer.
        let openai: &[&str] = if endpoint.dialect() == Dialect::OpenAiChat {
            &["conversation", "tools", "tool_choice_one", "media"]
        } else {
            &[]
        };
        for name in both.iter().chain(openai) {
            assert!(same.contains(name), "{}: {name}", endpoint.dialect());
        }
    }
}

#[test]
fn tools_of_free_text_become_functions_and_the_user_is_told_to_openai() {
    for (endpoint, user, lost) in [(OPENAI_CHAT, Some("u-1"), ""), (MISTRAL_CHAT, None, "user")] {
        let sql = Tool {
            name: "sql".into(),
            description: Some("Runs it.".into()),
            parameters: None,
            strict: None,
            freeform: true,
        };
        let (_, mut request) = samples::requests().swap_remove(0);
        (request.user, request.tools) = (Some("u-1".into()), vec![sql]);
        let (bytes, losses) = write(endpoint.dialect(), &request);
        assert_eq!(losses, lost);
        let again = read(endpoint, &bytes, "free text");
        assert_eq!(again.user.as_deref(), user);
        let tool = again.tools.first().expect("a tool");
        let parameters = tool.parameters.as_ref().expect("parameters");
        assert_eq!(parameters.pointer("/properties/input/type"), Some(&"string".into()));
        assert!(!tool.freeform);
    }
}
