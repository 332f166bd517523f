//! The columns of Iaso's tables that a file of this folder uses, with the required right.

/// Columns of one of Iaso's tables, and the right that the bridge needs on them.
pub struct RequiredColumns {
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
    /// PostgreSQL's name of the right.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Read => "SELECT",
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
        }
    }
}
