//! A connection without protocol upgrades: removes offers to upgrade from requests before the server library reads
//! them.
//!
//! The library closes the connection after the response to `Connection: Upgrade` without announcing it, and treats what
//! follows `Upgrade: websocket` as a body without end. Java's HTTP client offers `h2c` in every request, and would lose
//! its next requests on that connection. A server may ignore an offer (RFC 9110, section 7.8), but the library has no
//! option for it.
//!
//! The bytes of an offer are overwritten with spaces, so no position changes. The start of the next request is found as
//! the library finds it, by the length of the body before. If a request cannot be parsed, everything from there on is
//! passed on unchanged, and the library refuses it.

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::web::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::io::poll_read_buf;

use super::chunked_body::ChunkedBody;

/// Limits of the library, for the size of the headers and their number.
const LONGEST_HEAD: usize = 128 * 1024;
const MOST_HEADERS: usize = 96;
/// Bytes per read.
const STEP: usize = 8 * 1024;

pub struct StripUpgrade<S> {
    inner: S,
    /// Bytes that were read but not passed on yet.
    held: BytesMut,
    /// How many of them can be passed on.
    ready: usize,
    next: Next,
    ended: bool,
}

/// What the next bytes belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Request line and headers; the end is not in the first `searched` bytes.
    Head { searched: usize },
    /// A body with this many bytes left.
    Body(u64),
    /// A body with chunked encoding.
    Chunks(ChunkedBody),
    /// Input that cannot be parsed: passed on unchanged.
    Anything,
}

impl<S> StripUpgrade<S> {
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            held: BytesMut::new(),
            ready: 0,
            next: Next::Head { searched: 0 },
            ended: false,
        }
    }

    /// Parses as far as the bytes allow.
    fn follow(&mut self) {
        while let Some((length, next)) = self.step() {
            self.ready += length;
            self.next = next;
        }
        if self.ended {
            self.ready = self.held.len();
        }
    }

    /// How many more bytes can be passed on, and what follows them. None: more bytes are needed.
    fn step(&mut self) -> Option<(usize, Next)> {
        let rest = self.held.get_mut(self.ready..).unwrap_or_default();
        if rest.is_empty() {
            return None;
        }
        match self.next {
            Next::Head { searched } => head(rest, searched),
            Next::Body(length) => Some(part(rest, length, Next::Body, Next::Head { searched: 0 })),
            Next::Chunks(at) => chunks(rest, at),
            Next::Anything => Some((rest.len(), Next::Anything)),
        }
    }
}

/// A part of known length: passes on what is there.
fn part(rest: &[u8], length: u64, more: fn(u64) -> Next, then: Next) -> (usize, Next) {
    let there = rest.len() as u64;
    match length.checked_sub(there).filter(|left| *left > 0) {
        Some(left) => (rest.len(), more(left)),
        None => (usize::try_from(length).unwrap_or(rest.len()), then),
    }
}

fn chunks(rest: &[u8], at: ChunkedBody) -> Option<(usize, Next)> {
    if let ChunkedBody::Data(length) = at {
        let more = |left| Next::Chunks(ChunkedBody::Data(left));
        return Some(part(rest, length, more, Next::Chunks(ChunkedBody::DataCr)));
    }
    let next = match at.after(*rest.first()?) {
        Some(ChunkedBody::End) => Next::Head { searched: 0 },
        Some(at) => Next::Chunks(at),
        None => Next::Anything,
    };
    Some((1, next))
}

fn head(rest: &mut [u8], searched: usize) -> Option<(usize, Next)> {
    // Empty lines are allowed before a request.
    let empty = rest
        .iter()
        .take_while(|byte| matches!(**byte, b'\r' | b'\n'));
    let empty = empty.count();
    if empty > 0 {
        return Some((empty, Next::Head { searched: 0 }));
    }
    match end_of_head(rest, searched) {
        Some(end) => {
            let head = rest.get_mut(..end).unwrap_or_default();
            Some((end, without_offer(head).unwrap_or(Next::Anything)))
        }
        None if rest.len() > LONGEST_HEAD => Some((0, Next::Anything)),
        None if searched == rest.len() => None,
        None => Some((
            0,
            Next::Head {
                searched: rest.len(),
            },
        )),
    }
}

/// The end of the first empty line, which can start in the bytes that were already searched.
fn end_of_head(rest: &[u8], searched: usize) -> Option<usize> {
    let from = searched.saturating_sub(3);
    let fresh = rest.get(from..).unwrap_or_default();
    let mut breaks = (0..fresh.len()).filter(|at| fresh.get(*at) == Some(&b'\n'));
    breaks.find_map(|at| match fresh.get(at + 1..).unwrap_or_default() {
        [b'\n', ..] => Some(from + at + 2),
        [b'\r', b'\n', ..] => Some(from + at + 3),
        [] | [_, ..] => None,
    })
}

/// Overwrites the offer in the headers. Returns what follows them, or None if that is unknown.
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

/// The parts of a header that offer an upgrade.
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

/// What follows the headers: a body of known length or encoding, or the next request.
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
        (None, None) => Some(Next::Head { searched: 0 }),
        (Some(length), None) if length.iter().all(u8::is_ascii_digit) => {
            let length = std::str::from_utf8(length).ok()?.parse().ok()?;
            Some(if length == 0 {
                Next::Head { searched: 0 }
            } else {
                Next::Body(length)
            })
        }
        (None, Some(encoding)) if encoding.eq_ignore_ascii_case(b"chunked") => {
            Some(Next::Chunks(ChunkedBody::Size))
        }
        (Some(_) | None, Some(_)) | (Some(_), None) => None,
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for StripUpgrade<S> {
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
            // An idle connection keeps no buffer.
            this.held = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for StripUpgrade<S> {
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
