//! A browser tab: finds elements, types, clicks, and waits.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::SemaphorePermit;

use super::driver::{ScriptedServer, place};
use crate::support::story::MAX_WAIT;

/// The code of a key in the `WebDriver` protocol.
#[derive(Clone, Copy, Debug)]
pub enum Key {
    Tab,
    Enter,
    Space,
    Down,
}

/// How the browser is set up.
#[derive(Clone, Copy)]
pub struct BrowserOptions {
    pub languages: &'static str,
    pub script: bool,
}

impl BrowserOptions {
    /// The language of the browser's own parts, such as date fields.
    fn language(self) -> &'static str {
        if self.languages.starts_with("fr") {
            "fr"
        } else {
            "en-GB"
        }
    }
}

pub const ENGLISH: BrowserOptions = BrowserOptions {
    languages: "en-GB,en",
    script: true,
};
pub const FRENCH: BrowserOptions = BrowserOptions {
    languages: "fr-CM,fr",
    script: true,
};

/// A browser with one tab. Dropping it closes the browser; if the test failed, it saves what was shown.
pub struct Tab {
    wire: ScriptedServer,
    name: String,
    _place: SemaphorePermit<'static>,
}

const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Folder for pictures and pages of failed tests.
pub fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/browser");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn capabilities(options: BrowserOptions) -> Value {
    let mut args: Vec<String> = [
        "--headless",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--remote-debugging-pipe",
        "--hide-scrollbars",
        "--disable-lcd-text",
        "--window-size=1280,900",
        "--force-color-profile=srgb",
    ]
    .map(str::to_owned)
    .into();
    args.push(format!("--lang={}", options.language()));
    args.push(format!("--accept-lang={}", options.languages));
    // Chromium's sandbox does not work as root.
    if rustix::process::getuid().is_root() {
        args.push("--no-sandbox".to_owned());
    }
    let mut chrome = json!({"args": args});
    if let Ok(browser) = std::env::var("OPENHEXA_BRIDGE_TEST_CHROMIUM") {
        chrome["binary"] = browser.into();
    }
    let logs = json!({"browser": "ALL", "performance": "ALL"});
    json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": chrome, "goog:loggingPrefs": logs}}})
}

impl Tab {
    pub async fn new(options: BrowserOptions) -> Self {
        let place = place().await;
        let driver = ScriptedServer::to_driver(options.language()).await;
        let made = driver.post("/session", &capabilities(options)).await;
        let thread = std::thread::current();
        let tab = Self {
            wire: driver.session(made["sessionId"].as_str().unwrap()),
            name: thread.name().unwrap_or("a-story").replace("::", "-"),
            _place: place,
        };
        if !options.script {
            let off = json!({"value": true});
            tab.cdp("Emulation.setScriptExecutionDisabled", off).await;
        }
        tab
    }

    pub async fn cdp(&self, command: &str, parameters: Value) -> Value {
        let body = json!({"cmd": command, "params": parameters});
        self.wire.post("/goog/cdp/execute", &body).await
    }

    pub async fn open(&self, url: &str) {
        self.wire.post("/url", &json!({"url": url})).await;
    }

    /// Sets a cookie for the host of the page.
    pub async fn cookie(&self, name: &str, value: &str) {
        let cookie = json!({"cookie": {"name": name, "value": value}});
        self.wire.post("/cookie", &cookie).await;
    }

    pub async fn reload(&self) {
        self.wire.post("/refresh", &json!({})).await;
    }

    pub async fn back(&self) {
        self.wire.post("/back", &json!({})).await;
    }

    /// The value of a JavaScript expression in the page.
    pub async fn js(&self, expression: &str) -> Value {
        let value = self.try_js(expression).await;
        value.unwrap_or_else(|wrong| panic!("{expression}: {wrong}"))
    }

    async fn try_js(&self, expression: &str) -> Result<Value, String> {
        let body = json!({"script": format!("return ({expression});"), "args": []});
        self.wire.ask(Method::POST, "/execute/sync", &body).await
    }

    /// Runs a whole script.
    pub async fn run(&self, script: &str) -> Value {
        let body = json!({"script": script, "args": []});
        self.wire.post("/execute/sync", &body).await
    }

    /// Runs a script that calls back with its value.
    pub async fn run_async(&self, script: &str) -> Value {
        let body = json!({"script": script, "args": []});
        self.wire.post("/execute/async", &body).await
    }

    /// Waits until the expression is true, and returns its value.
    pub async fn until(&self, expression: &str) -> Value {
        let deadline = Instant::now() + MAX_WAIT;
        loop {
            let seen = self.try_js(expression).await;
            if let Ok(value) = &seen
                && !value.is_null()
                && *value != json!(false)
            {
                return value.clone();
            }
            assert!(
                Instant::now() < deadline,
                "{expression} did not become true: {seen:?}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the element with this CSS selector has the text.
    pub async fn reads(&self, css: &str, text: &str) {
        let (css, text) = (json!(css), json!(text));
        self.until(&format!(
            "[...document.querySelectorAll({css})].some(one => one.innerText.includes({text}))"
        ))
        .await;
    }

    /// The current text of an element.
    pub async fn text(&self, css: &str) -> String {
        let value = self
            .js(&format!("document.querySelector({}).innerText", json!(css)))
            .await;
        value.as_str().unwrap().to_owned()
    }

    pub async fn address(&self) -> String {
        self.js("location.href").await.as_str().unwrap().to_owned()
    }

    pub async fn title(&self) -> String {
        self.js("document.title").await.as_str().unwrap().to_owned()
    }

    async fn find(&self, css: &str) -> String {
        self.until(&format!("!!document.querySelector({})", json!(css)))
            .await;
        let body = json!({"using": "css selector", "value": css});
        let found = self.wire.post("/element", &body).await;
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    /// A real mouse click: elements that are covered or hidden cannot be clicked.
    pub async fn click(&self, css: &str) {
        let path = format!("/element/{}/click", self.find(css).await);
        self.wire.post(&path, &json!({})).await;
    }

    /// Clicks twice, quickly.
    pub async fn double_click(&self, css: &str) {
        let origin = json!({ELEMENT: self.find(css).await});
        let press = |kind: &str| json!({"type": kind, "button": 0});
        let aim = json!({"type": "pointerMove", "origin": origin, "x": 0, "y": 0});
        let (down, up) = (press("pointerDown"), press("pointerUp"));
        let actions = json!([aim, down, up, down, up]);
        let body = json!({"actions": [{"type": "pointer", "id": "mouse", "actions": actions}]});
        self.js(&format!(
            "document.querySelector({}).scrollIntoView({{ block: 'center' }}) ?? true",
            json!(css)
        ))
        .await;
        self.wire.post("/actions", &body).await;
    }

    /// Replaces the value of a field.
    pub async fn fill(&self, css: &str, text: &str) {
        let element = self.find(css).await;
        let clear = format!("/element/{element}/clear");
        self.wire.post(&clear, &json!({})).await;
        self.keys_into(&element, text).await;
    }

    async fn keys_into(&self, element: &str, text: &str) {
        let path = format!("/element/{element}/value");
        self.wire.post(&path, &json!({"text": text})).await;
    }

    /// Presses a key for the focused element.
    pub async fn press(&self, key: Key) {
        let sign = match key {
            Key::Tab => '\u{e004}',
            Key::Enter => '\u{e007}',
            Key::Space => ' ',
            Key::Down => '\u{e015}',
        };
        self.keys(&sign.to_string()).await;
    }

    pub async fn keys(&self, text: &str) {
        let stroke = |sign: char| {
            ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": sign.to_string()}))
        };
        let strokes: Vec<Value> = text.chars().flat_map(stroke).collect();
        let body = json!({"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]});
        self.wire.post("/actions", &body).await;
    }

    /// Sets the size of the page, independent of the window.
    pub async fn size(&self, width: u32, height: u32) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.cdp("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// `prefers("color-scheme", "dark")`
    pub async fn prefers(&self, feature: &str, value: &str) {
        let feature = json!({"name": format!("prefers-{feature}"), "value": value});
        self.cdp("Emulation.setEmulatedMedia", json!({"features": [feature]}))
            .await;
    }

    pub async fn picture(&self) -> Vec<u8> {
        let picture = self.wire.get("/screenshot").await;
        STANDARD.decode(picture.as_str().unwrap()).unwrap()
    }

    /// The log entries of the browser since the last call; `browser` is its console.
    pub async fn log(&self, kind: &str) -> Vec<Value> {
        let said = self.wire.post("/se/log", &json!({"type": kind})).await;
        said.as_array().unwrap().clone()
    }

    /// Checks that the page is still the one on which a test ran `window.stays = true`.
    pub async fn stayed(&self) {
        let stays = self.js("window.stays").await;
        assert_eq!(stays, true, "the page was reloaded");
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        let failed = std::thread::panicking().then(|| folder().join(&self.name));
        let wire = self.wire.again();
        let leaving = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(leave(wire, failed))
        });
        match leaving.join() {
            Ok(said) if !said.is_empty() => eprintln!("{said}"),
            Ok(_) => {}
            Err(_) => eprintln!("a browser did not stop"),
        }
    }
}

/// Ends the session. If the test failed, saves the last page and prints where.
async fn leave(wire: ScriptedServer, failed: Option<PathBuf>) -> String {
    let mut said = String::new();
    if let Some(place) = failed {
        for (path, ending) in [("/screenshot", "png"), ("/source", "html")] {
            let Ok(Value::String(text)) = wire.ask(Method::GET, path, &Value::Null).await else {
                continue;
            };
            let bytes = match ending {
                "png" => STANDARD.decode(text).unwrap_or_default(),
                _ => text.into_bytes(),
            };
            let file = place.with_extension(ending);
            if std::fs::write(&file, bytes).is_ok() {
                let _ = writeln!(
                    said,
                    "the last page of the browser is saved in {}",
                    file.display()
                );
            }
        }
    }
    if let Err(wrong) = wire.ask(Method::DELETE, "", &Value::Null).await {
        let _ = writeln!(said, "a browser did not stop: {wrong}");
    }
    said
}
