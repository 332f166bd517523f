//! Random requests: each gets a response that the API reference describes, is never a 500, and has no effect without
//! permission.

mod document;
mod launches;
mod tokens;
