//! The list of tasks for a page: one part of it, how many tasks match, and what they can be filtered by. Each of these costs
//! the same in a long list: see [`MAX_COUNTED`] and [`MAX_SEARCHED`].

use chrono::{DateTime, Utc};

use super::lists::page_after;
use super::{CursorPage, TaskFilter, Tasks};
use crate::domain::ids::{AccountId, PipelineId};
use crate::domain::principal::{Actor, Person};
use crate::service::Error;
pub use crate::store::TaskCount;
use crate::store::{self, Db};

/// Up to this many matching tasks are counted.
pub const MAX_COUNTED: i64 = 10_000;
/// If no index finds the tasks, for example for a text, this many tasks are searched: the newest of the chosen dates.
pub const MAX_SEARCHED: i64 = 50_000;

/// A page of the tasks that match a filter.
pub struct FoundTasks {
    pub page: CursorPage,
    pub count: TaskCount,
    /// Whether the chosen dates contain older tasks that were not searched.
    pub is_cut: bool,
    pub choices: FilterChoices,
}

/// What the tasks of an account can be filtered by.
#[derive(Default)]
pub struct FilterChoices {
    /// Sorted by name, like the users.
    pub pipelines: Vec<(PipelineId, String)>,
    pub persons: Vec<Person>,
    /// API keys and the local user.
    pub actors: Vec<Actor>,
}

impl Tasks {
    /// The page after a cursor; an empty cursor gives the first page. All queries see the same state of the database.
    pub async fn find(&self, filter: TaskFilter, cursor: &str) -> Result<FoundTasks, Error> {
        let position = self.position(&filter, cursor)?;
        let seal = self.seal.clone();
        self.store
            .snapshot(move |db| {
                let choices = choices(db, filter.account)?;
                let (filter, is_cut) = limited(db, filter)?;
                Ok(FoundTasks {
                    page: page_after(db, &seal, &filter, position.as_ref())?,
                    count: store::count_up_to(db, &filter, MAX_COUNTED)?,
                    is_cut,
                    choices,
                })
            })
            .await
    }

    /// What the tasks can be filtered by, for a page without tasks.
    pub async fn choices(&self, account: AccountId) -> Result<FilterChoices, Error> {
        self.store.read(move |db| choices(db, account)).await
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}

/// The filter without tasks that are too old to be searched, and whether there are such tasks.
fn limited(db: &mut Db<'_>, filter: TaskFilter) -> Result<(TaskFilter, bool), Error> {
    if filter.is_indexed() {
        return Ok((filter, false));
    }
    let since = store::examined_since(db, &filter, MAX_SEARCHED)?;
    let is_cut = since.is_some();
    let from = since.or(filter.from);
    Ok((TaskFilter { from, ..filter }, is_cut))
}

fn choices(db: &mut Db<'_>, account: AccountId) -> Result<FilterChoices, Error> {
    let mut pipelines = store::pipelines_of_tasks(db, account)?;
    pipelines.sort_by_cached_key(|(id, name)| (name.to_lowercase(), *id));
    let mut persons = store::launchers_of_tasks(db, account)?;
    persons.sort_by_cached_key(|person| (person.full_name.to_lowercase(), person.id));
    Ok(FilterChoices {
        pipelines,
        persons,
        actors: store::actors_of_tasks(db, account)?,
    })
}
