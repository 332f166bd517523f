//! Cursors of the task list: the position of a page's last task in the order of the list, with a keyed hash. A cursor that
//! was changed or made up is refused.

use chrono::DateTime;
use serde_json::{Value, json};

use crate::domain::ids::{AccountId, TaskId};
use crate::service::seal::Seal;
use crate::store::{PagePosition, SortKey, TaskFilter};

const PURPOSE: &str = "cursor";

/// The cursor after this task.
pub fn write(seal: &Seal, filter: &TaskFilter, mark: &PagePosition) -> String {
    let (kind, key) = match &mark.key {
        SortKey::Time(at) => ("at", json!(at.timestamp_micros())),
        SortKey::Text(text) => ("text", json!(text)),
        SortKey::Unset => ("unset", Value::Null),
    };
    let place = json!([kind, key, mark.task.0]).to_string();
    seal.sealed(PURPOSE, &order(filter), &place)
}

/// None: the cursor is not from the bridge, or it is of another order or account.
pub fn read(seal: &Seal, filter: &TaskFilter, cursor: &str) -> Option<PagePosition> {
    let place = seal.open(PURPOSE, &order(filter), cursor)?;
    let place: Value = serde_json::from_str(&place).ok()?;
    let key = match (place[0].as_str()?, &place[1]) {
        ("at", at) => SortKey::Time(DateTime::from_timestamp_micros(at.as_i64()?)?),
        ("text", text) => SortKey::Text(text.as_str()?.to_owned()),
        ("unset", Value::Null) => SortKey::Unset,
        _ => return None,
    };
    let task = TaskId(place[2].as_i64()?);
    Some(PagePosition { key, task })
}

/// What a cursor is valid for.
fn order(filter: &TaskFilter) -> String {
    let AccountId(account) = filter.account;
    format!("{account} {:?} {}", filter.order, filter.descending)
}
