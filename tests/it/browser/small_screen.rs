//! Every page on the smallest screen, in French, which has the longer words.

use super::pages::{BY_ADMINISTRATOR, BY_OPERATOR, Visit, good, too_wide};
use super::sample_data::Ministry;
use super::tab::{FRENCH, Tab};

const WIDTH: u32 = 320;

async fn visit(tab: &Tab, ministry: &Ministry, visits: &[Visit]) -> Vec<String> {
    let mut wrong = Vec::new();
    tab.size(WIDTH, 900).await;
    for visit in visits {
        tab.open(&ministry.address(visit.path)).await;
        if let Some((does, shows)) = visit.then {
            tab.js(does).await;
            tab.until(&format!("!!({shows})")).await;
        }
        let found = too_wide(tab, WIDTH).await;
        wrong.extend(found.map(|what| format!("{}: {what}", visit.name)));
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_in_french_fit_a_small_screen() {
    let ministry = Ministry::french().await;
    let bridge = ministry.story.base_url();
    let tab = ministry.tab(FRENCH).await;
    let mut wrong = visit(&tab, &ministry, BY_OPERATOR).await;
    tab.end(&bridge).await;
    let tab = Tab::new(FRENCH).await;
    tab.signs_in(&ministry.story, &ministry.story.secrets.admin)
        .await;
    wrong.extend(visit(&tab, &ministry, BY_ADMINISTRATOR).await);
    tab.end(&bridge).await;
    good(&wrong);
    ministry.end().await;
}

/// Symbols and words in the plot of past runs are not scaled down.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plot_keeps_its_size_on_a_small_screen() {
    let ministry = Ministry::french().await;
    let tab = ministry.tab(FRENCH).await;
    tab.size(WIDTH, 900).await;
    tab.open(&ministry.address("/dashboard/pipelines/{lqas}/"))
        .await;
    tab.until("document.querySelector('#plot svg').getBoundingClientRect().width >= document.querySelector('#plot svg').viewBox.baseVal.width")
        .await;
    let frame = tab.js("document.getElementById('plot').tabIndex").await;
    assert_eq!(frame, 0, "can be scrolled with the keyboard");
    assert_eq!(too_wide(&tab, WIDTH).await, None);
    tab.end(&ministry.story.base_url()).await;
    ministry.end().await;
}
