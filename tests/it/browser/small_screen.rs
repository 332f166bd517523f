//! Every page on the smallest screen, in French, which has the longer words.

use super::pages::{BY_ADMINISTRATOR, BY_OPERATOR, Visit, good, too_wide};
use super::sample_data::Ministry;
use super::tab::{ENGLISH, FRENCH, Tab};

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
    let mut ministry = Ministry::french().await;
    ministry.add_flows().await;
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

/// Of a header in pixels.
const HIGHEST: f64 = 80.0;

/// The header of a page at each width of a phone: its height, and whether its links can be reached.
async fn header(tab: &Tab, page: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    tab.open(page).await;
    for width in [320, 360, 390] {
        tab.size(width, 700).await;
        let height = tab
            .js("document.querySelector('.top').getBoundingClientRect().height")
            .await;
        if !height
            .as_f64()
            .is_some_and(|height| (40.0..=HIGHEST).contains(&height))
        {
            wrong.push(format!("{height} px high at {width}"));
        }
        let outside = "[...document.querySelectorAll('.top a, .top button')].filter((one) => one.getBoundingClientRect().right > innerWidth).map((one) => one.textContent)";
        let outside = tab.js(outside).await;
        if outside != serde_json::json!([]) {
            wrong.push(format!("{outside} is outside at {width}"));
        }
        let low = "[...document.querySelectorAll('.top a, .top button')].filter((one) => one.getBoundingClientRect().height < 24).map((one) => one.textContent)";
        let low = tab.js(low).await;
        if low != serde_json::json!([]) {
            wrong.push(format!("{low} is too low to touch at {width}"));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_header_leaves_the_screen_to_the_page() {
    let ministry = Ministry::french().await;
    let bridge = ministry.story.base_url();
    let page = ministry.address("/dashboard/tasks/");
    let mut wrong = Vec::new();
    for manner in [FRENCH, ENGLISH] {
        let tab = ministry.administrators_tab(manner).await;
        wrong.extend(header(&tab, &page).await);
        tab.end(&bridge).await;
        // With a key there is a long name and a button too.
        let tab = Tab::new(manner).await;
        tab.signs_in(&ministry.story, &ministry.story.secrets.admin)
            .await;
        wrong.extend(header(&tab, &page).await);
        tab.end(&bridge).await;
    }
    good(&wrong);
    ministry.end().await;
}
