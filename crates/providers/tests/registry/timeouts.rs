//! How long each phase of an attempt may take, as set and by default.

use std::time::Duration;

use providers::Delivery;
use serde_json::json;

use crate::support::{KEY, Registry};

#[tokio::test]
async fn each_phase_has_its_limit_and_none_outlasts_what_is_left() {
    use Delivery::{Streamed, Whole};
    const LONG: f64 = 9_999.0;
    let registry = Registry::new();
    registry.register(json!({ "name": "p", "provider_type": "openai", "api_key": KEY })).await;
    let local = json!({
        "base_url": "http://10.0.0.1/v1", "network": "local", "api_key": KEY, "timeouts": null,
    });
    for (change, delivery, left_s, expected_s) in [
        (json!({}), Streamed, LONG, [10.0, 120.0, 120.0, 600.0]),
        (json!({}), Whole, LONG, [10.0, 600.0, 120.0, 600.0]),
        (json!({}), Streamed, 60.0, [10.0, 60.0, 60.0, 60.0]),
        (json!({ "timeout": 5 }), Streamed, LONG, [5.0, 5.0, 5.0, 5.0]),
        (json!({ "timeout": 900 }), Whole, LONG, [10.0, 900.0, 120.0, 900.0]),
        (
            json!({ "timeout": null, "timeouts": { "connect": 0.5, "first_token": 7, "idle": 8 } }),
            Streamed,
            LONG,
            [0.5, 7.0, 8.0, 600.0],
        ),
        (json!({}), Streamed, 7.5, [0.5, 7.0, 7.5, 7.5]),
        (json!({ "timeouts": { "idle": 700 } }), Streamed, LONG, [10.0, 120.0, 600.0, 600.0]),
        (local, Streamed, LONG, [10.0, 300.0, 120.0, 600.0]),
    ] {
        let provider = registry.change(change.clone()).await.unwrap();
        let limits = provider.config().deadlines(delivery, Duration::from_secs_f64(left_s));
        let limits = [limits.connect, limits.first_byte, limits.idle, limits.total];
        assert_eq!(limits.map(|limit| limit.as_secs_f64()), expected_s, "{change} {delivery:?}");
    }
}
