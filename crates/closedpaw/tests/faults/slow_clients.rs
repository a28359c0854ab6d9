//! Callers that send slowly, or nothing: nobody else notices.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;
use testkit::faulty::Pace;

use crate::{
    harness::at_once,
    rig::{Rig, Told},
};

/// Of each kind.
const SLOW: usize = 150;

fn slow(rig: &Rig, kind: usize) -> TcpStream {
    let mut stream = TcpStream::connect(rig.gateway.address()).expect("a connection");
    let address = rig.gateway.address();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n",
        rig.gateway.key
    );
    let begun = match kind {
        0 => String::new(),
        1 => head,
        2 => head + "content-type: application/json\r\ncontent-length: 500\r\n\r\n{\"model\"",
        3 => head + "transfer-encoding: chunked\r\n\r\n40\r\n{",
        _ => "PRI * HTTP/2.0\r\n\r\nSM".to_owned(),
    };
    // The last kind is refused at once, perhaps before all of it is sent.
    let _refused = stream.write_all(begun.as_bytes());
    stream
}

#[test]
fn slow_callers_keep_nobody_else_waiting() {
    let rig = Rig::start(1, Pace::default(), &Value::Null);
    let mut slow: Vec<_> = (0..5 * SLOW).map(|index| slow(&rig, index % 5)).collect();
    let told: Vec<Told> = at_once(10, |caller| {
        let chat =
            |number: usize| rig.chat(&format!("{caller}-{number}"), "a/alpha", number % 10 < 7);
        (0..20).map(chat).collect::<Vec<_>>()
    })
    .into_iter()
    .flatten()
    .collect();
    let refused = told.iter().filter(|told| !told.is_whole).count();
    assert_eq!(refused, 0, "{:?}", told.iter().find(|told| !told.is_whole));
    // Silence, half a head and half a preface are hung up on; half a body has longer.
    for stream in slow.iter_mut().step_by(5) {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        assert_eq!(stream.read(&mut [0; 64]).expect("an end"), 0, "silence is hung up on");
    }
    for stream in slow.iter_mut().skip(1).step_by(5) {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut answer = String::new();
        let _reset_after_the_answer = stream.read_to_string(&mut answer);
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
    assert_eq!(rig.providers[0].chats(), told.len(), "nothing slow was passed on");
}
