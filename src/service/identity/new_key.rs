//! Creates an API key: what is validated, and when the key expires at the latest.

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::keys::{ApiKeys, PREFIX, hash};
use crate::domain::ids::{AccountId, KeyId};
use crate::domain::message::{FieldErrors, Message, say};
use crate::domain::principal::{Principal, Role};
use crate::domain::text;
use crate::service::Error;
use crate::store::{self, NewKey, Store};

/// Maximum length of a name, in characters.
pub const MAX_NAME_LENGTH: usize = 100;
/// Later years cannot be written with four digits.
const LAST_YEAR: i32 = 9_999;
/// A key that a user of Iaso creates keeps working when the user loses their permissions there, so it must expire.
const MAX_LIFETIME_FOR_USERS: TimeDelta = TimeDelta::days(365);

/// A new key. It is shown once: the database has only its hash.
pub struct CreatedKey {
    pub id: KeyId,
    key: SecretString,
}

impl CreatedKey {
    pub fn expose(&self) -> &str {
        self.key.expose_secret()
    }
}

/// The properties of the new key.
pub struct KeyRequest {
    pub name: String,
    pub role: Role,
    pub expires_at: Option<DateTime<Utc>>,
}

/// Creates a key. The name may be empty, but may not be the name of another active key.
pub async fn create_key(
    store: &Store,
    account: AccountId,
    request: KeyRequest,
    created_by: &str,
    now: DateTime<Utc>,
) -> Result<CreatedKey, Error> {
    refuse_errors(validate(&request, now))?;
    let (new, key) = generate(account, request, created_by.to_owned());
    let id = store.write(move |db| {
        store::lock_keys(db)?;
        let active = store::active_keys(db, account, now)?;
        if !new.name.is_empty() && active.iter().any(|key| key.name == new.name) {
            return Err(Error::field("name", say("settings-key-name-taken")));
        }
        Ok(store::add_key(db, &new, now)?)
    });
    let id = id.await?;
    Ok(CreatedKey { id, key })
}

impl ApiKeys {
    /// Creates a key for a user of the pages. It needs a name: users tell keys apart by it, and a form that is sent
    /// twice creates one key only.
    pub async fn create(
        &self,
        who: &Principal,
        mut request: KeyRequest,
    ) -> Result<CreatedKey, Error> {
        let now = self.clock.now();
        let mut errors = validate(&request, now);
        if request.name.trim().is_empty() {
            errors.add("name", say("field-required"));
        }
        let latest = self.latest_expiry(who).await?;
        let expiry = errors.note("until", limited_expiry(request.expires_at, latest));
        refuse_errors(errors)?;
        request.expires_at = expiry.flatten();
        let created_by = who.actor.stored();
        create_key(&self.store, who.account, request, &created_by, now).await
    }

    /// When a key that this principal creates must expire at the latest. None: it may be valid until it is revoked.
    pub async fn latest_expiry(&self, who: &Principal) -> Result<Option<DateTime<Utc>>, Error> {
        if who.person.is_some() {
            return Ok(Some(self.clock.now() + MAX_LIFETIME_FOR_USERS));
        }
        let (account, Some(id)) = (who.account, who.key) else {
            return Ok(None);
        };
        let read = self
            .store
            .read(move |db| Ok::<_, Error>(store::key_of_account(db, account, id)?));
        Ok(read.await?.and_then(|own| own.expires_at))
    }
}

/// The row for the database, and the key itself.
fn generate(account: AccountId, request: KeyRequest, by: String) -> (NewKey, SecretString) {
    let random = || Uuid::new_v4().simple().to_string();
    let role = request.role.as_str();
    let key = format!("{PREFIX}{role}-{}{}", random(), random());
    let new = NewKey {
        account,
        name: request.name,
        role: request.role,
        hash: hash(&key),
        expires_at: request.expires_at,
        by,
    };
    (new, key.into())
}

/// Whether a name fits on one line of a list and is displayed as it is stored.
pub fn is_valid_name(name: &str) -> bool {
    name.chars().count() <= MAX_NAME_LENGTH && text::is_plain(name)
}

fn validate(request: &KeyRequest, now: DateTime<Utc>) -> FieldErrors {
    let mut errors = FieldErrors::default();
    if !text::is_plain(&request.name) {
        errors.add("name", say("field-hidden"));
    } else if !is_valid_name(&request.name) {
        let odd = say("settings-key-name-odd").with("most", MAX_NAME_LENGTH);
        errors.add("name", odd);
    }
    match request.expires_at {
        Some(end) if end <= now => errors.add("until", say("settings-key-until-past")),
        Some(end) if end.year() > LAST_YEAR => errors.add("until", say("settings-key-day-odd")),
        Some(_) | None => {}
    }
    errors
}

/// Users choose a day. On the latest possible day the key expires at the latest possible time.
fn limited_expiry(
    wanted: Option<DateTime<Utc>>,
    latest: Option<DateTime<Utc>>,
) -> Result<Option<DateTime<Utc>>, Message> {
    let Some(latest) = latest else {
        return Ok(wanted);
    };
    let wanted = wanted.ok_or_else(|| say("field-required"))?;
    if wanted.date_naive() > latest.date_naive() {
        let day = latest.format("%Y-%m-%d").to_string();
        return Err(say("settings-key-until-late").with("latest", day));
    }
    Ok(Some(wanted.min(latest)))
}

fn refuse_errors(errors: FieldErrors) -> Result<(), Error> {
    if errors.is_empty() {
        return Ok(());
    }
    Err(Error::fields(errors))
}
