//! Notifications of subscribers.

mod notice;

pub use notice::{Both, Notice, NoticeKind, Subject};

pub use super::flow::document::Level;
