//! The formats of a report's body, and invalid bodies.

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{fields, launched, log};
use crate::support::catalogue::id;
use crate::support::story::{Answer, As, Base, Postgres, Sqlite, Story};

const FORM: &str = "application/x-www-form-urlencoded";
const PARTS: &str = "multipart/form-data; boundary=line";

async fn send(story: &Story, kind: &str, body: impl Into<reqwest::Body>) -> Answer {
    let ask = story.ask(
        As::Operator,
        Method::PATCH,
        &format!("/pipelines/{}/", id(1)),
    );
    ask.body(kind, body).send().await
}

fn multipart(fields: &[(&str, &str)]) -> String {
    let head = "--line\r\nContent-Disposition: form-data; name=";
    let part = |(name, value): &(&str, &str)| format!("{head}\"{name}\"\r\n\r\n{value}\r\n");
    fields.iter().map(part).collect::<String>() + "--line--\r\n"
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_accepted_as_json_form_and_multipart(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let json = json!({"task_id": task, "status": "RUNNING", "progress_message": "Étape 1 & 2", "progress_value": 1}).to_string();
    let number = task.to_string();
    let of = |value| {
        [
            ("task_id", number.as_str()),
            ("status", "running"),
            ("progress_message", "Étape 1 & 2"),
            ("progress_value", value),
            ("foo", "bar"),
        ]
    };
    let sent = [
        ("application/json", json.clone(), 1),
        ("application/json; charset=utf-8", json.clone(), 1),
        ("Application/JSON;charset=UTF-8", json, 1),
        (FORM, form(&of("2")), 2),
        (
            "application/x-www-form-urlencoded; charset=UTF-8",
            form(&of("2.9")),
            2,
        ),
        (PARTS, multipart(&of("3")), 3),
        (
            "multipart/form-data; boundary=\"line\"",
            multipart(&of(" 3 ")),
            3,
        ),
    ];
    for (kind, body, value) in sent {
        let answer = send(&story, kind, body).await.expect(200);
        let expected = json!({"status": "RUNNING", "progress_message": "Étape 1 & 2", "progress_value": value});
        for key in ["status", "progress_message", "progress_value"] {
            assert_eq!(answer["task"][key], expected[key], "{kind}");
        }
    }
    assert_eq!(log(&story, task).await, vec!["Étape 1 & 2"; 7]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_in_a_form_is_parsed_as_json(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let number = task.to_string();
    let spelled = [
        (
            r#"{"rows": 3, "names": ["é"]}"#,
            json!({"rows": 3, "names": ["é"]}),
        ),
        ("[1, 2]", json!([1, 2])),
        ("7", json!(7)),
        ("\"text\"", json!("text")),
        ("false", json!(false)),
        ("null", json!(false)),
        ("3 rows", json!("3 rows")),
        ("{broken", json!("{broken")),
    ];
    for (text, result) in spelled {
        for key in ["result", "result_data"] {
            let fields = [("task_id", number.as_str()), (key, text)];
            let answer = send(&story, FORM, form(&fields)).await.expect(200);
            assert_eq!(answer["task"]["result"], result, "{text}");
            let answer = send(&story, PARTS, multipart(&fields)).await.expect(200);
            assert_eq!(answer["task"]["result"], result, "{text}");
        }
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_fields_of_a_form_are_named(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let number = task.to_string();
    let wrong = [
        ("task_id", number.as_str()),
        ("status", "DONE"),
        ("end_value", "abc"),
        ("progress_value", "1e"),
    ];
    for (kind, body) in [(FORM, form(&wrong)), (PARTS, multipart(&wrong))] {
        assert_eq!(
            fields(&send(&story, kind, body).await),
            ["end_value", "progress_value", "status"]
        );
    }
    for (kind, body) in [
        (FORM, String::new()),
        (PARTS, multipart(&[])),
        (FORM, form(&[("task_id", "")])),
    ] {
        assert_eq!(fields(&send(&story, kind, body).await), ["task_id"]);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_value_in_a_form_counts_as_absent(#[values(Sqlite, Postgres)] base: Base) {
    for kind in ["application/json", FORM, PARTS] {
        let (story, task) = launched(base).await;
        let number = task.to_string();
        let all = [
            "progress_message",
            "progress_value",
            "end_value",
            "result",
            "result_data",
        ];
        let mut pairs = vec![("task_id", number.as_str()), ("status", "SUCCESS")];
        pairs.extend(all.map(|key| (key, "")));
        let body = match kind {
            FORM => form(&pairs),
            PARTS => multipart(&pairs),
            _ => {
                let of = |(key, value): &(&str, &str)| ((*key).to_owned(), json!(value));
                // In JSON an empty text is a valid result.
                let pairs = pairs.iter().filter(|(key, _)| !key.starts_with("result"));
                serde_json::Value::Object(pairs.map(of).collect()).to_string()
            }
        };
        let shown = send(&story, kind, body).await.expect(200)["task"].clone();
        assert_eq!(
            (&shown["status"], &shown["progress_value"]),
            (&json!("SUCCESS"), &json!(0)),
            "{kind}"
        );
        assert_eq!(
            shown["result"],
            json!({"result": "SUCCESS", "data": null}),
            "{kind}"
        );
        // A blank value counts as empty, and a blank status as no status.
        let again = form(&[
            ("task_id", number.as_str()),
            ("status", " "),
            ("progress_value", " "),
            ("result", "{\"group_id\": 7}"),
        ]);
        let late = send(&story, FORM, again).await.expect(200)["task"].clone();
        assert_eq!(
            (&late["status"], &late["result"]),
            (&json!("SUCCESS"), &json!({"group_id": 7}))
        );
        story.end().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_cannot_be_read_gets_an_error(#[values(Sqlite, Postgres)] base: Base) {
    let (story, _) = launched(base).await;
    let deep = |open: &str, close: &str| {
        format!(
            r#"{{"task_id": 1, "result": {}{}}}"#,
            open.repeat(1000),
            close.repeat(1000)
        )
    };
    let broken = [
        String::new(),
        " ".to_owned(),
        "{\"task_id\":".to_owned(),
        "{'task_id': 1}".to_owned(),
        "{\"task_id\": 1}}".to_owned(),
        "{\"task_id\": 1, \"result\": \"\\ud800\"}".to_owned(),
        "task_id=1".to_owned(),
        "<html></html>".to_owned(),
        "[1]".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        "5".to_owned(),
        "\"text\"".to_owned(),
        "true".to_owned(),
        deep("[", "]"),
        deep("{\"a\":", "}"),
        "[".repeat(100_000),
    ];
    for body in broken {
        let start: String = body.chars().take(40).collect();
        let answer = send(&story, "application/json", body).await;
        assert!(!answer.error(400).is_empty(), "{start}");
        assert_eq!(answer.json().as_object().unwrap().len(), 1, "{start}");
    }
    let bytes: [&[u8]; 3] = [
        b"{\"task_id\": 1, \"progress_message\": \"\xff\"}",
        b"\xff\xfe{\x00}\x00",
        b"\x00",
    ];
    for body in bytes {
        assert!(
            !send(&story, "application/json", body.to_vec())
                .await
                .error(400)
                .is_empty()
        );
    }
    for (kind, body) in [
        ("multipart/form-data", "--line--\r\n"),
        (PARTS, "no parts at all"),
        (PARTS, ""),
        (PARTS, "--line\r\n\r\nnameless\r\n--line--\r\n"),
    ] {
        assert!(
            !send(&story, kind, body).await.error(400).is_empty(),
            "{kind} {body}"
        );
    }
    let bytes = [
        b"--line\r\nContent-Disposition: form-data; name=\"status\"\r\n\r\n".as_slice(),
        b"\xff",
        b"\r\n--line--\r\n",
    ]
    .concat();
    assert!(!send(&story, PARTS, bytes).await.error(400).is_empty());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_over_the_limit_is_refused_in_every_format(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let (limit, number) = (1 << 20, task.to_string());
    let much = "x".repeat(limit);
    let many: Vec<_> = (0..16_000)
        .map(|part| format!("a-field-that-is-none-{part}"))
        .collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), "")).collect();
    let padded = format!(
        "{}{}",
        multipart(&[("task_id", &number)]),
        "x".repeat(limit)
    );
    let bodies = [
        (
            "application/json",
            json!({"task_id": task, "result": much}).to_string(),
        ),
        (
            "application/json",
            format!("{}{}", json!({"task_id": task}), " ".repeat(limit)),
        ),
        (FORM, form(&[("task_id", &number), ("result", &much)])),
        (PARTS, multipart(&[("task_id", &number), ("result", &much)])),
        (PARTS, multipart(&many)),
        (PARTS, padded),
    ];
    for (kind, body) in bodies {
        assert!(body.len() > limit, "{}", body.len());
        let answer = send(&story, kind, body).await;
        assert!(answer.error(413).contains("1048576"), "{}", answer.text);
    }
    let fits = json!({"task_id": task, "result": "x".repeat(limit - 100)}).to_string();
    send(&story, "application/json", fits).await.expect(200);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_content_type_is_refused(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let body = json!({"task_id": task, "progress_value": 5}).to_string();
    for kind in [
        "text/plain",
        "application/xml",
        "application/json-patch+json",
        "application/octet-stream",
        "json",
        "",
    ] {
        assert!(
            !send(&story, kind, body.clone()).await.error(415).is_empty(),
            "{kind}"
        );
    }
    let ask = story.ask(
        As::Operator,
        Method::PATCH,
        &format!("/pipelines/{}/", id(1)),
    );
    assert!(!ask.send().await.error(415).is_empty());
    assert_eq!(story.task(task).await["progress_value"], 0);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_method_is_refused_in_json(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let asks = [
        (Method::POST, format!("/pipelines/{}/", id(1))),
        (Method::PUT, format!("/pipelines/{}/", id(1))),
        (Method::DELETE, format!("/pipelines/{}/", id(1))),
        (Method::OPTIONS, format!("/pipelines/{}/", id(1))),
        (Method::PATCH, "/pipelines/".to_owned()),
        (Method::PATCH, "/pipelines/config/".to_owned()),
        (Method::PATCH, format!("/tasks/{task}/")),
        (Method::POST, "/tasks/".to_owned()),
        (Method::POST, format!("/tasks/{task}/logs/")),
        (Method::DELETE, format!("/tasks/{task}/events/")),
    ];
    for (method, path) in asks {
        let answer = story
            .ask(As::Operator, method.clone(), &path)
            .json(&json!({"task_id": task}))
            .send()
            .await;
        assert!(!answer.error(405).is_empty(), "{method} {path}");
    }
    let unknown = story
        .ask(As::Operator, Method::PATCH, "/pipeline/1/")
        .json(&json!({"task_id": task}))
        .send()
        .await;
    assert!(!unknown.error(404).is_empty());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slash_at_the_end_may_be_left_out_everywhere(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    for ending in ["", "/"] {
        let path = format!("/pipelines/{}{ending}", id(1));
        let body = json!({"task_id": task, "progress_message": format!("with {ending:?}")});
        story
            .ask(As::Operator, Method::PATCH, &path)
            .json(&body)
            .send()
            .await
            .expect(200);
        for path in [
            "/pipelines",
            "/pipelines/config",
            "/tasks",
            &format!("/tasks/{task}"),
            &format!("/tasks/{task}/logs"),
            &format!("/tasks/{task}/events"),
        ] {
            story.get(&format!("{path}{ending}")).await.expect(200);
        }
        let listed = story
            .get(&format!("/tasks{ending}?limit=1&search=pipeline"))
            .await
            .expect(200);
        assert_eq!((&listed["limit"], &listed["count"]), (&json!(1), &json!(1)));
        for what in ["validate", "launch"] {
            let answer = story
                .post(
                    &format!("/pipelines/{}/{what}{ending}", id(1)),
                    &json!({"config": []}),
                )
                .await;
            assert_eq!(fields(&answer), ["config"]);
        }
    }
    assert_eq!(log(&story, task).await, ["with \"\"", "with \"/\""]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_are_in_the_callers_language(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let languages = [
        ("fr", "fr"),
        ("fr-CM, en;q=0.5", "fr"),
        ("en-GB,fr;q=0.9", "en"),
        ("de", "en"),
        ("", "en"),
        ("*", "en"),
    ];
    for (wanted, language) in languages {
        let ask = story
            .ask(
                As::Operator,
                Method::PATCH,
                &format!("/pipelines/{}/", id(1)),
            )
            .header("accept-language", wanted);
        let answer = ask
            .json(&json!({"task_id": task, "status": "DONE"}))
            .send()
            .await;
        let sentence = match language {
            "fr" => "«\u{a0}status\u{a0}» doit valoir QUEUED, RUNNING, SUCCESS, ERROR ou CANCELLED",
            _ => "status must be QUEUED, RUNNING, SUCCESS, ERROR or CANCELLED",
        };
        assert_eq!(
            answer.expect(400),
            json!({"error": sentence, "status": [sentence]}),
            "{wanted}"
        );
        assert_eq!(answer.header("content-language"), language);
    }
    let ask = story
        .ask(
            As::Anonymous,
            Method::PATCH,
            &format!("/pipelines/{}/", id(1)),
        )
        .header("accept-language", "fr");
    let answer = ask.json(&json!({"task_id": task})).send().await.expect(401);
    let sentence = "Les informations d’authentification manquent ou ne sont pas valides";
    assert_eq!(answer, json!({"error": sentence, "detail": sentence}));
    story.end().await;
}
