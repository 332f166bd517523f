//! Creates, changes, tests and deletes channels. A secret is returned once, when it is created.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Map;
use tokio::time::timeout;
use uuid::Uuid;

use super::sender::{Sender, report, save};
use super::{Notifications, in_both, taken};
use crate::domain::ids::{AccountId, ChannelId, DeliveryId, MessageId};
use crate::domain::message::{FieldErrors, Message, say};
use crate::domain::notification::{
    Answer, Channel, ChannelLanguage, ChannelTarget, Delivery, DeliveryState, Disabled,
    DisabledWhy, Level, Notice, NoticeKind, Outcome, Recipients, Subject, TryResult, valid_name,
    valid_recipients, valid_url,
};
use crate::domain::principal::Principal;
use crate::domain::webhook::{RotatingSecret, signing_secret};
use crate::service::Error;
use crate::service::random::random_bytes;
use crate::store::notifications::{self, NewChannel, NewDelivery};
use crate::store::{Cipher, Db};

/// How many channels an account can have.
pub const MAX_CHANNELS: i64 = 100;
/// How long a test waits for the receiver.
const TEST_TIMEOUT: Duration = Duration::from_secs(10);
/// The page that the message of a test links to.
const TEST_PATH: &str = "/dashboard/";

/// Where a new channel sends messages.
pub enum NewTarget {
    Webhook { url: String },
    Email { recipients: Vec<String> },
}

/// The properties of a new channel.
pub struct WantedChannel {
    pub name: String,
    pub target: NewTarget,
    pub language: ChannelLanguage,
}

/// What to change; None: as it is.
#[derive(Clone, Debug, Default)]
pub struct ChannelEdit {
    pub name: Option<String>,
    pub url: Option<String>,
    pub recipients: Option<Vec<String>>,
    pub language: Option<ChannelLanguage>,
    pub disabled: Option<bool>,
}

/// A channel with its new secret, if it has one.
pub struct ChannelWithSecret {
    pub channel: Channel,
    secret: Option<SecretString>,
}

impl ChannelWithSecret {
    pub fn expose(&self) -> Option<&str> {
        self.secret.as_ref().map(ExposeSecret::expose_secret)
    }
}

impl Notifications {
    /// The channels of an account, by name; there are at most [`MAX_CHANNELS`].
    pub async fn channels(&self, account: AccountId) -> Result<Vec<Channel>, Error> {
        let cipher = self.store.cipher.clone();
        self.store
            .read(move |db| Ok(notifications::channels_of_account(db, &cipher, account)?))
            .await
    }

    pub async fn channel(&self, account: AccountId, id: ChannelId) -> Result<Channel, Error> {
        let cipher = self.store.cipher.clone();
        let found: Result<Option<Channel>, Error> = self
            .store
            .read(move |db| Ok(notifications::channel_of_account(db, &cipher, account, id)?))
            .await;
        found?.ok_or_else(Error::no_channel)
    }

    pub async fn create_channel(
        &self,
        who: &Principal,
        wanted: WantedChannel,
    ) -> Result<ChannelWithSecret, Error> {
        let mut wrong = FieldErrors::default();
        let name = wrong.note("name", valid_name(&wanted.name));
        let target = self.new_target(wanted.target, &mut wrong)?;
        let (Some(name), Some(target)) = (name, target) else {
            return Err(Error::fields(wrong));
        };
        let secret = match &target {
            ChannelTarget::Webhook { secret, .. } => Some(secret.current.clone()),
            ChannelTarget::Email { .. } => None,
        };
        let (cipher, new) = (
            self.store.cipher.clone(),
            NewChannel {
                account: who.account,
                name,
                target,
                language: wanted.language,
                by: who.actor.clone(),
                at: self.clock.now(),
            },
        );
        let channel = self.store.write(move |db| add(db, &cipher, &new)).await?;
        Ok(ChannelWithSecret { channel, secret })
    }

    fn new_target(
        &self,
        wanted: NewTarget,
        wrong: &mut FieldErrors,
    ) -> Result<Option<ChannelTarget>, Error> {
        Ok(match wanted {
            NewTarget::Webhook { url } => {
                let secret = RotatingSecret::new(signing_secret(&random_bytes()?));
                let url = wrong.note("url", valid_url(&url, self.allow_private));
                url.map(|url| ChannelTarget::Webhook { url, secret })
            }
            NewTarget::Email { .. } if !self.has_mail => {
                wrong.add("kind", say("channel-mail-off"));
                None
            }
            NewTarget::Email { recipients } => {
                let recipients = wrong.note("recipients", valid_recipients(&recipients));
                recipients.map(|recipients| ChannelTarget::Email { recipients })
            }
        })
    }

    /// The waiting messages of a channel that becomes disabled are not sent.
    pub async fn change_channel(
        &self,
        account: AccountId,
        id: ChannelId,
        edit: ChannelEdit,
    ) -> Result<Channel, Error> {
        let (cipher, now, allow_private) = (
            self.store.cipher.clone(),
            self.clock.now(),
            self.allow_private,
        );
        self.store
            .write(move |db| {
                let current = lock(db, &cipher, account, id)?;
                let was_enabled = current.disabled.is_none();
                let changed = edited(current, &edit, allow_private, now)?;
                notifications::put_channel(db, &cipher, &changed)
                    .map_err(|error| taken(error, name_taken(&changed.name)))?;
                if was_enabled && changed.disabled.is_some() {
                    notifications::fail_waiting(db, id, now)?;
                }
                Ok(changed)
            })
            .await
    }

    /// Replaces the secret. Messages are signed with the current one as well for a day.
    pub async fn rotate_channel(
        &self,
        account: AccountId,
        id: ChannelId,
    ) -> Result<ChannelWithSecret, Error> {
        let (cipher, now) = (self.store.cipher.clone(), self.clock.now());
        let secret = signing_secret(&random_bytes()?);
        let new = secret.clone();
        let rotated = self.store.write(move |db| {
            let rotated = lock(db, &cipher, account, id)?.rotated(new, now);
            let rotated =
                rotated.ok_or_else(|| Error::OtherRequest(say("channel-without-secret")))?;
            notifications::put_channel(db, &cipher, &rotated)?;
            Ok::<_, Error>(rotated)
        });
        Ok(ChannelWithSecret {
            channel: rotated.await?,
            secret: Some(secret),
        })
    }

    /// Deletes the channel with its subscriptions and its deliveries; waiting ones are not sent.
    pub async fn delete_channel(&self, account: AccountId, id: ChannelId) -> Result<(), Error> {
        let cipher = self.store.cipher.clone();
        self.store
            .write(move |db| {
                lock(db, &cipher, account, id)?;
                Ok(notifications::delete_channel(db, id)?)
            })
            .await
    }

    /// Sends a message at once, also on a disabled channel. It is sent and stored also if the caller disconnects.
    pub async fn test_channel(
        &self,
        account: AccountId,
        id: ChannelId,
    ) -> Result<(bool, Answer), Error> {
        let channel = self.channel(account, id).await?;
        let test = test(self.sender.clone(), channel, self.clock.now());
        let result = self.jobs.run(test).await??;
        Ok((result.outcome == Outcome::Delivered, result.answer))
    }
}

async fn test(
    sender: Arc<Sender>,
    channel: Channel,
    now: DateTime<Utc>,
) -> Result<TryResult, Error> {
    let before = Delivery {
        id: DeliveryId(0),
        message: MessageId(Uuid::new_v4()),
        channel: channel.id,
        channel_name: channel.name.clone(),
        notice: test_notice(&channel),
        state: DeliveryState::Waiting { next_at: now },
        tries: 0,
        created_at: now,
        last_answer: None,
        recipients: Recipients::default(),
    };
    let sent = timeout(TEST_TIMEOUT, sender.send(&channel, &before)).await;
    let result = sent.unwrap_or_else(|_| TryResult::timed_out());
    let ended = sender.clock.now();
    let after = before.clone().after_test(&result, ended);
    report(&before, &after);
    let is_gone = result.outcome == Outcome::Gone;
    sender
        .store
        .write(move |db| store_test(db, &before, &after, is_gone))
        .await?;
    Ok(result)
}

/// Not if the channel was deleted meanwhile.
fn store_test(
    db: &mut Db<'_>,
    before: &Delivery,
    after: &Delivery,
    is_gone: bool,
) -> Result<(), Error> {
    let new = NewDelivery {
        message: before.message,
        channel: before.channel,
        notice: &before.notice,
        at: before.created_at,
    };
    if !notifications::keep_channel(db, before.channel)? {
        return Ok(());
    }
    let id = notifications::add_delivery(db, &new)?;
    let before = Delivery {
        id,
        ..before.clone()
    };
    save(db, &before, after, is_gone).map(drop)
}

fn test_notice(channel: &Channel) -> Notice {
    let both = |message: Message| in_both(|language| language.translate(&message));
    Notice {
        account: channel.account,
        kind: NoticeKind::Test,
        subject: Subject::Account,
        level: Level::Error,
        title: both(say("notification-test-title").with("name", &channel.name)),
        details: vec![both(say("notification-test-detail"))],
        data: Map::new(),
        path: TEST_PATH.to_owned(),
    }
}

fn add(db: &mut Db<'_>, cipher: &Cipher, new: &NewChannel) -> Result<Channel, Error> {
    notifications::lock_channels(db)?;
    if notifications::count_channels(db, new.account)? >= MAX_CHANNELS {
        let sentence = say("channel-too-many").with("most", MAX_CHANNELS);
        return Err(Error::field("name", sentence));
    }
    notifications::add_channel(db, cipher, new).map_err(|error| taken(error, name_taken(&new.name)))
}

fn name_taken(name: &str) -> Message {
    say("channel-name-taken").with("name", name)
}

fn lock(
    db: &mut Db<'_>,
    cipher: &Cipher,
    account: AccountId,
    id: ChannelId,
) -> Result<Channel, Error> {
    let found = notifications::lock_channel(db, cipher, account, id)?;
    found.ok_or_else(Error::no_channel)
}

fn edited(
    current: Channel,
    edit: &ChannelEdit,
    allow_private: bool,
    now: DateTime<Utc>,
) -> Result<Channel, Error> {
    let mut wrong = FieldErrors::default();
    let name = edit.name.as_deref().unwrap_or(&current.name);
    let name = wrong.note("name", valid_name(name));
    let target = edited_target(current.target, edit, allow_private, &mut wrong);
    let (Some(name), Some(target)) = (name, target) else {
        return Err(Error::fields(wrong));
    };
    let disabled = match (edit.disabled, current.disabled) {
        (Some(false), _) => None,
        (Some(true), None) => Some(Disabled {
            at: now,
            why: DisabledWhy::Manual,
        }),
        (Some(true) | None, before) => before,
    };
    Ok(Channel {
        name,
        target,
        language: edit.language.unwrap_or(current.language),
        disabled,
        updated_at: now,
        ..current
    })
}

/// None if a field is not valid, or is of the other kind of channel.
fn edited_target(
    current: ChannelTarget,
    edit: &ChannelEdit,
    allow_private: bool,
    wrong: &mut FieldErrors,
) -> Option<ChannelTarget> {
    match (current, &edit.url, &edit.recipients) {
        (ChannelTarget::Webhook { .. }, _, Some(_)) => {
            wrong.add("recipients", say("channel-other-kind"));
            None
        }
        (ChannelTarget::Email { .. }, Some(_), _) => {
            wrong.add("url", say("channel-other-kind"));
            None
        }
        (ChannelTarget::Webhook { secret, .. }, Some(url), None) => {
            let url = wrong.note("url", valid_url(url, allow_private))?;
            Some(ChannelTarget::Webhook { url, secret })
        }
        (ChannelTarget::Email { .. }, None, Some(recipients)) => {
            let recipients = wrong.note("recipients", valid_recipients(recipients))?;
            Some(ChannelTarget::Email { recipients })
        }
        (same, None, None) => Some(same),
    }
}
