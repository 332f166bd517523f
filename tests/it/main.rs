//! The one test binary: a file per story.

mod parameters;
mod sentences;
mod support;
