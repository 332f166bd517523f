//! The meaning of OpenHEXA's responses: missing or failed, own or another workspace, complete or partial.

use chrono::{DateTime, Utc};
use openhexa_bridge::domain::ids::{PipelineId, RunId, UserId, VersionId};
use openhexa_bridge::domain::parameters::Kind;
use openhexa_bridge::domain::run::{Absence, RecentRuns, RunOutput, Stop, Visible};
use openhexa_bridge::openhexa::{Error, OpenHexa};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ID, answer, client, target};
use crate::support::scripted_server::{ReceivedRequest, Reply, ScriptedServer};

#[tokio::test]
async fn a_token_without_a_user_is_refused() {
    let nobody = r#"{"data":{"me":{"user":null}}}"#;
    let a_runs_own = r#"{"data":{"me":{"user":null}},"errors":[{"message":"inner text","path":["me","user","id"]}]}"#;
    for said in [nobody, a_runs_own] {
        let wire = ScriptedServer::always(answer(said)).await;
        assert_eq!(
            client().me(&target(&wire.url)).await,
            Err(Error::TokenRefused)
        );
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn pipeline(slug: &str, version: &Value) -> Value {
    json!({
        "id": ID, "name": " ", "code": "lqas", "type": "zipFile", "description": null,
        "createdAt": "2026-11-21T00:17:22.732Z", "workspace": {"slug": slug},
        "permissions": {"run": true, "stopPipeline": false}, "currentVersion": version,
    })
}

fn version() -> Value {
    json!({
        "id": ID, "versionNumber": 5, "versionName": "v5", "timeout": null, "config": {"a": 1},
        "parameters": [{
            "code": "x", "name": "", "type": "hologram", "multiple": false, "required": true,
            "default": null, "help": null, "widget": null, "connection": null, "choices": null,
            "choicesFromFile": null, "directory": null, "disables": [], "disableWhen": true,
        }],
    })
}

#[tokio::test]
async fn a_pipeline_is_read_in_its_own_workspace() {
    for (slug, seen) in [("demo", true), ("other", false)] {
        let wire = ScriptedServer::always(answer(
            json!({"data": {"pipeline": pipeline(slug, &version())}}).to_string(),
        ))
        .await;
        let found = client()
            .pipeline(&target(&wire.url), PipelineId(ID))
            .await
            .unwrap();
        assert_eq!(found.is_some(), seen);
        let Some(found) = found else { continue };
        assert_eq!(
            (found.title(), found.may_run, found.may_stop),
            ("lqas", true, false)
        );
        assert!(!found.unreadable_version);
        let parameter = &found.current_version.unwrap().parameters[0];
        assert_eq!(parameter.name, "x");
        assert_eq!(parameter.kind, Kind::Other("hologram".to_owned()));
    }
}

#[tokio::test]
async fn an_unreadable_definition_is_not_a_notebook() {
    let error = |path: Value| json!([{"message": "inner text", "path": path}]);
    let stored = json!({
        "data": {"pipeline": pipeline("demo", &Value::Null)},
        "errors": error(json!(["pipeline", "currentVersion", "parameters", 1, "type"])),
    });
    let wire = ScriptedServer::always(answer(stored.to_string())).await;
    let found = client()
        .pipeline(&target(&wire.url), PipelineId(ID))
        .await
        .unwrap()
        .unwrap();
    assert!(found.unreadable_version && found.current_version.is_none());

    let stored = json!({
        "data": {"pipelineVersion": null},
        "errors": error(json!(["pipelineVersion", "parameters", 1, "type"])),
    });
    let wire = ScriptedServer::always(answer(stored.to_string())).await;
    let outcome = client().version(&target(&wire.url), VersionId(ID)).await;
    assert_eq!(outcome, Err(Error::BadDefinition));

    let failed = json!({"data": {"pipeline": null}, "errors": error(json!(["pipeline"]))});
    let wire = ScriptedServer::always(answer(failed.to_string())).await;
    let outcome = client().pipeline(&target(&wire.url), PipelineId(ID)).await;
    assert_eq!(
        outcome,
        Err(Error::GraphQl { code: None }),
        "an error does not mean that it is missing"
    );
}

#[tokio::test]
async fn a_version_lost_for_another_reason_is_a_failure() {
    let crashed = json!({
        "data": {"pipeline": pipeline("demo", &Value::Null)},
        "errors": [{"message": "inner text", "path": ["pipeline", "currentVersion"]}],
    });
    let wire = ScriptedServer::always(answer(crashed.to_string())).await;
    let outcome = client().pipeline(&target(&wire.url), PipelineId(ID)).await;
    assert_eq!(outcome, Err(Error::GraphQl { code: None }));
}

#[tokio::test]
async fn a_version_comes_with_its_pipeline() {
    let mut found = version();
    found["pipeline"] = json!({"id": ID, "workspace": {"slug": "demo"}});
    let wire = ScriptedServer::always(answer(
        json!({"data": {"pipelineVersion": found}}).to_string(),
    ))
    .await;
    let (pipeline, version) = client()
        .version(&target(&wire.url), VersionId(ID))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((pipeline, version.label.number), (PipelineId(ID), 5));
}

/// The requested page, of runs queued one hour apart, two per page.
fn page_of_runs(heard: &ReceivedRequest, pages: u64) -> Reply {
    let page = heard.variables()["page"].as_u64().unwrap();
    let run = |nth: u64| {
        let (id, hour) = (Uuid::from_u128(u128::from(nth)), 20 - nth);
        json!({"id": id, "status": "queued", "progress": 0, "config": {"nth": nth},
            "executionDate": format!("2026-11-21T{hour:02}:00:00Z"), "user": null})
    };
    let runs = json!({"totalPages": pages, "items": [run(2 * page), run(2 * page + 1)]});
    answer(json!({"data": {"pipeline": {"workspace": {"slug": "demo"}, "runs": runs}, "workspace": null, "me": null}}).to_string())
}

fn found_runs(found: Result<RecentRuns, Error>) -> usize {
    match found {
        Ok(RecentRuns::Runs(runs)) => runs.len(),
        other => panic!("no runs: {other:?}"),
    }
}

#[tokio::test]
async fn a_search_without_the_pipeline_returns_what_the_same_response_shows() {
    let user = Uuid::from_u128(7);
    let search = async |workspace: Value| {
        let me = json!({"user": {"id": user}});
        let said = json!({"data": {"pipeline": null, "workspace": workspace, "me": me}});
        let wire = ScriptedServer::always(answer(said.to_string())).await;
        client()
            .recent_runs(&target(&wire.url), PipelineId(ID), DateTime::UNIX_EPOCH)
            .await
            .unwrap()
    };
    let shows = |visible| {
        let user = Some(UserId(user));
        RecentRuns::NoPipeline(Absence { visible, user })
    };
    assert_eq!(
        search(json!({"slug": "demo"})).await,
        shows(Visible::Workspace)
    );
    assert_eq!(search(Value::Null).await, shows(Visible::Nothing));
}

#[tokio::test]
async fn a_lost_run_is_searched_until_the_runs_are_too_old() {
    let wire = ScriptedServer::serve(|heard: &ReceivedRequest| page_of_runs(heard, 9)).await;
    let since = at("2026-11-21T16:00:00Z");
    let found = client()
        .recent_runs(&target(&wire.url), PipelineId(ID), since)
        .await;
    assert_eq!(found_runs(found), 3);
    assert_eq!(wire.received().len(), 2, "no unnecessary page is requested");
}

#[tokio::test]
async fn no_page_past_the_end_is_requested() {
    let wire = ScriptedServer::serve(|heard: &ReceivedRequest| page_of_runs(heard, 2)).await;
    let found = client()
        .recent_runs(&target(&wire.url), PipelineId(ID), DateTime::UNIX_EPOCH)
        .await;
    assert_eq!(found_runs(found), 4);
    assert_eq!(wire.received().len(), 2);
}

#[tokio::test]
async fn a_list_too_long_is_an_error_and_never_cut() {
    let wire = ScriptedServer::serve(|heard: &ReceivedRequest| page_of_runs(heard, 9)).await;
    let found = client()
        .recent_runs(&target(&wire.url), PipelineId(ID), DateTime::UNIX_EPOCH)
        .await;
    assert_eq!(found, Err(Error::TooLarge));
}

#[tokio::test]
async fn all_pages_of_pipelines_are_read_once_each() {
    let wire = ScriptedServer::serve(|heard: &ReceivedRequest| {
        let page = heard.variables()["page"].as_u64().unwrap();
        let item = |nth: u64| {
            json!({"id": Uuid::from_u128(u128::from(nth)), "name": null, "code": "c", "type": "notebook",
                "functionalType": "loading", "createdAt": "2026-11-21T00:17:22.732Z", "tags": [{"name": "iaso"}],
                "currentVersion": {"id": ID, "versionNumber": 1, "versionName": "v1"},
                "runs": {"items": [{"id": ID, "status": "success", "progress": 100, "executionDate": null,
                    "duration": 7, "triggerMode": "manual"}]}})
        };
        // The second page repeats the last item of the first.
        let items = [item(page), item(page + 1)];
        answer(json!({"data": {"pipelines": {"totalPages": 2, "items": items}}}).to_string())
    })
    .await;
    let found = client().pipelines(&target(&wire.url)).await.unwrap();
    assert_eq!(found.len(), 3);
    assert_eq!(
        found[0].last_run.as_ref().unwrap().trigger.as_deref(),
        Some("manual")
    );
    let asked = json!({"workspaceSlug": "demo", "page": 2, "perPage": 2});
    assert_eq!(wire.received()[1].variables(), &asked);
}

#[tokio::test]
async fn each_response_to_a_stop_has_its_meaning() {
    let told = |success: bool, errors: Value| {
        answer(
            json!({"data": {"stopPipeline": {"success": success, "errors": errors}}}).to_string(),
        )
    };
    let cases = [
        (told(true, json!([])), Stop::Accepted),
        (
            told(false, json!(["PIPELINE_ALREADY_COMPLETED"])),
            Stop::AlreadyCompleted,
        ),
        (
            told(false, json!(["PIPELINE_ALREADY_STOPPED"])),
            Stop::AlreadyStopped,
        ),
        (told(false, json!(["PERMISSION_DENIED"])), Stop::Denied),
        (told(false, json!(["PIPELINE_NOT_FOUND"])), Stop::NotFound),
        (told(false, json!(["NEW"])), Stop::Other("NEW".to_owned())),
    ];
    for (reply, expected) in cases {
        let wire = ScriptedServer::always(reply).await;
        assert_eq!(
            client().stop(&target(&wire.url), RunId(ID)).await,
            Ok(expected)
        );
    }
}

#[tokio::test]
async fn details_keep_outputs_of_unknown_kinds() {
    let run = json!({
        "pipeline": {"workspace": {"slug": "demo"}}, "logs": "started",
        "messages": [{"message": "tick", "priority": "INFO", "timestamp": "2026-11-21T00:25:56.503726+00:00"}],
        "outputs": [
            {"__typename": "BucketObject", "name": "a.csv", "path": "out/a.csv", "size": 12},
            {"__typename": "DatabaseTable", "tableName": "t"},
            {"__typename": "GenericOutput", "genericName": null, "type": "link", "uri": "https://x.test"},
            {"__typename": "Hologram"},
        ],
    });
    let wire =
        ScriptedServer::always(answer(json!({"data": {"pipelineRun": run}}).to_string())).await;
    let found = client()
        .details(&target(&wire.url), RunId(ID))
        .await
        .unwrap()
        .unwrap();
    let file = RunOutput::File {
        name: "a.csv".to_owned(),
        path: "out/a.csv".to_owned(),
        size: Some(12),
    };
    assert_eq!(found.outputs[0], file);
    assert_eq!(found.outputs[3], RunOutput::Unknown);
    assert!(found.messages[0].at.is_some());
}

#[tokio::test]
async fn choices_of_another_workspace_are_denied() {
    let said = |slug: &str| {
        let version = json!({"pipeline": {"workspace": {"slug": slug}}});
        answer(
            json!({"data": {"pipelineVersion": version, "pipelineParameterChoices": ["D1", "D2"]}})
                .to_string(),
        )
    };
    let wire = ScriptedServer::always(said("demo")).await;
    let found = client()
        .choices(&target(&wire.url), VersionId(ID), "district")
        .await;
    assert_eq!(found, Ok(vec!["D1".to_owned(), "D2".to_owned()]));
    let wire = ScriptedServer::always(said("other")).await;
    let found = client()
        .choices(&target(&wire.url), VersionId(ID), "district")
        .await;
    assert_eq!(found, Err(Error::Denied));
}

#[tokio::test]
async fn an_invalid_date_does_not_affect_other_fields() {
    let version = json!({"id": ID, "versionNumber": 1, "versionName": "v1"});
    let pipelines: Vec<Value> = [json!("2026-11-21T00:17:22Z"), json!("yesterday"), json!(5)]
        .into_iter()
        .zip(1..)
        .map(|(created, nth)| {
            json!({"id": Uuid::from_u128(nth), "name": null, "code": "c", "type": "notebook", "functionalType": null,
                "createdAt": created, "tags": [], "currentVersion": version, "runs": {"items": []}})
        })
        .collect();
    let list = json!({"data": {"pipelines": {"totalPages": 1, "items": pipelines}}});
    let wire = ScriptedServer::always(answer(list.to_string())).await;
    let found = client().pipelines(&target(&wire.url)).await.unwrap();
    let dated: Vec<bool> = found.iter().map(|one| one.created_at.is_some()).collect();
    assert_eq!(dated, [true, false, false]);
}
