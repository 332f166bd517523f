//! What a tab requested and from where, the size of a page, and the messages in the console.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::tab::Tab;
use crate::support::story::MAX_WAIT;

/// How many files the page in the tab is made of: its document, its styles and its scripts.
const FILES: &str = "1 + new Set([...document.querySelectorAll('link[rel=stylesheet], script[src]')].map((one) => one.href ?? one.src)).size";

/// The requests that one document made for itself, its styles and its scripts.
struct Load {
    /// Chromium's id for the load of a document.
    loader: String,
    /// The bytes of each request, once its response is complete.
    sizes: HashMap<String, Option<f64>>,
}

impl Load {
    fn note(&mut self, method: &str, about: &Value) {
        let id = about["requestId"].as_str().unwrap_or_default();
        let is_file = ["Document", "Stylesheet", "Script"].map(Value::from);
        match method {
            "Network.requestWillBeSent"
                if about["loaderId"] == *self.loader && is_file.contains(&about["type"]) =>
            {
                self.sizes.insert(id.to_owned(), None);
            }
            "Network.loadingFinished" => {
                if let Some(size) = self.sizes.get_mut(id) {
                    *size = about["encodedDataLength"].as_f64();
                }
            }
            _ => {}
        }
    }

    /// The bytes of all files, once all of them have arrived.
    fn bytes(&self, files: u64) -> Option<f64> {
        let sizes: Option<Vec<f64>> = self.sizes.values().copied().collect();
        let all = sizes.filter(|sizes| sizes.len() as u64 == files)?;
        Some(all.iter().sum())
    }
}

impl Tab {
    /// The tab sent requests only to the bridge, and the console has no errors. An error response for a page
    /// itself is not counted.
    pub async fn end(self, bridge: &str) {
        let said = self.complaints().await;
        assert!(said.is_empty(), "the console says {said:#?}");
        self.requests(bridge).await;
    }

    /// After an outage of the bridge, which the console may report.
    pub async fn end_after_outage(self, bridge: &str) {
        let mut said = self.complaints().await;
        said.retain(|complaint| !complaint.contains("net::ERR_"));
        assert!(said.is_empty(), "the console says {said:#?}");
        self.requests(bridge).await;
    }

    /// Warnings and errors; hints for developers are not counted.
    pub async fn complaints(&self) -> Vec<String> {
        let mut all = self.log("browser").await;
        all.retain(|one| one["level"] == "WARNING" || one["level"] == "SEVERE");
        let texts = all
            .iter()
            .map(|one| one["message"].as_str().unwrap().to_owned());
        let answered = "the server responded with a status of 4";
        texts.filter(|text| !text.contains(answered)).collect()
    }

    /// The size of the open page as sent: its document, styles and scripts. Waits until the browser has
    /// reported that each of them is complete, which may be after the page was shown.
    pub async fn bytes_of_page(&self, bridge: &str) -> f64 {
        let tree = self.cdp("Page.getFrameTree", json!({})).await;
        let mut load = Load {
            loader: tree["frameTree"]["frame"]["loaderId"]
                .as_str()
                .unwrap()
                .to_owned(),
            sizes: HashMap::new(),
        };
        let files = self.js(FILES).await.as_u64().unwrap();
        let deadline = Instant::now() + MAX_WAIT;
        loop {
            for (method, about) in self.requests(bridge).await {
                load.note(&method, &about);
            }
            if let Some(bytes) = load.bytes(files) {
                return bytes;
            }
            let late = Instant::now() > deadline;
            assert!(
                !late,
                "of {files} files, these are complete: {:?}",
                load.sizes
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The network events since the last call. Every request must go to the bridge (`data:` is internal to
    /// the browser).
    async fn requests(&self, bridge: &str) -> Vec<(String, Value)> {
        let log = self.log("performance").await;
        let events = log.iter().map(|entry| {
            let text = entry["message"].as_str().unwrap();
            let mut event: Value = serde_json::from_str(text).unwrap();
            let about = event["message"]["params"].take();
            let method = event["message"]["method"].as_str().unwrap_or_default();
            (method.to_owned(), about)
        });
        let events: Vec<_> = events.collect();
        for (_, about) in events
            .iter()
            .filter(|(method, _)| method == "Network.requestWillBeSent")
        {
            let url = about["request"]["url"].as_str().unwrap();
            let is_own = url.starts_with(&format!("{bridge}/")) || url.starts_with("data:");
            assert!(is_own, "a request was sent to {url}");
        }
        events
    }
}
