//! The settings pages with the script: buttons show that they were pressed.

use super::tab::{ENGLISH, Tab};
use crate::support::story::{Base, StoryBuilder};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pressed_button_is_disabled_and_says_so() {
    let story = StoryBuilder::on(Base::Sqlite).local().begin().await;
    let tab = Tab::new(ENGLISH).await;
    tab.open(&format!("{}/dashboard/settings/", story.base_url()))
        .await;
    // Navigation is blocked, so that the page can be checked.
    tab.run("document.addEventListener('submit', (event) => event.preventDefault()); document.querySelector('details.ask').open = true")
        .await;
    tab.click("details.ask button").await;
    tab.reads("details.ask button", "Please wait…").await;
    tab.end(&story.base_url()).await;
    story.end().await;
}
