//! Pages of lists. As in OpenHEXA, a page after the last one, null and a size of 0 are errors.

use async_graphql::{Error, MaybeUndefined, Result};

const DEFAULT_SIZE: i64 = 10;
const LARGEST: i64 = 10_000;

pub struct Page<T> {
    pub items: Vec<T>,
    pub number: i32,
    pub pages: i32,
    pub total: i32,
}

/// One page of a sorted list.
pub fn paginate<T>(
    all: Vec<T>,
    page: MaybeUndefined<i32>,
    size: MaybeUndefined<i32>,
) -> Result<Page<T>> {
    let number = match page {
        MaybeUndefined::Undefined => 1,
        MaybeUndefined::Null => return Err(Error::new("That page number is not an integer")),
        MaybeUndefined::Value(number) => i64::from(number),
    };
    let size = match size {
        MaybeUndefined::Undefined => DEFAULT_SIZE,
        MaybeUndefined::Null => {
            return Err(Error::new(
                "'<' not supported between instances of 'NoneType' and 'int'",
            ));
        }
        MaybeUndefined::Value(size) => i64::from(size).min(LARGEST),
    };
    if number < 1 {
        return Err(Error::new("That page number is less than 1"));
    }
    if size == 0 {
        return Err(Error::new("division by zero"));
    }
    let total = i64::try_from(all.len())?;
    let pages = (total + size - 1).div_euclid(size).max(1);
    if size < 0 || number > pages {
        return Err(Error::new("That page contains no results"));
    }
    let skip = usize::try_from((number - 1) * size)?;
    let take = usize::try_from(size)?;
    Ok(Page {
        items: all.into_iter().skip(skip).take(take).collect(),
        number: i32::try_from(number)?,
        pages: i32::try_from(pages)?,
        total: i32::try_from(total)?,
    })
}

/// Defines the GraphQL type of a page of these items.
macro_rules! page_type {
    ($name:ident of $item:ty) => {
        #[derive(async_graphql::SimpleObject)]
        pub struct $name {
            items: Vec<$item>,
            page_number: i32,
            total_pages: i32,
            total_items: i32,
        }

        impl From<$crate::schema::pages::Page<$item>> for $name {
            fn from(page: $crate::schema::pages::Page<$item>) -> Self {
                Self {
                    items: page.items,
                    page_number: page.number,
                    total_pages: page.pages,
                    total_items: page.total,
                }
            }
        }
    };
}

pub(super) use page_type;
