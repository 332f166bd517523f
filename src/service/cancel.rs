//! Somebody wants a task to stop. The wish is kept at once, whether OpenHEXA answers or not; the reconciler sees to it
//! (`stop.rs`).

use super::observe::{Fact, heeded, take};
use super::report_fact::conflict;
use super::tasks::TaskView;
use super::tasks::is_stop_denied;
use super::{Bridge, Error};
use crate::domain::event::{EventData, EventKind, Source};
use crate::domain::ids::TaskId;
use crate::domain::observation::Observation;
use crate::domain::principal::Principal;
use crate::store;

impl Bridge {
    /// Asking twice changes nothing, unless OpenHEXA refused to stop the run: then it is asked again at once.
    pub async fn cancel(&self, who: &Principal, id: TaskId) -> Result<TaskView, Error> {
        let (bridge, now, account) = (self.clone(), self.now(), who.account);
        let (fact, again) = (wish(who), wish_again(who));
        self.store()
            .write(move |db| {
                let before = store::lock_own(db, account, id)?.ok_or_else(Error::no_task)?;
                let asked_before = before.cancel_asked_at;
                let before = heeded(db, bridge.rules(), before, now)?;
                // Iaso's kill has just ended it: what was asked for is done.
                if asked_before != before.cancel_asked_at && before.verdict().is_some() {
                    return Ok(());
                }
                let refused = is_stop_denied(db, &before)?;
                if refused {
                    store::look_by(db, id, now)?;
                }
                let fact = if refused { &again } else { &fact };
                take(db, bridge.rules(), before, fact, now)?
                    .map(drop)
                    .map_err(conflict)
            })
            .await?;
        self.task_changed.notify();
        self.nudge.notify_one();
        self.tasks.view(account, id).await
    }
}

fn wish(who: &Principal) -> Fact {
    let fact = Fact::new(
        Source::User,
        EventKind::CancelRequested,
        Observation::CancelAsked,
    );
    fact.data(EventData::default().by(&who.actor))
}

fn wish_again(who: &Principal) -> Fact {
    let observation = Observation::CancelAskedAgain;
    Fact {
        observation,
        ..wish(who)
    }
    .always_told()
}
