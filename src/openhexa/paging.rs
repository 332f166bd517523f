//! Lists, page by page.

use std::collections::HashSet;
use std::hash::Hash;

use super::error::Error;
use super::transport::RequestLimits;

/// The numbers of the pages of a list. OpenHEXA returns how many there are; a page after the last one is an error.
pub(super) struct PageNumbers {
    pub per_page: i64,
    max: i64,
    current: i64,
    pub total: i64,
}

impl PageNumbers {
    pub fn new(limits: &RequestLimits) -> Self {
        Self {
            per_page: limits.page_items,
            max: limits.list_pages,
            current: 0,
            total: 1,
        }
    }

    /// A list with too many pages is an error. It is not cut, because missing items would count as deleted.
    pub fn next(&mut self) -> Result<Option<i64>, Error> {
        if self.current >= self.total {
            return Ok(None);
        }
        if self.current >= self.max {
            return Err(Error::TooLarge);
        }
        self.current += 1;
        Ok(Some(self.current))
    }
}

/// If an item is added while the list is read, others move to the next page and are read twice.
pub(super) fn without_duplicates<T, K: Eq + Hash>(items: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut seen = HashSet::new();
    items
        .into_iter()
        .filter(|item| seen.insert(key(item)))
        .collect()
}
