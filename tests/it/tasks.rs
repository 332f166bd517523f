//! What became of launches: the list, one task, its log and its history.

mod list;
mod one;
