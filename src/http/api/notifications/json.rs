//! Channels, subscriptions and deliveries as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::message::say;
use crate::domain::notification::{
    Answer, Channel, ChannelTarget, Delivery, DeliveryState, DisabledWhy, Scope, Subscription,
};
use crate::http::accept_language::Language;
use crate::http::api::json_types::{time, time_or_null};
use crate::http::event_text;
use crate::service::notifications::ChannelWithSecret;

#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the values of a text")]
#[schema(as = ChannelKind, rename_all = "lowercase")]
pub enum ChannelKindJson {
    Webhook,
    Email,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the values of a text")]
#[schema(as = ChannelLanguage, rename_all = "lowercase")]
pub enum ChannelLanguageJson {
    En,
    Fr,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the values of a text")]
#[schema(as = SubscriptionLevel, rename_all = "UPPERCASE")]
pub enum LevelJson {
    All,
    Error,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the values of a text")]
#[schema(as = DeliveryState, rename_all = "lowercase")]
pub enum StateJson {
    Waiting,
    Delivered,
    Failed,
}

/// Where notifications are sent, without the secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Channel)]
pub struct ChannelJson {
    id: i64,
    name: String,
    #[schema(value_type = ChannelKindJson)]
    kind: &'static str,
    /// Of a webhook.
    #[schema(format = "uri")]
    url: Option<String>,
    /// Of the kind `email`.
    recipients: Option<Vec<String>>,
    /// Of the e-mails.
    #[schema(value_type = ChannelLanguageJson)]
    language: &'static str,
    /// Until when messages are signed with the previous secret as well.
    #[schema(format = DateTime)]
    old_secret_until: Option<String>,
    #[schema(format = DateTime)]
    disabled_at: Option<String>,
    /// Why it gets no messages.
    disabled_why: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    created_by: String,
}

/// A channel with its new secret, which no other response contains; null for the kind `email`.
#[derive(Serialize, ToSchema)]
#[schema(as = ChannelWithSecret)]
pub struct ChannelWithSecretJson {
    channel: ChannelJson,
    secret: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ChannelTest)]
pub struct TestJson {
    delivered: bool,
    /// The response of the receiver, or why there is none.
    answer: String,
}

/// What a channel is notified of: everything, or one flow or pipeline.
#[derive(Serialize, ToSchema)]
#[schema(as = Subscription)]
pub struct SubscriptionJson {
    id: i64,
    /// The name of the channel.
    channel: String,
    /// The id of the flow.
    flow: Option<String>,
    #[schema(format = "uuid")]
    pipeline: Option<String>,
    #[schema(value_type = LevelJson)]
    level: &'static str,
}

/// A message to a channel.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryJson {
    /// The `webhook-id` of all its tries.
    id: String,
    /// The name of the channel.
    channel: String,
    /// What happened, such as `flow_run.ended`.
    #[serde(rename = "type")]
    kind: &'static str,
    title: String,
    #[schema(value_type = StateJson)]
    state: &'static str,
    tries: usize,
    #[schema(format = DateTime)]
    created_at: String,
    /// The next try, while it is waiting.
    #[schema(format = DateTime)]
    next_at: Option<String>,
    #[schema(format = DateTime)]
    delivered_at: Option<String>,
    /// The response to the last try, or why there was none.
    last_answer: Option<String>,
}

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
#[schema(as = Deliveries)]
pub struct DeliveriesJson {
    pub results: Vec<DeliveryJson>,
    /// The cursor of the next page; null on the last page.
    pub next: Option<String>,
}

impl ChannelJson {
    pub fn new(channel: &Channel, language: Language) -> Self {
        let (url, recipients, old) = match &channel.target {
            ChannelTarget::Webhook { url, secret } => {
                // Empty if it was lost with its encryption key.
                let url = Some(url.clone()).filter(|url| !url.is_empty());
                (url, None, secret.old.as_ref())
            }
            ChannelTarget::Email { recipients } => (None, Some(recipients.clone()), None),
        };
        let why = channel.disabled.map(|disabled| match disabled.why {
            DisabledWhy::Gone => language.translate(&say("channel-disabled-gone")),
            DisabledWhy::Manual => language.translate(&say("channel-disabled-manual")),
        });
        Self {
            id: channel.id.0,
            name: channel.name.clone(),
            kind: channel.target.kind(),
            url,
            recipients,
            language: channel.language.as_str(),
            old_secret_until: time_or_null(old.map(|old| old.until)),
            disabled_at: time_or_null(channel.disabled.map(|disabled| disabled.at)),
            disabled_why: why,
            created_at: time(channel.created_at),
            updated_at: time(channel.updated_at),
            created_by: event_text::actor(language, &channel.created_by),
        }
    }
}

impl ChannelWithSecretJson {
    pub fn new(created: &ChannelWithSecret, language: Language) -> Self {
        Self {
            channel: ChannelJson::new(&created.channel, language),
            secret: created.expose().map(str::to_owned),
        }
    }
}

impl TestJson {
    pub fn new((delivered, answer): &(bool, Answer), language: Language) -> Self {
        Self {
            delivered: *delivered,
            answer: language.translate(&answer.message()),
        }
    }
}

impl From<&Subscription> for SubscriptionJson {
    fn from(subscription: &Subscription) -> Self {
        let pipeline = match &subscription.scope {
            Scope::Pipeline(id) => Some(id.to_string()),
            Scope::Everything | Scope::Flow(_) => None,
        };
        Self {
            id: subscription.id.0,
            channel: subscription.channel_name.clone(),
            flow: subscription.flow.clone(),
            pipeline,
            level: subscription.level.as_str(),
        }
    }
}

impl DeliveryJson {
    pub fn new(delivery: &Delivery, language: Language) -> Self {
        let title = &delivery.notice.title;
        let delivered_at = match delivery.state {
            DeliveryState::Delivered { at } => Some(at),
            DeliveryState::Waiting { .. } | DeliveryState::Failed { .. } => None,
        };
        let answer = delivery.last_answer.as_ref();
        Self {
            id: delivery.message_id(),
            channel: delivery.channel_name.clone(),
            kind: delivery.notice.kind.as_str(),
            title: match language {
                Language::English => title.en.clone(),
                Language::French => title.fr.clone(),
            },
            state: delivery.state.word().as_str(),
            tries: delivery.tries,
            created_at: time(delivery.created_at),
            next_at: time_or_null(delivery.state.next_at()),
            delivered_at: time_or_null(delivered_at),
            last_answer: answer.map(|answer| language.translate(&answer.message())),
        }
    }
}
