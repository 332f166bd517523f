//! The bridge's pages in a real browser: with a mouse, with only the keyboard, without a script, in French, on a small
//! screen, and with the rules of accessibility.
//!
//! Only on SQLite, because `pages/` tests the content on both databases. `make test` installs Chromium and axe-core. A test
//! that fails saves what the browser showed in `target/browser/`.

mod axe;
mod driver;
mod flow_editing;
mod flows;
mod interruptions;
mod keyboard_only;
mod launch;
mod live;
mod monitoring;
mod pages;
mod png;
mod sample_data;
mod screenshots;
mod settings;
mod small_screen;
mod tab;
mod traffic;

use crate::support::story::Story;
use tab::Tab;

impl Tab {
    /// Signs in with a key, on the sign-in page.
    pub async fn signs_in(&self, story: &Story, key: &str) {
        self.open(&format!("{}/dashboard/sign-in/", story.base_url()))
            .await;
        self.fill("#key", key).await;
        self.click("main form button.main").await;
        self.until("location.pathname === '/dashboard/pipelines/'")
            .await;
    }
}
