//! The part of OpenHEXA's GraphQL schema that a bridge and the SDK use, under OpenHEXA's names.
//!
//! A nullable field whose resolver can fail is an `Option<Result<_>>`: its failure then stops at that field,
//! as it does in OpenHEXA. A `Result` alone takes its parent down with it.
#![allow(
    clippy::unused_async,
    clippy::struct_excessive_bools,
    reason = "resolvers are async and permissions are bools by their nature"
)]

mod connections;
mod contents;
mod mutation;
mod pages;
mod parameters;
mod pipelines;
mod query;
pub mod scalars;
mod users;
mod workspaces;

use std::sync::Arc;

use async_graphql::{Context, EmptySubscription, Error, ErrorExtensions, Result};
use uuid::Uuid;

use super::catalogue;
use super::core::{Core, Who};
use super::faults::Fault;

pub use query::Query;

/// The id of the one user, as `me` gives it.
pub fn user_id() -> Uuid {
    users::USER
}

pub type Schema = async_graphql::Schema<Query, mutation::Mutation, EmptySubscription>;

/// The deepest nesting taken; OpenHEXA was not seen to have a limit.
const DEPTH: usize = 64;

pub fn build() -> Schema {
    async_graphql::Schema::build(Query, mutation::Mutation, EmptySubscription)
        .limit_recursive_depth(DEPTH)
        .finish()
}

/// Who asks, of whom, on how bad a day. Given with every request.
pub struct Caller {
    pub core: Arc<Core>,
    pub who: Who,
    pub fault: Option<Fault>,
}

impl Caller {
    pub fn suffers(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// A pipeline that is neither deleted nor in an archived workspace.
    fn pipeline(&self, id: Uuid) -> Option<&catalogue::Pipeline> {
        let found = self.core.catalogue.pipeline(id)?;
        self.core.world().has_pipeline(id).then_some(found)
    }

    /// Whether this caller may see this run: a run sees only itself.
    fn sees(&self, run: Uuid) -> bool {
        match self.who {
            Who::User => true,
            Who::Run(own) => own == run,
            Who::Nobody => false,
        }
    }
}

fn caller<'a>(ctx: &Context<'a>) -> Result<&'a Caller> {
    ctx.data::<Caller>()
}

/// The caller, if it is anybody.
fn known<'a>(ctx: &Context<'a>) -> Result<&'a Caller> {
    let caller = caller(ctx)?;
    if caller.who == Who::Nobody {
        return Err(unauthenticated());
    }
    Ok(caller)
}

/// OpenHEXA's only extension code.
fn unauthenticated() -> Error {
    Error::new("Resolver requires an authenticated user")
        .extend_with(|_, extensions| extensions.set("code", "UNAUTHENTICATED"))
}

/// What cannot be resolved and may not be null.
fn not_nullable(field: &str) -> Error {
    Error::new(format!(
        "Cannot return null for non-nullable field {field}."
    ))
}

/// A stored word that its enumeration does not have.
fn unrepresentable(name: &str, value: &str) -> Error {
    Error::new(format!("Enum '{name}' cannot represent value: '{value}'"))
}
