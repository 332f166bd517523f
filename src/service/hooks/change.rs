//! Creates, changes and deletes webhooks. A secret is returned once, when it is created.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::Hooks;
use crate::domain::ids::{AccountId, HookId};
use crate::domain::message::{FieldErrors, say};
use crate::domain::principal::Principal;
use crate::domain::webhook::{
    Authentication, Hook, HookTarget, Mapping, Method, RotatingSecret, valid_mapping, valid_name,
    valid_username,
};
use crate::service::Error;
use crate::service::random::random_bytes;
use crate::store::{self, Cipher, Db};

/// How many hooks an account can have.
pub const MAX_HOOKS: i64 = 100;

/// The properties of a new hook.
pub struct NewHook {
    pub name: String,
    pub target: HookTarget,
    pub method: Method,
    /// Of the method basic.
    pub username: Option<String>,
    pub mapping: Mapping,
}

/// What to change; None: as it is.
#[derive(Clone, Default)]
pub struct HookEdit {
    pub name: Option<String>,
    pub target: Option<HookTarget>,
    pub username: Option<String>,
    pub mapping: Option<Mapping>,
}

/// A hook with its new secret.
pub struct HookWithSecret {
    pub hook: Hook,
    secret: SecretString,
}

impl HookWithSecret {
    pub fn expose(&self) -> &str {
        self.secret.expose_secret()
    }
}

impl Hooks {
    /// Its runs are launched as this principal.
    pub async fn create(&self, who: &Principal, new: NewHook) -> Result<HookWithSecret, Error> {
        let now = self.clock.now();
        let secret = new.method.secret(&random_bytes()?);
        let hook = Hook {
            id: HookId(Uuid::new_v4()),
            account: who.account,
            name: new.name,
            target: new.target,
            authentication: authentication(new.method, new.username)?,
            secret: RotatingSecret::new(secret.clone()),
            mapping: new.mapping,
            created_by: Some(who.clone()),
            created_at: now,
            updated_at: now,
            last_used_at: None,
        };
        let hook = valid(hook)?;
        self.check_target(&hook).await?;
        let (cipher, stored) = (self.store.cipher.clone(), hook.clone());
        self.store
            .write(move |db| add(db, &cipher, &stored))
            .await?;
        Ok(HookWithSecret { hook, secret })
    }

    pub async fn change(
        &self,
        account: AccountId,
        id: HookId,
        edit: HookEdit,
    ) -> Result<Hook, Error> {
        let now = self.clock.now();
        let changed = edited(self.get(account, id).await?, &edit, now)?;
        // OpenHEXA need not be available to rename a hook.
        if edit.target.is_some() || edit.mapping.is_some() {
            self.check_target(&changed).await?;
        }
        let cipher = self.store.cipher.clone();
        let written = self.store.write(move |db| {
            let hook = edited(lock(db, &cipher, account, id)?, &edit, now)?;
            store::put_hook(db, &hook)?;
            Ok::<_, Error>(hook)
        });
        let hook = written.await?;
        self.cache.remove(&id);
        Ok(hook)
    }

    /// Replaces the secret. The current one is accepted for a day more, the one before it no longer.
    pub async fn rotate(&self, account: AccountId, id: HookId) -> Result<HookWithSecret, Error> {
        let (cipher, random, now) = (self.store.cipher.clone(), random_bytes()?, self.clock.now());
        let rotated = self.store.write(move |db| {
            let hook = lock(db, &cipher, account, id)?;
            let secret = hook.authentication.method().secret(&random);
            let hook = hook.rotated(secret, now);
            store::put_hook_secrets(db, &cipher, &hook)?;
            Ok::<_, Error>(hook)
        });
        let hook = rotated.await?;
        self.cache.remove(&id);
        let secret = hook.secret.current.clone();
        Ok(HookWithSecret { hook, secret })
    }

    /// Deletes the hook and what it remembers of its messages. The tasks stay.
    pub async fn delete(&self, account: AccountId, id: HookId) -> Result<(), Error> {
        let cipher = self.store.cipher.clone();
        let deleted = self.store.write(move |db| {
            lock(db, &cipher, account, id)?;
            Ok::<_, Error>(store::delete_hook(db, id)?)
        });
        deleted.await?;
        self.cache.remove(&id);
        Ok(())
    }
}

fn edited(current: Hook, edit: &HookEdit, now: DateTime<Utc>) -> Result<Hook, Error> {
    let edit = edit.clone();
    let username = edit.username.or_else(|| {
        let username = current.authentication.username();
        username.map(str::to_owned)
    });
    valid(Hook {
        name: edit.name.unwrap_or(current.name),
        target: edit.target.unwrap_or(current.target),
        authentication: authentication(current.authentication.method(), username)?,
        mapping: edit.mapping.unwrap_or(current.mapping),
        updated_at: now,
        ..current
    })
}

/// The hook, if its name and mapping are valid.
fn valid(hook: Hook) -> Result<Hook, Error> {
    let mut wrong = FieldErrors::default();
    let name = wrong.note("name", valid_name(&hook.name));
    let mapping = wrong.note("mapping", valid_mapping(hook.mapping.clone()));
    match (name, mapping) {
        (Some(name), Some(mapping)) => Ok(Hook {
            name,
            mapping,
            ..hook
        }),
        (None, _) | (_, None) => Err(Error::fields(wrong)),
    }
}

fn authentication(method: Method, username: Option<String>) -> Result<Authentication, Error> {
    let wrong = |sentence| Error::field("username", sentence);
    match (method, username) {
        (Method::Basic, username) => {
            let username = valid_username(&username.unwrap_or_default()).map_err(wrong)?;
            Ok(Authentication::Basic { username })
        }
        (Method::Bearer | Method::Signature, Some(_)) => Err(wrong(say("webhook-username-basic"))),
        (Method::Bearer, None) => Ok(Authentication::Bearer),
        (Method::Signature, None) => Ok(Authentication::Signature),
    }
}

fn add(db: &mut Db<'_>, cipher: &Cipher, hook: &Hook) -> Result<(), Error> {
    store::lock_hooks(db)?;
    if store::count_hooks(db, hook.account)? >= MAX_HOOKS {
        let sentence = say("webhook-too-many").with("most", MAX_HOOKS);
        return Err(Error::field("name", sentence));
    }
    Ok(store::add_hook(db, cipher, hook)?)
}

fn lock(db: &mut Db<'_>, cipher: &Cipher, account: AccountId, id: HookId) -> Result<Hook, Error> {
    let found = store::lock_hook_of_account(db, cipher, account, id)?;
    found.ok_or_else(Error::no_hook)
}
