//! What things are: pure types and rules, no I/O, no clock, no wire format.

pub mod address;
mod cancel;
pub mod certificate;
mod codes;
pub mod connection;
pub mod event;
pub mod failure;
pub mod figures;
pub mod holdings;
pub mod ids;
pub mod note;
pub mod numbers;
pub mod observation;
pub mod parameters;
pub mod pipeline;
pub mod principal;
mod reported;
pub mod run;
pub mod secret_names;
pub mod sentence;
pub mod shown;
pub mod spread;
pub mod task;
pub mod text;
pub mod user;
pub mod validation;
pub mod verdict;
