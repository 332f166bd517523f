//! Lists, page by page. A cursor is the position of a page's last row, with a keyed hash. It is valid for its own list, account
//! and filters only, and one that was changed or made up is refused.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::domain::message::say;
use crate::service::Error;
use crate::service::seal::Seal;

const PURPOSE: &str = "list-cursor";

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
    pub fn read(&self) -> i64 {
        i64::try_from(self.limit.saturating_add(1)).unwrap_or(i64::MAX)
    }

    /// The page from the rows that were read.
    pub fn page<T>(
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

/// What a cursor is valid for.
pub struct List<'a> {
    pub seal: &'a Seal,
    /// The list, its account and its filters.
    pub of: String,
}

impl List<'_> {
    pub fn write(&self, place: &Value) -> String {
        self.seal.sealed(PURPOSE, &self.of, &place.to_string())
    }

    /// The position in a cursor; none in an empty one, at the start of the list.
    pub fn read<T>(
        &self,
        cursor: &str,
        place: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        if cursor.is_empty() {
            return Ok(None);
        }
        let text = self.seal.open(PURPOSE, &self.of, cursor);
        let value = text.and_then(|text| serde_json::from_str(&text).ok());
        let found = value.and_then(|value: Value| place(&value));
        let wrong = || Error::field("cursor", say("query-cursor-filters"));
        found.map(Some).ok_or_else(wrong)
    }
}

/// The position of a row with a time and an id.
pub fn place(at: DateTime<Utc>, id: i64) -> Value {
    json!([at.timestamp_micros(), id])
}

pub fn time_and_id(place: &Value) -> Option<(DateTime<Utc>, i64)> {
    let at = DateTime::from_timestamp_micros(place[0].as_i64()?)?;
    Some((at, place[1].as_i64()?))
}
