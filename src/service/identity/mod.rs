//! Identity: who sends a request, and what that caller may do.
//!
//! ```text
//! access.rs             authenticates a credential (`Identity`)
//! keys.rs               API keys in the database (new_key.rs: creating one)
//! sessions.rs           browsers that are signed in with a key
//! users.rs              users of Iaso (jwt.rs: their tokens)
//! callback_tokens.rs    the tokens of running pipelines
//! launch_permission.rs  whether a caller of the past may still launch
//! accounts.rs           whether an account exists
//! cache.rs              what the database returned a few seconds ago
//! ```

mod access;
mod accounts;
mod cache;
mod callback_tokens;
mod jwt;
mod keys;
mod launch_permission;
mod new_key;
mod sessions;
mod users;

pub use access::{
    AccessSettings, Caller, Credential, Identity, IdentityOptions, ONLY_ACCOUNT, SettingsKey,
};
pub(super) use cache::RecentCache;
pub use callback_tokens::{CallbackKeys, CallbackTokens, TokenLifetime};
pub use keys::{ApiKeys, KeyList, KeyState, ListedKey, state_name};
pub use new_key::{CreatedKey, KeyRequest, MAX_NAME_LENGTH, create_key, is_valid_name};
pub use sessions::{SESSION_LIFETIME, Session, Sessions};
pub use users::{IasoSource, IasoUsers};
