//! A body in chunks, followed byte by byte as the server library follows it: to know where the next request begins, both
//! must agree on every byte.
//!
//! The library wants each chunk's size line to end with CR LF. In the trailer it takes everything up to the next CR for one
//! line, bare LF included, and only CR LF at the beginning of a line ends the body.

/// Where in the body the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunked {
    /// The first digit of a chunk's size.
    Size,
    /// Its other digits, or what follows them.
    Digits(u64),
    /// The blanks behind them.
    Blanks(u64),
    Extension(u64),
    /// The LF of the size line.
    SizeLf(u64),
    /// So many bytes of the chunk are to come, at least one.
    Data(u64),
    DataCr,
    DataLf,
    /// The beginning of a line of the trailer.
    Line,
    Trailer,
    TrailerLf,
    LastLf,
    /// Behind the body.
    End,
}

impl Chunked {
    /// Where the byte behind this one stands; none: the library refuses this byte.
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
