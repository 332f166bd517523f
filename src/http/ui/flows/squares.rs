//! Runs and ticks as small squares: a sign and a colour, and for screen readers a text.

use crate::http::ui::badge::Badge;

pub struct Square {
    /// The page of the run, if there is one.
    pub address: Option<String>,
    pub badge: Badge,
    /// What it stands for, with its status.
    pub text: String,
}

impl Square {
    pub fn new(address: Option<String>, badge: Badge, about: &str) -> Self {
        Self {
            address,
            text: format!("{about}, {}", badge.word),
            badge,
        }
    }
}
