//! Adds messages in the transaction of what they are about, so that none is lost and none is sent for what was not committed.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::ids::MessageId;
use crate::domain::notification::{Level, Notice, Scope, Subject, receivers};
use crate::service::Error;
use crate::store::Db;
use crate::store::notifications::{self, NewDelivery};

/// Adds one delivery for each channel that is subscribed, in the caller's transaction. `declared` are the channels of a flow's
/// document, by name; a name that no channel has is skipped. A channel that is subscribed several times gets the notice once, by
/// its widest level. A disabled channel gets none.
pub fn notify(
    db: &mut Db<'_>,
    notice: &Notice,
    declared: &[(String, Level)],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let scopes = scopes(&notice.subject);
    let subscribed = notifications::subscribed(db, notice.account, &scopes, declared)?;
    let receivers = receivers(&subscribed, notice.level);
    if receivers.is_empty() {
        return Ok(());
    }
    for channel in notifications::keep_receivers(db, &receivers)? {
        let new = NewDelivery {
            message: MessageId(Uuid::new_v4()),
            channel,
            notice,
            at: now,
        };
        notifications::add_delivery(db, &new)?;
    }
    Ok(())
}

fn scopes(subject: &Subject) -> Vec<Scope> {
    let own = match subject {
        Subject::Flow { id, .. } => Some(Scope::Flow(*id)),
        Subject::Pipeline { id, .. } => Some(Scope::Pipeline(*id)),
        Subject::Account => None,
    };
    own.into_iter().chain([Scope::Everything]).collect()
}
