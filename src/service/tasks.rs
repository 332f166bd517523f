//! What became of launches, for whoever asks.

use std::collections::HashMap;

use super::stop::is_refused;
use super::{Bridge, Error, cursor};
use crate::domain::event::Event;
use crate::domain::ids::{AccountId, ConnectionId, TaskId};
use crate::domain::sentence::say;
use crate::domain::task::Task;
use crate::store::{self, Db, Mark, Place};
pub use crate::store::{EventsPart, Order, TaskFilter};

/// A task with the page of its run in OpenHEXA.
#[derive(Clone, Debug)]
pub struct Seen {
    pub task: Task,
    pub run_url: Option<String>,
}

/// One page of tasks, by its number.
pub struct Listed {
    pub count: i64,
    pub tasks: Vec<Seen>,
}

/// One page of tasks, by where the one before ended.
pub struct Followed {
    pub tasks: Vec<Seen>,
    /// The cursor of the next page, should there be one.
    pub next: Option<String>,
}

/// What happened to a task: the newest events of a part, in order.
pub struct History {
    pub task: Task,
    pub events: Vec<Event>,
    /// What `before` is for the part before this one, where there is one.
    pub earlier: Option<i64>,
    /// Whether OpenHEXA does not let the bridge stop it.
    pub stop_refused: bool,
}

impl Bridge {
    pub async fn task(&self, account: AccountId, id: TaskId) -> Result<Task, Error> {
        self.store()
            .read(move |db| store::get(db, account, id)?.ok_or_else(Error::no_task))
            .await
    }

    pub async fn see_task(&self, account: AccountId, id: TaskId) -> Result<Seen, Error> {
        self.store()
            .read(move |db| {
                let task = store::get(db, account, id)?.ok_or_else(Error::no_task)?;
                let places = places_of(store::places(db, &[task.connection])?);
                Ok(seen(task, &places))
            })
            .await
    }

    /// The same as a list or a stream shows it: without a large result.
    pub(super) async fn glance(&self, account: AccountId, id: TaskId) -> Result<Seen, Error> {
        self.store()
            .read(move |db| {
                let task = store::get_listed(db, account, id)?.ok_or_else(Error::no_task)?;
                let places = places_of(store::places(db, &[task.connection])?);
                Ok(seen(task, &places))
            })
            .await
    }

    /// A page from 1.
    pub async fn list_tasks(&self, filter: TaskFilter, page: i64) -> Result<Listed, Error> {
        self.store()
            .read(move |db| {
                let page = store::list(db, &filter, page)?;
                Ok(Listed {
                    count: page.count,
                    tasks: with_places(db, page.tasks)?,
                })
            })
            .await
    }

    /// The page behind a cursor; behind an empty one, the first. Nothing is counted, and nothing skipped.
    pub async fn follow_tasks(&self, filter: TaskFilter, cursor: &str) -> Result<Followed, Error> {
        let mark = if cursor.is_empty() {
            None
        } else {
            let mark = cursor::read(&self.parts.seal, &filter, cursor);
            Some(mark.ok_or_else(|| Error::field("cursor", say("query-cursor")))?)
        };
        let seal = self.parts.seal.clone();
        self.store()
            .read(move |db| {
                // One more than asked for tells whether there is a next page.
                let one_more = TaskFilter {
                    limit: filter.limit.saturating_add(1),
                    ..filter.clone()
                };
                let mut tasks = store::after(db, &one_more, mark.as_ref())?;
                let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
                let more = tasks.len() > limit;
                tasks.truncate(limit);
                let last = tasks.last().filter(|_| more);
                let next =
                    last.map(|task| cursor::write(&seal, &filter, &Mark::of(task, filter.order)));
                Ok(Followed {
                    tasks: with_places(db, tasks)?,
                    next,
                })
            })
            .await
    }

    /// The task, without its result, and the newest part of what happened to it.
    pub async fn history(
        &self,
        account: AccountId,
        id: TaskId,
        part: EventsPart,
    ) -> Result<History, Error> {
        self.store()
            .read(move |db| {
                let task = store::get_brief(db, account, id)?.ok_or_else(Error::no_task)?;
                let page = store::events_page(db, account, id, &part)?;
                let stop_refused = is_refused(db, &task)?;
                Ok(History {
                    task,
                    events: page.events,
                    earlier: page.earlier,
                    stop_refused,
                })
            })
            .await
    }
}

/// Tasks with the pages of their runs, in the same order.
pub(super) fn with_places(db: &mut Db<'_>, tasks: Vec<Task>) -> Result<Vec<Seen>, Error> {
    let mut ids: Vec<_> = tasks.iter().map(|task| task.connection).collect();
    ids.sort_unstable();
    ids.dedup();
    let places = places_of(store::places(db, &ids)?);
    let seen = tasks.into_iter().map(|task| seen(task, &places));
    Ok(seen.collect())
}

fn places_of(places: Vec<Place>) -> HashMap<ConnectionId, Place> {
    places
        .into_iter()
        .map(|place| (place.connection, place))
        .collect()
}

fn seen(task: Task, places: &HashMap<ConnectionId, Place>) -> Seen {
    let place = places.get(&task.connection);
    let run_url = place.and_then(|place| run_url(&task, place));
    Seen { task, run_url }
}

/// The page of a run in OpenHEXA's own front end, which stands beside its API: `api.…` is shown at `app.…`.
fn run_url(task: &Task, place: &Place) -> Option<String> {
    let run = task.run.id?;
    let origin = place.url.split("/graphql").next().unwrap_or_default();
    let origin = origin.trim_end_matches('/').replacen("//api.", "//app.", 1);
    let (workspace, code) = (&place.workspace, &task.pipeline.code);
    Some(format!(
        "{origin}/workspaces/{workspace}/pipelines/{code}/runs/{run}/"
    ))
}
