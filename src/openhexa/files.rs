//! All files of a folder of the workspace, with their sizes and modification times, for the triggers of flows.
//!
//! OpenHEXA creates each page from a new listing of its storage, and reads the storage from the start for it. So the pages are
//! large, and a file that is added or removed meanwhile can be in two pages or in none.

use chrono::{DateTime, SubsecRound};
use serde_json::Value;

use super::timestamp::Timestamp;
use super::{Client, Error, GraphQlResponse, graphql, without_duplicates};
use crate::domain::connection::Target;
use crate::domain::flow::reference::FileFound;
use crate::domain::workspace_resources::{ResourceKind, parent_folders};
use graphql::list_files::{ListFilesWorkspaceBucketObjects, ResponseData, Variables};

const PER_PAGE: i64 = 1000;
/// With `PER_PAGE`, as many as `MOST_LISTED` in `domain/flow/files.rs`.
const MOST_PAGES: i64 = 10;

/// The content of a folder. Its subfolders have no slash at the end.
#[derive(Default)]
struct Folder {
    files: Vec<FileFound>,
    subfolders: Vec<String>,
}

impl Client {
    pub(super) async fn list_files(
        &self,
        target: &Target,
        folder: &str,
    ) -> Result<Vec<FileFound>, Error> {
        match self.folder(target, folder).await {
            Ok(found) => Ok(without_duplicates(found.files, |file| file.path.clone())),
            // Storage on a disk returns an error for a folder that does not exist; other storage returns no files.
            Err(Error::GraphQl { .. }) if self.is_missing(target, folder).await => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    async fn folder(&self, target: &Target, folder: &str) -> Result<Folder, Error> {
        let mut found = Folder::default();
        for page in 1..=MOST_PAGES {
            let objects = self.page_of_files(target, folder, page).await?;
            let is_last = !objects.has_next_page;
            found.add(objects);
            if is_last {
                return Ok(found);
            }
        }
        Err(Error::TooMany)
    }

    async fn page_of_files(
        &self,
        target: &Target,
        folder: &str,
        page: i64,
    ) -> Result<ListFilesWorkspaceBucketObjects, Error> {
        let variables = Variables {
            slug: target.workspace.clone(),
            folder: folder.to_owned(),
            page,
            per_page: PER_PAGE,
        };
        let read = |found: GraphQlResponse<ResponseData>| {
            let found = found.complete()?.workspace.ok_or(Error::Denied)?;
            Ok(found.bucket.ok_or(Error::Unreadable)?.objects)
        };
        self.execute::<graphql::ListFiles, _>(target, variables, read)
            .await
    }

    /// Whether one of the parent folders is known not to contain the next one.
    async fn is_missing(&self, target: &Target, folder: &str) -> bool {
        if folder.is_empty() {
            return false;
        }
        for (parent, path) in parent_folders(&ResourceKind::Files(folder.to_owned())) {
            let ResourceKind::Files(parent) = parent else {
                return false;
            };
            match self.folder(target, &parent).await {
                Ok(found) if !found.subfolders.contains(&path) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
        false
    }
}

impl Folder {
    fn add(&mut self, page: ListFilesWorkspaceBucketObjects) {
        for object in page.items {
            if object.type_ != "FILE" {
                let key = object.key.trim_matches('/');
                self.subfolders.push(key.to_owned());
                continue;
            }
            self.files.push(FileFound {
                path: object.key,
                size: object.size.as_ref().map(size).unwrap_or_default(),
                modified: object.updated_at.map(modified).unwrap_or_default(),
            });
        }
    }
}

/// OpenHEXA's `BigInt`: a number or a text. At most as large as a database column can be.
fn size(value: &Value) -> u64 {
    let text = value.as_str().and_then(|text| text.parse().ok());
    let size = value.as_u64().or(text).unwrap_or_default();
    size.min(i64::MAX.unsigned_abs())
}

/// In milliseconds, as the database stores it: a version of a file is recognised by this time.
fn modified(time: Timestamp) -> DateTime<chrono::Utc> {
    time.0.unwrap_or_default().trunc_subsecs(3)
}
