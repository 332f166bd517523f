//! All that is stored encrypted: whether it can be read with the keys there are, and the same under the key in force.
//!
//! Each row is written only where it still is what was read, so that a bridge that goes on working meanwhile loses
//! nothing; what it has changed in between is left for the next pass.

use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::connection::{Db, on};
use super::error::Error;
use super::schema::{config, config_change, connection, run};
use super::vault::Vault;

/// What a pass over all rows came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Under the key in force now, and not before.
    pub sealed: usize,
    /// Changed by somebody else meanwhile: another pass finds them.
    pub missed: usize,
    /// Under a key that is not known.
    pub unreadable: usize,
}

/// What is done with a secret that no key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    Keep,
    Discard,
}

#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = Bool)]
    known: bool,
}

/// Whether this database has no tables of the bridge yet.
pub fn is_fresh(db: &mut Db<'_>) -> Result<bool, Error> {
    const SQLITE: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'connection') AS known";
    const POSTGRES: &str = "SELECT to_regclass('openhexa_bridge.connection') IS NOT NULL AS known";
    let found: Known = match db {
        Db::Sqlite(conn) => diesel::sql_query(SQLITE).get_result(&mut **conn)?,
        Db::Pg(conn, _) => diesel::sql_query(POSTGRES).get_result(&mut **conn)?,
    };
    Ok(!found.known)
}

/// Whether everything that the bridge works with can be opened. The history of configurations is read by nobody.
pub fn are_readable(db: &mut Db<'_>, vault: &Vault) -> Result<bool, Error> {
    let tokens: Vec<String> = on!(db, |conn| connection::table
        .select(connection::token)
        .load(conn))?;
    let contents: Vec<String> = on!(db, |conn| config::table.select(config::content).load(conn))?;
    let launches: Vec<Option<String>> = on!(db, |conn| run::table
        .filter(run::secrets.is_not_null())
        .select(run::secrets)
        .load(conn))?;
    let sealed = tokens.iter().chain(launches.iter().flatten());
    Ok(sealed.into_iter().all(|sealed| vault.open(sealed).is_ok())
        && contents.iter().all(|kept| vault.open_object(kept).is_ok()))
}

/// One pass over every secret; call it inside a transaction.
pub fn reseal(db: &mut Db<'_>, vault: &Vault, lost: Lost) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    contents(db, vault, lost, &mut tally)?;
    tokens(db, vault, lost, &mut tally)?;
    launches(db, vault, lost, &mut tally)?;
    history(db, vault, lost, &mut tally)?;
    Ok(tally)
}

impl Tally {
    /// What becomes of one row: `put` writes it and says how many rows it found.
    fn take(
        &mut self,
        vault: &Vault,
        kept: &str,
        mut put: impl FnMut(Option<String>) -> Result<usize, Error>,
        lost: Lost,
    ) -> Result<(), Error> {
        match (vault.anew(kept), lost) {
            (Ok(None), _) => {}
            (Ok(Some(sealed)), _) => match put(Some(sealed))? {
                0 => self.missed += 1,
                rows => self.sealed += rows,
            },
            (Err(_), Lost::Keep) => self.unreadable += 1,
            (Err(_), Lost::Discard) => {
                self.unreadable += 1;
                put(None)?;
            }
        }
        Ok(())
    }
}

/// A record that cannot be read, or whose token cannot, is none; its account is not configured any more.
fn contents(db: &mut Db<'_>, vault: &Vault, lost: Lost, tally: &mut Tally) -> Result<(), Error> {
    let rows: Vec<(i64, String, String)> = on!(db, |conn| config::table
        .inner_join(connection::table)
        .select((config::account_id, config::content, connection::token))
        .load(conn))?;
    for (account, kept, token) in rows {
        if lost == Lost::Discard && vault.open(&token).is_err() {
            on!(db, |conn| diesel::delete(config::table.find(account))
                .execute(conn))?;
            continue;
        }
        let row = || {
            config::table
                .find(account)
                .filter(config::content.eq(&kept))
        };
        let put = |sealed: Option<String>| match sealed {
            Some(sealed) => Ok(on!(db, |conn| diesel::update(row())
                .set(config::content.eq(sealed))
                .execute(conn))?),
            None => Ok(on!(db, |conn| diesel::delete(row()).execute(conn))?),
        };
        tally.take(vault, &kept, put, lost)?;
    }
    Ok(())
}

/// A connection stays for the runs that live on it; without its token they cannot be asked about.
fn tokens(db: &mut Db<'_>, vault: &Vault, lost: Lost, tally: &mut Tally) -> Result<(), Error> {
    let rows: Vec<(i64, String)> = on!(db, |conn| connection::table
        .select((connection::id, connection::token))
        .load(conn))?;
    for (id, kept) in rows {
        let put = |sealed: Option<String>| {
            let sealed = sealed.unwrap_or_else(|| vault.seal(""));
            Ok(on!(db, |conn| diesel::update(connection::table.find(id))
                .filter(connection::token.eq(&kept))
                .set(connection::token.eq(&sealed))
                .execute(conn))?)
        };
        tally.take(vault, &kept, put, lost)?;
    }
    Ok(())
}

fn launches(db: &mut Db<'_>, vault: &Vault, lost: Lost, tally: &mut Tally) -> Result<(), Error> {
    let rows: Vec<(i64, Option<String>)> = on!(db, |conn| run::table
        .filter(run::secrets.is_not_null())
        .select((run::task_id, run::secrets))
        .load(conn))?;
    for (task, kept) in rows {
        let kept = kept.unwrap_or_default();
        let put = |sealed: Option<String>| {
            Ok(on!(db, |conn| diesel::update(run::table.find(task))
                .filter(run::secrets.eq(&kept))
                .set(run::secrets.eq(&sealed))
                .execute(conn))?)
        };
        tally.take(vault, &kept, put, lost)?;
    }
    Ok(())
}

fn history(db: &mut Db<'_>, vault: &Vault, lost: Lost, tally: &mut Tally) -> Result<(), Error> {
    let rows: Vec<(i64, Option<String>)> = on!(db, |conn| config_change::table
        .filter(config_change::content.is_not_null())
        .select((config_change::id, config_change::content))
        .load(conn))?;
    for (id, kept) in rows {
        let kept = kept.unwrap_or_default();
        let put = |sealed: Option<String>| {
            Ok(on!(db, |conn| diesel::update(
                config_change::table.find(id)
            )
            .filter(config_change::content.eq(&kept))
            .set(config_change::content.eq(&sealed))
            .execute(conn))?)
        };
        tally.take(vault, &kept, put, lost)?;
    }
    Ok(())
}
