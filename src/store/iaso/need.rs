//! Which columns of Iaso's tables a file uses, and with which right.

/// Columns of one table of Iaso's, and what is done with them.
pub struct Need {
    pub table: &'static str,
    pub right: Right,
    pub columns: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Right {
    Read,
    Insert,
    Update,
}

impl Right {
    /// As PostgreSQL names it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "SELECT",
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
        }
    }
}
