//! Where each dialect's requests go, and how they carry the key.

use canonical::Dialect;
use dialects::codec;

#[test]
fn every_dialect_has_its_addresses() {
    for (dialect, chat, models, header, prefix) in [
        (Dialect::OpenAiChat, "/chat/completions", "/models", "authorization", "Bearer "),
        (Dialect::OpenAiResponses, "/responses", "/models", "authorization", "Bearer "),
        (Dialect::Mistral, "/chat/completions", "/models", "authorization", "Bearer "),
        (Dialect::Ollama, "/api/chat", "/api/tags", "authorization", "Bearer "),
    ] {
        let codec = codec(dialect);
        assert_eq!(codec.chat_target("a/b:c", false), chat);
        assert_eq!(codec.chat_target("a/b:c", true), chat);
        assert_eq!(codec.models_target(None), models);
        assert_eq!(codec.probe_target(), models);
        assert_eq!((codec.credential().header, codec.credential().prefix), (header, prefix));
        assert!(codec.fixed_headers().is_empty());
    }
}
