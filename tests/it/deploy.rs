//! `deploy/`: the nginx configuration with a real nginx and a real bridge.

mod files;

use rstest::rstest;
use std::net::{IpAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use regex::Regex;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use crate::support::catalogue::{id, injected, pipeline};
use crate::support::story::{As, Base, MAX_WAIT, Postgres, Sqlite, Story, StoryBuilder};

fn deploy(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("deploy")
        .join(name);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn nginx() -> PathBuf {
    let named = std::env::var("OPENHEXA_BRIDGE_TEST_NGINX").unwrap_or_else(|_| {
        let found = std::process::Command::new("sh")
            .arg("tests/env/nginx.sh")
            .output();
        String::from_utf8(found.unwrap().stdout).unwrap()
    });
    let program = PathBuf::from(named.trim());
    assert!(
        program.is_file(),
        "nginx is not at {}: sh tests/env/nginx.sh",
        program.display()
    );
    program
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A server that returns the requested path for every request.
async fn iaso() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut heard = vec![0; 8192];
            let Ok(read) = stream.read(&mut heard).await else {
                continue;
            };
            let head = String::from_utf8_lossy(&heard[..read]).into_owned();
            let path = head.split(' ').nth(1).unwrap_or_default();
            let body = format!("iaso {path}");
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    port
}

/// Iaso and the bridge behind nginx, with the configuration of `deploy/`. nginx is one process, so that
/// nothing is left when it is stopped.
struct Front {
    _child: Child,
    _folder: TempDir,
    url: String,
    client: Client,
}

impl Front {
    async fn before(bridge: &str) -> Self {
        let (port, iaso) = (free_port(), iaso().await);
        let bridge = bridge.replace("http://", "");
        let snippet = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/nginx.conf");
        let servers = format!(
            "{}\n  server {{\n    listen 127.0.0.1:{port};\n    include {};\n    \
             location / {{ proxy_pass http://127.0.0.1:{iaso}; }}\n  }}",
            outside(&bridge),
            snippet.display()
        );
        Self::serving(port, &servers).await
    }

    /// The bridge alone at its address, without TLS.
    async fn standalone(bridge: &str) -> Self {
        let port = free_port();
        let snippet = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/nginx.conf");
        let own = deploy("nginx-standalone.conf");
        let lines = own.lines().filter(|line| !line.contains("ssl_certificate"));
        let servers: Vec<&str> = lines.collect();
        let servers = servers
            .join("\n")
            .replace("127.0.0.1:8080", &bridge.replace("http://", ""))
            .replace("listen 443 ssl", &format!("listen 127.0.0.1:{port}"))
            .replace("listen 80", &format!("listen 127.0.0.1:{}", free_port()))
            .replace(
                "/etc/nginx/openhexa-bridge.conf",
                &snippet.display().to_string(),
            );
        Self::serving(port, &servers).await
    }

    async fn serving(port: u16, servers: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // If root starts nginx, its worker runs as root too, because the folder belongs to root.
        let root = std::fs::metadata("/proc/self")
            .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        let user = if root { "user root;" } else { "" };
        let text = format!(
            "{user}\npid nginx.pid;\ndaemon off;\nmaster_process off;\nerror_log stderr;\nevents {{}}\nhttp {{\n  access_log off;\n  \
             client_body_temp_path body;\n  proxy_temp_path proxy;\n  fastcgi_temp_path fastcgi;\n  uwsgi_temp_path uwsgi;\n  \
             scgi_temp_path scgi;\n  {servers}\n}}\n"
        );
        let conf = folder.path().join("nginx.conf");
        std::fs::write(&conf, text).unwrap();
        let child = Command::new(nginx())
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(&conf)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("nginx starts");
        let url = format!("http://127.0.0.1:{port}");
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        let front = Self {
            _child: child,
            _folder: folder,
            url,
            client: client.build().unwrap(),
        };
        front.until_there().await;
        front
    }

    async fn until_there(&self) {
        let deadline = Instant::now() + MAX_WAIT;
        while self.client.get(&self.url).send().await.is_err() {
            assert!(Instant::now() < deadline, "nginx does not answer");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn ask(
        &self,
        story: &Story,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Response {
        let ask = self
            .client
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&story.secrets.operator);
        let ask = match body {
            Some(body) => ask.header(CONTENT_TYPE, "application/json").body(body),
            None => ask,
        };
        ask.send().await.unwrap()
    }

    async fn text(&self, story: &Story, path: &str) -> String {
        self.ask(story, Method::GET, path, None)
            .await
            .text()
            .await
            .unwrap()
    }
}

/// The directives that belong outside of every `server` block according to the file, with this bridge's
/// address.
fn outside(bridge: &str) -> String {
    let text = deploy("nginx.conf");
    let lines = text.lines().filter_map(|line| line.strip_prefix("#     "));
    let mut lines = lines
        .skip_while(|line| !line.starts_with("upstream "))
        .peekable();
    assert!(
        lines.peek().is_some(),
        "the file has the address of the bridge"
    );
    let lines: Vec<&str> = lines.collect();
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("limit_conn_zone "))
    );
    lines.join("\n").replace("127.0.0.1:8080", bridge)
}

fn plan(base: Base) -> StoryBuilder {
    let behaviour = json!({"kind": "manual", "queued_ms": 0, "running_ms": 0});
    let plan = StoryBuilder::on(base).pipelines(json!([pipeline(1, &injected(), behaviour)]));
    plan.setting("server.trusted_proxies", "127.0.0.1")
}

async fn begin(base: Base) -> (Story, Front) {
    let story = plan(base).begin().await;
    let front = Front::before(&story.base_url()).await;
    (story, front)
}

async fn error(answer: Response) -> String {
    assert_eq!(answer.headers()[CONTENT_TYPE], "application/json");
    let told: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    told["error"].as_str().unwrap().to_owned()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_to_the_bridges_paths_reach_it_and_all_others_reach_iaso(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, front) = begin(base).await;
    for path in [
        "/",
        "/api/tasks/",
        "/api/openhexadecimal/",
        "/healthz",
        "/metrics",
        "/readyz",
        "/dashboard/?a=/api/openhexa/",
    ] {
        assert_eq!(front.text(&story, path).await, format!("iaso {path}"));
    }
    for path in [
        "/api/openhexa/pipelines/",
        "/api/openhexa/pipelines",
        "/api/openhexa/tasks/?limit=1",
    ] {
        let answer = front.ask(&story, Method::GET, path, None).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert!(answer.headers().contains_key("x-request-id"), "{path}");
    }
    let unknown = front
        .ask(&story, Method::GET, "/api/openhexa/nothing/", None)
        .await;
    assert_eq!(
        (unknown.status().as_u16(), error(unknown).await.as_str()),
        (404, "This address does not exist")
    );
    let bare = front
        .ask(
            &story,
            Method::PATCH,
            "/api/openhexa",
            Some("{}".to_owned()),
        )
        .await;
    assert_eq!(
        (bare.status().as_u16(), error(bare).await.as_str()),
        (404, "This address does not exist"),
        "and no redirect"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_arrives_with_and_without_its_slash(#[values(Sqlite, Postgres)] base: Base) {
    let (story, front) = begin(base).await;
    let task = story.launch(&id(1), json!({})).await;
    for (slash, progress) in [("", 10), ("/", 20)] {
        let body = json!({"task_id": task, "progress_value": progress}).to_string();
        let answer = front
            .ask(
                &story,
                Method::PATCH,
                &format!("/api/openhexa/pipelines/{}{slash}", id(1)),
                Some(body),
            )
            .await;
        assert_eq!(answer.status(), 200);
        assert_eq!(story.task(task).await["progress_value"], progress);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clients_address_is_known_behind_nginx(#[values(Sqlite, Postgres)] base: Base) {
    let (story, front) = begin(base).await;
    let body = Some("{}".to_owned());
    let answer = front
        .ask(
            &story,
            Method::POST,
            &format!("/api/openhexa/pipelines/{}/launch/", id(1)),
            body,
        )
        .await;
    let id = answer.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let log = crate::support::log::text();
    let line = log
        .lines()
        .find(|line| line.contains(&id) && line.contains("\"target\":\"audit\""))
        .expect("a line");
    assert!(line.contains("\"address\":\"127.0.0.1\""), "{line}");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forwarded_address_sent_by_a_client_is_ignored_at_every_path(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base)
        .setting("limits.address_per_second", "1")
        .setting("limits.address_burst", "4")
        .begin()
        .await;
    let front = Front::before(&story.base_url()).await;
    // From an address that is not trusted, unlike nginx's.
    let client = Client::builder()
        .no_proxy()
        .local_address(IpAddr::from([127, 0, 0, 2]))
        .build()
        .unwrap();
    let mut statuses = Vec::new();
    for number in 1..=3 {
        for path in ["/api/openhexa", "/api/openhexa/"] {
            let ask = client
                .get(format!("{}{path}", front.url))
                .header("x-forwarded-for", format!("203.0.113.{number}"));
            statuses.push(ask.send().await.unwrap().status().as_u16());
        }
    }
    assert_eq!(statuses, [404, 404, 404, 404, 429, 429]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_too_large_gets_json_from_nginx_and_from_the_bridge(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, front) = begin(base).await;
    let path = format!("/api/openhexa/pipelines/{}/validate/", id(1));
    let body = |size: usize| Some(json!({"config": {"x": "y".repeat(size)}}).to_string());
    let ours = front
        .ask(&story, Method::POST, &path, body(1_500_000))
        .await;
    assert_eq!(
        (ours.status().as_u16(), error(ours).await.as_str()),
        (413, "The body is too large: at most 1048576 bytes")
    );
    let theirs = front
        .ask(&story, Method::POST, &path, body(3_000_000))
        .await;
    assert_eq!(
        (theirs.status().as_u16(), error(theirs).await.as_str()),
        (413, "The body is too large")
    );
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_iaso_token_cannot_be_exchanged_for_a_long_lived_one() {
    let (story, front) = begin(Base::Sqlite).await;
    let token = "Bearer a-token-that-iaso-accepts";
    let ask = async |method: Method, path: &str, authorization: Option<&str>| {
        let ask = front.client.request(method, format!("{}{path}", front.url));
        let ask = match authorization {
            Some(value) => ask.header("authorization", value),
            None => ask.header("cookie", "sessionid=x"),
        };
        let answer = ask.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    for (method, path) in [
        (Method::GET, "/api/apitoken/"),
        (Method::POST, "/api/apitoken/"),
        (Method::GET, "/api/apitoken"),
        (Method::GET, "/api/apitoken.json"),
        (Method::GET, "/api/x/../apitoken/?a=b"),
        (Method::GET, "/api/%61pitoken/"),
        (Method::GET, "//api//apitoken/"),
        (Method::PATCH, "/api/profiles/me/"),
        (Method::PUT, "/api/profiles/me"),
        (Method::PATCH, "/api/profiles/me/update-password/"),
    ] {
        for credential in [token, "bearer x", "BEARER  x"] {
            let (status, text) = ask(method.clone(), path, Some(credential)).await;
            assert_eq!(status, 403, "{method} {path}");
            let told: Value = serde_json::from_str(&text).unwrap();
            assert!(
                told["detail"]
                    .as_str()
                    .unwrap()
                    .contains("closed to bearer tokens")
            );
        }
        let (status, text) = ask(method.clone(), path, None).await;
        assert_eq!(status, 200, "{method} {path}: allowed with a session");
        assert!(text.starts_with("iaso /"), "{text}");
    }
    for (method, path) in [
        (Method::GET, "/api/profiles/me/"),
        (Method::PATCH, "/api/profiles/12/"),
        (Method::GET, "/api/apitokens/"),
        (Method::GET, "/api/tasks/?next=/api/apitoken/"),
        (Method::POST, "/api/groups/"),
    ] {
        assert_eq!(
            ask(method, path, Some(token)).await.0,
            200,
            "{path}: runs use Iaso's API"
        );
    }
    let inside = ask(Method::GET, "/openhexa-bridge-closed", None).await;
    assert_eq!(inside.0, 404, "an internal path of nginx");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_of_one_address_are_limited() {
    let (story, front) = begin(Base::Sqlite).await;
    let limit = Regex::new(r"(?m)^    limit_conn openhexa_bridge (\d+);").unwrap();
    let limit: usize = limit.captures(&deploy("nginx.conf")).unwrap()[1]
        .parse()
        .unwrap();
    assert!(
        (100..=1_000).contains(&limit),
        "the limit must allow an office with one address"
    );
    let mut open = Vec::new();
    for _ in 0..limit {
        open.push(
            front
                .ask(&story, Method::GET, "/api/openhexa/tasks/stream/", None)
                .await,
        );
    }
    assert!(open.iter().all(|stream| stream.status() == 200));
    let refused = front
        .ask(&story, Method::GET, "/api/openhexa/pipelines/", None)
        .await;
    assert_eq!(
        (
            refused.status().as_u16(),
            refused.headers()[RETRY_AFTER].to_str().unwrap()
        ),
        (429, "5")
    );
    assert!(error(refused).await.contains("Too many connections"));
    assert_eq!(
        front.text(&story, "/api/tasks/").await,
        "iaso /api/tasks/",
        "Iaso is not limited"
    );
    drop(open);
    story
        .until_true("a place", async || {
            let answer = front
                .ask(&story, Method::GET, "/api/openhexa/pipelines/", None)
                .await;
            answer.status() == 200
        })
        .await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_forwarded_without_buffering(#[values(Sqlite, Postgres)] base: Base) {
    let (story, front) = begin(base).await;
    let mut stream = front
        .ask(&story, Method::GET, "/api/openhexa/tasks/stream/", None)
        .await;
    assert_eq!(stream.status(), 200);
    let task = story.launch(&id(1), json!({})).await;
    let wanted = format!("\"id\":{task},");
    let mut told = String::new();
    while !told.contains(&wanted) {
        story.bridge().live.publish_changes().await.unwrap();
        let wait = Duration::from_millis(500);
        if let Ok(chunk) = tokio::time::timeout(wait, stream.chunk()).await {
            let chunk = chunk.unwrap().expect("the stream goes on");
            told.push_str(&String::from_utf8_lossy(&chunk));
        }
        assert!(told.len() < 1_000_000);
    }
    drop(stream);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unavailable_bridge_gets_a_json_error() {
    let (story, front) = begin(Base::Sqlite).await;
    let nobody = Front::before(&format!("127.0.0.1:{}", free_port())).await;
    let answer = nobody
        .ask(&story, Method::GET, "/api/openhexa/pipelines/", None)
        .await;
    assert_eq!(
        (
            answer.status().as_u16(),
            answer.headers()[RETRY_AFTER].to_str().unwrap()
        ),
        (503, "5")
    );
    assert_eq!(
        error(answer).await,
        "The bridge to OpenHEXA is unavailable; try again in a few seconds"
    );
    // An error of the bridge itself is not changed.
    story
        .fault(&json!({"fault": "html_500", "count": 10, "operation": "pipelines"}))
        .await;
    let answer = front
        .ask(&story, Method::GET, "/api/openhexa/pipelines/", None)
        .await;
    assert_eq!(answer.status(), 502);
    assert!(error(answer).await.contains("OpenHEXA"));
    let direct = story
        .ask(As::Anonymous, Method::GET, "/pipelines/")
        .send()
        .await;
    assert_eq!(direct.status, 401);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bridge_alone_has_its_pages_and_its_api_and_keeps_the_rest_private() {
    let story = plan(Base::Sqlite).begin().await;
    let front = Front::standalone(&story.base_url()).await;
    let ask = async |path: &str| {
        let answer = front.ask(&story, Method::GET, path, None).await;
        let place = answer.headers().get("location");
        let place = place.map(|place| place.to_str().unwrap().to_owned());
        (answer.status().as_u16(), place.unwrap_or_default())
    };
    for (path, place) in [
        ("/", "/api/openhexa/dashboard/"),
        ("/dashboard/", "/api/openhexa/dashboard/"),
        (
            "/dashboard/tasks/7/?a=b",
            "/api/openhexa/dashboard/tasks/7/?a=b",
        ),
    ] {
        let (status, told) = ask(path).await;
        assert_eq!(status, 302, "{path}");
        assert!(told.ends_with(place), "{path}: {told}");
    }
    assert_eq!(ask("/api/openhexa/pipelines/").await.0, 200);
    for path in ["/metrics", "/readyz", "/healthz", "/other/"] {
        assert_eq!(ask(path).await.0, 404, "{path}");
    }
    let page = front
        .client
        .get(format!("{}/api/openhexa/dashboard/sign-in/", front.url));
    let page = page.send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(
        page.text()
            .await
            .unwrap()
            .contains("/api/openhexa/dashboard/")
    );
    story.end().await;
}

/// What a browser sends when a page is opened.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// A request to an nginx whose bridge does not run. nginx runs until it is dropped.
async fn ask_without_bridge(
    method: Method,
    accept: &str,
    language: &str,
    body: usize,
) -> (Front, Response) {
    let front = Front::before(&format!("127.0.0.1:{}", free_port())).await;
    let url = format!("{}/api/openhexa/dashboard/tasks/12/", front.url);
    let request = front.client.request(method, url);
    let request = request.header("accept", accept);
    let request = request.header("accept-language", language);
    let answer = request.body("x".repeat(body)).send().await.unwrap();
    (front, answer)
}

#[rstest]
#[case("en-GB,en;q=0.9,fr;q=0.5", "en")]
#[case("fr-CM,fr;q=0.9,en;q=0.5", "fr")]
#[case("frr", "en")]
#[case("", "en")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_get_a_page_in_their_language_while_the_bridge_is_down(
    #[case] accepted: &str,
    #[case] code: &str,
    #[values(Method::GET, Method::POST)] method: Method,
) {
    let (sentence, link) = if code == "fr" {
        (
            "La passerelle vers OpenHEXA est indisponible",
            "Voir les pipelines",
        )
    } else {
        (
            "The bridge to OpenHEXA is unavailable",
            "Go to the pipelines",
        )
    };
    let (_front, answer) = ask_without_bridge(method, BROWSER, accepted, 0).await;
    let headers = answer.headers().clone();
    assert_eq!(answer.status(), 503);
    assert_eq!(headers[CONTENT_TYPE], "text/html; charset=utf-8");
    assert_eq!(headers[RETRY_AFTER], "5");
    assert_eq!(headers["cache-control"], "no-store");
    let page = answer.text().await.unwrap();
    let language = format!("<html lang=\"{code}\">");
    for part in [
        &language,
        sentence,
        link,
        "href=\"/api/openhexa/dashboard/\"",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains('$') && !page.contains("<script"), "{page}");
    allows_its_style(headers["content-security-policy"].to_str().unwrap(), &page);
}

#[rstest]
#[case("application/json")]
#[case("*/*")]
#[case("application/json, text/plain, */*")]
#[case("text/event-stream")]
#[case("text/htmlx")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_get_json_while_the_bridge_is_down(#[case] accept: &str) {
    let (_front, answer) = ask_without_bridge(Method::GET, accept, "fr", 0).await;
    assert_eq!(answer.status(), 503);
    let sentence = error(answer).await;
    assert!(
        sentence.starts_with("The bridge to OpenHEXA is unavailable"),
        "{sentence}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_is_too_large_gets_a_page_of_nginx() {
    let (_front, answer) = ask_without_bridge(Method::POST, BROWSER, "fr", 3_000_000).await;
    assert_eq!(answer.status(), 413);
    assert_eq!(answer.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
    let page = answer.text().await.unwrap();
    assert!(page.contains("Ce formulaire est trop volumineux"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_internal_paths_of_nginx_cannot_be_requested() {
    let front = Front::before(&format!("127.0.0.1:{}", free_port())).await;
    let inside = front
        .client
        .get(format!("{}/openhexa-bridge-unavailable", front.url));
    assert_eq!(inside.send().await.unwrap().status(), 404);
}

/// The policy of the page contains the hash of its style.
#[track_caller]
fn allows_its_style(policy: &str, page: &str) {
    use base64::Engine as _;
    use sha2::Digest as _;
    let (_, rest) = page.split_once("<style>").unwrap();
    let (style, _) = rest.split_once("</style>").unwrap();
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style));
    assert!(
        policy.contains(&format!("'sha256-{hash}'")),
        "{policy}: {hash}"
    );
}
