//! Which tasks a list contains: the conditions of its queries.

use chrono::{DateTime, Utc};

use crate::domain::ids::{AccountId, PipelineId};
use crate::domain::launched_by::LaunchedBy;
use crate::domain::principal::Actor;
use crate::domain::task::Status;

/// A column to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortColumn {
    CreatedAt,
    UpdatedAt,
    StartedAt,
    EndedAt,
    Status,
    Name,
}

/// Which tasks, in which order, and at most how many.
#[derive(Clone, Debug)]
pub struct TaskFilter {
    pub account: AccountId,
    pub statuses: Vec<Status>,
    pub pipeline: Option<PipelineId>,
    pub launcher: Option<LaunchedBy>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub search: Option<String>,
    pub order: SortColumn,
    pub descending: bool,
    pub limit: i64,
}

impl TaskFilter {
    /// Whether one index finds the tasks. Otherwise a query also reads tasks that do not match.
    pub fn is_indexed(&self) -> bool {
        let conditions = [
            !self.statuses.is_empty(),
            self.pipeline.is_some(),
            self.launcher.is_some(),
        ];
        let count = conditions.into_iter().filter(|is_set| *is_set).count();
        let by_person = matches!(self.launcher, None | Some(LaunchedBy::Person(_)));
        self.search.is_none() && by_person && count < 2
    }
}

/// Applies a [`TaskFilter`] to the tables of a query.
macro_rules! filtered {
    ($tasks:expr, $filter:expr) => {{
        use diesel::prelude::*;
        use $crate::domain::launched_by::LaunchedBy;
        use $crate::store::schema::task;
        use $crate::store::task_filter::{TaskFilter, actor_pattern, contains, number_in};
        use $crate::store::types::{DbTime, DbUuid};
        let filter: &TaskFilter = $filter;
        let mut query = $tasks
            .filter(task::account_id.eq(filter.account.0))
            .into_boxed();
        if let [status] = filter.statuses.as_slice() {
            query = query.filter(task::status.eq(status.as_str()));
        } else if !filter.statuses.is_empty() {
            let words: Vec<&str> = filter
                .statuses
                .iter()
                .map(|status| status.as_str())
                .collect();
            query = query.filter(task::status.eq_any(words));
        }
        if let Some(pipeline) = filter.pipeline {
            query = query.filter(task::pipeline_id.eq(DbUuid(pipeline.0)));
        }
        query = match filter.launcher {
            None => query,
            Some(LaunchedBy::Person(id)) => query.filter(task::launcher_id.eq(id)),
            Some(other) => query
                .filter(task::launcher_id.is_null())
                .filter(task::launcher_name.like(actor_pattern(other)).escape('\\')),
        };
        if let Some(from) = filter.from {
            query = query.filter(task::created_at.ge(DbTime(from)));
        }
        if let Some(to) = filter.to {
            query = query.filter(task::created_at.le(DbTime(to)));
        }
        if let Some(search) = &filter.search {
            let found = task::search.like(contains(search)).escape('\\');
            query = match number_in(search) {
                Some(number) => query.filter(found.or(task::id.eq(number))),
                None => query.filter(found),
            };
        }
        query
    }};
}
pub(super) use filtered;

/// The pattern of the text that is stored for this actor. The name of a key comes last and can be any.
pub(super) fn actor_pattern(launcher: LaunchedBy) -> String {
    match launcher {
        LaunchedBy::Person(_) => String::new(),
        LaunchedBy::Key(id) => {
            let name = String::new();
            let stored = Actor::Key { id, name }.stored();
            escaped(stored.trim_end_matches("\"}")) + "%"
        }
        LaunchedBy::SettingsKey(role) => escaped(&Actor::SettingsKey(role).stored()),
        LaunchedBy::LocalUser => escaped(&Actor::LocalUser.stored()),
    }
}

pub(super) fn contains(text: &str) -> String {
    format!("%{}%", escaped(&text.to_lowercase()))
}

/// The task's number, if a user searches for one: `12`, `#12`, `Task 12`, `Tâche 12`.
pub(super) fn number_in(text: &str) -> Option<i64> {
    let text = text.trim().to_lowercase();
    let signs = ["task", "tâche", "#"];
    let number = signs.iter().find_map(|sign| text.strip_prefix(sign));
    let digits = number.unwrap_or(&text).trim();
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

/// For `LIKE` with the escape character `\`.
fn escaped(text: &str) -> String {
    let mut pattern = String::new();
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}
