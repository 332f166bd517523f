//! A new API key: who asks for it, what may be asked for, and until when it may be good.

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::keys::{PREFIX, hash};
use super::{Bridge, Error};
use crate::domain::ids::{AccountId, KeyId};
use crate::domain::principal::{Principal, Role};
use crate::domain::sentence::{FieldErrors, Sentence, say};
use crate::domain::text;
use crate::store::{self, NewKey, Store};

/// Letters of a key's name.
pub const LONGEST_NAME: usize = 100;
/// The last year that a point in time of four digits can be written with.
const LAST_YEAR: i32 = 9_999;
/// How long a key is good at most that is made in a session of Iaso's: it does not end with its maker's rights there.
const LONGEST_OF_SESSION: TimeDelta = TimeDelta::days(365);

/// A key just made, to be shown once.
pub struct MadeKey {
    pub id: KeyId,
    pub key: SecretString,
}

/// A key that somebody asks for.
pub struct Wish {
    pub name: String,
    pub role: Role,
    pub expires_at: Option<DateTime<Utc>>,
}

/// Makes a key for whoever may read the settings of the database; it needs no name.
pub async fn make(
    store: &Store,
    account: AccountId,
    wish: Wish,
    by: &str,
    now: DateTime<Utc>,
) -> Result<MadeKey, Error> {
    accept(judge(&wish, now))?;
    let (new, key) = fresh(account, wish, by.to_owned());
    let id = store.write(move |db| {
        store::lock_keys(db)?;
        let good = store::good_keys(db, account, now)?;
        if !new.name.is_empty() && good.iter().any(|key| key.name == new.name) {
            return Err(Error::field("name", say("settings-key-name-taken")));
        }
        Ok(store::add_key(db, &new, now)?)
    });
    Ok(MadeKey { id: id.await?, key })
}

impl Bridge {
    /// Of two good keys with one name nobody could say which is whose; so a form that is sent twice makes one key, too.
    pub async fn make_key(&self, who: &Principal, mut wish: Wish) -> Result<MadeKey, Error> {
        let now = self.now();
        let mut wrong = judge(&wish, now);
        if wish.name.trim().is_empty() {
            wrong.add("name", say("field-required"));
        }
        let latest = self.latest_end(who).await?;
        let end = wrong.note("until", bounded(wish.expires_at, latest));
        accept(wrong)?;
        wish.expires_at = end.flatten();
        make(self.store(), who.account, wish, &who.actor.stored(), now).await
    }

    /// The latest end of a key that they make. None: it may be good until it is revoked.
    pub async fn latest_end(&self, who: &Principal) -> Result<Option<DateTime<Utc>>, Error> {
        if who.person.is_some() {
            return Ok(Some(self.now() + LONGEST_OF_SESSION));
        }
        let (account, Some(id)) = (who.account, who.key) else {
            return Ok(None);
        };
        let read = self
            .store()
            .read(move |db| Ok::<_, Error>(store::own_key(db, account, id)?));
        Ok(read.await?.and_then(|own| own.expires_at))
    }
}

/// The key itself, and what is kept of it.
fn fresh(account: AccountId, wish: Wish, by: String) -> (NewKey, SecretString) {
    let random = || Uuid::new_v4().simple().to_string();
    let key = format!("{PREFIX}{}-{}{}", wish.role.word(), random(), random());
    let new = NewKey {
        account,
        name: wish.name,
        role: wish.role,
        hash: hash(&key),
        expires_at: wish.expires_at,
        by,
    };
    (new, key.into())
}

/// A listing has one line per key, and each name is shown as it is written.
pub fn is_fit(name: &str) -> bool {
    name.chars().count() <= LONGEST_NAME && text::is_plain(name)
}

/// A key that never is good is nobody's wish.
fn judge(wish: &Wish, now: DateTime<Utc>) -> FieldErrors {
    let mut wrong = FieldErrors::default();
    if !text::is_plain(&wish.name) {
        wrong.add("name", say("field-hidden"));
    } else if !is_fit(&wish.name) {
        let odd = say("settings-key-name-odd").with("most", LONGEST_NAME);
        wrong.add("name", odd);
    }
    match wish.expires_at {
        Some(end) if end <= now => wrong.add("until", say("settings-key-until-past")),
        Some(end) if end.year() > LAST_YEAR => wrong.add("until", say("settings-key-day-odd")),
        Some(_) | None => {}
    }
    wrong
}

/// Days are asked for: the last one that is possible ends when it must.
fn bounded(
    wanted: Option<DateTime<Utc>>,
    latest: Option<DateTime<Utc>>,
) -> Result<Option<DateTime<Utc>>, Sentence> {
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

fn accept(wrong: FieldErrors) -> Result<(), Error> {
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Error::fields(wrong))
}

/// The letters of a key are nobody's to compare.
pub fn shown(key: &MadeKey) -> &str {
    key.key.expose_secret()
}
