//! The part of OpenHEXA's GraphQL schema that the bridge and the SDK use, with OpenHEXA's names.
//!
//! A nullable field whose resolver can fail is an `Option<Result<_>>`: if it fails, only that field is null, as in
//! OpenHEXA. If a plain `Result` fails, its parent is null too.
#![allow(
    clippy::unused_async,
    clippy::struct_excessive_bools,
    reason = "the library requires async resolvers, and OpenHEXA's permissions are bools"
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

use super::catalogue::{self, Catalogue};
use super::faults::Fault;
use super::state::{Identity, State};

pub use query::Query;

/// The id of the only user, which `me` returns.
pub fn user_id() -> Uuid {
    users::USER
}

pub type Schema = async_graphql::Schema<Query, mutation::Mutation, EmptySubscription>;

/// The deepest accepted nesting. OpenHEXA has no known limit.
const DEPTH: usize = 64;

pub fn build() -> Schema {
    async_graphql::Schema::build(Query, mutation::Mutation, EmptySubscription)
        .limit_recursive_depth(DEPTH)
        .finish()
}

/// The context of a request: its sender, the emulator's state, and its fault.
pub struct Caller {
    pub state: Arc<State>,
    /// The catalogue at the start of the request.
    pub catalogue: Arc<Catalogue>,
    pub identity: Identity,
    pub fault: Option<Fault>,
}

impl Caller {
    pub fn has_fault(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// A pipeline that is neither deleted nor in an archived workspace.
    fn pipeline(&self, id: Uuid) -> Option<&catalogue::Pipeline> {
        let found = self.catalogue.pipeline(id)?;
        self.state.run_store().has_pipeline(id).then_some(found)
    }

    /// Whether the caller may see this run. A run can see only itself.
    fn may_see(&self, run: Uuid) -> bool {
        match self.identity {
            Identity::User => true,
            Identity::Run(own) => own == run,
            Identity::Anonymous => false,
        }
    }
}

fn caller<'a>(ctx: &Context<'a>) -> Result<&'a Caller> {
    ctx.data::<Caller>()
}

/// The caller, if it is authenticated.
fn authenticated<'a>(ctx: &Context<'a>) -> Result<&'a Caller> {
    let caller = caller(ctx)?;
    if caller.identity == Identity::Anonymous {
        return Err(unauthenticated());
    }
    Ok(caller)
}

/// OpenHEXA's only extension code.
fn unauthenticated() -> Error {
    Error::new("Resolver requires an authenticated user")
        .extend_with(|_, extensions| extensions.set("code", "UNAUTHENTICATED"))
}

/// The error of a field that cannot be resolved and may not be null.
fn not_nullable(field: &str) -> Error {
    Error::new(format!(
        "Cannot return null for non-nullable field {field}."
    ))
}

/// The error of a stored value that its enumeration does not contain.
fn unrepresentable(name: &str, value: &str) -> Error {
    Error::new(format!("Enum '{name}' cannot represent value: '{value}'"))
}
