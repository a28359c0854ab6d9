//! Asks a server on this machine one question over HTTP/1.1.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A question.
pub struct Request<'a> {
    pub method: &'static str,
    pub path: &'a str,
    pub key: Option<&'a str>,
    pub body: Option<&'a Value>,
}

impl<'a> Request<'a> {
    /// Asks for `path`, with no key.
    pub fn get(path: &'a str) -> Self {
        Self { method: "GET", path, key: None, body: None }
    }

    /// Asks the server at `address`, giving it `limit` to connect and for each read.
    pub fn send(&self, address: SocketAddr, limit: Duration) -> Result<Answer> {
        let mut stream = TcpStream::connect_timeout(&address, limit)?;
        stream.set_read_timeout(Some(limit))?;
        stream.write_all(self.to_text(address).as_bytes())?;
        Answer::read(BufReader::new(stream))
    }

    fn to_text(&self, address: SocketAddr) -> String {
        let mut text = format!(
            "{} {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n",
            self.method, self.path
        );
        if let Some(key) = self.key {
            text += &format!("Authorization: Bearer {key}\r\n");
        }
        let Some(body) = self.body.map(Value::to_string) else { return text + "\r\n" };
        text +=
            &format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        text + &body
    }
}

/// What the server said.
#[derive(Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    fn read(mut stream: impl BufRead) -> Result<Self> {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
        let status = status.with_context(|| format!("not an HTTP answer: {line:?}"))?;

        let mut chunked = false;
        loop {
            line.clear();
            if stream.read_line(&mut line)? == 0 {
                bail!("the answer ended within its headers");
            }
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            chunked |= header.starts_with("transfer-encoding:") && header.ends_with("chunked");
        }
        let body = if chunked { read_chunks(stream)? } else { read_rest(stream)? };
        Ok(Self { status, body: String::from_utf8(body)? })
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.body).with_context(|| format!("not JSON: {}", self.body))
    }
}

/// Every request says `Connection: close`, so what is not chunked ends with the connection.
fn read_rest(mut stream: impl Read) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    stream.read_to_end(&mut body)?;
    Ok(body)
}

fn read_chunks(mut stream: impl BufRead) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).context("the answer has a malformed chunk")?;
        if size == 0 {
            return Ok(body);
        }
        stream.by_ref().take(size).read_to_end(&mut body)?;
        stream.read_line(&mut String::new())?;
    }
}

#[cfg(test)]
mod tests {
    use super::Answer;

    fn check(answer: &str, expected: Option<(u16, &str)>) {
        let read = Answer::read(answer.as_bytes()).ok();
        let expected = expected.map(|(status, body)| Answer { status, body: body.to_owned() });
        assert_eq!(read, expected, "{answer:?}");
    }

    #[test]
    fn reads_both_framings() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", Some((200, "hi")));
        check(
            "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhi\r\na\r\n, stranger\r\n0\r\n\r\n",
            Some((404, "hi, stranger")),
        );
    }

    #[test]
    fn refuses_what_is_cut_off() {
        check("", None);
        check("HTTP/1.1 200 OK\r\nContent-Le", None);
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", None);
    }
}
