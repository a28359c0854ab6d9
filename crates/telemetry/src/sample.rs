//! A settled request for tests.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use canonical::Usage;
use records::{AttemptRecord, Operation, Outcome, RequestRecord};

/// A chat that was answered at the second try.
pub(crate) fn record() -> RequestRecord {
    let failed = AttemptRecord {
        provider: "ollama".to_owned(),
        model: "llama3.2:3b".to_owned(),
        key: 0,
        reason: "first".to_owned(),
        began: Duration::from_millis(5),
        duration: Duration::from_millis(40),
        first_byte: None,
        status: Some(500),
        error: Some("upstream_failed"),
        blame: Some("provider"),
    };
    let answered = AttemptRecord {
        provider: "openai".to_owned(),
        model: "gpt-5".to_owned(),
        key: 1,
        reason: "next".to_owned(),
        began: Duration::from_millis(50),
        duration: Duration::from_millis(1950),
        first_byte: Some(Duration::from_millis(250)),
        status: Some(200),
        error: None,
        blame: None,
    };
    RequestRecord {
        id: "0123456789abcdef0123456789abcdef".to_owned(),
        began_at: UNIX_EPOCH + Duration::from_secs(1_700_000_000),
        generation: 3,
        key: "k3y".to_owned(),
        project: Some("apollo".to_owned()),
        operation: Operation::Chat,
        dialect: "openai_chat",
        stream: true,
        asked_model: "smart".to_owned(),
        route: Some("smart".to_owned()),
        provider: Some("openai".to_owned()),
        model: Some("gpt-5".to_owned()),
        status: 200,
        outcome: Outcome::Answered,
        error: None,
        usage: Usage {
            input_tokens: Some(100),
            cache_read_tokens: Some(20),
            cache_write_tokens: None,
            output_tokens: Some(30),
            reasoning_tokens: Some(10),
        },
        cost_nano_usd: Some(1_500_000),
        duration: Duration::from_secs(2),
        first_byte: Some(Duration::from_millis(300)),
        queued: Duration::from_millis(4),
        attempts: vec![failed, answered],
        traceparent: None,
    }
}

/// The same, settled.
pub(crate) fn settled() -> Arc<RequestRecord> {
    Arc::new(record())
}
