//! Pages of lists.

use super::cursor::List;

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub rows: Vec<T>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

/// How many rows, after which position. An empty cursor is the start of the list.
#[derive(Clone, Debug)]
pub struct PageQuery {
    pub cursor: String,
    pub limit: usize,
}

impl PageQuery {
    /// One more than requested, to know whether there is a next page.
    pub(super) fn read(&self) -> i64 {
        i64::try_from(self.limit.saturating_add(1)).unwrap_or(i64::MAX)
    }

    pub(super) fn page<T>(
        &self,
        list: &List<'_>,
        mut rows: Vec<T>,
        place: impl Fn(&T) -> serde_json::Value,
    ) -> Page<T> {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let last = rows.last().filter(|_| more);
        let next = last.map(|row| list.write(&place(row)));
        Page { rows, next }
    }
}
