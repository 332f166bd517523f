//! Webhooks: other systems send a message, which starts a flow or a pipeline. Their secrets, the check of a message, and
//! the values in its body. Notifications, which are messages to other systems, have the same secrets and signatures.

mod fields;
mod hook;
mod mapping;
mod secret;
mod signature;
mod verification;

pub use fields::{
    MAX_INPUTS, MAX_NAME_LENGTH, MAX_POINTER_LENGTH, is_pointer, valid_mapping, valid_name,
    valid_username,
};
pub use hook::{Authentication, Hook, HookTarget, Method};
pub use mapping::{Inputs, MAX_IGNORED, MAX_IGNORED_LENGTH, Mapping, inputs};
pub use secret::{OldSecret, ROTATION, RotatingSecret, signing_secret};
pub use signature::{SignedParts, sign};
pub use verification::{MAX_SIGNATURES, PresentedCredential, TOLERANCE, verify};
