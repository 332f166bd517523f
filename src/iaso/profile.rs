//! Iaso's response to `/api/profiles/me/`.

use serde::Deserialize;

use super::Unavailable;
use crate::domain::ids::AccountId;
use crate::domain::principal::Person;
use crate::domain::user::{PERMISSION, User};

/// `user_id` is the id of the user; `id`, which is not used, is the id of the profile.
#[derive(Deserialize)]
struct Profile {
    user_id: i64,
    user_name: String,
    #[serde(default)]
    first_name: String,
    #[serde(default)]
    last_name: String,
    account: Option<Account>,
    /// Missing if the user has no profile.
    #[serde(default)]
    permissions: Vec<String>,
    #[serde(default)]
    is_superuser: bool,
    #[serde(default)]
    is_staff: bool,
}

#[derive(Deserialize)]
struct Account {
    id: i64,
}

pub fn read(body: &[u8]) -> Result<User, Unavailable> {
    let profile: Profile = serde_json::from_slice(body).map_err(|_| Unavailable::Unreadable)?;
    let name = format!("{} {}", profile.first_name, profile.last_name);
    Ok(User {
        person: Person {
            id: profile.user_id,
            username: profile.user_name,
            full_name: name.trim().to_owned(),
        },
        account: profile.account.map(|account| AccountId(account.id)),
        permitted: profile.permissions.iter().any(|own| own == PERMISSION),
        is_superuser: profile.is_superuser,
        // Only staff may use Iaso's admin, and a profile does not list permissions for it: a superuser has all of them.
        configures: profile.is_superuser && profile.is_staff,
    })
}
