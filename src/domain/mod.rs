//! What things are: pure types and rules, no I/O, no clock, no wire format.

pub mod ids;
pub mod parameters;
pub mod pipeline;
pub mod sentence;
pub mod validation;
