//! The message of a panic. A panic is a bug in the bridge, so its log line must say what happened.

use std::any::Any;

/// Longer messages are cut: a message can contain a value of any length.
const MAX_LENGTH: usize = 500;

/// The text that the code panicked with.
pub fn message(payload: &(dyn Any + Send)) -> String {
    let fixed = payload.downcast_ref::<&str>().copied();
    let text = fixed.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a message")
        .chars()
        .take(MAX_LENGTH)
        .collect()
}
