//! The stream between a socket and hyper: passes on what is well framed and in time.
//!
//! A head is passed on whole, after it was checked. When one is refused, hyper gets a request in its
//! place that no client can send, so that the refusal is answered in its turn, like any other
//! request; after that nothing is passed on.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_util::io::poll_read_buf;

use crate::Limits;
use crate::deadline::Deadline;
use crate::exchange::Exchange;
use crate::framing::{Framing, Step};
use crate::refusal::Refusal;

/// The target of the request that stands for a refused one. [`Framing`] lets no client send it.
pub(crate) const REFUSED_TARGET: &str = "*";

const REFUSED_REQUEST: &[u8] = b"REFUSED * HTTP/1.1\r\nconnection: close\r\n\r\n";

const READ_BYTES: usize = 8 * 1024;

/// A TCP connection, bare or inside TLS.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Lets the coming close be seen as a failure, not as an end.
    fn reset_on_close(&self);
}

impl Socket for TcpStream {
    fn reset_on_close(&self) {
        // Fails only on a connection that is gone already.
        let _ = self.set_zero_linger();
    }
}

impl Socket for TlsStream<TcpStream> {
    fn reset_on_close(&self) {
        self.get_ref().0.reset_on_close();
    }
}

/// One connection's bytes, as hyper sees them.
#[derive(Debug)]
pub(crate) struct StrictStream<S: Socket> {
    stream: S,
    framing: Framing,
    exchange: Arc<Exchange>,
    limits: Arc<Limits>,
    /// Received and not yet given to hyper.
    held: BytesMut,
    /// How many of the held bytes hyper may have.
    cleared: usize,
    passing: Passing,
    waiting: Waiting,
    read_deadline: Deadline,
    write_deadline: Deadline,
    close_deadline: Deadline,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passing {
    Requests,
    /// A refusal was passed on, and nothing is after it.
    Nothing,
    /// The client waited too long: for hyper the stream has ended.
    End,
}

/// What the client is to send next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    FirstByte,
    NextRequest,
    RestOfHead,
    /// Nothing for now, or a body, whose pace its reader watches.
    Else,
}

impl<S: Socket> StrictStream<S> {
    pub(crate) fn new(stream: S, exchange: Arc<Exchange>, limits: Arc<Limits>) -> Self {
        Self {
            stream,
            framing: Framing::new(&limits),
            exchange,
            limits,
            held: BytesMut::new(),
            cleared: 0,
            passing: Passing::Requests,
            waiting: Waiting::FirstByte,
            read_deadline: Deadline::default(),
            write_deadline: Deadline::default(),
            close_deadline: Deadline::default(),
        }
    }

    /// Clears the next bytes for hyper, if any of those held can be.
    fn judge(&mut self) -> io::Result<()> {
        match self.framing.advance(&self.held) {
            Ok(Step::Wait) => Ok(()),
            Ok(Step::Body(length)) => {
                self.cleared = length;
                Ok(())
            }
            Ok(Step::Head(length)) => {
                self.exchange.begin_request();
                self.cleared = length;
                Ok(())
            }
            // Its request is with a handler already, who will find the body broken.
            Err(refusal) if self.framing.is_in_body() => {
                self.passing = Passing::Nothing;
                Err(io::Error::new(io::ErrorKind::InvalidData, refusal))
            }
            Err(refusal) => {
                self.refuse(refusal);
                Ok(())
            }
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.exchange.refuse(refusal);
        self.exchange.begin_request();
        self.held = BytesMut::from(REFUSED_REQUEST);
        self.cleared = REFUSED_REQUEST.len();
        self.passing = Passing::Nothing;
    }

    /// Waits for the client, but not for ever.
    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let (waiting, limit) = self.expected(context);
        if waiting != self.waiting {
            self.read_deadline.clear();
            self.waiting = waiting;
        }
        let Some(limit) = limit else { return Poll::Pending };
        ready!(self.read_deadline.poll_after(limit, context));
        match waiting {
            Waiting::RestOfHead => self.refuse(Refusal::HeadTooSlow),
            Waiting::FirstByte | Waiting::NextRequest | Waiting::Else => {
                self.passing = Passing::End;
            }
        }
        Poll::Ready(())
    }

    fn expected(&self, context: &mut Context<'_>) -> (Waiting, Option<Duration>) {
        if self.framing.is_in_body() || self.exchange.poll_idle(context).is_pending() {
            (Waiting::Else, None)
        } else if !self.held.is_empty() {
            (Waiting::RestOfHead, Some(self.limits.head))
        } else if self.waiting == Waiting::FirstByte {
            (Waiting::FirstByte, Some(self.limits.first_byte))
        } else {
            (Waiting::NextRequest, Some(self.limits.idle))
        }
    }

    /// Reads on after our side was closed: closing with bytes unread would reset the connection, and
    /// the client might lose the answer that tells it why.
    fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut bytes = [0; READ_BYTES / 2];
        loop {
            let mut buffer = ReadBuf::new(&mut bytes);
            let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }

    fn poll_progress<T>(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if let Poll::Ready(result) = write(Pin::new(&mut self.stream), context) {
            self.write_deadline.clear();
            return Poll::Ready(result);
        }
        ready!(self.write_deadline.poll_after(self.limits.write_stall, context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes no answer")))
    }
}

impl<S: Socket> AsyncRead for StrictStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if this.cleared == 0 && this.passing == Passing::Requests {
                this.judge()?;
            }
            if this.cleared > 0 {
                this.read_deadline.clear();
                let length = this.cleared.min(buffer.remaining());
                this.held.split_to(length).copy_to_slice(buffer.initialize_unfilled_to(length));
                buffer.advance(length);
                this.cleared -= length;
                return Poll::Ready(Ok(()));
            }
            match this.passing {
                Passing::Requests => {}
                Passing::Nothing => return Poll::Pending,
                Passing::End => return Poll::Ready(Ok(())),
            }
            this.held.reserve(READ_BYTES);
            match poll_read_buf(Pin::new(&mut this.stream), context, &mut this.held) {
                Poll::Ready(Ok(0)) => this.passing = Passing::End,
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => ready!(this.poll_patience(context)),
            }
        }
    }
}

impl<S: Socket> AsyncWrite for StrictStream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().poll_progress(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut()
            .poll_progress(context, |stream, context| stream.poll_write_vectored(context, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_progress(context, |stream, context| stream.poll_flush(context)))?;
        // hyper flushes only once it has written all that it holds.
        this.exchange.note_flush();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.close_deadline.poll_after(this.limits.linger, context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
        if this.passing == Passing::Nothing || this.framing.is_in_body() {
            ready!(this.poll_discard(context));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: Socket> Drop for StrictStream<S> {
    fn drop(&mut self) {
        if self.exchange.is_reset() {
            self.stream.reset_on_close();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::timeout;

    use super::*;

    impl Socket for DuplexStream {
        fn reset_on_close(&self) {}
    }

    /// A client, and a stream that has just passed its one request on.
    async fn asked() -> (DuplexStream, StrictStream<DuplexStream>) {
        let (mut client, stream) = duplex(1024);
        let mut stream = StrictStream::new(stream, Arc::default(), Arc::default());
        let request = b"GET / HTTP/1.1\r\n\r\n";
        client.write_all(request).await.unwrap();
        let mut passed = [0; 100];
        assert_eq!(stream.read(&mut passed).await.unwrap(), request.len());
        (client, stream)
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_still_being_written_is_not_idleness() {
        let (_client, mut stream) = asked().await;
        stream.exchange.end_request();
        let an_hour = Duration::from_secs(3600);
        let mut byte = [0];
        assert!(timeout(an_hour, stream.read(&mut byte)).await.is_err());

        stream.flush().await.unwrap();
        let idle = Limits::default().idle + Duration::from_millis(1);
        assert_eq!(timeout(idle, stream.read(&mut byte)).await.unwrap().unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn each_byte_that_the_client_takes_gains_it_time() {
        let (mut client, mut stream) = asked().await;
        let stall = Limits::default().write_stall;
        let taking = async {
            for _ in 0..5 {
                tokio::time::sleep(stall - Duration::from_secs(1)).await;
                client.read_exact(&mut [0; 100]).await.unwrap();
            }
        };
        let (written, ()) = tokio::join!(stream.write_all(&[b'x'; 1524]), taking);
        written.unwrap();
        let error = timeout(stall * 2, stream.write_all(b"x")).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
