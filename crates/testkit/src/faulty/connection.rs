//! One connection to a faulty provider: requests in, answers and faults out.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout_at},
};

use super::{Ending, Fault, Outcome, Speech, Stage, account::Entry, tag};

/// Longer than any test runs.
const FOREVER: Duration = Duration::from_secs(24 * 60 * 60);

const ERROR: &[u8] =
    br#"{"error":{"message":"the provider has a fault","type":"fault","param":null,"code":null}}"#;

/// Answers requests until either side ends the connection, or the provider goes dark.
pub(super) async fn serve(stream: TcpStream, stage: Arc<Stage>) {
    let _open = Open::new(&stage);
    // A frame is sent when it is due, whatever was acknowledged before.
    let _slower_without = stream.set_nodelay(true);
    let mut connection = Connection { stream, received: Vec::new() };
    let mut fault = stage.fault.subscribe();
    let dark = fault.wait_for(|(fault, _)| fault.is_dark());
    let is_reset = tokio::select! {
        ended = connection.serve(&stage) => matches!(ended, Ok(Close::Reset)),
        _ = dark => true,
    };
    if is_reset {
        let _closed_by_the_caller = connection.stream.set_zero_linger();
    }
}

/// Counts an open connection.
struct Open<'s>(&'s Stage);

impl<'s> Open<'s> {
    fn new(stage: &'s Stage) -> Self {
        stage.book.accepted();
        Self(stage)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.book.closed();
    }
}

/// How the provider ends a connection.
enum Close {
    Orderly,
    Reset,
}

struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

struct Request {
    is_question: bool,
    is_streamed: bool,
    name: Option<String>,
    key: Option<String>,
}

impl Connection {
    /// Returns when the provider ends the connection, and fails when the caller does.
    async fn serve(&mut self, stage: &Stage) -> io::Result<Close> {
        loop {
            let request = self.request(stage).await?;
            if request.is_question {
                stage.book.question();
                self.whole(200, &[], &stage.speech.models).await?;
                continue;
            }
            let Request { is_streamed, name, key, .. } = request;
            let (entry, number) = stage.book.open(name, key, is_streamed);
            let (fault, since) = stage.fault.borrow().clone();
            if let Some(close) =
                self.answer(stage, fault.of(number, since), is_streamed, entry).await?
            {
                return Ok(close);
            }
        }
    }

    async fn answer(
        &mut self,
        stage: &Stage,
        fault: &Fault,
        is_streamed: bool,
        entry: Entry<'_>,
    ) -> io::Result<Option<Close>> {
        match fault {
            Fault::ResetBeforeHead | Fault::Dark => {
                entry.close(Outcome::Broken);
                Ok(Some(Close::Reset))
            }
            Fault::NoHead => self.end(Ending::Silence, entry).await,
            Fault::Status { status, headers } => {
                // Who reads the answer may read the account next.
                entry.close(Outcome::Refused);
                self.whole(*status, headers, ERROR).await?;
                Ok(None)
            }
            Fault::Trickle(pause) => self.trickle(stage, *pause, entry).await,
            Fault::Break { frames, bytes, ending } if is_streamed => {
                self.broken_stream(stage, *frames, *bytes, *ending, entry).await
            }
            Fault::Break { ending, .. } => self.broken_whole(stage, *ending, entry).await,
            Fault::None | Fault::Flapping { .. } => {
                self.all(stage, is_streamed, entry).await?;
                Ok(None)
            }
        }
    }

    /// Sends the whole speech.
    async fn all(&mut self, stage: &Stage, is_streamed: bool, entry: Entry<'_>) -> io::Result<()> {
        self.think(stage, &entry).await?;
        let speech = &stage.speech;
        if is_streamed {
            self.begin(speech, true).await?;
            self.frames(stage, speech.frames.len(), true, &entry).await?;
            let mut last = piece(&speech.end, speech.end.len(), true);
            last.extend(b"0\r\n\r\n");
            entry.close(Outcome::Whole);
            self.stream.write_all(&last).await
        } else {
            entry.frames(1);
            entry.close(Outcome::Whole);
            self.whole(200, &[], &speech.whole).await
        }
    }

    async fn broken_stream(
        &mut self,
        stage: &Stage,
        frames: usize,
        bytes: usize,
        ending: Ending,
        entry: Entry<'_>,
    ) -> io::Result<Option<Close>> {
        self.think(stage, &entry).await?;
        let speech = &stage.speech;
        let is_chunked = ending != Ending::CloseDelimited;
        self.begin(speech, is_chunked).await?;
        self.frames(stage, frames, is_chunked, &entry).await?;
        let next = speech.frames.get(frames).unwrap_or(&speech.end);
        let part = next.get(..bytes).unwrap_or(next);
        let cut = match ending {
            Ending::TruncatedChunk => piece(part, part.len() + 1, is_chunked),
            Ending::Terminated
            | Ending::Closed
            | Ending::CloseDelimited
            | Ending::Reset
            | Ending::Silence => piece(part, part.len(), is_chunked),
        };
        self.stream.write_all(&cut).await?;
        self.end(ending, entry).await
    }

    async fn broken_whole(
        &mut self,
        stage: &Stage,
        ending: Ending,
        entry: Entry<'_>,
    ) -> io::Result<Option<Close>> {
        self.think(stage, &entry).await?;
        let whole = &stage.speech.whole;
        let half = whole.get(..whole.len() / 2).unwrap_or_default();
        let json = "content-type: application/json\r\n";
        let head = match ending {
            Ending::CloseDelimited => format!("HTTP/1.0 200 \r\n{json}\r\n").into_bytes(),
            Ending::Terminated => {
                head(200, &[], &format!("{json}content-length: {}\r\n", half.len()))
            }
            Ending::Closed | Ending::TruncatedChunk | Ending::Reset | Ending::Silence => {
                head(200, &[], &format!("{json}content-length: {}\r\n", whole.len()))
            }
        };
        self.stream.write_all(&[&head, half].concat()).await?;
        if ending == Ending::Terminated {
            entry.close(Outcome::Broken);
            return Ok(None);
        }
        self.end(ending, entry).await
    }

    async fn trickle(
        &mut self,
        stage: &Stage,
        pause: Duration,
        entry: Entry<'_>,
    ) -> io::Result<Option<Close>> {
        self.think(stage, &entry).await?;
        self.begin(&stage.speech, true).await?;
        for byte in stage.speech.frames.iter().flatten() {
            self.pause_until(Instant::now() + pause).await?;
            self.stream.write_all(&piece(&[*byte], 1, true)).await?;
        }
        self.end(Ending::Silence, entry).await
    }

    async fn think(&mut self, stage: &Stage, entry: &Entry<'_>) -> io::Result<()> {
        self.pause_until(Instant::now() + stage.pace.think).await?;
        entry.first_byte();
        Ok(())
    }

    /// Sends a stream's head.
    async fn begin(&mut self, speech: &Speech, is_chunked: bool) -> io::Result<()> {
        let head = match is_chunked {
            true => head(200, &[], &stream_framing(speech)),
            false => format!("HTTP/1.0 200 \r\ncontent-type: {}\r\n\r\n", speech.stream_type)
                .into_bytes(),
        };
        self.stream.write_all(&head).await
    }

    /// Sends the first `count` frames, each when it is due.
    ///
    /// What is due at once is sent at once: a connection that is new has ten packets under way and no more, and a
    /// reset would overtake the others.
    async fn frames(
        &mut self,
        stage: &Stage,
        count: usize,
        is_chunked: bool,
        entry: &Entry<'_>,
    ) -> io::Result<()> {
        let began = Instant::now();
        let all = u32::try_from(stage.speech.frames.len()).unwrap_or(u32::MAX);
        let (mut due, mut frames) = (Vec::new(), 0);
        for (number, frame) in (0u32..).zip(stage.speech.frames.iter().take(count)) {
            let time = began + stage.pace.stream * number / all.max(1);
            if time > Instant::now() {
                self.stream.write_all(&std::mem::take(&mut due)).await?;
                entry.frames(std::mem::take(&mut frames));
                self.pause_until(time).await?;
            }
            due.extend(piece(frame, frame.len(), is_chunked));
            frames += 1;
        }
        self.stream.write_all(&due).await?;
        entry.frames(frames);
        Ok(())
    }

    async fn end(&mut self, ending: Ending, entry: Entry<'_>) -> io::Result<Option<Close>> {
        let close = match ending {
            Ending::Terminated => {
                self.stream.write_all(b"0\r\n\r\n").await?;
                None
            }
            Ending::Closed | Ending::TruncatedChunk | Ending::CloseDelimited => {
                Some(Close::Orderly)
            }
            Ending::Reset => Some(Close::Reset),
            Ending::Silence => {
                let waited = self.pause_until(Instant::now() + FOREVER).await;
                entry.close(Outcome::Broken);
                return waited.map(|()| Some(Close::Orderly));
            }
        };
        entry.close(Outcome::Broken);
        Ok(close)
    }

    async fn whole(
        &mut self,
        status: u16,
        headers: &[(String, String)],
        body: &[u8],
    ) -> io::Result<()> {
        let framing =
            format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
        let mut answer = head(status, headers, &framing);
        answer.extend(body);
        self.stream.write_all(&answer).await
    }

    async fn request(&mut self, stage: &Stage) -> io::Result<Request> {
        let head_end = loop {
            match find(&self.received, b"\r\n\r\n") {
                Some(end) => break end + 4,
                None => self.receive().await?,
            }
        };
        let head = String::from_utf8_lossy(self.received.get(..head_end).unwrap_or_default());
        let header = |name: &str| {
            head.lines().find_map(|line| {
                let (given, value) = line.split_once(':')?;
                given.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        let length: usize =
            header("content-length").and_then(|length| length.parse().ok()).unwrap_or_default();
        let key = ["authorization", "x-api-key", "x-goog-api-key"].into_iter().find_map(header);
        let is_question = head.starts_with("GET ");
        let mut is_streamed =
            head.lines().next().is_some_and(|line| line.contains(stage.speech.streamed_by));
        while self.received.len() < head_end + length {
            self.receive().await?;
        }
        let rest = self.received.split_off(head_end + length);
        let message = std::mem::replace(&mut self.received, rest);
        let body = message.get(head_end..).unwrap_or_default();
        is_streamed |= find(body, stage.speech.streamed_by.as_bytes()).is_some();
        Ok(Request { is_question, is_streamed, name: tagged(body), key })
    }

    /// Waits, and fails as soon as the caller hangs up.
    async fn pause_until(&mut self, until: Instant) -> io::Result<()> {
        if until <= Instant::now() {
            return Ok(());
        }
        let receiving = async {
            loop {
                self.receive().await?;
            }
        };
        timeout_at(until, receiving).await.unwrap_or(Ok(()))
    }

    async fn receive(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

fn head(status: u16, headers: &[(String, String)], framing: &str) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} \r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += framing;
    head += "\r\n";
    head.into_bytes()
}

fn stream_framing(speech: &Speech) -> String {
    format!("content-type: {}\r\ntransfer-encoding: chunked\r\n", speech.stream_type)
}

/// The bytes as a chunk that promises so many, or as they are; nothing where none are promised, since an empty chunk
/// is the end.
fn piece(bytes: &[u8], promised: usize, is_chunked: bool) -> Vec<u8> {
    if !is_chunked || promised == 0 {
        return bytes.to_vec();
    }
    let mut piece = format!("{promised:x}\r\n").into_bytes();
    piece.extend(bytes);
    if promised == bytes.len() {
        piece.extend(b"\r\n");
    }
    piece
}

/// What the tag in a body says.
fn tagged(body: &[u8]) -> Option<String> {
    let pattern = tag("");
    let (open, close) = pattern.split_at(pattern.len() - 1);
    let begin = find(body, open.as_bytes())? + open.len();
    let rest = body.get(begin..)?;
    let name = rest.get(..find(rest, close.as_bytes())?)?;
    Some(String::from_utf8_lossy(name).into_owned())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
