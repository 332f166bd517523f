//! How pipelines declared the parameters that an account has defaults for, by connection and pipeline.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde_json::{Map, Value, json};

use super::connection::{Db, on};
use super::error::Error;
use super::rows::object_of;
use super::schema::parameter_declaration;
use super::types::DbUuid;
use crate::domain::ids::{AccountId, ConnectionId, PipelineId};
use crate::domain::parameters::{Declarations, Declared, Kind};

pub fn declarations_of(
    db: &mut Db<'_>,
    connection: ConnectionId,
) -> Result<BTreeMap<PipelineId, Declarations>, Error> {
    let rows: Vec<(DbUuid, String)> = on!(db, |conn| parameter_declaration::table
        .filter(parameter_declaration::connection_id.eq(connection.0))
        .select((
            parameter_declaration::pipeline_id,
            parameter_declaration::parameters
        ))
        .load(conn))?;
    let one = |(id, text): (DbUuid, String)| Ok((PipelineId(id.0), declarations_from(&text)?));
    rows.into_iter().map(one).collect()
}

/// Adds declarations. A parameter that the pipeline no longer declares is kept, because there can still be a default for it.
pub fn put_declarations(
    db: &mut Db<'_>,
    account: AccountId,
    connection: ConnectionId,
    pipeline: PipelineId,
    new: Declarations,
) -> Result<(), Error> {
    let key = (connection.0, DbUuid(pipeline.0));
    let before: Option<String> = on!(db, |conn| parameter_declaration::table
        .find(key)
        .select(parameter_declaration::parameters)
        .get_result(conn)
        .optional())?;
    let mut all = match &before {
        Some(text) => declarations_from(text)?,
        None => Declarations::new(),
    };
    all.extend(new);
    let text = text_of(&all);
    if before.as_deref() == Some(&text) {
        return Ok(());
    }
    on!(db, |conn| diesel::insert_into(parameter_declaration::table)
        .values((
            parameter_declaration::connection_id.eq(connection.0),
            parameter_declaration::pipeline_id.eq(DbUuid(pipeline.0)),
            parameter_declaration::account_id.eq(account.0),
            parameter_declaration::parameters.eq(&text),
        ))
        .on_conflict((
            parameter_declaration::connection_id,
            parameter_declaration::pipeline_id
        ))
        .do_update()
        .set(parameter_declaration::parameters.eq(&text))
        .execute(conn))?;
    Ok(())
}

fn text_of(all: &Declarations) -> String {
    let one = |(code, own): (&String, &Declared)| {
        let own = json!({"type": own.kind.as_str(), "listed": own.is_listed});
        (code.clone(), own)
    };
    Value::Object(all.iter().map(one).collect::<Map<_, _>>()).to_string()
}

fn declarations_from(text: &str) -> Result<Declarations, Error> {
    let one = |(code, own): (String, Value)| {
        let kind = own["type"].as_str().map(Kind::parse);
        let declared = Declared {
            kind: kind.ok_or(Error::Corrupt("parameter type"))?,
            is_listed: own["listed"] == true,
        };
        Ok((code, declared))
    };
    object_of(text)?.into_iter().map(one).collect()
}
