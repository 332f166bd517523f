//! Triggers by files: lists folders of the workspace, and starts one run for each new file.
//!
//! One request lists a folder for all triggers that wait for its files. What a listing changes, its ticks and its runs are stored
//! in one transaction per trigger.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream::{self, StreamExt as _};

use super::new_runs::NewRun;
use super::versions::{Loaded, Versions};
use super::{FileTriggers, MOST_ACTIVE};
use crate::domain::flow::document::Event;
use crate::domain::flow::files::{FilePattern, Listing, decide, event_of};
use crate::domain::flow::reference::FileFound;
use crate::domain::flow::run::{Cause, Start};
use crate::domain::ids::AccountId;
use crate::service::{Error, causes};
use crate::store::Db;
use crate::store::flows::{
    self, TickSource, TriggerRow, lease_due_triggers, save_seen_files, seen_files,
};

/// How many triggers one cycle handles.
const CYCLE_LIMIT: usize = 500;
/// How many triggers are leased at a time.
const LEASED: usize = 16;
/// How many folders are listed concurrently.
const CONCURRENT: usize = 4;
/// Longer than a listing of many pages that are all slow, because only the owner of the lease can store what it shows.
const LEASE: TimeDelta = TimeDelta::minutes(5);

/// The result of a listing.
#[derive(Clone)]
struct Listed {
    files: Vec<FileFound>,
    at: DateTime<Utc>,
    /// Of the lease of the triggers.
    owner: String,
}

impl FileTriggers {
    /// Lists the folders of all triggers that are due. Returns how many triggers there were.
    pub async fn list_files(&self) -> Result<usize, Error> {
        let mut count = 0;
        while count < CYCLE_LIMIT {
            let listed = self.list_some().await?;
            if listed == 0 {
                break;
            }
            count += listed;
            self.wake.notify_one();
        }
        Ok(count)
    }

    async fn list_some(&self) -> Result<usize, Error> {
        let mut lease = self.runs.writer.lease(LEASED);
        lease.until = lease.now + LEASE;
        let (now, owner) = (lease.now, lease.owner.clone());
        let due = move |db: &mut Db<'_>| Ok(flows::has_due_trigger(db, now)?);
        let due: Result<bool, Error> = self.store.read(due).await;
        if !due? {
            return Ok(0);
        }
        let leasing = move |db: &mut Db<'_>| Ok(lease_due_triggers(db, &lease)?);
        let triggers: Result<Vec<TriggerRow>, Error> = self.store.write(leasing).await;
        let triggers = triggers?;
        let count = triggers.len();
        let listing = by_folder(triggers).into_iter();
        let listing = listing.map(|((account, folder), triggers)| {
            let owner = &owner;
            async move { self.list_folder(account, &folder, triggers, owner).await }
        });
        stream::iter(listing)
            .for_each_concurrent(CONCURRENT, |listing| listing)
            .await;
        Ok(count)
    }

    /// A listing that fails changes nothing; it is repeated at its next time.
    async fn list_folder(
        &self,
        account: AccountId,
        folder: &str,
        triggers: Vec<TriggerRow>,
        owner: &str,
    ) {
        let at = self.clock.now();
        let listed = self.listed(account, folder).await;
        if let Err(error) = &listed {
            let (account, error) = (account.0, causes(error));
            tracing::warn!(
                account,
                folder,
                error,
                "cannot list the files that triggers of flows wait for; the listing is repeated"
            );
        }
        let listed = listed.ok().map(|files| Listed {
            files,
            at,
            owner: owner.to_owned(),
        });
        for trigger in triggers {
            let stored = match listed.clone() {
                Some(listed) => self.store_listing(trigger.clone(), listed).await,
                None => self.list_later(&trigger, owner).await,
            };
            if let Err(error) = stored {
                let (flow, trigger) = (trigger.flow.0, trigger.code);
                let error = causes(&error);
                tracing::warn!(
                    flow,
                    trigger,
                    error,
                    "cannot store what a listing of files showed; the listing is repeated"
                );
            }
        }
    }

    async fn listed(&self, account: AccountId, folder: &str) -> Result<Vec<FileFound>, Error> {
        let config = self.configuration.get(account).await?;
        Ok(self
            .openhexa
            .files(&config.connection.target, folder)
            .await?)
    }

    async fn store_listing(&self, trigger: TriggerRow, listed: Listed) -> Result<(), Error> {
        let (versions, now) = (self.versions.clone(), self.clock.now());
        self.store
            .write(move |db| store(db, &versions, &trigger, &listed, now))
            .await
    }

    async fn list_later(&self, trigger: &TriggerRow, owner: &str) -> Result<(), Error> {
        let next = self.clock.now() + self.runs.rules().polls.usual;
        let (id, owner) = (trigger.id, owner.to_owned());
        self.store
            .write(move |db| Ok(flows::release_trigger(db, id, &owner, next)?))
            .await
    }
}

fn by_folder(triggers: Vec<TriggerRow>) -> BTreeMap<(AccountId, String), Vec<TriggerRow>> {
    let mut folders: BTreeMap<_, Vec<TriggerRow>> = BTreeMap::new();
    for trigger in triggers {
        let pattern = FilePattern::new(trigger.pattern.as_deref().unwrap_or_default());
        let folder = (trigger.account, pattern.folder().to_owned());
        folders.entry(folder).or_default().push(trigger);
    }
    folders
}

/// Does nothing if the lease has expired, or if the flow was changed since the listing was requested.
fn store(
    db: &mut Db<'_>,
    versions: &Versions,
    trigger: &TriggerRow,
    listed: &Listed,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let flow = flows::lock_flow(db, trigger.flow)?;
    let current = flows::leased_trigger(db, trigger.id, &listed.owner)?;
    let (Some(flow), Some(current)) = (flow, current) else {
        return Ok(());
    };
    if flow.paused || flow.deleted_at.is_some() {
        return Ok(flows::end_trigger_lease(db, current.id, &listed.owner)?);
    }
    let loaded = versions.load(db, flow.account, flow.id, flow.version)?;
    let is_same = current.pattern == trigger.pattern && current.listed_at == trigger.listed_at;
    let Some(every) = every(&loaded, &current).filter(|_| is_same) else {
        return Ok(flows::release_trigger(db, current.id, &listed.owner, now)?);
    };
    // No file is lost: it starts a run after a later listing.
    if flows::count_active_runs(db, flow.id)? >= MOST_ACTIVE {
        return Ok(flows::release_trigger(
            db,
            current.id,
            &listed.owner,
            now + every,
        )?);
    }
    let pattern = FilePattern::new(current.pattern.as_deref().unwrap_or_default());
    let listing = Listing {
        files: &listed.files,
        at: listed.at,
        is_first: current.listed_at.is_none(),
    };
    let changes = decide(&pattern, &seen_files(db, current.id)?, listing);
    save_seen_files(db, current.id, &changes)?;
    for file in &changes.start {
        start(db, &loaded, &current, file, now)?;
    }
    let next = TriggerRow {
        listed_at: Some(listed.at),
        next_at: Some(listed.at + every),
        ..current
    };
    flows::save_trigger(db, &next)?;
    Ok(flows::end_trigger_lease(db, next.id, &listed.owner)?)
}

fn every(loaded: &Loaded, trigger: &TriggerRow) -> Option<TimeDelta> {
    match loaded.event(&trigger.code)? {
        Event::File { every, .. } => Some(*every).filter(|_| trigger.active),
        Event::Flow { .. } => None,
    }
}

fn start(
    db: &mut Db<'_>,
    loaded: &Loaded,
    trigger: &TriggerRow,
    file: &FileFound,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let new = NewRun {
        loaded,
        start: Start {
            file: Some(file.clone()),
            ..loaded.start(Cause::File)
        },
        waiting: false,
        pinned: None,
        now,
    };
    let event = event_of(file);
    // The version has started a run, was forgotten after many others were deleted, and is back.
    if flows::has_event(db, trigger.id, &event)? {
        return Ok(());
    }
    new.insert_with_tick(db, TickSource::Trigger(trigger.id, event), now)
}
