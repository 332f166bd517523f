//! Queries on Iaso's tables whose text never changes: prepared once per connection, so that PostgreSQL plans them once.
//!
//! Diesel prepares the text of a `sql_query` again each time. A prepared statement fails where the type of a column that it
//! returns has changed, as an upgrade of Iaso may do: the texts convert to fixed types.

use std::marker::PhantomData;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Untyped};

/// A query with its text; `$1` to `$9` stand for its values.
pub trait Question: 'static {
    const TEXT: &'static str;
}

pub enum Value {
    Integer(Option<i32>),
    BigInt(i64),
    Text(&'static str),
    BigInts(Vec<i64>),
}

/// A query with its values.
pub struct Prepared<Q> {
    values: Vec<Value>,
    question: PhantomData<Q>,
}

impl<Q: Question> Prepared<Q> {
    pub fn with(values: impl Into<Vec<Value>>) -> Self {
        Self {
            values: values.into(),
            question: PhantomData,
        }
    }

    fn push<'b>(&'b self, place: &str, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let place = place.parse::<usize>().ok();
        let value = place.and_then(|place| self.values.get(place.checked_sub(1)?));
        match value {
            Some(Value::Integer(value)) => out.push_bind_param::<Nullable<Integer>, _>(value),
            Some(Value::BigInt(value)) => out.push_bind_param::<BigInt, _>(value),
            Some(Value::Text(value)) => out.push_bind_param::<Text, _>(value),
            Some(Value::BigInts(values)) => out.push_bind_param::<Array<BigInt>, _>(values),
            None => Err(diesel::result::Error::QueryBuilderError(
                "a value is missing".into(),
            )),
        }
    }
}

impl<Q: Question> Query for Prepared<Q> {
    type SqlType = Untyped;
}

/// The text says which query it is.
impl<Q: Question> QueryId for Prepared<Q> {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Q, Conn> RunQueryDsl<Conn> for Prepared<Q> {}

impl<Q: Question> QueryFragment<Pg> for Prepared<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut parts = Q::TEXT.split('$');
        out.push_sql(parts.next().unwrap_or_default());
        for part in parts {
            let (place, rest) = part.split_at(part.len().min(1));
            self.push(place, &mut out)?;
            out.push_sql(rest);
        }
        Ok(())
    }
}
