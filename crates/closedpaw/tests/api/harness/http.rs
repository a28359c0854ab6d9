//! A plain HTTP/1.1 client: it sends what it is told to, and nothing else.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;

/// Longer than any answer takes that comes at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// One request on a connection of its own.
#[derive(Clone)]
pub struct Ask {
    address: SocketAddr,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether the body came to the end that its framing promised.
    pub is_complete: bool,
}

/// A connection that is kept for one request after the other.
pub struct Kept {
    stream: TcpStream,
}

/// An answer whose body is still coming. Dropping it hangs up.
pub struct Live {
    pub status: u16,
    headers: Vec<(String, String)>,
    stream: BufReader<Box<dyn ReadWrite>>,
    unread: String,
    ended: bool,
}

trait ReadWrite: Read + Write {}

impl<S: Read + Write> ReadWrite for S {}

impl Ask {
    pub fn new(address: SocketAddr, method: &str, target: &str) -> Self {
        Self {
            address,
            method: method.to_owned(),
            target: target.to_owned(),
            headers: vec![("host".to_owned(), address.to_string())],
            body: Vec::new(),
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With another key than the admin's.
    pub fn with_key(self, key: &str) -> Self {
        self.without("authorization").header("authorization", &format!("Bearer {key}"))
    }

    /// Takes a header out again.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    pub fn json(self, value: &Value) -> Self {
        self.body("application/json", value.to_string())
    }

    pub fn form(self, form: &str) -> Self {
        self.body("application/x-www-form-urlencoded", form)
    }

    /// Sends the request and reads the whole answer.
    pub fn send(self) -> Answer {
        self.open().whole()
    }

    /// Sends the request and reads the answer's head.
    pub fn open(self) -> Live {
        self.try_open().expect("an answer")
    }

    /// Sends the request; fails when no answer comes.
    pub fn try_open(self) -> io::Result<Live> {
        let stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        self.open_over(stream)
    }

    /// Sends the request over a connection that is there already.
    pub fn open_over(self, mut stream: impl Read + Write + 'static) -> io::Result<Live> {
        stream.write_all(&self.message("close"))?;
        Live::read(Box::new(stream))
    }

    /// Sends the request and reads nothing. Dropping the connection hangs up.
    pub fn send_only(self) -> TcpStream {
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE).expect("a connection");
        stream.write_all(&self.message("close")).expect("a request that is taken");
        stream
    }

    fn message(&self, connection: &str) -> Vec<u8> {
        let mut message = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            message += &format!("{name}: {value}\r\n");
        }
        if !self.body.is_empty() || self.method != "GET" {
            message += &format!("content-length: {}\r\n", self.body.len());
        }
        message += &format!("connection: {connection}\r\n\r\n");
        [message.as_bytes(), &self.body].concat()
    }
}

impl Kept {
    pub fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        stream.set_nodelay(true).expect("a socket");
        Self { stream }
    }

    /// Sends a request and reads its whole answer, after which the connection is free for the next one.
    pub fn send(&mut self, ask: &Ask) -> Answer {
        self.stream.write_all(&ask.message("keep-alive")).expect("a request that is taken");
        let stream = self.stream.try_clone().expect("a socket");
        Live::read(Box::new(stream)).expect("an answer").whole()
    }
}

impl Live {
    fn read(stream: Box<dyn ReadWrite>) -> io::Result<Self> {
        let mut stream = BufReader::new(stream);
        let status = line(&mut stream)?;
        let status = status.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        let mut headers = Vec::new();
        loop {
            let line = line(&mut stream)?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Ok(Self { status, headers, stream, unread: String::new(), ended: false })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// Reads to the end.
    pub fn whole(mut self) -> Answer {
        let mut body = Vec::new();
        let is_complete = loop {
            match self.piece() {
                Ok(Some(piece)) => body.extend(piece),
                Ok(None) => break true,
                Err(_) => break false,
            }
        };
        Answer { status: self.status, headers: self.headers, body, is_complete }
    }

    /// Reads the next server-sent event: its name and its data; comments are passed over.
    pub fn event(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.unread.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.unread = rest;
                if event.lines().all(|line| line.starts_with(':')) {
                    continue;
                }
                let field = |name| event.lines().find_map(|line| line.strip_prefix(name));
                let data = field("data: ").expect("an event with data");
                let data = serde_json::from_str(data).expect("JSON data");
                return Some((field("event: ").unwrap_or_default().to_owned(), data));
            }
            let piece = self.piece().expect("a stream that does not break off")?;
            self.unread += std::str::from_utf8(&piece).expect("whole characters");
        }
    }

    /// Reads one piece of the body; `None` at its promised end.
    fn piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.ended {
            return Ok(None);
        }
        if self.header("transfer-encoding") == Some("chunked") {
            let size = line(&mut self.stream)?;
            let size = usize::from_str_radix(&size, 16).map_err(io::Error::other)?;
            let mut piece = vec![0; size];
            self.stream.read_exact(&mut piece)?;
            line(&mut self.stream)?;
            self.ended = size == 0;
            return Ok((!self.ended).then_some(piece));
        }
        self.ended = true;
        let length = self.header("content-length").and_then(|length| length.parse().ok());
        let mut body = vec![0; length.unwrap_or_default()];
        self.stream.read_exact(&mut body)?;
        Ok(Some(body))
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the JSON of an answer that must have this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        serde_json::from_slice(&self.body).expect("a body of JSON")
    }

    /// Holds an error to its status and its sentence.
    #[track_caller]
    pub fn refused(&self, status: u16, sentence: &str) {
        assert_eq!(self.expect(status)["detail"], sentence);
    }

    /// Holds an error to its status and to a part of its sentence, which it returns.
    #[track_caller]
    pub fn refused_with(&self, status: u16, part: &str) -> String {
        let detail = self.expect(status)["detail"].as_str().expect("one sentence").to_owned();
        assert!(detail.contains(part), "{detail:?} lacks {part:?}");
        detail
    }
}

fn find<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    line.strip_suffix("\r\n").map(str::to_owned).ok_or(io::ErrorKind::UnexpectedEof.into())
}
