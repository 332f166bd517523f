//! The bridge's own pages in a real browser: what somebody sees and does there, with a mouse, with the keyboard alone,
//! without a script, in French, on a small screen, and with eyes that are not ours.
//!
//! On SQLite only: a page shows what the bridge hands it, and `pages/` tells the same on both databases. Chromium and
//! axe-core are brought by `make test`; a story that fails leaves what the browser showed in `target/browser/`.

mod alone;
mod axe;
mod contact;
mod driver;
mod launch;
mod live;
mod ministry;
mod monitoring;
mod narrow;
mod pages;
mod picture;
mod screenshots;
mod settings;
mod tab;
mod traffic;

use crate::support::story::Story;
use tab::Tab;

impl Tab {
    /// With a key, at the page that asks for it.
    pub async fn signs_in(&self, story: &Story, key: &str) {
        self.open(&format!("{}/dashboard/sign-in/", story.base_url()))
            .await;
        self.fill("#key", key).await;
        self.click("main form button.main").await;
        self.until("location.pathname === '/dashboard/pipelines/'")
            .await;
    }
}
