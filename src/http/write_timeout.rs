//! A connection that limits how long a client takes to read: a client that does not accept 64 KB within
//! `server.write_timeout` is disconnected, which frees the response.
//!
//! The limit applies to the connection, so it covers every response: small ones, many pipelined ones and streams. It
//! runs only while the operating system's buffer is full because the client has not read. An idle stream and an idle
//! connection are not limited here.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// Bytes that the client must accept within the time limit. Without a minimum, a client that reads single bytes could
/// keep a response forever.
const PROGRESS_BYTES: usize = 65_536;

pub struct WriteTimeout {
    socket: TcpStream,
    timeout: Duration,
    pending: Option<PendingWrite>,
}

/// A write that waits for the client.
struct PendingWrite {
    /// Bytes that the client must accept before the time limit starts again.
    left: usize,
    until: Pin<Box<Sleep>>,
}

impl WriteTimeout {
    pub fn new(socket: TcpStream, timeout: Duration) -> Self {
        Self {
            socket,
            timeout,
            pending: None,
        }
    }

    /// An error if the client has not read within the time limit.
    fn check_timeout(
        &mut self,
        written: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(many)) => self.record_written(many),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                ready!(self.wait(cx));
                return Poll::Ready(Err(self.disconnect()));
            }
        }
        written
    }

    fn record_written(&mut self, many: usize) {
        self.pending = self.pending.take().and_then(|pending| {
            let left = pending.left.checked_sub(many).filter(|left| *left > 0)?;
            Some(PendingWrite { left, ..pending })
        });
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let timeout = self.timeout;
        let pending = self.pending.get_or_insert_with(|| PendingWrite {
            left: PROGRESS_BYTES,
            until: Box::pin(sleep(timeout)),
        });
        pending.until.as_mut().poll(cx)
    }

    /// Also discards what the client has not read, and the client sees that its response was incomplete.
    fn disconnect(&self) -> io::Error {
        tracing::info!(
            "disconnected a client that did not read its response within server.write_timeout"
        );
        let _ = self.socket.set_zero_linger();
        io::ErrorKind::TimedOut.into()
    }
}

impl AsyncRead for WriteTimeout {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

impl AsyncWrite for WriteTimeout {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, buf);
        self.check_timeout(written, cx)
    }

    /// The server flushes after it has written its whole buffer.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pending = None;
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        self.check_timeout(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }
}
