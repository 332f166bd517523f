//! Lists, details, versions, runs and choices: their content, how many requests they need, and what happens without OpenHEXA.

use rstest::rstest;
use std::sync::Arc;

use chrono::{SecondsFormat, TimeDelta};
use futures_util::future::join_all;
use openhexa_bridge::service::identity::ONLY_ACCOUNT;
use reqwest::Method;
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use crate::support::catalogue::{id, parameter, pipeline, quick, with};
use crate::support::scripted_server::{Reply, ScriptedServer};
use crate::support::story::{Answer, As, Base, Postgres, Sqlite, Story, StoryBuilder};

fn version(number: u64, parameters: &[Value]) -> Value {
    json!({"id": id(1000 + number), "versionNumber": number, "name": null, "config": {}, "parameters": parameters})
}

/// Pipeline 1 with these versions, the last one current.
fn versioned(versions: &[Value]) -> Value {
    json!([with(
        pipeline(1, &[], quick("succeed")),
        json!({"versions": versions})
    )])
}

fn from_file(code: &str, path: &str) -> Value {
    let file = json!({"path": path, "format": "csv", "column": "name"});
    parameter(code, "str", json!({"choicesFromFile": file}))
}

/// Two versions: the first has choices from files, the second has a secret.
async fn two_versions(base: Base) -> Story {
    let first = [
        from_file("district", "reference/districts.csv"),
        from_file("missing", "reference/nope.csv"),
        parameter("plain", "str", json!({"choices": ["a", "b"]})),
    ];
    let second = [
        from_file("district", "reference/districts.csv"),
        parameter("password", "secret", json!({"default": "hunter2"})),
    ];
    let versions = [version(1, &first), version(2, &second)];
    let plan = StoryBuilder::on(base).pipelines(versioned(&versions));
    plan.begin().await
}

impl Story {
    async fn french(&self, path: &str) -> Answer {
        let ask = self.ask(As::Viewer, Method::GET, path);
        ask.header("accept-language", "fr").send().await
    }

    fn now_in_words(&self) -> String {
        self.now().to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// The response, and how many requests to OpenHEXA it needed.
    async fn cost(&self, path: &str) -> (Value, u64) {
        let before = self.requests().await;
        let answer = self.get(path).await.expect(200);
        (answer, self.requests().await - before)
    }
}

const LIST: &str = "/pipelines/";

fn detail() -> String {
    format!("/pipelines/{}/", id(1))
}

fn versions() -> String {
    format!("/pipelines/{}/versions/", id(1))
}

fn runs() -> String {
    format!("/pipelines/{}/runs/", id(1))
}

fn choices(code: &str) -> String {
    format!("/pipelines/{}/parameters/{code}/choices/", id(1))
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_concurrent_readers_cause_one_request_to_openhexa(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = two_versions(base).await;
    for path in [LIST.to_owned(), detail(), versions()] {
        // Long enough for all of them to arrive before the first gets its response.
        story
            .fault(&json!({"fault": "latency", "ms": 700, "count": 100}))
            .await;
        let before = story.requests().await;
        let answers = join_all((0..100).map(|_| story.get(&path))).await;
        let first = answers[0].expect(200);
        assert!(
            answers.iter().all(|answer| answer.expect(200) == first),
            "{path}"
        );
        assert!(first.get("stale").is_none(), "{first}");
        assert_eq!(story.requests().await - before, 1, "{path}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_response_is_cached_for_its_time_and_no_longer(#[values(Sqlite, Postgres)] base: Base) {
    let story = two_versions(base).await;
    // Choices belong to a version, which is requested too.
    for (path, price) in [
        (LIST.to_owned(), 1),
        (versions(), 1),
        (choices("district"), 2),
        (detail(), 1),
    ] {
        story.advance(TimeDelta::minutes(1));
        let (first, cost) = story.cost(&path).await;
        assert_eq!(cost, price, "{path}");
        story.advance(TimeDelta::milliseconds(4_999));
        assert_eq!(story.cost(&path).await, (first.clone(), 0), "{path}");
        story.advance(TimeDelta::milliseconds(1));
        assert_eq!(story.cost(&path).await, (first, price), "{path}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_was_set_back_does_not_extend_the_cache(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = two_versions(base).await;
    story.get(LIST).await.expect(200);
    story.advance(TimeDelta::hours(-1));
    assert_eq!(story.cost(LIST).await.1, 1);
    assert_eq!(story.cost(LIST).await.1, 0);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_in_the_cache_is_a_setting(#[values(Sqlite, Postgres)] base: Base) {
    let pipelines = versioned(&[version(1, &[])]);
    let story = StoryBuilder::on(base)
        .pipelines(pipelines)
        .setting("cache.fresh_for", "0s")
        .begin()
        .await;
    for _ in 0..2 {
        assert_eq!(story.cost(LIST).await.1, 1);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_disconnects_does_not_cancel_the_shared_request(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base).not_configured().begin().await;
    let gate = Arc::new(Semaphore::new(0));
    let pipelines = json!({"totalPages": 1, "items": []});
    let answer =
        json!({"data": {"workspace": {"slug": "demo"}, "pipelines": pipelines}}).to_string();
    let wire = ScriptedServer::always(Reply::Gated(gate.clone(), answer)).await;
    story
        .configure_with(Map::new(), &wire.url, "a-token", "demo")
        .await;

    let bridge = story.bridge();
    let first = tokio::spawn(async move { bridge.catalog.pipelines(ONLY_ACCOUNT).await });
    wire.until(|count| count.held == 1).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let bridge = story.bridge();
    let mut second = Box::pin(async move { bridge.catalog.pipelines(ONLY_ACCOUNT).await });
    // Sent, and waiting for the response.
    assert!(futures_util::poll!(second.as_mut()).is_pending());
    gate.add_permits(10);
    assert!(second.await.unwrap().answer.is_empty());
    assert_eq!(story.get(LIST).await.expect(200), json!({"results": []}));
    assert_eq!(wire.received().len(), 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_is_not_cached(#[values(Sqlite, Postgres)] base: Base) {
    let story = two_versions(base).await;
    for path in [LIST.to_owned(), detail(), versions()] {
        story.fault(&json!({"fault": "html_500"})).await;
        let failed = story.get(&path).await.error(502);
        assert_eq!(failed, "OpenHEXA returned HTTP status 500");
        story.get(&path).await.expect(200);
    }
    story
        .get(&format!("/pipelines/{}/", id(9)))
        .await
        .error(404);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_configuration_is_used_at_once(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = two_versions(base).await;
    for path in [LIST.to_owned(), detail(), versions(), choices("district")] {
        story.get(&path).await.expect(200);
    }
    let token = story.secrets.openhexa.clone();
    story
        .configure_with(Map::new(), &story.openhexa, &token, "elsewhere")
        .await;
    assert!(
        story
            .get(LIST)
            .await
            .error(502)
            .contains("OpenHEXA workspace was not found")
    );
    for path in [detail(), versions(), runs(), choices("district")] {
        assert_eq!(story.get(&path).await.error(404), "Pipeline not found");
    }

    // The configuration is restored: nothing from the cache before the change is used, not even while
    // OpenHEXA is unavailable.
    story.configure(Map::new()).await;
    story.stop_openhexa().await;
    for path in [LIST.to_owned(), detail(), versions(), choices("district")] {
        story.get(&path).await.error(502);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_openhexa_the_last_successful_response_is_returned_with_its_time(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = two_versions(base).await;
    let (list, one) = (
        story.get(LIST).await.expect(200),
        story.get(&detail()).await.expect(200),
    );
    let mut as_of = story.now_in_words();
    let stale = |mut answer: Value, as_of: &str| {
        let object = answer.as_object_mut().unwrap();
        object.insert("stale".to_owned(), json!(true));
        object.insert("as_of".to_owned(), json!(as_of));
        answer
    };
    for later in [TimeDelta::seconds(5), TimeDelta::days(3)] {
        story.advance(later);
        story.fault(&json!({"fault": "html_500", "count": 2})).await;
        assert_eq!(
            story.get(LIST).await.expect(200),
            stale(list.clone(), &as_of)
        );
        assert_eq!(
            story.get(&detail()).await.expect(200),
            stale(one.clone(), &as_of)
        );
        // OpenHEXA responds again.
        assert_eq!(story.get(LIST).await.expect(200), list);
        assert_eq!(story.get(&detail()).await.expect(200), one);
        as_of = story.now_in_words();
    }

    story.stop_openhexa().await;
    story.advance(TimeDelta::seconds(6));
    for _ in 0..2 {
        assert_eq!(
            story.get(LIST).await.expect(200),
            stale(list.clone(), &as_of)
        );
    }
    assert_eq!(
        story.get(&versions()).await.error(502),
        "OpenHEXA is unreachable"
    );
    assert_eq!(
        story.french(&runs()).await.error(502),
        "OpenHEXA est injoignable"
    );
    assert_eq!(
        story
            .get(&format!("/pipelines/{}/", id(9)))
            .await
            .error(502),
        "OpenHEXA is unreachable"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_token_is_an_error_although_a_response_is_cached(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = two_versions(base).await;
    story.get(LIST).await.expect(200);
    story.get(&detail()).await.expect(200);
    story.advance(TimeDelta::seconds(6));
    story
        .fault(&json!({"fault": "refuse_token", "count": 3}))
        .await;
    assert_eq!(
        story.get(LIST).await.error(502),
        "OpenHEXA refuses the configured token"
    );
    assert_eq!(
        story.get(&detail()).await.error(502),
        "OpenHEXA refuses the configured token"
    );
    assert_eq!(
        story.french(LIST).await.error(502),
        "OpenHEXA refuse le jeton configuré"
    );
    let again = story.get(LIST).await.expect(200);
    assert!(again.get("stale").is_none(), "{again}");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_pipeline_is_not_returned_from_the_cache(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = two_versions(base).await;
    story.get(&detail()).await.expect(200);
    story.advance(TimeDelta::seconds(6));
    story.reopen_openhexa(&json!([])).await;
    story.get(&detail()).await.error(404);
    story.stop_openhexa().await;
    story.get(&detail()).await.error(502);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_is_validated_with_the_current_definition(#[values(Sqlite, Postgres)] base: Base) {
    let before = [version(1, &[])];
    let mut story = StoryBuilder::on(base)
        .pipelines(versioned(&before))
        .begin()
        .await;
    let config = json!({"config": {}});
    let shown = story.get(&detail()).await.expect(200);
    assert_eq!(shown["currentVersion"]["versionNumber"], 1);

    let country = parameter(
        "country",
        "str",
        json!({"required": true, "name": "Country"}),
    );
    story
        .reopen_openhexa(&versioned(&[version(1, &[]), version(2, &[country])]))
        .await;
    assert_eq!(
        story.get(&detail()).await.expect(200),
        shown,
        "the response comes from the cache"
    );
    // A validation has no effect, so the cached definition is sufficient.
    story
        .post(&format!("{}validate/", detail()), &config)
        .await
        .expect(200);
    let refused = story.post(&format!("{}launch/", detail()), &config).await;
    assert_eq!(refused.error(400), "Country is required");
    assert_eq!(story.runs().await.len(), 0);

    // The definition that the launch read is now in the cache.
    let (learnt, cost) = story.cost(&detail()).await;
    assert_eq!(
        (&learnt["currentVersion"]["versionNumber"], cost),
        (&json!(2), 0)
    );
    story
        .post(&format!("{}validate/", detail()), &config)
        .await
        .error(400);

    // At a launch, an older version requested by its id is read from OpenHEXA too.
    let old = json!({"version": id(1001), "config": {}});
    story
        .post(&format!("{}validate/", detail()), &old)
        .await
        .expect(200);
    let before = story.requests().await;
    story
        .post(&format!("{}validate/", detail()), &old)
        .await
        .expect(200);
    assert_eq!(story.requests().await - before, 0);
    story
        .post(&format!("{}launch/", detail()), &old)
        .await
        .expect(201);
    // Requests for the pipeline, the version, the user of the token, and the launch.
    assert_eq!(story.requests().await - before, 4);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_have_their_parameters_and_are_listed_newest_first(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = two_versions(base).await;
    let listed = story.get(&versions()).await.expect(200);
    let rows = listed["results"].as_array().unwrap();
    assert_eq!(listed.as_object().unwrap().len(), 1);
    assert_eq!(
        (&rows[0]["id"], &rows[1]["id"]),
        (&json!(id(1002)), &json!(id(1001)))
    );
    let keys: Vec<_> = rows[0].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "id",
            "versionNumber",
            "versionName",
            "createdAt",
            "parameters"
        ]
    );
    assert_eq!(
        (&rows[0]["versionNumber"], &rows[0]["versionName"]),
        (&json!(2), &json!("v2"))
    );
    assert!(
        rows[0]["createdAt"].as_str().unwrap().ends_with('Z'),
        "{listed}"
    );
    let shown = story.get(&detail()).await.expect(200);
    assert_eq!(rows[0]["parameters"], shown["currentVersion"]["parameters"]);
    assert_eq!(rows[0]["parameters"][1]["default"], "••••");
    assert_eq!(
        rows[1]["parameters"][0]["choicesFromFile"]["path"],
        "reference/districts.csv"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_openhexa_cannot_read_does_not_hide_the_others(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let bad = json!({"code": "bad", "name": "bad"});
    let good = parameter("country", "str", json!({}));
    let all = [
        version(1, std::slice::from_ref(&good)),
        version(2, &[bad]),
        version(3, &[good]),
    ];
    let story = StoryBuilder::on(base)
        .pipelines(versioned(&all))
        .begin()
        .await;
    let listed = story.get(&versions()).await.expect(200);
    let parameters: Vec<_> = listed["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["parameters"])
        .collect();
    assert_eq!(parameters[0][0]["code"], "country");
    assert_eq!(parameters[1], &json!(null));
    assert_eq!(parameters[2][0]["code"], "country");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_have_the_id_of_their_task(#[values(Sqlite, Postgres)] base: Base) {
    let story = two_versions(base).await;
    assert_eq!(story.get(&runs()).await.expect(200), json!({"results": []}));
    let other = story.launch(&id(1), json!({})).await;
    story.until_confirmed(other).await;
    let task = story.launch(&id(1), json!({})).await;
    story.until_confirmed(task).await;
    let elsewhere =
        "mutation R($input: RunPipelineInput!) { runPipeline(input: $input) { run { id } } }";
    let run = story
        .graphql(elsewhere, json!({"input": {"id": id(1), "config": {}}}))
        .await;

    let listed = story.get(&runs()).await.expect(200);
    let rows = listed["results"].as_array().unwrap();
    assert_eq!(rows.len(), 3, "{listed}");
    let keys: Vec<_> = rows[0].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "id",
            "status",
            "progress",
            "executionDate",
            "duration",
            "triggerMode",
            "task_id"
        ]
    );
    assert_eq!(
        (&rows[0]["id"], &rows[0]["task_id"]),
        (&run["runPipeline"]["run"]["id"], &json!(null))
    );
    assert_eq!(
        (&rows[1]["task_id"], &rows[1]["status"]),
        (&json!(task), &json!("success"))
    );
    assert_eq!(rows[2]["task_id"], json!(other));
    assert_eq!(rows[1]["id"], story.task(task).await["run"]["id"]);

    let newest = story.get(&format!("{}?limit=1", runs())).await.expect(200);
    assert_eq!(newest["results"].as_array().unwrap().len(), 1);
    assert_eq!(newest["results"][0]["id"], rows[0]["id"]);
    for limit in ["0", "201", "-1", "x"] {
        let refused = story.french(&format!("{}?limit={limit}", runs())).await;
        assert_eq!(
            refused.expect(400)["limit"],
            json!(["«\u{a0}limit\u{a0}» doit être un nombre entier de 1 à 200"])
        );
    }
    story
        .get(&format!("{}?limit=200", runs()))
        .await
        .expect(200);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn choices_are_read_from_the_file_of_a_version(#[values(Sqlite, Postgres)] base: Base) {
    let story = two_versions(base).await;
    let found = story.get(&choices("district")).await.expect(200);
    assert_eq!(found["results"][0], "Djoungolo");
    assert!(
        found["results"]
            .as_array()
            .unwrap()
            .iter()
            .all(Value::is_string),
        "{found}"
    );
    let old = format!("{}?version={}", choices("district"), id(1001));
    assert_eq!(story.get(&old).await.expect(200), found);
    let without_dashes = old.replace(&id(1001), &id(1001).replace('-', ""));
    assert_eq!(story.get(&without_dashes).await.expect(200), found);

    // The first version has it, the current one does not.
    let plain = format!("{}?version={}", choices("plain"), id(1001));
    assert_eq!(
        story.get(&plain).await.error(404),
        "The choices of this parameter do not come from a file"
    );
    assert_eq!(
        story.get(&choices("plain")).await.error(404),
        "This version of the pipeline has no such parameter"
    );
    assert_eq!(
        story.french(&choices("zzz")).await.error(404),
        "Ce paramètre n’existe pas dans cette version du pipeline"
    );
    let missing = format!("{}?version={}", choices("missing"), id(1001));
    let answer = story.get(&missing).await;
    let said = "OpenHEXA cannot read the choices of this parameter: “Choices file 'reference/nope.csv' not found in workspace storage”. \
            Ask the pipeline's author to correct the file or the parameter";
    assert_eq!(answer.error(400), said);
    assert_eq!(answer.expect(400)["choices"], json!([said]));

    let unknown = story
        .get(&format!("{}?version={}", choices("district"), id(77)))
        .await;
    assert_eq!(
        unknown.expect(400)["version"],
        json!(["This version of the pipeline does not exist"])
    );
    let malformed = story
        .french(&format!("{}?version=7", choices("district")))
        .await;
    assert_eq!(
        malformed.expect(400)["version"],
        json!(["«\u{a0}version\u{a0}» doit être un UUID"])
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_for_an_unknown_pipeline_return_404(#[values(Sqlite, Postgres)] base: Base) {
    let story = two_versions(base).await;
    for pipeline in [id(9), "zzz".to_owned()] {
        for part in ["versions", "runs", "parameters/district/choices"] {
            let path = format!("/pipelines/{pipeline}/{part}/");
            assert_eq!(story.get(&path).await.error(404), "Pipeline not found");
            assert_eq!(story.french(&path).await.error(404), "Pipeline introuvable");
        }
    }
    for path in [versions(), runs(), choices("district")] {
        story
            .ask(As::Anonymous, Method::GET, &path)
            .send()
            .await
            .error(401);
        story
            .ask(As::Operator, Method::POST, &path)
            .send()
            .await
            .error(405);
    }
    story.end().await;
}
