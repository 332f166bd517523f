//! Somebody wants a task to stop. The wish is kept at once, whether OpenHEXA answers or not; the reconciler sees to it
//! (`stop.rs`).

use super::callback::conflict;
use super::observe::{Fact, take};
use super::tasks::Seen;
use super::{Bridge, Error};
use crate::domain::ids::TaskId;
use crate::domain::observation::Observation;
use crate::domain::principal::Principal;
use crate::store::{self, Source};

impl Bridge {
    /// Asking twice changes nothing.
    pub async fn cancel(&self, who: &Principal, id: TaskId) -> Result<Seen, Error> {
        let (bridge, now, account) = (self.clone(), self.now(), who.account);
        let fact = wish(who);
        self.store()
            .write(move |db| {
                let before = store::lock_own(db, account, id)?.ok_or_else(Error::no_task)?;
                take(db, bridge.rules(), before, &fact, now)?.map_err(conflict)
            })
            .await?;
        self.changes.happened();
        self.nudge.notify_one();
        self.see_task(account, id).await
    }
}

fn wish(who: &Principal) -> Fact {
    let fact = Fact::new(Source::User, "cancel asked", Observation::CancelAsked);
    fact.detail(format!("by {}", who.name))
}
