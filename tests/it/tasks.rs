//! Tasks: the list, one task, its log and its history.

mod cursor;
mod include;
mod list;
mod one;
mod results;
