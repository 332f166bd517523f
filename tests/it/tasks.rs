//! Tasks: the list, one task, its log and its history.

mod cursor;
mod detail;
mod include;
mod list;
mod results;
