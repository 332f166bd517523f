//! Which channels get a notice.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::notice::Level;
use crate::domain::ids::{AccountId, ChannelId, FlowId, PipelineId, SubscriptionId};

/// What a subscription is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    Everything,
    Flow(FlowId),
    Pipeline(PipelineId),
}

impl Scope {
    /// As one text, for the unique key.
    pub fn key(&self) -> String {
        match self {
            Self::Everything => "everything".to_owned(),
            Self::Flow(id) => format!("flow {id}"),
            Self::Pipeline(id) => format!("pipeline {id}"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub id: SubscriptionId,
    pub account: AccountId,
    pub channel: ChannelId,
    /// The name of the channel.
    pub channel_name: String,
    pub scope: Scope,
    /// The slug of the flow, if it is about one.
    pub flow: Option<String>,
    pub level: Level,
    pub created_at: DateTime<Utc>,
}

/// The channels that get a notice, each once: if a channel has several subscriptions, the one of the widest level counts.
pub fn receivers(subscribed: &[(ChannelId, Level)], notice: Level) -> Vec<ChannelId> {
    let mut gets: BTreeMap<ChannelId, bool> = BTreeMap::new();
    for (channel, level) in subscribed {
        *gets.entry(*channel).or_default() |= level.includes(notice);
    }
    let gets = gets.into_iter().filter(|(_, gets)| *gets);
    gets.map(|(channel, _)| channel).collect()
}
