//! Large results, and forms with many values.

use super::*;
use crate::support::catalogue::{id, parameter};

/// The size in bytes of this page.
async fn page(url: String) -> usize {
    let page = client().get(url).send().await.unwrap();
    assert_eq!(page.status(), 200);
    page.text().await.unwrap().len()
}

// Rendering such a page took 20 s of CPU, and three readers blocked every other request for 18 s.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_of_95_000_keys_is_rendered_as_fast_as_a_small_one() {
    let mut site = Site::start(&[], &[]).await;
    let row: serde_json::Map<String, Value> = (0..95_000)
        .map(|key| (format!("k{key}"), 1.into()))
        .collect();
    let mut tasks = Vec::new();
    for result in [json!([row]), json!(row), json!([[row]])] {
        tasks.push(
            site.reported(&json!({"status": "RUNNING", "result": result}))
                .await,
        );
    }
    let urls = tasks
        .iter()
        .map(|task| format!("{}/dashboard/tasks/{task}/", site.bridge));
    let urls: Vec<String> = urls.collect();
    let sizes = site
        .bears(
            250,
            futures_util::future::join_all(urls.into_iter().cycle().take(9).map(page)),
        )
        .await;
    assert!(sizes.iter().all(|size| *size < 200_000), "{sizes:?}");
}

// A form with 240 kB of values took 9 s.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_of_25_000_values_is_read_and_rendered_in_time() {
    let choices: Vec<Value> = (0..2000)
        .map(|number| format!("area {number}").into())
        .collect();
    let areas = parameter(
        "areas",
        "str",
        json!({"multiple": true, "choices": choices}),
    );
    let numbers = parameter("numbers", "int", json!({"multiple": true}));
    let mut site = Site::start(&[areas, numbers], &[]).await;
    let lines: Vec<String> = (0..25_000).map(|number| format!("v{number}")).collect();
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("config.areas", &lines.join("\n"))
        .append_pair("config.numbers", &lines.join("\n"))
        .finish();
    let url = format!("{}/dashboard/pipelines/{}/", site.bridge, id(1));
    let client = client();
    let send = |body: String| {
        let request = client.post(&url).header("sec-fetch-site", "same-origin");
        request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
    };
    let answer = site.bears(150, send(form)).await.unwrap();
    assert_eq!(answer.status(), 400);
    let drawn = answer.text().await.unwrap();
    assert!(
        drawn.contains("v24999") && drawn.len() < 1_500_000,
        "{}",
        drawn.len()
    );
    let many = "config.areas=v&".repeat(10_001);
    assert_eq!(send(many).await.unwrap().status(), 413);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_too_many_values_is_refused_before_it_is_read() {
    let mut site = Site::start(&[], &[]).await;
    let url = site.api(&format!("/pipelines/{}/", id(1)));
    let validate = site.api(&format!("/pipelines/{}/validate/", id(1)));
    let wide: Value = vec![json!({"": 0}); 60_000].into();
    let visitor = Visitor::new();
    let (status, refused) = site
        .bears(
            100,
            visitor.patch(&url, &json!({"task_id": 1, "result": wide})),
        )
        .await;
    assert_eq!(
        (status, &refused["error"]),
        (413, &json!("The body has too many values: at most 100000"))
    );
    let keys: serde_json::Map<String, Value> =
        (0..1001).map(|key| (format!("k{key}"), 1.into())).collect();
    let (status, refused) = site
        .bears(100, visitor.post(&validate, &json!({"config": keys})))
        .await;
    assert_eq!(
        (status, &refused["config"][0]),
        (400, &json!("config can have at most 1000 keys"))
    );
    // Commas and brackets within texts are not counted as values.
    let text = ",[{\\\"".repeat(60_000);
    let (status, _) = visitor
        .patch(&url, &json!({"task_id": 0, "result": text}))
        .await;
    assert_eq!(status, 400, "the task is unknown, and the body was read");
}
