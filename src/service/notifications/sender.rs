//! Sends the messages that are due, at least once: a message is sent outside any transaction, and its result is stored afterwards. A
//! crash in between leads to a second try with the same id.
//!
//! One run handles one channel, and its messages one after the other. The job runs several times concurrently, so a slow receiver
//! does not delay the others.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::message::{letter, request};
use crate::clock::Clock;
use crate::domain::ids::ChannelId;
use crate::domain::notification::{
    AnswerCode, Channel, ChannelTarget, Delivery, Disabled, DisabledWhy, Outcome, StateWord,
    TryResult,
};
use crate::outgoing::{Mailer, Outgoing};
use crate::service::{Error, Seal};
use crate::store::notifications;
use crate::store::{Db, LeaseRequest, Store};

/// How many messages of a channel are sent before other channels with due messages get their turn.
const IN_A_ROW: usize = 20;
/// How often a run tries to get the lease of a channel.
const ATTEMPTS: usize = 10;
/// Longer than a try takes.
const LEASE: TimeDelta = TimeDelta::minutes(3);
/// The longest time of a try; only an e-mail with many slow recipients takes longer without this limit.
const LONGEST_TRY: Duration = Duration::from_secs(100);
/// How long ended deliveries are kept.
const KEPT: TimeDelta = TimeDelta::days(90);
const PURPOSE: &str = "notification-recipient";

pub struct Sender {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) seal: Seal,
    pub(super) outgoing: Arc<Outgoing>,
    pub(super) public_url: String,
    pub(super) wake: Arc<Notify>,
    pub(super) stop: CancellationToken,
}

impl Sender {
    /// Sends the messages of one channel that are due. Returns how many.
    pub async fn send_due(&self) -> Result<usize, Error> {
        let now = self.clock.now();
        let due: Result<bool, Error> = self
            .store
            .read(move |db| Ok(notifications::has_due_channel(db, now)?))
            .await;
        if !due? {
            return Ok(0);
        }
        let lease = self.lease(&Uuid::new_v4().to_string());
        let owner = lease.owner.clone();
        let leased: Result<Option<ChannelId>, Error> = self
            .store
            .write(move |db| Ok(notifications::lease_due_channel(db, &lease)?))
            .await;
        let Some(channel) = leased? else {
            return Ok(0);
        };
        // Another run handles the next channel.
        self.wake.notify_one();
        let sent = self.send_of_channel(channel, &owner).await;
        self.store
            .write(move |db| Ok::<_, Error>(notifications::release_channel(db, channel, &owner)?))
            .await?;
        self.wake.notify_one();
        sent
    }

    async fn send_of_channel(&self, id: ChannelId, owner: &str) -> Result<usize, Error> {
        for sent in 0..IN_A_ROW {
            // Another process, or the next start, sends the rest.
            if self.stop.is_cancelled() {
                return Ok(sent);
            }
            let (cipher, lease) = (self.store.cipher.clone(), self.lease(owner));
            let next: Result<Option<(Channel, Delivery)>, Error> = self
                .store
                .write(move |db| Ok(notifications::next_due(db, &cipher, id, &lease)?))
                .await;
            let Some((channel, delivery)) = next? else {
                return Ok(sent);
            };
            let result = self.send(&channel, &delivery).await;
            self.store_result(&delivery, &result).await?;
        }
        Ok(IN_A_ROW)
    }

    fn lease(&self, owner: &str) -> LeaseRequest {
        let now = self.clock.now();
        LeaseRequest {
            now,
            until: now + LEASE,
            owner: owner.to_owned(),
            limit: ATTEMPTS,
        }
    }

    /// One try.
    pub(super) async fn send(&self, channel: &Channel, delivery: &Delivery) -> TryResult {
        let sending = async {
            match &channel.target {
                ChannelTarget::Webhook { url, secret } => {
                    let now = self.clock.now();
                    let message = request(delivery, (url, secret), &self.public_url, now);
                    self.outgoing.webhooks.send(message).await
                }
                ChannelTarget::Email { recipients } => match &self.outgoing.mail {
                    Some(mailer) => self.mail(mailer, channel, delivery, recipients).await,
                    None => TryResult::retry(AnswerCode::MailOff),
                },
            }
        };
        let done = timeout(LONGEST_TRY, sending).await;
        done.unwrap_or_else(|_| TryResult::timed_out())
    }

    /// To the recipients who are left from earlier tries.
    async fn mail(
        &self,
        mailer: &Mailer,
        channel: &Channel,
        delivery: &Delivery,
        recipients: &[String],
    ) -> TryResult {
        let letter = letter(delivery, channel, recipients, &self.public_url);
        let id = delivery.message_id();
        let marked = recipients.iter().map(|address| {
            let mark = self.seal.of(PURPOSE, &[&id, &address.to_lowercase()]);
            (address.clone(), mark)
        });
        let left: Vec<(String, String)> = marked
            .filter(|(_, mark)| !delivery.recipients.contains(mark))
            .collect();
        mailer.send(&letter, &left).await
    }

    async fn store_result(&self, delivery: &Delivery, result: &TryResult) -> Result<(), Error> {
        let now = self.clock.now();
        let after = delivery.clone().after(result, now);
        let (before, stored) = (delivery.clone(), after.clone());
        let is_gone = result.outcome == Outcome::Gone;
        let saved: Result<bool, Error> = self
            .store
            .write(move |db| save(db, &before, &stored, is_gone))
            .await;
        if saved? {
            report(delivery, &after);
        }
        Ok(())
    }

    /// Deletes deliveries that ended long ago, a few at a time.
    pub async fn delete_old(&self) -> Result<usize, Error> {
        let since = self.clock.now() - KEPT;
        let deleted: Result<usize, Error> = self
            .store
            .write(move |db| Ok(notifications::delete_old_deliveries(db, since)?))
            .await;
        deleted
    }
}

/// Stores the result of a try. If the receiver no longer exists, the channel is disabled, and its waiting messages fail. The channel is
/// written first, as in every transaction with both.
pub(super) fn save(
    db: &mut Db<'_>,
    before: &Delivery,
    after: &Delivery,
    is_gone: bool,
) -> Result<bool, Error> {
    let ended_at = after.state.ended_at().filter(|_| is_gone);
    if let Some(at) = ended_at {
        let why = DisabledWhy::Gone;
        notifications::disable_channel(db, before.channel, Disabled { at, why })?;
    }
    let saved = notifications::save_delivery(db, before, after)?;
    if let Some(at) = ended_at {
        notifications::fail_waiting(db, before.channel, at)?;
    }
    Ok(saved)
}

/// Counts a try, and logs a message that failed.
pub(super) fn report(before: &Delivery, after: &Delivery) {
    let outcome = match after.state.word() {
        StateWord::Waiting => "retry",
        StateWord::Delivered => "delivered",
        StateWord::Failed => "failed",
    };
    metrics::counter!("openhexa_bridge_deliveries_total", "outcome" => outcome).increment(1);
    if after.state.word() == StateWord::Failed {
        let (channel, message) = (before.channel.0, before.message_id());
        tracing::warn!(
            channel,
            message,
            tries = after.tries,
            "a notification could not be delivered; the list of deliveries shows the last response"
        );
    }
}
