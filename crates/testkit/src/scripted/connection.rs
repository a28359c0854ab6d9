//! One connection to a scripted provider: requests in, answers out, until either side ends it.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Answer, Body, End, RecordedRequest, Stage};

/// Longer than any test runs.
const FOREVER: Duration = Duration::from_secs(24 * 60 * 60);

/// Answers requests until the script or the client ends the connection.
pub(super) async fn serve(stream: TcpStream, stage: Arc<Stage>) {
    let mut connection = Connection { stream, received: Vec::new() };
    if connection.serve(&stage).await.is_err() {
        stage.tally.send_modify(|tally| tally.disconnects += 1);
    }
}

struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    /// Returns when the script ends the connection, and fails when the client does.
    async fn serve(&mut self, stage: &Stage) -> io::Result<()> {
        loop {
            let request = self.request().await?;
            let answer = stage.answer(request);
            self.play(&answer, stage).await?;
            match answer.end {
                End::Clean if matches!(answer.body, Body::Raw(_)) => return Ok(()),
                End::Clean => {}
                End::Cut => return Ok(()),
                End::Reset => return self.stream.set_zero_linger(),
                End::Hang => return self.pause(FOREVER).await,
            }
        }
    }

    async fn request(&mut self) -> io::Result<RecordedRequest> {
        let head_end = loop {
            match self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(end) => break end,
                None => self.receive().await?,
            }
        };
        let rest = self.received.split_off(head_end + 4);
        let head = std::mem::replace(&mut self.received, rest);
        let head = String::from_utf8_lossy(&head);
        let mut request =
            RecordedRequest::from_head(head.trim_end()).ok_or(io::ErrorKind::InvalidData)?;
        let length = match request.header("content-length").map(str::parse) {
            None => 0,
            Some(length) => length.map_err(io::Error::other)?,
        };
        while self.received.len() < length {
            self.receive().await?;
        }
        let rest = self.received.split_off(length);
        request.body = std::mem::replace(&mut self.received, rest);
        Ok(request)
    }

    async fn play(&mut self, answer: &Answer, stage: &Stage) -> io::Result<()> {
        self.pause(answer.delay).await?;
        self.stream.write_all(&answer.head()).await?;
        match &answer.body {
            Body::Whole(bytes) | Body::Raw(bytes) => self.stream.write_all(bytes).await,
            Body::Chunks(chunks) => {
                for (delay, bytes) in chunks {
                    self.pause(*delay).await?;
                    let size = format!("{:x}\r\n", bytes.len());
                    self.stream.write_all(&[size.as_bytes(), bytes, b"\r\n"].concat()).await?;
                    stage.tally.send_modify(|tally| tally.sent_bytes += bytes.len());
                }
                match answer.end {
                    End::Clean => self.stream.write_all(b"0\r\n\r\n").await,
                    End::Cut | End::Reset | End::Hang => Ok(()),
                }
            }
        }
    }

    /// Waits, and fails as soon as the client hangs up.
    async fn pause(&mut self, delay: Duration) -> io::Result<()> {
        if delay.is_zero() {
            return Ok(());
        }
        let receiving = async {
            loop {
                self.receive().await?;
            }
        };
        tokio::time::timeout(delay, receiving).await.unwrap_or(Ok(()))
    }

    async fn receive(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}
