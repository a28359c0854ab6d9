//! Callers of the gateway: each asks one question and tells what it was told.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::json;
use testkit::faulty::tag;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longer than any answer of a measurement takes.
const PATIENCE: Duration = Duration::from_secs(90);

/// Callers with one key, who share connections.
pub struct Callers {
    address: SocketAddr,
    key: String,
    idle: Mutex<Vec<TcpStream>>,
}

/// What one caller was told.
#[derive(Debug)]
pub struct Outcome {
    pub request: String,
    pub began: Instant,
    pub is_streamed: bool,
    /// None where no answer came.
    pub status: Option<u16>,
    pub provider: Option<String>,
    pub attempts: usize,
    pub has_retry_after: bool,
    /// Until the first byte of the answer's body.
    pub first_byte: Duration,
    pub took: Duration,
    /// Frames of a stream, but for its end and errors.
    pub frames: usize,
    pub end: End,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With the dialect's end.
    Whole,
    /// With one error and no end: a status, or the last event of a stream.
    Error,
    /// In no way that a caller should see: both, neither, or a broken framing.
    Wrong,
}

impl Outcome {
    pub fn is_whole(&self) -> bool {
        self.end == End::Whole
    }
}

struct Answer {
    head: String,
    body: Vec<u8>,
    first_byte: Duration,
    is_complete: bool,
}

impl Callers {
    pub fn new(address: SocketAddr, key: &str) -> Self {
        Self { address, key: key.to_owned(), idle: Mutex::default() }
    }

    /// Asks once, and never again.
    pub async fn ask(&self, request: String, model: &str, is_streamed: bool) -> Outcome {
        let began = Instant::now();
        let asking = self.exchange(&request, model, is_streamed, began);
        let answer = tokio::time::timeout(PATIENCE, asking).await;
        let mut outcome = Outcome {
            request,
            began,
            is_streamed,
            status: None,
            provider: None,
            attempts: 0,
            has_retry_after: false,
            first_byte: Duration::ZERO,
            took: began.elapsed(),
            frames: 0,
            end: End::Wrong,
        };
        if let Ok(Ok(answer)) = answer {
            outcome.read(&answer);
        }
        outcome
    }

    async fn exchange(
        &self,
        request: &str,
        model: &str,
        is_streamed: bool,
        began: Instant,
    ) -> Result<Answer> {
        let body = json!({
            "model": model, "stream": is_streamed,
            "messages": [{ "role": "user", "content": tag(request) }],
        })
        .to_string();
        let message = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            self.key,
            body.len()
        );
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut stream = match kept {
            Some(stream) if is_open(&stream) => stream,
            Some(_) | None => TcpStream::connect(self.address).await?,
        };
        stream.write_all(message.as_bytes()).await?;
        let answer = read(&mut stream, began).await?;
        if answer.is_complete && !answer.head.contains("connection: close") {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(stream);
        }
        Ok(answer)
    }
}

/// Whether the other side has not hung up meanwhile.
fn is_open(stream: &TcpStream) -> bool {
    let read = stream.try_read(&mut [0]);
    read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

async fn read(stream: &mut TcpStream, began: Instant) -> Result<Answer> {
    let mut received = Vec::with_capacity(16 * 1024);
    let head_end = loop {
        if let Some(end) = find(&received, b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut received).await? == 0 {
            bail!("hung up on before an answer");
        }
    };
    let rest = received.split_off(head_end);
    let head = String::from_utf8(received)?.to_ascii_lowercase();
    let mut answer = Answer { head, body: rest, first_byte: began.elapsed(), is_complete: false };
    let length = header(&answer.head, "content-length").map(str::parse::<usize>).transpose()?;
    let is_chunked = header(&answer.head, "transfer-encoding") == Some("chunked");
    let is_whole = |body: &[u8]| match length {
        Some(length) => body.len() >= length,
        None => is_chunked && (body.ends_with(b"\r\n0\r\n\r\n") || body == b"0\r\n\r\n"),
    };
    while !is_whole(&answer.body) {
        let is_first = answer.body.is_empty();
        if stream.read_buf(&mut answer.body).await? == 0 {
            return Ok(answer);
        }
        if is_first {
            answer.first_byte = began.elapsed();
        }
    }
    answer.is_complete = true;
    Ok(answer)
}

impl Outcome {
    fn read(&mut self, answer: &Answer) {
        let number = |name: &str| header(&answer.head, name)?.parse().ok();
        let status = answer.head.split(' ').nth(1).and_then(|status| status.parse().ok());
        self.status = status;
        self.provider = header(&answer.head, "x-closedpaw-provider").map(str::to_owned);
        self.attempts = number("x-closedpaw-attempts").unwrap_or_default();
        self.has_retry_after = number("retry-after").is_some();
        self.first_byte = answer.first_byte;
        self.took = self.began.elapsed();
        let count =
            |text: &[u8]| answer.body.windows(text.len()).filter(|window| *window == text).count();
        if status != Some(200) {
            let is_error = answer.is_complete && count(b"\"error\"") == 1;
            self.end = if is_error { End::Error } else { End::Wrong };
            return;
        }
        let (ends, errors) = match self.is_streamed {
            true => (count(b"data: [DONE]"), count(b"data: {\"error\"")),
            false => (count(b"\"finish_reason\":\"stop\""), 0),
        };
        self.frames = count(b"data: {\"id\"");
        self.end = match (answer.is_complete, ends, errors) {
            (true, 1, 0) => End::Whole,
            (true, 0, 1) => End::Error,
            (_, _, _) => End::Wrong,
        };
    }
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// Asks the server at `address` whether it takes connections.
pub fn is_listening(address: SocketAddr) -> bool {
    std::net::TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}

/// A runtime for callers, whose time on the processor is counted by its threads' name.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).thread_name("callers").enable_all();
    builder.build().context("there is no runtime for the callers")
}
