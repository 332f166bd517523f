//! Iaso's own tables, in the PostgreSQL that the bridge shares with it. None of them is ever altered.

mod users;

pub use users::{Found, user};
