//! Re-encrypts all stored secrets with the current key, and checks whether the configured keys decrypt them.
//!
//! A row is updated only if it has not changed since it was read, so that a bridge that is running at the same time loses
//! nothing. Rows that it has changed are left for the next pass.

use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::connection::{Db, on};
use super::encryption::Cipher;
use super::error::Error;
use super::flow_schema::{channel, hook};
use super::schema::{config, config_change, connection, run};
use super::types::DbUuid;

/// The result of one pass over all rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReencryptTotals {
    /// Re-encrypted with the current key.
    pub reencrypted: usize,
    /// Changed by another process in the meantime. Another pass is needed.
    pub skipped: usize,
    /// Not decrypted by any configured key.
    pub unreadable: usize,
}

/// What to do with a secret that no key decrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecryptable {
    Keep,
    Discard,
}

#[derive(QueryableByName)]
struct TableExists {
    #[diesel(sql_type = Bool)]
    table_exists: bool,
}

/// Whether this database has no tables of the bridge yet.
pub fn has_no_tables(db: &mut Db<'_>) -> Result<bool, Error> {
    const SQLITE: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'connection') AS table_exists";
    const POSTGRES: &str =
        "SELECT to_regclass('openhexa_bridge.connection') IS NOT NULL AS table_exists";
    let found: TableExists = match db {
        Db::Sqlite(conn, ..) => diesel::sql_query(SQLITE).get_result(&mut **conn)?,
        Db::Pg(conn, ..) => diesel::sql_query(POSTGRES).get_result(&mut **conn)?,
    };
    Ok(!found.table_exists)
}

/// Whether the keys decrypt everything that the bridge needs. The history of configurations is not checked, because only its
/// page reads it.
pub fn can_decrypt_all(db: &mut Db<'_>, cipher: &Cipher) -> Result<bool, Error> {
    let tokens: Vec<String> = on!(db, |conn| connection::table
        .select(connection::token)
        .load(conn))?;
    let contents: Vec<String> = on!(db, |conn| config::table.select(config::content).load(conn))?;
    let launches: Vec<Option<String>> = on!(db, |conn| run::table
        .filter(run::secrets.is_not_null())
        .select(run::secrets)
        .load(conn))?;
    let hooks: Vec<(String, Option<String>)> = on!(db, |conn| hook::table
        .select((hook::secret, hook::old_secret))
        .load(conn))?;
    let hooks = hooks
        .iter()
        .flat_map(|(secret, old)| std::iter::once(secret).chain(old));
    let channels = encrypted_in_channels(db)?;
    let mut encrypted = tokens
        .iter()
        .chain(launches.iter().flatten())
        .chain(hooks)
        .chain(&channels);
    Ok(encrypted.all(|text| cipher.decrypt(text).is_ok())
        && contents
            .iter()
            .all(|text| cipher.decrypt_object(text).is_ok()))
}

/// One pass over all secrets, inside a transaction.
pub fn reencrypt(
    db: &mut Db<'_>,
    cipher: &Cipher,
    undecryptable: Undecryptable,
) -> Result<ReencryptTotals, Error> {
    let mut totals = ReencryptTotals::default();
    contents(db, cipher, undecryptable, &mut totals)?;
    tokens(db, cipher, undecryptable, &mut totals)?;
    launches(db, cipher, undecryptable, &mut totals)?;
    history(db, cipher, undecryptable, &mut totals)?;
    hooks(db, cipher, undecryptable, &mut totals)?;
    channels(db, cipher, undecryptable, &mut totals)?;
    Ok(totals)
}

impl ReencryptTotals {
    /// Re-encrypts one row and counts it. `put` writes the row and returns how many rows it has updated.
    fn add(
        &mut self,
        cipher: &Cipher,
        stored: &str,
        mut put: impl FnMut(Option<String>) -> Result<usize, Error>,
        undecryptable: Undecryptable,
    ) -> Result<(), Error> {
        match (cipher.reencrypt(stored), undecryptable) {
            (Ok(None), _) => {}
            (Ok(Some(new)), _) => match put(Some(new))? {
                0 => self.skipped += 1,
                rows => self.reencrypted += rows,
            },
            (Err(_), Undecryptable::Keep) => self.unreadable += 1,
            (Err(_), Undecryptable::Discard) => {
                self.unreadable += 1;
                put(None)?;
            }
        }
        Ok(())
    }
}

/// The records. With `Discard`, a record that cannot be decrypted, or whose token cannot, is deleted, and its account has no
/// configuration any more.
fn contents(
    db: &mut Db<'_>,
    cipher: &Cipher,
    undecryptable: Undecryptable,
    totals: &mut ReencryptTotals,
) -> Result<(), Error> {
    let rows: Vec<(i64, String, String)> = on!(db, |conn| config::table
        .inner_join(connection::table)
        .select((config::account_id, config::content, connection::token))
        .load(conn))?;
    for (account, stored, token) in rows {
        if undecryptable == Undecryptable::Discard && cipher.decrypt(&token).is_err() {
            on!(db, |conn| diesel::delete(config::table.find(account))
                .execute(conn))?;
            continue;
        }
        let row = || {
            config::table
                .find(account)
                .filter(config::content.eq(&stored))
        };
        let put = |new: Option<String>| match new {
            Some(new) => Ok(on!(db, |conn| diesel::update(row())
                .set(config::content.eq(new))
                .execute(conn))?),
            None => Ok(on!(db, |conn| diesel::delete(row()).execute(conn))?),
        };
        totals.add(cipher, &stored, put, undecryptable)?;
    }
    Ok(())
}

/// The tokens of connections. A connection is never deleted, because runs use it. With `Discard` its token becomes empty, and
/// its runs can no longer be polled.
fn tokens(
    db: &mut Db<'_>,
    cipher: &Cipher,
    undecryptable: Undecryptable,
    totals: &mut ReencryptTotals,
) -> Result<(), Error> {
    let rows: Vec<(i64, String)> = on!(db, |conn| connection::table
        .select((connection::id, connection::token))
        .load(conn))?;
    for (id, stored) in rows {
        let put = |new: Option<String>| {
            let new = new.unwrap_or_else(|| cipher.encrypt(""));
            Ok(on!(db, |conn| diesel::update(connection::table.find(id))
                .filter(connection::token.eq(&stored))
                .set(connection::token.eq(&new))
                .execute(conn))?)
        };
        totals.add(cipher, &stored, put, undecryptable)?;
    }
    Ok(())
}

/// The secrets of launches whose run is not known yet.
fn launches(
    db: &mut Db<'_>,
    cipher: &Cipher,
    undecryptable: Undecryptable,
    totals: &mut ReencryptTotals,
) -> Result<(), Error> {
    let rows: Vec<(i64, Option<String>)> = on!(db, |conn| run::table
        .filter(run::secrets.is_not_null())
        .select((run::task_id, run::secrets))
        .load(conn))?;
    for (task, stored) in rows {
        let stored = stored.unwrap_or_default();
        let put = |new: Option<String>| {
            Ok(on!(db, |conn| diesel::update(run::table.find(task))
                .filter(run::secrets.eq(&stored))
                .set(run::secrets.eq(&new))
                .execute(conn))?)
        };
        totals.add(cipher, &stored, put, undecryptable)?;
    }
    Ok(())
}

/// The history of configurations.
fn history(
    db: &mut Db<'_>,
    cipher: &Cipher,
    undecryptable: Undecryptable,
    totals: &mut ReencryptTotals,
) -> Result<(), Error> {
    let rows: Vec<(i64, Option<String>)> = on!(db, |conn| config_change::table
        .filter(config_change::content.is_not_null())
        .select((config_change::id, config_change::content))
        .load(conn))?;
    for (id, stored) in rows {
        let stored = stored.unwrap_or_default();
        let put = |new: Option<String>| {
            Ok(on!(db, |conn| diesel::update(
                config_change::table.find(id)
            )
            .filter(config_change::content.eq(&stored))
            .set(config_change::content.eq(&new))
            .execute(conn))?)
        };
        totals.add(cipher, &stored, put, undecryptable)?;
    }
    Ok(())
}

/// The secrets of webhooks. With `Discard`, a secret that cannot be decrypted becomes empty: no message is accepted until an
/// administrator creates a new secret.
fn hooks(
    db: &mut Db<'_>,
    cipher: &Cipher,
    undecryptable: Undecryptable,
    totals: &mut ReencryptTotals,
) -> Result<(), Error> {
    let rows: Vec<(DbUuid, String, Option<String>)> = on!(db, |conn| hook::table
        .select((hook::id, hook::secret, hook::old_secret))
        .load(conn))?;
    for (id, stored, old) in rows {
        let put = |new: Option<String>| {
            let new = new.unwrap_or_else(|| cipher.encrypt(""));
            Ok(on!(db, |conn| diesel::update(hook::table.find(id))
                .filter(hook::secret.eq(&stored))
                .set(hook::secret.eq(&new))
                .execute(conn))?)
        };
        totals.add(cipher, &stored, put, undecryptable)?;
        let Some(old) = old else {
            continue;
        };
        let put = |new: Option<String>| {
            Ok(on!(db, |conn| diesel::update(hook::table.find(id))
                .filter(hook::old_secret.eq(&old))
                .set(hook::old_secret.eq(&new))
                .execute(conn))?)
        };
        totals.add(cipher, &old, put, undecryptable)?;
    }
    Ok(())
}

type ChannelRow = (i64, String, Option<String>, Option<String>);

fn channel_rows(db: &mut Db<'_>) -> Result<Vec<ChannelRow>, Error> {
    Ok(on!(db, |conn| channel::table
        .select((
            channel::id,
            channel::target,
            channel::secret,
            channel::old_secret,
        ))
        .load(conn))?)
}

fn encrypted_in_channels(db: &mut Db<'_>) -> Result<Vec<String>, Error> {
    let rows = channel_rows(db)?.into_iter();
    let texts = rows.flat_map(|(_, target, secret, old)| [Some(target), secret, old]);
    Ok(texts.flatten().collect())
}

/// The addresses and secrets of channels. With `Discard`, an address that cannot be decrypted becomes empty, and a secret too: no
/// message can be delivered until an administrator sets a new address and creates a new secret.
fn channels(
    db: &mut Db<'_>,
    cipher: &Cipher,
    undecryptable: Undecryptable,
    totals: &mut ReencryptTotals,
) -> Result<(), Error> {
    macro_rules! reencrypt_column {
        ($id:expr, $column:ident, $stored:expr, $lost:expr) => {{
            let stored = $stored;
            let put = |new: Option<String>| {
                let row = channel::table.find($id);
                let new = new.or_else(|| $lost);
                Ok(on!(db, |conn| diesel::update(row)
                    .filter(channel::$column.eq(&stored))
                    .set(channel::$column.eq(new))
                    .execute(conn))?)
            };
            totals.add(cipher, &stored, put, undecryptable)?;
        }};
    }
    for (id, target, secret, old) in channel_rows(db)? {
        let put = |new: Option<String>| {
            let new = new.unwrap_or_else(|| cipher.encrypt(""));
            Ok(on!(db, |conn| diesel::update(channel::table.find(id))
                .filter(channel::target.eq(&target))
                .set(channel::target.eq(&new))
                .execute(conn))?)
        };
        totals.add(cipher, &target, put, undecryptable)?;
        if let Some(secret) = secret {
            reencrypt_column!(id, secret, secret, Some(cipher.encrypt("")));
        }
        if let Some(old) = old {
            reencrypt_column!(id, old_secret, old, None);
        }
    }
    Ok(())
}
