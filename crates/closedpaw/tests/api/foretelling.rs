//! What a request would meet is told of the request as it would be sent.

use serde_json::{Value, json};

use crate::harness::Gateway;

fn explain(gateway: &Gateway, asked: &Value) -> Value {
    gateway.post("/api/explain", asked).expect(200)
}

#[test]
fn what_a_chat_needs_is_read_from_it() {
    let gateway = Gateway::start();
    let picture = json!({ "type": "image_url", "image_url": { "url": "data:image/png;base64,iVBORw0KGgo=" } });
    let turn = |content: Value| json!({ "model": "ollama/m", "messages": [{ "role": "user", "content": content }] });
    let with = |name: &str, value: Value| {
        let mut chat = turn(json!("hi"));
        chat[name] = value;
        chat
    };
    let tool = json!({ "type": "function", "function": { "name": "f", "parameters": { "type": "object" } } });
    let form = json!({ "type": "json_schema", "json_schema": { "name": "n", "schema": { "type": "object" } } });
    for (chat, needs) in [
        (turn(json!("hi")), json!([])),
        (turn(json!([picture])), json!(["vision"])),
        (with("tools", json!([tool])), json!(["tools"])),
        (with("response_format", form), json!(["json_schema"])),
        (with("response_format", json!({ "type": "json_object" })), json!([])),
        (with("stream", json!(true)), json!([])),
        (with("needs", json!(["tools"])), json!(["tools"])),
    ] {
        let told = explain(&gateway, &chat);
        assert_eq!(told["demand"]["needs"], needs, "{chat}");
        assert!(told["demand"]["input_tokens"].as_u64() > Some(0), "{chat}");
    }
    let told = explain(&gateway, &with("max_tokens", json!(7)));
    assert_eq!(told["demand"]["output_tokens"], 7);
    let alone = explain(&gateway, &json!({ "model": "ollama/m" }));
    assert_eq!(alone["demand"]["input_tokens"], 0, "nothing is told of it");
}

#[test]
fn what_is_no_chat_is_refused() {
    let gateway = Gateway::start();
    let both = json!({ "message": "hi", "messages": [] });
    gateway.post("/api/explain", &both).refused_with(400, "either 'message' or 'messages'");
    let nobody = json!({ "messages": [{ "role": "nobody", "content": "hi" }] });
    gateway.post("/api/explain", &nobody).refused_with(400, "role");
    let noted = json!({ "request_id": "x", "messages": [] });
    gateway.post("/api/explain", &noted).refused_with(400, "stands alone");
}
