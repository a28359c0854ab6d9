//! The provider's faults, as a plain socket sees them.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::Duration,
};

use super::*;

fn start() -> FaultyProvider {
    FaultyProvider::start(Speech::openai(40), Pace::default())
}

fn dial(provider: &FaultyProvider) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&provider.address(), Duration::from_secs(5))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    Ok(stream)
}

fn ask(stream: &mut TcpStream, body: &str) {
    let head = format!(
        "POST /v1/chat HTTP/1.1\r\nAuthorization: Bearer k\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).unwrap();
}

/// Asks for a stream and reads to the connection's end.
fn exchange(fault: Fault) -> (String, std::io::Result<usize>) {
    let provider = start();
    provider.suffer(fault);
    let mut stream = dial(&provider).unwrap();
    ask(&mut stream, r#"{"stream":true}"#);
    let mut received = Vec::new();
    let end = stream.read_to_end(&mut received);
    (String::from_utf8(received).unwrap(), end)
}

/// What is left of a chunked body once the chunks' frames are gone.
fn frames(received: &str) -> usize {
    received.matches("data: {").count()
}

#[test]
fn an_answer_is_reset_at_any_frame_and_within_it() {
    for (count, bytes) in [(0, 0), (0, 9), (7, 0), (7, 9), (40, 0), (40, 9)] {
        let (received, end) =
            exchange(Fault::Break { frames: count, bytes, ending: Ending::Reset });
        assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset, "{count} {bytes}");
        let begun = usize::from(bytes > 0 && count < 40);
        // A reset may overtake what was sent before it.
        assert!(frames(&received) <= count + begun, "{count} {bytes}: {received}");
        assert!(!received.contains("[DONE]"));
    }
}

#[test]
fn an_answer_breaks_off_in_every_way() {
    let check = |ending, tail: &str| {
        let (received, end) = exchange(Fault::Break { frames: 3, bytes: 0, ending });
        assert!(end.is_ok(), "{ending:?}");
        assert_eq!(frames(&received), 3, "{ending:?}");
        assert!(received.ends_with(tail), "{ending:?}: {received:?}");
    };
    check(Ending::Closed, "}\n\n\r\n");
    check(Ending::TruncatedChunk, "}\n\n\r\n1\r\n");
    check(Ending::CloseDelimited, "}\n\n");
    let (received, end) =
        exchange(Fault::Break { frames: 3, bytes: 5, ending: Ending::TruncatedChunk });
    assert!(end.is_ok() && received.ends_with("\r\n6\r\ndata:"), "{received:?}");
    assert_eq!(exchange(Fault::ResetBeforeHead).1.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn the_account_tells_who_asked_for_what_and_got_how_much() {
    let provider = start();
    let mut stream = dial(&provider).unwrap();
    ask(&mut stream, &format!(r#"{{"stream":true,"x":"{}"}}"#, tag("a7")));
    let mut received = String::new();
    while !received.ends_with("\r\n0\r\n\r\n") {
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).unwrap();
        assert_ne!(count, 0);
        received.push_str(std::str::from_utf8(&piece[..count]).unwrap());
    }
    assert_eq!((frames(&received), received.matches("data: [DONE]").count()), (40, 1));
    provider.suffer(Fault::limited("2"));
    ask(&mut stream, &format!(r#"{{"x":"{}"}}"#, tag("a7")));
    let mut head = [0; 40];
    stream.read_exact(&mut head).unwrap();
    assert!(head.starts_with(b"HTTP/1.1 429 \r\nretry-after: 2\r\n"));
    let account = provider.account();
    assert_eq!(account.attempts_by_request(), [("a7", 2)].into());
    assert_eq!(account.attempts_by_key(), [("Bearer k", 2)].into());
    let [first, second] = account.attempts.try_into().unwrap();
    assert_eq!((first.frames, first.outcome, first.is_streamed), (40, Outcome::Whole, true));
    assert_eq!((second.frames, second.outcome, second.is_streamed), (0, Outcome::Refused, false));
    assert_eq!((account.accepted, account.most_in_flight), (1, 1));
}

#[test]
fn dark_it_refuses_and_then_it_is_back_at_the_same_place() {
    let provider = start();
    provider.suffer(Fault::NoHead);
    let mut open = dial(&provider).unwrap();
    ask(&mut open, "{}");
    while provider.in_flight() == 0 {
        std::thread::yield_now();
    }
    provider.suffer(Fault::Dark);
    assert_eq!(open.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    while dial(&provider).is_ok() {
        std::thread::yield_now();
    }
    provider.suffer(Fault::None);
    let mut again = loop {
        match dial(&provider) {
            Ok(stream) => break stream,
            Err(_) => std::thread::yield_now(),
        }
    };
    ask(&mut again, "{}");
    let mut head = [0; 12];
    again.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
}

#[test]
fn a_stream_takes_its_time() {
    let pace = Pace { think: Duration::from_millis(20), stream: Duration::from_millis(200) };
    let provider = FaultyProvider::start(Speech::openai(40), pace);
    let began = Instant::now();
    let mut stream = dial(&provider).unwrap();
    ask(&mut stream, r#"{"stream":true}"#);
    let mut received = Vec::new();
    while !received.ends_with(b"\r\n0\r\n\r\n") {
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).unwrap();
        received.extend(&piece[..count]);
    }
    assert!(began.elapsed() >= Duration::from_millis(200), "{:?}", began.elapsed());
    let attempt = provider.account().attempts.remove(0);
    assert!(attempt.first_byte.unwrap() >= Duration::from_millis(20));
}
