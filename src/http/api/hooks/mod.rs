//! `/hooks/`: webhooks for administrators, and the address to which other systems send messages.

mod body;
pub mod json;
pub mod manage;
pub mod receive;
