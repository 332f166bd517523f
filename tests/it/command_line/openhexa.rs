//! `dev` with an OpenHEXA address that is invalid or unreachable.

use rustix::process::Signal;

use super::*;

fn own(url: &str) -> Line {
    Line::of(&[
        "dev",
        "--port",
        "0",
        "--openhexa-url",
        url,
        "--openhexa-token",
        "a-token",
        "--workspace",
        "demo",
    ])
}

#[tokio::test]
async fn an_invalid_address_gets_an_error_message() {
    let plain = "--openhexa-url must be an http or https URL without user, query and fragment";
    for (url, sentence) in [
        ("ftp://x/graphql/", plain),
        ("openhexa", plain),
        ("http://somebody:a-password@openhexa.test/graphql/", plain),
        (
            "https://openhexa.test/",
            "--openhexa-url must be OpenHEXA's GraphQL URL, which ends in /graphql/",
        ),
    ] {
        let data = tempfile::tempdir().unwrap();
        let ended = own(url).data(data.path()).run().await;
        assert_eq!(ended.error_line(), sentence, "{url}");
    }
}

#[tokio::test]
async fn an_address_that_does_not_respond_is_reported_and_dev_continues() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/graphql/", free.local_addr().unwrap());
    drop(free);
    let data = tempfile::tempdir().unwrap();
    let mut dev = own(&url).data(data.path()).start();
    let (bridge, _) = dev.addresses().await;
    let sentence = format!("Cannot list the pipelines of {url}: OpenHEXA is unreachable.");
    dev.until_printed("the sentence", |lines| {
        lines.iter().filter(|line| **line == sentence).count() == 1
    })
    .await;
    let (status, _) = Visitor::new()
        .get(&format!("{bridge}/api/openhexa/tasks/?limit=1"))
        .await;
    assert_eq!(status, 200);
    let ended = dev.stop(Signal::TERM).await;
    assert_eq!((ended.status.code(), ended.out.len()), (Some(0), 2));
}
