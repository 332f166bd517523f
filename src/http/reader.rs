//! A connection whose client has to read: a client that does not take 64 KB of what is written to it within
//! `server.write_timeout` is disconnected, which frees the response.
//!
//! The time limit stands at the connection, so it covers every response: small ones, many pipelined ones and streams. It
//! runs only while the system takes no more bytes because the client has not read the ones before. A stream that has
//! nothing to tell, and a connection that waits for its next request, are not limited here.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// Bytes that a client has to take within the time limit; without it, a byte now and then would keep a response.
const PART: usize = 65_536;

/// The connection.
pub struct MustRead {
    socket: TcpStream,
    timeout: Duration,
    waiting: Option<Waiting>,
}

/// Bytes wait for the client.
struct Waiting {
    /// How many the client still has to take before the time limit begins anew.
    left: usize,
    until: Pin<Box<Sleep>>,
}

impl MustRead {
    pub fn new(socket: TcpStream, timeout: Duration) -> Self {
        Self {
            socket,
            timeout,
            waiting: None,
        }
    }

    /// An error once the client has not read for too long.
    fn judge(
        &mut self,
        written: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(many)) => self.taken(many),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                ready!(self.wait(cx));
                return Poll::Ready(Err(self.disconnect()));
            }
        }
        written
    }

    fn taken(&mut self, many: usize) {
        self.waiting = self.waiting.take().and_then(|waiting| {
            let left = waiting.left.checked_sub(many).filter(|left| *left > 0)?;
            Some(Waiting { left, ..waiting })
        });
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let timeout = self.timeout;
        let waiting = self.waiting.get_or_insert_with(|| Waiting {
            left: PART,
            until: Box::pin(sleep(timeout)),
        });
        waiting.until.as_mut().poll(cx)
    }

    /// The system drops what the client has not read, too; and the client notices that its response was cut off.
    fn disconnect(&self) -> io::Error {
        tracing::info!(
            "disconnected a client that did not read its response within server.write_timeout"
        );
        let _ = self.socket.set_zero_linger();
        io::ErrorKind::TimedOut.into()
    }
}

impl AsyncRead for MustRead {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

impl AsyncWrite for MustRead {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, buf);
        self.judge(written, cx)
    }

    /// The server flushes once all bytes of its own buffer are written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.waiting = None;
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
        self.judge(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }
}
