//! What a request holds and leaves behind, whatever becomes of it.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use bytes::Bytes;
use canonical::{ErrorKind, Event, Fault};
use http::HeaderMap;
use keys::Caller;
use limits::{Limits, Meter};
use pipeline::{Context, InferenceCall};
use records::{Outcome, RequestRecord, Sink};
use routing::Outcome as Tried;
use serde_json::json;
use testkit::scripted::{Answer, End, ScriptedProvider};

use crate::support::{ANSWERS, Gateway, call, context, sse};

/// Keeps the records of one call.
#[derive(Default)]
struct Kept(Mutex<Vec<Arc<RequestRecord>>>);

impl Sink for Kept {
    fn settled(&self, record: &Arc<RequestRecord>) {
        self.0.lock().unwrap().push(Arc::clone(record));
    }
}

impl Kept {
    /// The one record that there is.
    fn only(&self) -> Arc<RequestRecord> {
        let records = self.0.lock().unwrap();
        assert_eq!(records.len(), 1);
        Arc::clone(&records[0])
    }
}

/// A call's context whose record is kept.
fn recorded() -> (Context, Arc<Kept>) {
    let kept = Arc::<Kept>::default();
    (Context { log: Some(Arc::clone(&kept) as _), ..context() }, kept)
}

#[tokio::test]
async fn who_leaves_before_the_end_pays_no_less_than_was_estimated() {
    let begun = [
        r#"{"type":"message_start","message":{"id":"x","type":"message","role":"assistant","model":"m","content":[],
            "usage":{"input_tokens":1,"output_tokens":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"all of it"}}"#,
    ]
    .map(|data| data.replace('\n', " "));
    let stream = sse(begun.iter().map(String::as_str)).ending(End::Hang);
    let scripted = ScriptedProvider::always(stream);
    let gateway = Gateway::to(&scripted, "anthropic").await;
    let limits = Limits { tokens_per_minute: Some(1000), ..Limits::default() };
    let meter = Arc::new(Meter::new(limits));
    let caller = Caller { meters: vec![Arc::clone(&meter)], ..Caller::admin() };
    let left = || meter.read(Instant::now()).tokens.unwrap().remaining;

    let mut call = call();
    call.context.caller = Arc::new(caller);
    let (_, mut events) = gateway.stream(call).await.unwrap();
    let while_it_runs = left();
    while !matches!(events.next().await, Some(Event::PartDelta { .. })) {}
    drop(events);
    assert!(while_it_runs < 1000 - 9, "its bound is counted");
    assert_eq!(left(), while_it_runs);
}

#[tokio::test]
async fn a_provider_that_is_not_asked_after_all_keeps_its_limits() {
    let scripted = ScriptedProvider::always(Answer::json(200, ANSWERS[0].1));
    let gateway = Gateway::to(&scripted, "openai").await;
    gateway.change(json!({ "rate_limit": 1, "limits": { "concurrency": 1 } })).await;
    let provider = gateway.provider();
    let turn = provider.turn("another").await.unwrap();
    let waiting = gateway.chat(call());
    let meanwhile = async {
        while provider.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        // What it was chosen by is true no longer when its turn comes.
        let (state, now) = (provider.model_state("m"), Instant::now());
        for _ in 0..5 {
            let trial = state.begin(now, &mut || 0).unwrap();
            state.end(trial, Tried::Failed, now);
        }
        drop(turn);
    };
    let (refused, ()) = tokio::join!(waiting, meanwhile);
    assert!(refused.unwrap_err().fault.public.contains("keeps failing"));
    assert_eq!(scripted.calls(), 0);
    assert!(provider.admit("m", 0, Instant::now()).is_ok());
}

#[tokio::test]
async fn what_the_gateway_breaks_off_is_not_recorded_as_the_callers_leaving() {
    let begun = sse([r#"{"choices":[{"index":0,"delta":{"content":"hi"}}]}"#]).ending(End::Hang);
    let scripted = ScriptedProvider::always(begun);
    let gateway = Gateway::to(&scripted, "openai").await;
    for is_told in [true, false] {
        let (context, kept) = recorded();
        let mut call = call();
        call.context = context;
        let (_, mut events) = gateway.stream(call).await.unwrap();
        let expected = if is_told {
            events.fail(&Fault::new(ErrorKind::Overloaded, "shutting down"));
            Outcome::BrokenOff
        } else {
            Outcome::Cancelled
        };
        drop(events);
        assert_eq!(kept.only().outcome, expected);
    }
}

#[tokio::test]
async fn an_answer_that_asks_nothing_of_a_model_is_recorded_with_what_it_saw() {
    let scripted = ScriptedProvider::always(Answer::silence());
    let gateway = Gateway::to(&scripted, "openai").await;
    let (context, kept) = recorded();
    let call = InferenceCall {
        endpoint: dialects::OLLAMA_CHAT,
        body: Bytes::from_static(br#"{"model":"p/m","messages":[]}"#),
        path: None,
        query: None,
        headers: HeaderMap::new(),
        strict: false,
        context,
    };
    let (about, _) = gateway.pipeline.answer(&call).await.unwrap();
    let generation = gateway.manager.snapshot().generation();
    let record = kept.only();
    assert_eq!((about.generation, record.generation), (generation, generation));
    assert_eq!((record.outcome, record.attempts.len()), (Outcome::Answered, 0));
}
