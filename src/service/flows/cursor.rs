//! Cursors of lists: the position of a page's last row, with a keyed hash. A cursor is valid for its own list, account and filters
//! only, and one that was changed or made up is refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::domain::message::say;
use crate::service::Error;
use crate::service::seal::{LENGTH, Seal};

const PURPOSE: &str = "flow-cursor";

/// What a cursor is valid for.
pub struct List<'a> {
    pub seal: &'a Seal,
    /// The list, its account and its filters.
    pub of: String,
}

impl List<'_> {
    pub fn write(&self, place: &Value) -> String {
        let place = place.to_string();
        let sealed = self.seal.of(PURPOSE, &[&self.of, &place]);
        URL_SAFE_NO_PAD.encode(sealed + &place)
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
        let found = self.value(cursor).and_then(|value| place(&value));
        let wrong = || Error::field("cursor", say("query-cursor-filters"));
        found.map(Some).ok_or_else(wrong)
    }

    fn value(&self, cursor: &str) -> Option<Value> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (own, place) = text.split_at_checked(LENGTH)?;
        let is_own = self.seal.is(own, PURPOSE, &[&self.of, place]);
        serde_json::from_str(place).ok().filter(|_| is_own)
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
