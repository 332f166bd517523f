//! The settings pages with the script: buttons show that they were pressed.

use super::tab::{ENGLISH, Tab};
use crate::support::story::{Base, StoryBuilder};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_without_a_way_back_says_that_it_was_pressed() {
    let story = StoryBuilder::on(Base::Sqlite).local().begin().await;
    let tab = Tab::new(ENGLISH).await;
    tab.open(&format!("{}/dashboard/settings/", story.base_url()))
        .await;
    // The page stays, to be looked at.
    tab.run("document.addEventListener('submit', (event) => event.preventDefault()); document.querySelector('details.ask').open = true")
        .await;
    tab.click("details.ask button").await;
    tab.reads("details.ask button", "Please wait…").await;
    tab.end(&story.base_url()).await;
    story.end().await;
}
