//! Queries with a constant text, which are prepared once per connection, so that PostgreSQL plans them once. Diesel prepares a
//! `sql_query` again each time.
//!
//! A prepared statement fails if the type of a column that it returns changes, for example by an upgrade of Iaso. So the
//! queries cast their columns to fixed types.

use std::marker::PhantomData;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Untyped};

/// The text of a query, with `$1` to `$9` for its parameters.
pub trait QueryText: 'static {
    const TEXT: &'static str;
}

/// A parameter of a query.
pub enum Param {
    Integer(Option<i32>),
    BigInt(i64),
    Text(&'static str),
    BigInts(Vec<i64>),
}

/// A query with its parameters.
pub struct PreparedStatement<Q> {
    params: Vec<Param>,
    query: PhantomData<Q>,
}

impl<Q: QueryText> PreparedStatement<Q> {
    pub fn with(params: impl Into<Vec<Param>>) -> Self {
        Self {
            params: params.into(),
            query: PhantomData,
        }
    }

    fn push<'b>(&'b self, number: &str, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let number = number.parse::<usize>().ok();
        let param = number.and_then(|number| self.params.get(number.checked_sub(1)?));
        match param {
            Some(Param::Integer(value)) => out.push_bind_param::<Nullable<Integer>, _>(value),
            Some(Param::BigInt(value)) => out.push_bind_param::<BigInt, _>(value),
            Some(Param::Text(value)) => out.push_bind_param::<Text, _>(value),
            Some(Param::BigInts(values)) => out.push_bind_param::<Array<BigInt>, _>(values),
            None => Err(diesel::result::Error::QueryBuilderError(
                "a parameter of a query is missing".into(),
            )),
        }
    }
}

impl<Q: QueryText> Query for PreparedStatement<Q> {
    type SqlType = Untyped;
}

/// The type identifies the text, and so the prepared statement.
impl<Q: QueryText> QueryId for PreparedStatement<Q> {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Q, Conn> RunQueryDsl<Conn> for PreparedStatement<Q> {}

impl<Q: QueryText> QueryFragment<Pg> for PreparedStatement<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut parts = Q::TEXT.split('$');
        out.push_sql(parts.next().unwrap_or_default());
        for part in parts {
            let (number, rest) = part.split_at(part.len().min(1));
            self.push(number, &mut out)?;
            out.push_sql(rest);
        }
        Ok(())
    }
}
