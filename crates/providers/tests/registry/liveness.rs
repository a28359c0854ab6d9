//! A local server that says nothing is dead when it answers nothing else either, and slow when it does.

use std::time::Duration;

use canonical::ErrorKind;
use testkit::scripted::{Answer, ScriptedProvider};
use tokio::time::{Instant, timeout};

use crate::{
    models::pass,
    support::{KEY, Registry},
};

const FIVE: Duration = Duration::from_secs(5);
/// As long as a stream may take to begin.
const PATIENCE: Duration = Duration::from_secs(300);

#[tokio::test]
async fn a_server_that_answers_other_questions_is_waited_for() {
    // It closes each connection, by which is seen that its answer was read.
    let loading = Answer::json(200, r#"{"models":[]}"#).header("connection", "close");
    let scripted = ScriptedProvider::always(loading);
    let provider = Registry::new().register_at(&scripted, "ollama").await;
    let mut death = Box::pin(provider.death());
    for asked in 1..=12 {
        tokio::select! {
            biased;
            fault = &mut death => panic!("{fault:?}"),
            () = std::future::ready(()) => {}
        }
        pass(FIVE).await;
        tokio::select! {
            biased;
            fault = &mut death => panic!("{fault:?}"),
            () = scripted.wait_for_disconnects(asked) => {}
        }
    }
    let requests = scripted.requests();
    assert!(requests.iter().all(|request| request.target == "/api/ps"), "{requests:?}");
}

#[tokio::test]
async fn a_stopped_server_is_given_up_after_nine_seconds() {
    let scripted = ScriptedProvider::always(Answer::silence());
    let provider = Registry::new().register_at(&scripted, "ollama").await;
    tokio::time::pause();
    let began = Instant::now();
    let fault = timeout(PATIENCE, provider.death()).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 9);
    assert_eq!(fault.kind, ErrorKind::Timeout);
    assert!(fault.public.starts_with("it answers nothing any more"), "{fault}");
}

#[tokio::test]
async fn a_server_that_is_gone_is_given_up_at_the_first_question() {
    let scripted = ScriptedProvider::always(Answer::silence());
    let provider = Registry::new().register_at(&scripted, "custom").await;
    drop(scripted);
    let mut death = Box::pin(provider.death());
    assert!(timeout(Duration::ZERO, &mut death).await.is_err());
    pass(FIVE).await;
    assert_eq!(death.await.kind, ErrorKind::Timeout);
}

#[tokio::test]
async fn a_cloud_is_asked_nothing() {
    let cloud = serde_json::json!({ "name": "p", "provider_type": "openai", "api_key": KEY });
    let provider = Registry::new().register(cloud).await;
    tokio::time::pause();
    assert!(timeout(PATIENCE, provider.death()).await.is_err());
}
