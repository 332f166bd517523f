//! How parameters were declared that an account has defaults for, for each pipeline of a connection.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde_json::{Map, Value, json};

use super::connection::{Db, on};
use super::error::Error;
use super::rows::object_of;
use super::schema::declared;
use super::types::Id;
use crate::domain::ids::{AccountId, ConnectionId, PipelineId};
use crate::domain::parameters::{Declarations, Declared, Kind};

pub fn declarations_of(
    db: &mut Db<'_>,
    connection: ConnectionId,
) -> Result<BTreeMap<PipelineId, Declarations>, Error> {
    let rows: Vec<(Id, String)> = on!(db, |conn| declared::table
        .filter(declared::connection_id.eq(connection.0))
        .select((declared::pipeline_id, declared::parameters))
        .load(conn))?;
    let one = |(id, kept): (Id, String)| Ok((PipelineId(id.0), declarations_from(&kept)?));
    rows.into_iter().map(one).collect()
}

/// A parameter that the pipeline does not declare any more is still known: a default for it may be kept.
pub fn put_declarations(
    db: &mut Db<'_>,
    account: AccountId,
    connection: ConnectionId,
    pipeline: PipelineId,
    new: Declarations,
) -> Result<(), Error> {
    let key = (connection.0, Id(pipeline.0));
    let before: Option<String> = on!(db, |conn| declared::table
        .find(key)
        .select(declared::parameters)
        .get_result(conn)
        .optional())?;
    let mut all = match &before {
        Some(kept) => declarations_from(kept)?,
        None => Declarations::new(),
    };
    all.extend(new);
    let kept = text_of(&all);
    if before.as_deref() == Some(&kept) {
        return Ok(());
    }
    on!(db, |conn| diesel::insert_into(declared::table)
        .values((
            declared::connection_id.eq(connection.0),
            declared::pipeline_id.eq(Id(pipeline.0)),
            declared::account_id.eq(account.0),
            declared::parameters.eq(&kept),
        ))
        .on_conflict((declared::connection_id, declared::pipeline_id))
        .do_update()
        .set(declared::parameters.eq(&kept))
        .execute(conn))?;
    Ok(())
}

fn text_of(all: &Declarations) -> String {
    let one = |(code, own): (&String, &Declared)| {
        let own = json!({"type": own.kind.word(), "listed": own.is_listed});
        (code.clone(), own)
    };
    Value::Object(all.iter().map(one).collect::<Map<_, _>>()).to_string()
}

fn declarations_from(kept: &str) -> Result<Declarations, Error> {
    let one = |(code, own): (String, Value)| {
        let kind = own["type"].as_str().map(Kind::parse);
        let declared = Declared {
            kind: kind.ok_or(Error::Corrupt("parameter type"))?,
            is_listed: own["listed"] == true,
        };
        Ok((code, declared))
    };
    object_of(kept)?.into_iter().map(one).collect()
}
