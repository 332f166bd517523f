//! Webhooks: other systems send a message, which starts a flow or a pipeline. Their secrets, the check of a message, and
//! the values in its body.

mod fields;
mod hook;
mod mapping;
mod verification;

pub use fields::{
    MAX_INPUTS, MAX_NAME_LENGTH, MAX_POINTER_LENGTH, is_pointer, valid_mapping, valid_name,
    valid_username,
};
pub use hook::{Authentication, Hook, HookTarget, Method, OldSecret, ROTATION};
pub use mapping::{Inputs, MAX_IGNORED, MAX_IGNORED_LENGTH, Mapping, inputs};
pub use verification::{MAX_SIGNATURES, PresentedCredential, TOLERANCE, verify};
