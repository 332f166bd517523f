//! A user cancels a task. The cancel is stored at once, also while OpenHEXA is unavailable; the reconciler sends the stop request.

use super::apply::{Update, apply, apply_kill};
use super::reports::conflict;
use super::stop::Stopper;
use crate::domain::event::{EventData, EventKind, Source};
use crate::domain::ids::TaskId;
use crate::domain::observation::Observation;
use crate::domain::principal::Principal;
use crate::service::Error;
use crate::service::tasks::is_stop_denied;
use crate::store;

impl Stopper {
    /// A second cancel changes nothing, unless OpenHEXA denied the stop request: then the request is repeated at once.
    pub async fn cancel(&self, who: &Principal, id: TaskId) -> Result<(), Error> {
        let (rules, now) = (self.writer.rules.clone(), self.writer.now());
        let (account, first, again) = (who.account, cancel(who), cancel_again(who));
        self.writer
            .store
            .write(move |db| {
                let before =
                    store::lock_task_of_account(db, account, id)?.ok_or_else(Error::no_task)?;
                let asked_before = before.cancel_asked_at;
                let before = apply_kill(db, &rules, before, now)?;
                // A kill in Iaso has just ended the task.
                if asked_before != before.cancel_asked_at && before.outcome().is_some() {
                    return Ok(());
                }
                let denied = is_stop_denied(db, &before)?;
                if denied {
                    store::poll_no_later_than(db, id, now)?;
                }
                let update = if denied { &again } else { &first };
                apply(db, &rules, before, update, now)?
                    .map(drop)
                    .map_err(conflict)
            })
            .await?;
        self.writer.changed.notify();
        self.wake.notify_one();
        Ok(())
    }
}

fn cancel(who: &Principal) -> Update {
    let update = Update::new(
        Source::User,
        EventKind::CancelRequested,
        Observation::CancelRequested,
    );
    update.data(EventData::default().by(&who.actor))
}

fn cancel_again(who: &Principal) -> Update {
    let observation = Observation::CancelRepeated;
    Update {
        observation,
        ..cancel(who)
    }
    .always_recorded()
}
