//! What is read of Iaso's profile.

use serde::Deserialize;

use super::Away;
use crate::domain::ids::AccountId;
use crate::domain::principal::Person;
use crate::domain::user::{PERMISSION, User};

/// `id` is the profile's, so it is not among these: `user_id` is the user's.
#[derive(Deserialize)]
struct Profile {
    user_id: i64,
    user_name: String,
    #[serde(default)]
    first_name: String,
    #[serde(default)]
    last_name: String,
    account: Option<Account>,
    /// Missing where there is no profile.
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

pub fn read(body: &[u8]) -> Result<User, Away> {
    let profile: Profile = serde_json::from_slice(body).map_err(|_| Away::Unreadable)?;
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
        // Iaso's admin admits staff only, and a profile does not list the permissions there: those of a superuser are known.
        configures: profile.is_superuser && profile.is_staff,
    })
}
