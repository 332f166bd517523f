//! Single tasks, lists of tasks, and the history of a task.

use std::collections::HashMap;

use super::{Tasks, cursor};
use crate::domain::connection::Connection;
use crate::domain::event::{Event, EventKind};
use crate::domain::ids::{AccountId, ConnectionId, TaskId};
use crate::domain::message::say;
use crate::domain::task::Task;
use crate::service::{Error, Seal};
use crate::store::{self, ConnectionAddress, Db, EventsPage, PagePosition};
pub use crate::store::{EventSelection, EventsQuery, SortColumn, TaskFilter};

/// A task with the URL of its run in OpenHEXA.
#[derive(Clone, Debug)]
pub struct TaskView {
    pub task: Task,
    pub run_url: Option<String>,
}

/// A page of tasks that was requested by number.
pub struct NumberedPage {
    pub count: i64,
    pub tasks: Vec<TaskView>,
}

/// A page of tasks that was requested by cursor.
pub struct CursorPage {
    pub tasks: Vec<TaskView>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

/// The newest events of a part of a task's history, in order.
pub struct TaskHistory {
    pub task: Task,
    pub events: Vec<Event>,
    /// The value of `before` for the earlier part, if there is one.
    pub earlier: Option<i64>,
}

/// The newest events of a task for its page. Reports of progress are apart, so that they do not displace the others; reports
/// with a result and the first report of RUNNING are among the others.
pub struct PageHistory {
    pub events: Vec<Event>,
    pub progress: Vec<Event>,
    /// Whether there are earlier reports of progress.
    pub is_progress_cut: bool,
    /// The newest events whose messages can contain the searched text. None without a search.
    pub found: Option<Vec<Event>>,
    /// The codes of the parameters whose values were the account's defaults.
    pub account_defaults: Vec<String>,
    /// Whether OpenHEXA denied the last stop request.
    pub stop_denied: bool,
}

impl Tasks {
    pub async fn get(&self, account: AccountId, id: TaskId) -> Result<Task, Error> {
        self.store
            .read(move |db| store::get_task(db, account, id)?.ok_or_else(Error::no_task))
            .await
    }

    /// The task as it is now, or this older state of it if the database is unavailable.
    pub async fn latest(&self, task: Task) -> Task {
        self.get(task.account, task.id).await.unwrap_or(task)
    }

    pub async fn view(&self, account: AccountId, id: TaskId) -> Result<TaskView, Error> {
        self.read_view(account, id, store::get_task).await
    }

    /// As lists and streams show it: without a large result.
    pub async fn view_listed(&self, account: AccountId, id: TaskId) -> Result<TaskView, Error> {
        self.read_view(account, id, store::get_task_for_list).await
    }

    async fn read_view(
        &self,
        account: AccountId,
        id: TaskId,
        get: fn(&mut Db<'_>, AccountId, TaskId) -> Result<Option<Task>, store::Error>,
    ) -> Result<TaskView, Error> {
        self.store
            .read(move |db| {
                let task = get(db, account, id)?.ok_or_else(Error::no_task)?;
                let places = places_of(store::connection_addresses(db, &[task.connection])?);
                Ok(view(task, &places))
            })
            .await
    }

    /// A task of any account, without its result, and the connection of its run.
    pub async fn with_connection(&self, id: TaskId) -> Result<(Task, Connection), Error> {
        let cipher = self.store.cipher.clone();
        self.store
            .read(move |db| {
                let task =
                    store::unscoped_task_without_result(db, id)?.ok_or_else(Error::no_task)?;
                let connection = store::connection(db, &cipher, task.connection)?;
                Ok((task, connection))
            })
            .await
    }

    /// Pages are numbered from 1.
    pub async fn list(&self, filter: TaskFilter, page: i64) -> Result<NumberedPage, Error> {
        self.store
            .read(move |db| {
                let page = store::task_page(db, &filter, page)?;
                Ok(NumberedPage {
                    count: page.count,
                    tasks: with_run_urls(db, page.tasks)?,
                })
            })
            .await
    }

    /// The page after a cursor; an empty cursor gives the first page.
    pub async fn list_after(&self, filter: TaskFilter, cursor: &str) -> Result<CursorPage, Error> {
        let position = self.position(&filter, cursor)?;
        let seal = self.seal.clone();
        self.store
            .read(move |db| page_after(db, &seal, &filter, position.as_ref()))
            .await
    }

    /// The position in a cursor; none at the start of the list.
    pub(super) fn position(
        &self,
        filter: &TaskFilter,
        cursor: &str,
    ) -> Result<Option<PagePosition>, Error> {
        if cursor.is_empty() {
            return Ok(None);
        }
        let position = cursor::read(&self.seal, filter, cursor);
        let position = position.ok_or_else(|| Error::field("cursor", say("query-cursor")))?;
        Ok(Some(position))
    }

    /// The task without its result, and the newest events of a part.
    pub async fn history(
        &self,
        account: AccountId,
        id: TaskId,
        part: EventsQuery,
    ) -> Result<TaskHistory, Error> {
        self.store
            .read(move |db| {
                let task =
                    store::get_task_without_result(db, account, id)?.ok_or_else(Error::no_task)?;
                let page = store::events_page(db, account, id, &part)?;
                Ok(TaskHistory {
                    task,
                    events: page.events,
                    earlier: page.earlier,
                })
            })
            .await
    }
}

pub(super) fn page_after(
    db: &mut Db<'_>,
    seal: &Seal,
    filter: &TaskFilter,
    position: Option<&PagePosition>,
) -> Result<CursorPage, Error> {
    // One more than requested, to know whether there is a next page.
    let one_more = TaskFilter {
        limit: filter.limit.saturating_add(1),
        ..filter.clone()
    };
    let mut tasks = store::tasks_after(db, &one_more, position)?;
    let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let more = tasks.len() > limit;
    tasks.truncate(limit);
    let last = tasks.last().filter(|_| more);
    let next = last.map(|task| cursor::write(seal, filter, &PagePosition::of(task, filter.order)));
    Ok(CursorPage {
        tasks: with_run_urls(db, tasks)?,
        next,
    })
}

impl Tasks {
    /// At most `limit` events and `limit` reports of progress, and the same numbers of those that contain the text to find.
    pub async fn page_history(
        &self,
        account: AccountId,
        id: TaskId,
        limit: usize,
        find: Option<String>,
    ) -> Result<PageHistory, Error> {
        self.store
            .read(move |db| {
                let task =
                    store::get_task_without_result(db, account, id)?.ok_or_else(Error::no_task)?;
                let kind = EventKind::ReportedRunning;
                let first_running = store::first_event_id(db, account, id, kind)?;
                let mut newest = |find| newest_events(db, &task, limit, first_running, find);
                let events = newest(None)?;
                let found = find.map(|text| newest(Some(text))).transpose()?;
                Ok(PageHistory {
                    events: events.others,
                    is_progress_cut: events.progress.earlier.is_some(),
                    progress: events.progress.events,
                    found: found.map(|found| [found.others, found.progress.events].concat()),
                    account_defaults: account_defaults(db, account, id)?,
                    stop_denied: is_stop_denied(db, &task)?,
                })
            })
            .await
    }

    /// The codes of the parameters whose values were the account's defaults.
    pub async fn account_defaults(
        &self,
        account: AccountId,
        id: TaskId,
    ) -> Result<Vec<String>, Error> {
        self.store
            .read(move |db| account_defaults(db, account, id))
            .await
    }

    /// The newest task of the same pipeline that was launched before this one.
    pub async fn previous_task(&self, task: &Task) -> Result<Option<Task>, Error> {
        let before = PagePosition::of(task, SortColumn::CreatedAt);
        let found = self.tasks_of_pipeline(task, 1, Some(before)).await?;
        Ok(found.into_iter().next())
    }

    /// The newest tasks of the same pipeline, newest first.
    pub async fn latest_tasks(&self, task: &Task, limit: i64) -> Result<Vec<Task>, Error> {
        self.tasks_of_pipeline(task, limit, None).await
    }

    async fn tasks_of_pipeline(
        &self,
        task: &Task,
        limit: i64,
        after: Option<PagePosition>,
    ) -> Result<Vec<Task>, Error> {
        let filter = TaskFilter {
            account: task.account,
            statuses: Vec::new(),
            pipeline: Some(task.pipeline.id),
            launcher: None,
            from: None,
            to: None,
            search: None,
            order: SortColumn::CreatedAt,
            descending: true,
            limit,
        };
        self.store
            .read(move |db| Ok(store::tasks_after(db, &filter, after.as_ref())?))
            .await
    }
}

/// Reports of progress, and the other events.
struct NewestEvents {
    progress: EventsPage,
    others: Vec<Event>,
}

fn newest_events(
    db: &mut Db<'_>,
    task: &Task,
    limit: usize,
    first_running: Option<i64>,
    find: Option<String>,
) -> Result<NewestEvents, Error> {
    let (account, id) = (task.account, task.id);
    let mut part = EventsQuery {
        before: None,
        limit,
        selection: EventSelection::Progress { first_running },
        find,
    };
    let progress = store::events_page(db, account, id, &part)?;
    part.selection = EventSelection::WithoutProgress { first_running };
    let others = store::events_page(db, account, id, &part)?.events;
    Ok(NewestEvents { progress, others })
}

fn account_defaults(db: &mut Db<'_>, account: AccountId, id: TaskId) -> Result<Vec<String>, Error> {
    let launched = store::first_event(db, account, id, EventKind::LaunchAccepted)?;
    let codes = launched.iter();
    let codes = codes.flat_map(|event| event.data.texts("account_defaults"));
    Ok(codes.map(str::to_owned).collect())
}

/// In the same order.
pub fn with_run_urls(db: &mut Db<'_>, tasks: Vec<Task>) -> Result<Vec<TaskView>, Error> {
    let mut ids: Vec<_> = tasks.iter().map(|task| task.connection).collect();
    ids.sort_unstable();
    ids.dedup();
    let places = places_of(store::connection_addresses(db, &ids)?);
    let views = tasks.into_iter().map(|task| view(task, &places));
    Ok(views.collect())
}

/// Whether OpenHEXA denied the last stop request.
pub fn is_stop_denied(db: &mut Db<'_>, task: &Task) -> Result<bool, Error> {
    if !task.wants_stop() {
        return Ok(false);
    }
    is_last_denied(db, task.id)
}

/// Whether OpenHEXA has denied a stop request since the last cancel.
pub fn is_last_denied(db: &mut Db<'_>, task: TaskId) -> Result<bool, Error> {
    let kinds = [EventKind::CancelRequested, EventKind::StopDenied];
    Ok(store::last_event(db, task, &kinds)? == Some(EventKind::StopDenied))
}

fn places_of(places: Vec<ConnectionAddress>) -> HashMap<ConnectionId, ConnectionAddress> {
    places
        .into_iter()
        .map(|place| (place.connection, place))
        .collect()
}

fn view(task: Task, places: &HashMap<ConnectionId, ConnectionAddress>) -> TaskView {
    let place = places.get(&task.connection);
    let run_url = place.and_then(|place| run_url(&task, place));
    TaskView { task, run_url }
}

/// The page of a run in OpenHEXA's web application. The host of the application starts with `app.` if that of the API starts
/// with `api.`.
fn run_url(task: &Task, place: &ConnectionAddress) -> Option<String> {
    let run = task.run.id?;
    let origin = place.url.split("/graphql").next().unwrap_or_default();
    let origin = origin.trim_end_matches('/').replacen("//api.", "//app.", 1);
    let (workspace, code) = (&place.workspace, &task.pipeline.code);
    Some(format!(
        "{origin}/workspaces/{workspace}/pipelines/{code}/runs/{run}/"
    ))
}
