//! The tables of notifications: channels, subscriptions and deliveries. Addresses and secrets of channels are encrypted.

mod channels;
mod deliveries;
mod due;
mod subscriptions;

pub use channels::{
    NewChannel, add_channel, channel_by_name, channel_of_account, channels_of_account,
    count_channels, delete_channel, disable_channel, keep_channel, lock_channel, lock_channels,
    put_channel,
};
pub use deliveries::{
    DeliveryQuery, NewDelivery, add_delivery, count_waiting, delete_old_deliveries, deliveries,
    delivery_of_account, fail_waiting, save_delivery,
};
pub use due::{has_due_channel, lease_due_channel, next_due, release_channel};
pub use subscriptions::{
    NewSubscription, add_subscription, count_subscriptions, delete_subscription,
    delete_subscriptions_of_flow, keep_receivers, put_level, subscribed, subscription_of_account,
    subscriptions_of_account,
};
