//! The content of a workspace: datasets, and files in its bucket.

use async_graphql::{Context, Error, Object, Result, SimpleObject};

use super::caller;
use super::scalars::{BucketObjectType, Stamp, Uid};
use crate::catalogue::id_from;
use crate::faults::Fault;
use crate::file_list::{self, Entry};
use crate::workspace;

#[derive(SimpleObject)]
pub struct Dataset {
    id: Uid,
    slug: String,
    name: String,
}

#[derive(SimpleObject)]
pub struct DatasetLink {
    id: Uid,
    dataset: Dataset,
}

impl DatasetLink {
    pub fn of(held: &workspace::Dataset) -> Self {
        let id = |what: &str| Uid::Id(id_from(&format!("{what} {}", held.slug)));
        Self {
            id: id("dataset link"),
            dataset: Dataset {
                id: id("dataset"),
                slug: held.slug.clone(),
                name: held.name.clone(),
            },
        }
    }
}

super::pages::page_type!(DatasetLinkPage of DatasetLink);

/// The files. All workspaces share one folder.
pub struct Bucket {
    pub name: String,
}

#[derive(SimpleObject)]
pub struct BucketObject {
    pub key: String,
    pub name: String,
    pub path: String,
    pub size: Option<i64>,
    pub updated_at: Option<Stamp>,
    #[graphql(name = "type")]
    pub kind: BucketObjectType,
}

impl BucketObject {
    pub fn new(bucket: &str, key: &str, size: u64) -> Self {
        let name = key.rsplit('/').next().unwrap_or(key);
        Self {
            key: key.to_owned(),
            name: name.to_owned(),
            path: format!("{bucket}/{key}"),
            size: i64::try_from(size).ok(),
            updated_at: None,
            kind: BucketObjectType::File,
        }
    }
}

#[derive(SimpleObject)]
pub struct BucketObjectPage {
    items: Vec<BucketObject>,
    page_number: i32,
    has_previous_page: bool,
    has_next_page: bool,
}

#[Object]
impl Bucket {
    async fn name(&self) -> &str {
        &self.name
    }

    /// The files and folders directly in one folder. A missing folder is an error, as for a bucket on a disk.
    async fn objects(
        &self,
        ctx: &Context<'_>,
        prefix: Option<String>,
        #[graphql(default = 1)] page: i32,
        #[graphql(default = 15)] per_page: i32,
        #[graphql(default = true)] ignore_hidden_files: bool,
    ) -> Result<BucketObjectPage> {
        let caller = caller(ctx)?;
        if caller.has_fault(Fault::FailListing) {
            return Err(Error::new("The storage is unavailable"));
        }
        let (state, folder) = (&caller.state, prefix.unwrap_or_default());
        let found = file_list::list(
            &state.files,
            &state.set_files(),
            &folder,
            !ignore_hidden_files,
        );
        let found = found.ok_or_else(|| Error::new(format!("Bucket {} not found", self.name)))?;
        let size = usize::try_from(per_page)?;
        let skip = usize::try_from(page.saturating_sub(1))?.saturating_mul(size);
        let has_next_page = found.len() > skip.saturating_add(size);
        let shown = found.into_iter().skip(skip).take(size);
        Ok(BucketObjectPage {
            items: shown.map(|entry| self.object(entry)).collect(),
            page_number: page,
            has_previous_page: page > 1,
            has_next_page,
        })
    }
}

impl Bucket {
    /// A folder has the size 0, as in OpenHEXA.
    fn object(&self, entry: Entry) -> BucketObject {
        let kind = match entry.size {
            Some(_) => BucketObjectType::File,
            None => BucketObjectType::Directory,
        };
        BucketObject {
            updated_at: entry.updated_at.map(file_list::stamp).map(Stamp),
            kind,
            ..BucketObject::new(&self.name, &entry.key, entry.size.unwrap_or_default())
        }
    }
}
