//! Reads lists page by page.

use std::collections::HashSet;
use std::hash::Hash;

use super::error::Error;
use super::transport::Limits;

/// The pages of a list. OpenHEXA returns the number of pages; a page past the last one is an error there.
pub(super) struct Pages {
    pub per_page: i64,
    most: i64,
    asked: i64,
    pub total: i64,
}

impl Pages {
    pub fn new(limits: &Limits) -> Self {
        Self {
            per_page: limits.page_items,
            most: limits.list_pages,
            asked: 0,
            total: 1,
        }
    }

    /// A list with too many pages is an error. It is not cut, because missing items would count as deleted.
    pub fn next(&mut self) -> Result<Option<i64>, Error> {
        if self.asked >= self.total {
            return Ok(None);
        }
        if self.asked >= self.most {
            return Err(Error::TooLarge);
        }
        self.asked += 1;
        Ok(Some(self.asked))
    }
}

/// A new item moves others to the next page, where they are read again.
pub(super) fn once_each<T, K: Eq + Hash>(items: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut seen = HashSet::new();
    items
        .into_iter()
        .filter(|item| seen.insert(key(item)))
        .collect()
}
