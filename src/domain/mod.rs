//! What things are: pure types and rules, no I/O, no clock, no wire format.

pub mod address;
pub mod connection;
pub mod ids;
pub mod observation;
pub mod parameters;
pub mod pipeline;
pub mod principal;
pub mod run;
pub mod sentence;
mod shown;
pub mod task;
pub mod validation;
pub mod verdict;
