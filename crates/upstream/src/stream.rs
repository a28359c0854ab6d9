//! An open connection to a provider, with or without TLS.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
};

use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl Duplex for TcpStream {}
impl Duplex for TlsStream<TcpStream> {}

/// A byte stream in both directions.
pub(crate) struct Stream {
    bytes: Box<dyn Duplex>,
    history: History,
}

/// How a connection has been used; clones are of the same one.
#[derive(Clone, Debug)]
pub(crate) struct History(Arc<AtomicU8>);

/// No answer has come by it.
const FRESH: u8 = 0;
/// An answer has come by it, or is coming.
const ANSWERED: u8 = 1;
/// Another request has gone out by it since, and nothing has come back.
const ASKED_AGAIN: u8 = 2;

impl History {
    /// Whether the last request found a connection that had served one before, and got not one byte back.
    pub(crate) fn is_unanswered_after_an_answer(&self) -> bool {
        self.0.load(Ordering::Relaxed) == ASKED_AGAIN
    }

    fn note_read(&self, bytes: usize) {
        if bytes > 0 {
            self.0.store(ANSWERED, Ordering::Relaxed);
        }
    }

    fn note_write(&self, written: &Poll<io::Result<usize>>) {
        if matches!(written, Poll::Ready(Ok(1..))) && self.0.load(Ordering::Relaxed) != FRESH {
            self.0.store(ASKED_AGAIN, Ordering::Relaxed);
        }
    }
}

impl Stream {
    pub(crate) fn new(stream: impl Duplex + 'static) -> Self {
        Self { bytes: Box::new(stream), history: History(Arc::new(AtomicU8::new(FRESH))) }
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new().extra(self.history.clone())
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.bytes).poll_read(context, buffer);
        self.history.note_read(buffer.filled().len().saturating_sub(before));
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.bytes).poll_write(context, bytes);
        self.history.note_write(&written);
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.bytes).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.bytes).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.bytes).poll_write_vectored(context, slices);
        self.history.note_write(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.bytes.is_write_vectored()
    }
}
