//! The current configuration of an account: its record, and the connection to OpenHEXA that the record defines.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Configuration;
use super::default_entries::{entries, parameters};
use super::public::public;
use crate::domain::connection::{Connection, Missing};
use crate::domain::ids::{AccountId, PipelineId};
use crate::domain::message::{Message, say};
use crate::domain::parameters::Declarations;
use crate::service::Error;
use crate::store::{self, Cipher, Config, Db, NewConfig};

#[derive(Clone, Debug)]
pub struct AccountConfig {
    pub account: AccountId,
    pub record: Config,
    pub connection: Connection,
}

impl AccountConfig {
    /// The account's default parameters for a pipeline.
    pub fn defaults(&self, pipeline: PipelineId) -> Map<String, Value> {
        let entries = entries(&self.record.content);
        let own = entries.get(&pipeline).copied().map(parameters);
        own.unwrap_or_default()
    }
}

impl Configuration {
    pub async fn get(&self, account: AccountId) -> Result<AccountConfig, Error> {
        let found = self.find(account).await?;
        found.map_err(Error::NotConfigured)
    }

    /// The configuration for a task, which keeps the connection that it was launched on, even if the account now has
    /// another one.
    pub async fn get_for(
        &self,
        account: AccountId,
        connection: Connection,
    ) -> Result<AccountConfig, Error> {
        let current = self.get(account).await?;
        Ok(AccountConfig {
            connection,
            ..current
        })
    }

    /// The configuration, or a message that says why there is none.
    pub async fn find(&self, account: AccountId) -> Result<Result<AccountConfig, Message>, Error> {
        let cipher = self.store.cipher.clone();
        let read = move |db: &mut Db<'_>| {
            Ok::<_, Error>(store::config_and_connection(db, &cipher, account)?)
        };
        let found = match self.store.read(read).await? {
            Some(found) => found.map(|found| account_config(account, *found)),
            None => self.save_connection(account).await?,
        };
        Ok(match found {
            Ok(config) if self.store.is_attached() => self.with_allowed_address(config),
            Ok(config) => Ok(config),
            Err(missing) => Err(sentence(missing)),
        })
    }

    /// Reads the configuration in a write transaction, which saves the connection of a changed configuration in Iaso.
    async fn save_connection(
        &self,
        account: AccountId,
    ) -> Result<Result<AccountConfig, Missing>, Error> {
        let cipher = self.store.cipher.clone();
        self.store
            .write(move |db| read_and_save_config(db, &cipher, account))
            .await
    }

    /// A record that Iaso's admin wrote was not validated by the bridge.
    fn with_allowed_address(&self, config: AccountConfig) -> Result<AccountConfig, Message> {
        let url = self.addresses.parse(&config.connection.target.url);
        url.map_err(|wrong| wrong.with("field", "openhexa_url"))?;
        Ok(config)
    }

    /// What every signed-in user may see of the configuration. None: there is no configuration. No request is sent to
    /// OpenHEXA, because pages read this first, also while OpenHEXA is unavailable.
    pub async fn public(&self, account: AccountId) -> Result<Option<Map<String, Value>>, Error> {
        let Ok(config) = self.find(account).await? else {
            return Ok(None);
        };
        let declared = self.declarations(&config).await?;
        Ok(Some(public(&config.record.content, &declared)))
    }

    /// The stored declarations of the parameters that the account has defaults for.
    pub async fn declarations(
        &self,
        config: &AccountConfig,
    ) -> Result<BTreeMap<PipelineId, Declarations>, Error> {
        let connection = config.connection.id;
        self.store
            .read(move |db| Ok(store::declarations_of(db, connection)?))
            .await
    }

    /// Sets which OpenHEXA the account uses, and keeps the rest of its configuration.
    pub async fn point_to(&self, account: AccountId, new: NewConfig) -> Result<(), Error> {
        self.refuse_if_managed_externally()?;
        let (cipher, now) = (self.store.cipher.clone(), self.clock.now());
        self.store
            .write(move |db| {
                store::lock_configs(db)?;
                let before = store::config_of(db, &cipher, account)?;
                let mut content = before.map(|config| config.content).unwrap_or_default();
                content.extend(new.content.clone());
                let new = NewConfig { content, ..new };
                Ok(store::put_config(db, &cipher, account, &new, now)?)
            })
            .await
    }
}

/// For a write transaction.
pub(super) fn read_and_save_config(
    db: &mut Db<'_>,
    cipher: &Cipher,
    account: AccountId,
) -> Result<Result<AccountConfig, Missing>, Error> {
    let found = store::save_config_and_connection(db, cipher, account)?;
    Ok(found.map(|found| account_config(account, *found)))
}

fn account_config(account: AccountId, (record, connection): (Config, Connection)) -> AccountConfig {
    AccountConfig {
        account,
        record,
        connection,
    }
}

fn sentence(missing: Missing) -> Message {
    say(match missing {
        Missing::Record => "not-configured",
        Missing::Workspace => "no-workspace",
        Missing::Workspaces => "many-workspaces",
        Missing::Slug => "workspace-without-slug",
        Missing::Url => "instance-without-url",
        Missing::Token => "instance-without-token",
        Missing::Graphql => "instance-not-graphql",
        Missing::UnreadableToken => "instance-token-unreadable",
    })
}
