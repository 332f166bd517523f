//! The page of a run, and the files that it links to.

use std::os::unix::fs::symlink;

use serde_json::json;

use super::*;

async fn get(story: &Story, path: &str) -> reqwest::Response {
    let url = format!("{}{path}", story.base());
    story.client.get(url).send().await.unwrap()
}

fn header(answer: &reqwest::Response, name: &str) -> String {
    let value = answer.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap()).to_owned()
}

fn is_safe(answer: &reqwest::Response) {
    assert_eq!(header(answer, "x-content-type-options"), "nosniff");
    assert!(header(answer, "content-security-policy").starts_with("default-src 'none'"));
    assert_eq!(
        header(answer, "cross-origin-resource-policy"),
        "same-origin"
    );
}

#[actix_web::test]
async fn the_page_of_a_run_shows_everything_but_its_secrets() {
    let parameters = json!([
        {"code": "label", "type": "str"}, {"code": "pin", "type": "secret"},
        {"code": "connection_token", "type": "str"}]);
    let story = Story::of(json!([pipeline(parameters, manual())])).await;
    let config =
        json!({"label": "<b>x</b> & hunter22", "pin": "hunter22", "connection_token": "abcdefgh"});
    let run = story.run(ONE, config).await;
    story.until(&run, "running").await;
    let said = json!({"progress": 40, "message": "said hunter22 <script>"});
    story.drive(&run, said).await;
    let failed = json!({"status": "failed", "message": "no rain, abcdefgh"});
    story.drive(&run, failed).await;
    let path = format!("/workspaces/demo/pipelines/one/runs/{run}/");
    let answer = get(&story, &path).await;
    assert_eq!(answer.status(), 200);
    is_safe(&answer);
    let html = answer.text().await.unwrap();
    let options = roxmltree::ParsingOptions {
        allow_dtd: true,
        ..Default::default()
    };
    let document = roxmltree::Document::parse_with_options(&html, options);
    document.expect("well-formed");
    for part in [
        "<h1>Run of One</h1>",
        "failed",
        "40 %",
        "&lt;b&gt;x&lt;/b&gt; &amp; ••••",
        "said •••• &lt;script&gt;",
        "no rain, ••••",
        "<h2>Log</h2>\n<pre>",
        &run,
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    for secret in ["hunter22", "abcdefgh", "<script", "<b>"] {
        assert!(!html.contains(secret), "{secret}: {html}");
    }
    assert_eq!(get(&story, path.trim_end_matches('/')).await.status(), 200);
    assert_eq!(get(&story, "/emulator/style.css").await.status(), 200);
}

#[actix_web::test]
async fn a_run_that_is_not_there_has_no_page() {
    let story = Story::of(json!([pipeline(json!([]), manual())])).await;
    let run = story.run(ONE, json!({})).await;
    for path in [
        format!("/workspaces/demo/pipelines/one/runs/{UNKNOWN_ID}/"),
        format!("/workspaces/other/pipelines/one/runs/{run}/"),
        "/workspaces/demo/pipelines/one/runs/x/".to_owned(),
    ] {
        let answer = get(&story, &path).await;
        assert_eq!(answer.status(), 404, "{path}");
        assert!(
            answer
                .text()
                .await
                .unwrap()
                .contains("This run does not exist")
        );
    }
    story.drive(&run, json!({"vanish": true})).await;
    let gone = get(
        &story,
        &format!("/workspaces/demo/pipelines/one/runs/{run}/"),
    )
    .await;
    assert_eq!(gone.status(), 404);
}

#[actix_web::test]
async fn files_are_opened_without_executing_anything() {
    let story = Story::samples().await;
    let files = story.emulator.files().to_owned();
    std::fs::create_dir_all(files.join("out")).unwrap();
    for (name, kind, inline) in [
        ("out/données 1.csv", "text/plain; charset=utf-8", true),
        ("page.html", "text/plain; charset=utf-8", true),
        ("plot.png", "image/png", true),
        ("drawing.svg", "application/octet-stream", false),
        ("report.pdf", "application/octet-stream", false),
        ("noextension", "application/octet-stream", false),
    ] {
        std::fs::write(files.join(name), "<script>alert(1)</script>").unwrap();
        let answer = get(&story, &format!("/workspaces/demo/files/{name}")).await;
        assert_eq!(answer.status(), 200, "{name}");
        is_safe(&answer);
        assert_eq!(header(&answer, "content-type"), kind, "{name}");
        let disposition = header(&answer, "content-disposition");
        assert_eq!(disposition.is_empty(), inline, "{name}");
        assert_eq!(answer.text().await.unwrap(), "<script>alert(1)</script>");
    }
}

#[actix_web::test]
async fn no_address_leads_out_of_the_workspace() {
    let story = Story::samples().await;
    let files = story.emulator.files().to_owned();
    let outside = story.data.path().join("outside.txt");
    std::fs::write(&outside, "private").unwrap();
    symlink(&outside, files.join("link.txt")).unwrap();
    symlink(story.data.path(), files.join("up")).unwrap();
    for path in [
        "demo/files/..%2Fruns.jsonl",
        "demo/files/%2E%2E/runs.jsonl",
        "demo/files/reference/..%2F..%2Fruns.jsonl",
        "demo/files/%2Fetc%2Fpasswd",
        "demo/files//etc/passwd",
        "demo/files/link.txt",
        "demo/files/up/outside.txt",
        "demo/files/reference",
        "demo/files/nothing.csv",
        "demo/files/a%00b",
        "demo/files/",
        "nowhere/files/reference/districts.csv",
    ] {
        let answer = get(&story, &format!("/workspaces/{path}")).await;
        assert_eq!(answer.status(), 404, "{path}");
    }
    let answer = get(&story, "/workspaces/demo/files/reference/districts.csv").await;
    assert_eq!(answer.status(), 200);
}

#[actix_web::test]
async fn a_file_that_is_too_large_is_named_with_its_place_on_the_disk() {
    let story = Story::samples().await;
    let path = story.emulator.files().join("large.csv");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(50 * 1024 * 1024 + 1).unwrap();
    let answer = get(&story, "/workspaces/demo/files/large.csv").await;
    assert_eq!(answer.status(), 413);
    let text = answer.text().await.unwrap();
    assert!(text.ends_with(&path.display().to_string()), "{text}");
}
