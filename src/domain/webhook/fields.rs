//! Which names, user names and mappings a webhook may have.

use super::Mapping;
use crate::domain::message::{Message, say};
use crate::domain::text::is_plain;

/// In characters, of names and user names.
pub const MAX_NAME_LENGTH: usize = 100;
/// How many inputs a mapping may have.
pub const MAX_INPUTS: usize = 100;
/// In bytes.
pub const MAX_POINTER_LENGTH: usize = 500;

pub fn valid_name(name: &str) -> Result<String, Message> {
    let name = name.trim();
    if name.is_empty() {
        return Err(say("field-required"));
    }
    short(name)?;
    Ok(name.to_owned())
}

/// The user name ends at the first colon (RFC 7617), so it cannot contain one.
pub fn valid_username(name: &str) -> Result<String, Message> {
    if name.is_empty() {
        return Err(say("field-required"));
    }
    if name.contains(':') {
        return Err(say("webhook-username-colon"));
    }
    short(name)?;
    Ok(name.to_owned())
}

fn short(text: &str) -> Result<(), Message> {
    if !is_plain(text) {
        return Err(say("field-hidden"));
    }
    if text.chars().count() > MAX_NAME_LENGTH {
        return Err(say("webhook-too-long").with("most", MAX_NAME_LENGTH));
    }
    Ok(())
}

pub fn valid_mapping(mapping: Mapping) -> Result<Mapping, Message> {
    if mapping.len() > MAX_INPUTS {
        return Err(say("webhook-mapping-long").with("most", MAX_INPUTS));
    }
    for (name, pointer) in &mapping {
        short(name)?;
        if pointer.len() > MAX_POINTER_LENGTH || !is_pointer(pointer) {
            return Err(say("webhook-pointer").with("name", name));
        }
    }
    Ok(mapping)
}

/// Whether it is a JSON pointer (RFC 6901): empty, or parts that each begin with a slash, in which `~` is followed by 0
/// or 1.
pub fn is_pointer(text: &str) -> bool {
    let mut tildes = text.split('~').skip(1);
    (text.is_empty() || text.starts_with('/')) && tildes.all(|after| after.starts_with(['0', '1']))
}
