//! A table to copy, as both databases describe it.

/// Rows per batch. A row can contain a result of 1 MB, so a batch must be small to bound the memory.
pub const BATCH: i64 = 50;

/// A table with its columns, in the same order for both databases.
pub struct Table {
    pub name: &'static str,
    pub columns: Vec<Column>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// PostgreSQL's type. Empty: both databases are SQLite files.
    pub kind: String,
}

/// A number that a sequence or the change counter continues from.
pub struct Sequence {
    pub table: String,
    pub last: i64,
}
