//! Who may report, and what a callback token allows: only its own task.

use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{launched, plan};
use crate::support::catalogue::id;
use crate::support::database;
use crate::support::story::{Answer, As, Base, Postgres, Sqlite, Story};

async fn patch(story: &Story, who: As, body: &Value) -> Answer {
    let ask = story.ask(who, Method::PATCH, &format!("/pipelines/{}/", id(1)));
    ask.json(body).send().await
}

#[track_caller]
fn refused(answer: &Answer, status: u16) {
    let error = answer.error(status);
    assert_eq!(answer.json(), json!({"error": error, "detail": error}));
    assert!(!error.is_empty());
}

fn signed(claims: &Value, key: &str) -> String {
    let key = EncodingKey::from_secret(key.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
}

/// Encodes a part of a token without the library: URL-safe base64.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let three = [0, 1, 2].map(|at| u32::from(chunk.get(at).copied().unwrap_or(0)));
        let bits = three[0] << 16 | three[1] << 8 | three[2];
        for letter in 0..=chunk.len() {
            let six = bits >> (18 - 6 * letter) & 63;
            text.push(char::from(LETTERS[six as usize]));
        }
    }
    text
}

/// The claims of the bridge's token for this task; only the bridge knows the launch id.
async fn claims(story: &Story, task: i64, audience: &str) -> Value {
    let now = story.now().timestamp();
    let launch = database::texts(
        story,
        &format!("SELECT CAST(launch_id AS TEXT) AS text FROM run WHERE task_id = {task}"),
    )
    .await;
    json!({"aud": audience, "account": 1, "task": task, "pipeline": id(1), "launch": launch[0], "jti": Uuid::new_v4(),
        "iat": now, "exp": now + 3600})
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_administrators_and_the_pipeline_may_report(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = launched(base).await;
    let token = As::Bearer(story.callback_token().await);
    for (value, who) in (1..).zip([As::Operator, As::Admin, token]) {
        let answer = patch(
            &story,
            who,
            &json!({"task_id": task, "progress_value": value}),
        )
        .await
        .expect(200);
        assert_eq!(answer["task"]["progress_value"], value);
    }
    refused(
        &patch(
            &story,
            As::Viewer,
            &json!({"task_id": task, "progress_value": 9}),
        )
        .await,
        403,
    );
    assert_eq!(story.task(task).await["progress_value"], 3);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_needs_valid_credentials(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let token = story.callback_token().await;
    let body = json!({"task_id": task, "progress_value": 9});
    let operator = story.secrets.operator.clone();
    let headers = [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some("Bearer ".to_owned()),
        Some("Bearer garbage".to_owned()),
        Some("Basic dXNlcjpwYXNz".to_owned()),
        Some(format!("Basic {operator}")),
        Some(format!("Token {operator}")),
        Some(operator.clone()),
        Some(format!("Bearer {operator}x")),
        Some(format!("Bearer {}", &operator[1..])),
        Some(format!("Bearer {operator} {operator}")),
        Some(format!("Bearer {token}x")),
        Some(format!("Bearer {}", token.replace('.', ""))),
        Some("Bearer ..".to_owned()),
    ];
    for header in headers {
        let ask = story.ask(
            As::Anonymous,
            Method::PATCH,
            &format!("/pipelines/{}/", id(1)),
        );
        let ask = match &header {
            Some(value) => ask.header("authorization", value),
            None => ask,
        };
        let answer = ask.json(&body).send().await;
        refused(&answer, 401);
        assert_eq!(
            answer.header("www-authenticate"),
            "Bearer realm=\"api\"",
            "{header:?}"
        );
    }
    assert_eq!(story.task(task).await["progress_value"], 0);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_token_is_refused(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let token = story.callback_token().await;
    let body = json!({"task_id": task, "progress_value": 9});
    let parts: Vec<&str> = token.split('.').collect();
    let good = claims(&story, task, "openhexa-bridge:callback").await;
    let none = base64(br#"{"alg":"none","typ":"JWT"}"#);
    let payload = base64(good.to_string().as_bytes());
    let mut stale = good.clone();
    stale["exp"] = json!(story.now().timestamp());
    let mut endless = good.clone();
    endless.as_object_mut().unwrap().remove("exp");
    let key = story.secrets.callback.clone();
    let another = claims(&story, task, "another audience").await;
    let mut last = parts[2].to_owned();
    let flipped = if last.starts_with('A') { "B" } else { "A" };
    last.replace_range(..1, flipped);
    let forged = [
        format!("{none}.{payload}."),
        format!("{none}.{payload}.{}", parts[2]),
        format!("{}.{payload}.{}", parts[0], parts[2]),
        format!("{}.{}.{last}", parts[0], parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        signed(&good, "another key that is just as long as ours"),
        signed(&good, ""),
        signed(&good, &story.secrets.operator),
        signed(&another, &key),
        signed(&stale, &key),
        signed(&endless, &key),
        signed(&json!({}), &key),
        signed(
            &json!({"token_type": "access", "user_id": 1, "exp": 4_000_000_000_i64}),
            &key,
        ),
    ];
    for token in forged {
        refused(&patch(&story, As::Bearer(token), &body).await, 401);
    }
    assert_eq!(story.task(task).await["progress_value"], 0);
    let ours = As::Bearer(signed(&good, &key));
    patch(&story, ours, &body).await.expect(200);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_expires_with_the_time_limit_of_its_run(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let token = As::Bearer(story.callback_token().await);
    // A day in the queue, the version's timeout of one hour, and an hour of grace.
    story.advance(TimeDelta::hours(26) - TimeDelta::seconds(2));
    patch(
        &story,
        token.clone(),
        &json!({"task_id": task, "progress_value": 1}),
    )
    .await
    .expect(200);
    story.advance(TimeDelta::seconds(3));
    refused(
        &patch(
            &story,
            token,
            &json!({"task_id": task, "progress_value": 2}),
        )
        .await,
        401,
    );
    assert_eq!(story.task(task).await["progress_value"], 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_token_can_neither_read_nor_launch(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let token = As::Bearer(story.callback_token().await);
    let paths = [
        "/pipelines/".to_owned(),
        "/pipelines/config/".to_owned(),
        format!("/pipelines/{}/", id(1)),
        "/tasks/".to_owned(),
        format!("/tasks/{task}/"),
        format!("/tasks/{task}/logs/"),
        format!("/tasks/{task}/events/"),
        "/tasks/999/".to_owned(),
    ];
    for path in paths {
        refused(
            &story.ask(token.clone(), Method::GET, &path).send().await,
            403,
        );
    }
    for what in ["validate", "launch"] {
        let path = format!("/pipelines/{}/{what}/", id(1));
        refused(
            &story
                .ask(token.clone(), Method::POST, &path)
                .json(&json!({"config": {}}))
                .send()
                .await,
            403,
        );
    }
    assert_eq!(story.runs().await.len(), 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_token_is_refused_before_the_body_is_read(#[values(Sqlite, Postgres)] base: Base) {
    let (story, _) = launched(base).await;
    for (kind, body) in [
        ("application/json", "{"),
        ("text/plain", "x"),
        ("application/json", "{\"status\": \"DONE\"}"),
    ] {
        let path = format!("/pipelines/{}/", id(1));
        refused(
            &story
                .ask(As::Bearer("garbage".to_owned()), Method::PATCH, &path)
                .body(kind, body)
                .send()
                .await,
            401,
        );
        refused(
            &story
                .ask(As::Viewer, Method::PATCH, &path)
                .body(kind, body)
                .send()
                .await,
            403,
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_dev_the_local_user_may_report_but_not_with_a_bad_token(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).local().begin().await;
    let answer = story
        .ask(
            As::Anonymous,
            Method::POST,
            &format!("/pipelines/{}/launch/", id(1)),
        )
        .json(&json!({"config": {}}))
        .send()
        .await;
    let task = answer.expect(201)["task"]["id"].as_i64().unwrap();
    patch(
        &story,
        As::Anonymous,
        &json!({"task_id": task, "progress_value": 1}),
    )
    .await
    .expect(200);
    refused(
        &patch(
            &story,
            As::Bearer("garbage".to_owned()),
            &json!({"task_id": task, "progress_value": 2}),
        )
        .await,
        401,
    );
    let basic = story
        .ask(
            As::Anonymous,
            Method::PATCH,
            &format!("/pipelines/{}/", id(1)),
        )
        .header("authorization", "Basic eDp5");
    refused(&basic.json(&json!({"task_id": task})).send().await, 401);
    for (header, value) in [
        ("host", "bridge.example.org"),
        ("origin", "https://evil.example"),
    ] {
        let ask = story
            .ask(
                As::Anonymous,
                Method::PATCH,
                &format!("/pipelines/{}/", id(1)),
            )
            .header(header, value);
        refused(
            &ask.json(&json!({"task_id": task, "progress_value": 3}))
                .send()
                .await,
            403,
        );
    }
    assert_eq!(story.task(task).await["progress_value"], 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_accepted_while_openhexa_is_down(#[values(Sqlite, Postgres)] base: Base) {
    let (mut story, task) = launched(base).await;
    let token = As::Bearer(story.callback_token().await);
    story.stop_openhexa().await;
    story.restart().await;
    patch(
        &story,
        token.clone(),
        &json!({"status": "RUNNING", "progress_value": 50}),
    )
    .await
    .expect(200);
    let answer = patch(
        &story,
        token,
        &json!({"task_id": task, "status": "SUCCESS", "result": {"rows": 3}}),
    )
    .await
    .expect(200);
    assert_eq!(
        answer["task"]["result"],
        json!({"result": "SUCCESS", "data": {"rows": 3}})
    );
    story.next_cycle().await;
    let after = story.task(task).await;
    assert_eq!(
        (&after["status"], &after["confirmed"]),
        (&json!("SUCCESS"), &json!(false))
    );
    story.end().await;
}

/// The tables as in a backup from before this task: its rows are missing, and its id is assigned again.
async fn restore_before(story: &Story, task: i64) {
    for rows in ["event WHERE task_id", "run WHERE task_id", "task WHERE id"] {
        database::sql(story, &format!("DELETE FROM {rows} = {task}")).await;
    }
    let sequence = match story.base {
        Base::Sqlite => format!(
            "UPDATE sqlite_sequence SET seq = {} WHERE name = 'task'",
            task - 1
        ),
        Base::Postgres => format!("ALTER TABLE task ALTER COLUMN id RESTART WITH {task}"),
    };
    database::sql(story, &sequence).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restore_the_token_of_an_old_run_does_not_report_on_the_new_task(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, old) = launched(base).await;
    let token = As::Bearer(story.callback_token().await);
    restore_before(&story, old).await;
    let new = story.launch(&id(1), json!({})).await;
    assert_eq!(new, old, "the id is assigned again");
    let report = json!({"task_id": old, "status": "ERROR", "progress_message": "from the old run"});
    let refused = patch(&story, token, &report).await;
    let unknown = patch(&story, As::Operator, &json!({"task_id": 999_999})).await;
    assert_eq!(
        refused.expect(400),
        unknown.expect(400),
        "as for a task that does not exist"
    );
    assert_eq!(story.task(new).await["status"], "QUEUED");
    let own = As::Bearer(story.callback_token().await);
    patch(&story, own, &json!({"status": "RUNNING"}))
        .await
        .expect(200);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_from_before_launches_had_an_id_is_refused(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let key = story.secrets.callback.clone();
    let mut before = claims(&story, task, "openhexa-bridge:callback").await;
    before.as_object_mut().unwrap().remove("launch");
    refused(
        &patch(
            &story,
            As::Bearer(signed(&before, &key)),
            &json!({"task_id": task, "progress_value": 9}),
        )
        .await,
        401,
    );
    // No token may report on a task whose launch has no id.
    let token = As::Bearer(story.callback_token().await);
    database::sql(&story, "UPDATE run SET launch_id = NULL").await;
    patch(
        &story,
        token,
        &json!({"task_id": task, "progress_value": 9}),
    )
    .await
    .error(400);
    assert_eq!(story.task(task).await["progress_value"], 0);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_that_may_have_been_assigned_after_a_backup_are_skipped_at_the_start(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (mut story, first) = launched(base).await;
    assert_eq!(first, 1, "in a new database no id is skipped");
    let lost = story.launch(&id(1), json!({})).await;
    restore_before(&story, lost).await;
    story.restart().await;
    let next = story.launch(&id(1), json!({})).await;
    assert!(next > lost + 500, "{next}");
    // A backup that was restored without its sequence.
    let behind = match base {
        Base::Sqlite => "UPDATE sqlite_sequence SET seq = 0 WHERE name = 'task'",
        Base::Postgres => "ALTER TABLE task ALTER COLUMN id RESTART WITH 1",
    };
    database::sql(&story, behind).await;
    story.restart().await;
    assert!(story.launch(&id(1), json!({})).await > next + 500);
    story.end().await;
}
