//! Unknown HTTP methods are counted and logged like others, under one label.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

impl Site {
    /// The status line of the response to this request.
    pub async fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.socket()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut told = Vec::new();
        let read = tokio::time::timeout(MAX_WAIT, stream.read_to_end(&mut told)).await;
        read.expect("the connection is closed").unwrap();
        String::from_utf8_lossy(&told)
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    async fn metrics(&self) -> String {
        let asked = client()
            .get(format!("{}/metrics", self.bridge))
            .send()
            .await
            .unwrap();
        asked.text().await.unwrap()
    }
}

// Each method became a label of a metric, kept until a restart: 500 methods of 100 kB used 50 MB.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_method_is_not_a_label_of_a_metric() {
    let mut site = Site::start(&[], &[("LOG__FILTER", "info")]).await;
    let before = site.metrics().await.len();
    let socket = site.socket().to_owned();
    site.bears(60, async {
        for number in 0..200 {
            let method = format!("{}{number}", "M".repeat(50_000));
            let mut stream = TcpStream::connect(&socket).await.unwrap();
            let request = format!(
                "{method} /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut told = String::new();
            stream.read_to_string(&mut told).await.unwrap();
            assert!(told.starts_with("HTTP/1.1 4"), "{told}");
        }
    })
    .await;
    let counted = site.metrics().await;
    assert!(counted.contains(r#"method="other""#), "{counted}");
    assert!(counted.len() < before + 20_000, "{} bytes", counted.len());
    let long = format!("/{}", "p".repeat(8000));
    let line = site
        .raw(&format!(
            "GET {long} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        ))
        .await;
    assert!(line.starts_with("HTTP/1.1 404"), "{line}");
    let told = site
        .process
        .until_printed("the long path", |lines| {
            lines.iter().any(|line| line.contains("pppp"))
        })
        .await;
    assert!(
        told.iter().all(|line| line.len() < 1000),
        "long lines of the log are shortened"
    );
}
