//! The variables that make other clients use a proxy are not read.

use std::{process::Command, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Method};
use testkit::scripted::{Answer, ScriptedProvider};
use upstream::{Call, Client, Deadlines, Egress, Network, parse_base_url};

/// A process's own environment can't be changed safely, so the attempt is made in a child.
#[test]
fn an_attempt_goes_past_the_proxy() {
    let proxy = ScriptedProvider::always(Answer::json(502, "{}"));
    #[expect(clippy::disallowed_methods, reason = "runs this test again, with other variables")]
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "attempt"]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        child.env(name, proxy.url()).env(name.to_lowercase(), proxy.url());
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy");
    let output = child.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    assert_eq!(proxy.connections(), 0);
}

/// Passes with any proxy variables, and is run with hostile ones by the test above.
#[tokio::test]
async fn attempt() {
    let provider = ScriptedProvider::always(Answer::json(200, "{}"));
    let base_url = parse_base_url(&provider.url(), Network::Local).unwrap();
    let client = Client::new(&base_url, Network::Local, Arc::new(Egress::new()));
    let (method, headers, body) = (Method::GET, HeaderMap::new(), Bytes::new());
    let call = Call { method, target: "/models", headers, body, deadlines: Deadlines::default() };
    assert_eq!(client.send(call).await.unwrap().status, 200);
    assert_eq!(provider.calls(), 1);
}
