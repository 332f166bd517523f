//! Spreads work over time: the same thing always gets the same offset.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A number from 0 up to, but not including, `range`.
pub fn offset(thing: &impl Hash, range: i32) -> i32 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    #[allow(clippy::cast_possible_truncation, reason = "a remainder of an i32")]
    let offset = (hasher.finish() % u64::from(range.unsigned_abs().max(1))) as i32;
    offset
}
