//! `/channels/`, `/subscriptions/` and `/deliveries/`: where notifications are sent, who wants which, and the delivery log.

mod channel_body;
pub mod channels;
pub mod deliveries;
mod json;
pub mod subscriptions;
