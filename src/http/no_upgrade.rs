//! A connection whose client cannot switch protocols: offers to upgrade are removed from requests before the server reads
//! them.
//!
//! The server library closes the connection after the response to `Connection: Upgrade`, without saying so, and takes what
//! follows `Upgrade: websocket` for a body without end. Java's HTTP client offers `h2c` with every request and would lose
//! the requests that it sends on that connection. HTTP lets a server ignore an offer (RFC 9110, section 7.8), but the
//! library has no switch for it.
//!
//! The bytes of an offer are overwritten with spaces, so nothing moves. Where a request begins is found as the library
//! finds it, by the length of the one before; what cannot be followed is passed on unchanged from there on, for the library
//! to refuse.

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::web::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::io::poll_read_buf;

use super::chunked::Chunked;

/// The library refuses longer headers, and more of them.
const LONGEST_HEAD: usize = 128 * 1024;
const MOST_HEADERS: usize = 96;
/// Bytes read at once.
const STEP: usize = 8 * 1024;

pub struct NoUpgrade<S> {
    inner: S,
    /// What was read and not passed on yet.
    held: BytesMut,
    /// How much of it may be passed on.
    ready: usize,
    next: Next,
    ended: bool,
}

/// What comes next in the bytes read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Request line and headers; `seen` bytes of them do not hold their end.
    Head { seen: usize },
    /// A body of this length.
    Body(u64),
    /// A body in chunks.
    Chunks(Chunked),
    /// What cannot be followed.
    Anything,
}

impl<S> NoUpgrade<S> {
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            held: BytesMut::new(),
            ready: 0,
            next: Next::Head { seen: 0 },
            ended: false,
        }
    }

    /// Goes as far as the bytes read allow.
    fn follow(&mut self) {
        while let Some((length, next)) = self.step() {
            self.ready += length;
            self.next = next;
        }
        if self.ended {
            self.ready = self.held.len();
        }
    }

    /// How many more bytes may be passed on, and what comes behind them; none: more has to be read first.
    fn step(&mut self) -> Option<(usize, Next)> {
        let rest = self.held.get_mut(self.ready..).unwrap_or_default();
        if rest.is_empty() {
            return None;
        }
        match self.next {
            Next::Head { seen } => head(rest, seen),
            Next::Body(length) => Some(part(rest, length, Next::Body, Next::Head { seen: 0 })),
            Next::Chunks(at) => chunks(rest, at),
            Next::Anything => Some((rest.len(), Next::Anything)),
        }
    }
}

/// Of a part with a known length as much as is there.
fn part(rest: &[u8], length: u64, more: fn(u64) -> Next, then: Next) -> (usize, Next) {
    let there = rest.len() as u64;
    match length.checked_sub(there).filter(|left| *left > 0) {
        Some(left) => (rest.len(), more(left)),
        None => (usize::try_from(length).unwrap_or(rest.len()), then),
    }
}

fn chunks(rest: &[u8], at: Chunked) -> Option<(usize, Next)> {
    if let Chunked::Data(length) = at {
        let more = |left| Next::Chunks(Chunked::Data(left));
        return Some(part(rest, length, more, Next::Chunks(Chunked::DataCr)));
    }
    let next = match at.after(*rest.first()?) {
        Some(Chunked::End) => Next::Head { seen: 0 },
        Some(at) => Next::Chunks(at),
        None => Next::Anything,
    };
    Some((1, next))
}

fn head(rest: &mut [u8], seen: usize) -> Option<(usize, Next)> {
    // Empty lines before a request are allowed.
    let empty = rest
        .iter()
        .take_while(|byte| matches!(**byte, b'\r' | b'\n'));
    let empty = empty.count();
    if empty > 0 {
        return Some((empty, Next::Head { seen: 0 }));
    }
    match end_of_head(rest, seen) {
        Some(end) => {
            let head = rest.get_mut(..end).unwrap_or_default();
            Some((end, without_offer(head).unwrap_or(Next::Anything)))
        }
        None if rest.len() > LONGEST_HEAD => Some((0, Next::Anything)),
        None if seen == rest.len() => None,
        None => Some((0, Next::Head { seen: rest.len() })),
    }
}

/// The end of the first empty line; its beginning may be among the bytes seen before.
fn end_of_head(rest: &[u8], seen: usize) -> Option<usize> {
    let from = seen.saturating_sub(3);
    let fresh = rest.get(from..).unwrap_or_default();
    let mut breaks = (0..fresh.len()).filter(|at| fresh.get(*at) == Some(&b'\n'));
    breaks.find_map(|at| match fresh.get(at + 1..).unwrap_or_default() {
        [b'\n', ..] => Some(from + at + 2),
        [b'\r', b'\n', ..] => Some(from + at + 3),
        [] | [_, ..] => None,
    })
}

/// Overwrites the offer in a request's head; what comes behind it, where that can be told.
fn without_offer(head: &mut [u8]) -> Option<Next> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    if !request.parse(head).ok()?.is_complete() {
        return None;
    }
    let next = body(&request);
    let begin = head.as_ptr() as usize;
    let place = |value: &[u8]| {
        let from = value.as_ptr() as usize - begin;
        from..from + value.len()
    };
    let offers: Vec<Range<usize>> = request.headers.iter().flat_map(offer).map(place).collect();
    for offer in offers {
        head.get_mut(offer)?.fill(b' ');
    }
    next
}

/// What a header says of another protocol.
fn offer<'a>(header: &httparse::Header<'a>) -> Vec<&'a [u8]> {
    if header.name.eq_ignore_ascii_case("upgrade") {
        return vec![header.value];
    }
    if !header.name.eq_ignore_ascii_case("connection") {
        return Vec::new();
    }
    let options = header.value.split(|byte| *byte == b',');
    let options = options.map(<[u8]>::trim_ascii);
    options
        .filter(|option| option.eq_ignore_ascii_case(b"upgrade"))
        .collect()
}

/// What follows the head: a body whose length it tells, or the next request.
fn body(request: &httparse::Request<'_, '_>) -> Option<Next> {
    let values = |name: &'static str| {
        let own = request.headers.iter();
        own.filter(move |header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value.trim_ascii())
    };
    let (mut lengths, mut encodings) = (values("content-length"), values("transfer-encoding"));
    let (length, encoding) = (lengths.next(), encodings.next());
    if lengths.next().is_some() || encodings.next().is_some() {
        return None;
    }
    match (length, encoding) {
        (None, None) if request.method == Some("CONNECT") => None,
        (None, None) => Some(Next::Head { seen: 0 }),
        (Some(length), None) if length.iter().all(u8::is_ascii_digit) => {
            let length = std::str::from_utf8(length).ok()?.parse().ok()?;
            Some(if length == 0 {
                Next::Head { seen: 0 }
            } else {
                Next::Body(length)
            })
        }
        (None, Some(encoding)) if encoding.eq_ignore_ascii_case(b"chunked") => {
            Some(Next::Chunks(Chunked::Size))
        }
        (Some(_) | None, Some(_)) | (Some(_), None) => None,
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for NoUpgrade<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.ready == 0 && !this.ended {
            this.held.reserve(STEP);
            let many = ready!(poll_read_buf(Pin::new(&mut this.inner), cx, &mut this.held))?;
            this.ended = many == 0;
            this.follow();
        }
        let many = this.ready.min(buf.remaining());
        buf.put_slice(&this.held.split_to(many));
        this.ready -= many;
        if this.held.is_empty() {
            // A connection that waits for its next request keeps no memory for it.
            this.held = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for NoUpgrade<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}
