//! Where an account's OpenHEXA is: the `openhexa-config` record and its connection.

use serde_json::{Map, Value};

use super::default_entries::{entries, parameters};
use super::public_config::public;
use super::{Bridge, Error};
use crate::domain::connection::{Connection, Missing};
use crate::domain::ids::{AccountId, PipelineId};
use crate::domain::sentence::{Sentence, say};
use crate::store::{self, Config, ConfigContent, Db, Vault};

/// An account's configuration in force.
#[derive(Clone, Debug)]
pub struct Ground {
    pub account: AccountId,
    pub config: Config,
    pub connection: Connection,
}

impl Ground {
    /// The account's default parameters for a pipeline.
    pub fn defaults(&self, pipeline: PipelineId) -> Map<String, Value> {
        let entries = entries(&self.config.content);
        let own = entries.get(&pipeline).copied().map(parameters);
        own.unwrap_or_default()
    }
}

impl Bridge {
    pub(super) async fn ground(&self, account: AccountId) -> Result<Ground, Error> {
        let found = self.find_ground(account).await?;
        found.map_err(Error::NotConfigured)
    }

    /// A task stays on the connection it was launched on, whatever is configured now.
    pub(super) async fn ground_of(
        &self,
        account: AccountId,
        connection: Connection,
    ) -> Result<Ground, Error> {
        let ground = self.ground(account).await?;
        Ok(Ground {
            connection,
            ..ground
        })
    }

    /// The configuration in force, or a sentence that says why there is none.
    pub(super) async fn find_ground(
        &self,
        account: AccountId,
    ) -> Result<Result<Ground, Sentence>, Error> {
        let vault = self.store().vault.clone();
        let found = self
            .store()
            .read(move |db| ground_in(db, &vault, account))
            .await?;
        Ok(match found {
            Ok(ground) if self.store().is_attached() => self.with_good_address(ground),
            Ok(ground) => Ok(ground),
            Err(missing) => Err(told(missing)),
        })
    }

    /// What was not written through us has not been judged by us yet.
    fn with_good_address(&self, ground: Ground) -> Result<Ground, Sentence> {
        let url = self.good_address(&ground.connection.target.url);
        url.map_err(|wrong| wrong.with("field", "openhexa_url"))?;
        Ok(ground)
    }

    /// What every signed-in user may see of the configuration; none when there is none. OpenHEXA is not asked: pages read
    /// this before anything else, also while it is away.
    pub async fn public_config(
        &self,
        account: AccountId,
    ) -> Result<Option<Map<String, Value>>, Error> {
        let Ok(ground) = self.find_ground(account).await? else {
            return Ok(None);
        };
        let declared = self.stored_declarations(&ground).await?;
        Ok(Some(public(&ground.config.content, &declared)))
    }

    /// Leads an account to an OpenHEXA, and keeps the rest of its configuration.
    pub async fn aim(&self, account: AccountId, place: ConfigContent) -> Result<(), Error> {
        self.refuse_elsewhere()?;
        let (vault, now) = (self.store().vault.clone(), self.now());
        self.store()
            .write(move |db| {
                store::lock_configs(db)?;
                let before = store::config_of(db, &vault, account)?;
                let mut content = before.map(|config| config.content).unwrap_or_default();
                content.extend(place.content.clone());
                let new = ConfigContent { content, ..place };
                Ok(store::put_config(db, &vault, account, &new, now)?)
            })
            .await
    }
}

pub(super) fn ground_in(
    db: &mut Db<'_>,
    vault: &Vault,
    account: AccountId,
) -> Result<Result<Ground, Missing>, Error> {
    let known = store::config_and_connection(db, vault, account)?;
    Ok(known.map(|known| {
        let (config, connection) = *known;
        Ground {
            account,
            config,
            connection,
        }
    }))
}

fn told(missing: Missing) -> Sentence {
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
