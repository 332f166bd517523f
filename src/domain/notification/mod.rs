//! Notifications: messages to other systems and to people about runs and alerts. What is sent (a notice), where to (a channel),
//! who wants it (a subscription), and each message with its tries (a delivery).

mod answer;
mod channel;
mod delivery;
mod fields;
mod notice;
mod subscription;

pub use answer::{Answer, AnswerCode, MAX_ANSWER};
pub use channel::{Channel, ChannelLanguage, ChannelTarget, Disabled, DisabledWhy};
pub use delivery::{
    Delivery, DeliveryState, LONGEST_RETRY_AFTER, MAX_TRIES, Outcome, Recipients, StateWord,
    TryResult,
};
pub use fields::{
    MAX_NAME_LENGTH, MAX_RECIPIENTS, is_email_address, is_sender, valid_name, valid_recipients,
    valid_url,
};
pub use notice::{Both, Level, Notice, NoticeKind, Subject};
pub use subscription::{Scope, Subscription, receivers};
