//! Whether a caller for whom the bridge starts runs later may still launch: a key can be revoked or removed from the
//! settings, and a user of Iaso can be deleted or lose the permission.

use super::access::Identity;
use crate::domain::ids::KeyId;
use crate::domain::principal::{Actor, Principal, Role};
use crate::service::Error;
use crate::store;

impl Identity {
    /// Whether this caller, who was stored earlier, may launch now. A user of Iaso is checked only if the bridge reads
    /// Iaso's tables.
    pub async fn may_still_launch(&self, who: &Principal) -> Result<bool, Error> {
        if who.role < Role::Operator || !self.accounts.exists(who.account).await? {
            return Ok(false);
        }
        let is_own_account = who.account == self.access.account;
        match &who.actor {
            Actor::Key { id, .. } => self.is_active_key(who, *id).await,
            Actor::SettingsKey(role) => {
                Ok(is_own_account && self.access.keys.iter().any(|key| key.role == *role))
            }
            Actor::LocalUser => Ok(is_own_account && self.access.open),
            Actor::User(_) => match &who.person {
                Some(person) => self.users.may_launch(who.account, person.id).await,
                None => Ok(false),
            },
            Actor::CommandLine | Actor::Iaso => Ok(false),
        }
    }

    async fn is_active_key(&self, who: &Principal, id: KeyId) -> Result<bool, Error> {
        let (account, now) = (who.account, self.clock.now());
        let read = self
            .store
            .read(move |db| Ok::<_, Error>(store::key_of_account(db, account, id)?));
        let key = read.await?;
        Ok(key.is_some_and(|key| key.is_active(now) && key.role >= Role::Operator))
    }
}
