//! Finds the end of a request body with chunked transfer encoding. It parses each byte exactly as the server library
//! does: to find the next request, both must agree on every byte.
//!
//! The library requires CR LF at the end of each chunk's size line. In the trailer, it treats everything up to the next
//! CR as one line, including a bare LF, and only CR LF at the start of a line ends the body.

/// The parser's state: what the next byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkedBody {
    /// The first digit of a chunk's size.
    Size,
    /// Another digit of the size, or what follows it. The value is the size so far.
    Digits(u64),
    /// Blanks after the size.
    Blanks(u64),
    Extension(u64),
    /// The LF of the size line.
    SizeLf(u64),
    /// A byte of the chunk's data; the value is how many are left, at least 1.
    Data(u64),
    DataCr,
    DataLf,
    /// The first byte of a line in the trailer.
    Line,
    Trailer,
    TrailerLf,
    LastLf,
    /// The body has ended.
    End,
}

impl ChunkedBody {
    /// The state after this byte. None: the library refuses the byte.
    #[allow(clippy::match_same_arms, reason = "in the order of the bytes")]
    pub fn after(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Size, _) => digit(byte).map(Self::Digits),
            (Self::Digits(size) | Self::Blanks(size), b'\t' | b' ') => Some(Self::Blanks(size)),
            (Self::Digits(size) | Self::Blanks(size), b';') => Some(Self::Extension(size)),
            (Self::Digits(size) | Self::Blanks(size) | Self::Extension(size), b'\r') => {
                Some(Self::SizeLf(size))
            }
            (Self::Digits(size), _) => {
                let larger = size.checked_mul(16)?.checked_add(digit(byte)?)?;
                Some(Self::Digits(larger))
            }
            (Self::Extension(size), b'\t' | b' '..=b'~' | 0x80..) => Some(Self::Extension(size)),
            (Self::SizeLf(0), b'\n') => Some(Self::Line),
            (Self::SizeLf(size), b'\n') => Some(Self::Data(size)),
            (Self::Data(left), _) => Some(match left.saturating_sub(1) {
                0 => Self::DataCr,
                left => Self::Data(left),
            }),
            (Self::DataCr, b'\r') => Some(Self::DataLf),
            (Self::DataLf, b'\n') => Some(Self::Size),
            (Self::Line, b'\r') => Some(Self::LastLf),
            (Self::Trailer, b'\r') => Some(Self::TrailerLf),
            (Self::Line | Self::Trailer, _) => Some(Self::Trailer),
            (Self::TrailerLf, b'\n') => Some(Self::Line),
            (Self::LastLf, b'\n') => Some(Self::End),
            (
                Self::Blanks(_)
                | Self::Extension(_)
                | Self::SizeLf(_)
                | Self::DataCr
                | Self::DataLf
                | Self::TrailerLf
                | Self::LastLf
                | Self::End,
                _,
            ) => None,
        }
    }
}

fn digit(byte: u8) -> Option<u64> {
    char::from(byte).to_digit(16).map(u64::from)
}
