//! `runPipeline`: what it checks, what it does not check, and the resulting config.

use serde_json::json;

use super::*;

fn every_type() -> Value {
    json!([
        {"code": "int", "type": "int"}, {"code": "float", "type": "float"}, {"code": "str", "type": "str"},
        {"code": "bool", "type": "bool"}, {"code": "secret", "type": "secret"}, {"code": "dataset", "type": "dataset"},
        {"code": "file", "type": "file"}, {"code": "iaso", "type": "iaso"}, {"code": "dhis2", "type": "dhis2"},
        {"code": "ints", "type": "int", "multiple": true}, {"code": "strs", "type": "str", "multiple": true},
        {"code": "choice", "type": "str", "choices": ["a", "b"]}, {"code": "must", "type": "str", "required": true},
        {"code": "later", "type": "from-the-future"}
    ])
}

async fn typed() -> Story {
    Story::of(json!([pipeline(every_type(), json!({"kind": "hang"}))])).await
}

#[actix_web::test]
async fn a_value_of_the_wrong_type_is_an_invalid_config_without_detail() {
    let story = typed().await;
    for config in [
        json!({"int": "12"}),
        json!({"int": 1.0}),
        json!({"int": 1.5}),
        json!({"int": true}),
        json!({"int": [1]}),
        json!({"float": "1"}),
        json!({"float": true}),
        json!({"str": 5}),
        json!({"bool": 1}),
        json!({"bool": "true"}),
        json!({"secret": 5}),
        json!({"dataset": 5}),
        json!({"file": {}}),
        json!({"iaso": {"a": 1}}),
        json!({"ints": [1, "2"]}),
        json!({"ints": "1"}),
        json!({"strs": ["a", null]}),
        json!({"str": ["a"]}),
    ] {
        let answer = story.launch(ONE, config.clone()).await;
        assert_eq!(
            answer.data()["runPipeline"],
            json!({"success": false, "errors": ["INVALID_CONFIG"], "run": null}),
            "{config}"
        );
    }
    assert!(story.all_runs().await.is_empty());
}

#[actix_web::test]
async fn everything_else_is_accepted_and_queued() {
    let story = typed().await;
    for config in [
        json!({}),
        json!({"must": null}),
        json!({"nope": true, "task_id": 7}),
        json!({"choice": "c"}),
        json!({"ints": 5}),
        json!({"ints": []}),
        json!({"float": 3}),
        json!({"iaso": "no-such-connection"}),
        json!({"later": [1, {"a": "b"}]}),
        json!({"int": 9_007_199_254_740_993_i64}),
        json!({"int": u64::MAX}),
    ] {
        let answer = story.launch(ONE, config.clone()).await;
        let answered = &answer.data()["runPipeline"];
        assert_eq!(answered["success"], true, "{config}");
        assert_eq!(answered["run"]["status"], "queued", "{config}");
    }
}

#[actix_web::test]
async fn a_config_is_the_versions_config_overwritten_by_the_given_values() {
    let story = Story::of(json!([{"id": ONE, "code": "one", "behaviour": {"kind": "hang"}, "versions": [
        {"id": V1, "versionNumber": 1, "config": {"aa": "old"}, "parameters": [{"code": "aa", "type": "str"}]},
        {"id": V2, "versionNumber": 2, "config": {"limit": 5, "country": "BFA"}, "parameters": [
            {"code": "limit", "type": "int", "default": 100}, {"code": "country", "type": "str"},
            {"code": "list", "type": "str", "multiple": true}]}]}]))
    .await;
    for (given, merged) in [
        (json!({}), json!({"limit": 5, "country": "BFA"})),
        (json!({"limit": 9}), json!({"limit": 9, "country": "BFA"})),
        (
            json!({"limit": null, "country": "MLI"}),
            json!({"limit": 5, "country": "MLI"}),
        ),
        (
            json!({"limit": 0, "country": "", "list": []}),
            json!({"limit": 0, "country": "", "list": []}),
        ),
        (
            json!({"other": 1}),
            json!({"limit": 5, "country": "BFA", "other": 1}),
        ),
    ] {
        let answer = story.launch(ONE, given).await;
        let run = &answer.data()["runPipeline"]["run"];
        assert_eq!(run["config"], merged);
        assert_eq!(run["version"]["versionNumber"], 2);
    }
    let old = story
        .ask(
            LAUNCH,
            json!({"input": {"id": ONE, "versionId": V1, "config": {}}}),
        )
        .await;
    assert_eq!(
        old.data()["runPipeline"]["run"]["config"],
        json!({"aa": "old"})
    );
    let none = story
        .ask(
            LAUNCH,
            json!({"input": {"id": ONE, "versionId": null, "config": {}}}),
        )
        .await;
    assert_eq!(none.data()["runPipeline"]["run"]["version"]["id"], V2);
}

#[actix_web::test]
async fn unknown_pipelines_and_versions_of_others_are_not_found() {
    let mut other = pipeline(json!([]), quick());
    other["id"] = json!(TWO);
    other["code"] = json!("two");
    other["versions"][0]["id"] = json!(V2);
    let story = Story::of(json!([pipeline(json!([]), quick()), other])).await;
    for (input, error) in [
        (
            json!({"id": UNKNOWN_ID, "config": {}}),
            "PIPELINE_NOT_FOUND",
        ),
        (
            json!({"id": ONE, "versionId": UNKNOWN_ID, "config": {}}),
            "PIPELINE_VERSION_NOT_FOUND",
        ),
        (
            json!({"id": ONE, "versionId": V2, "config": {}}),
            "PIPELINE_VERSION_NOT_FOUND",
        ),
    ] {
        let answer = story.ask(LAUNCH, json!({"input": input})).await;
        assert_eq!(
            answer.data()["runPipeline"],
            json!({"success": false, "errors": [error], "run": null})
        );
    }
}

#[actix_web::test]
async fn a_config_that_is_not_an_object_and_a_missing_input_return_errors_with_200() {
    let story = typed().await;
    for config in [json!("{\"int\": 1}"), json!([1]), json!(5)] {
        let answer = story.launch(ONE, config).await;
        answer.assert_failed_softly();
        assert!(
            answer.message().contains("has no attribute 'items'"),
            "{}",
            answer.body
        );
    }
    story
        .ask(LAUNCH, json!({"input": null}))
        .await
        .assert_failed_softly();
    story
        .ask("mutation { runPipeline { success errors } }", json!({}))
        .await
        .assert_failed_softly();
    story
        .launch(ONE, json!({"str": "a\u{0}b"}))
        .await
        .assert_failed_softly();
    assert!(story.all_runs().await.is_empty());
}

#[actix_web::test]
async fn a_config_may_be_written_in_the_document() {
    let story = typed().await;
    let query = format!(
        "mutation {{ runPipeline(input: {{id: \"{ONE}\", config: {{int: 3, strs: [\"a\"]}}}}) {{ success run {{ config }} }} }}"
    );
    let answer = story.ask(&query, json!({})).await;
    assert_eq!(
        answer.data()["runPipeline"]["run"]["config"],
        json!({"int": 3, "strs": ["a"]})
    );
}

#[actix_web::test]
async fn absent_variables_inside_the_input_are_not_nulls() {
    let story = typed().await;
    let query = "mutation R($id: UUID!, $v: UUID, $c: JSON!, $mail: Boolean) {
        runPipeline(input: {id: $id, versionId: $v, config: $c, sendMailNotifications: $mail}) { success errors } }";
    let answer = story.ask(query, json!({"id": ONE, "c": {"int": 1}})).await;
    assert_eq!(answer.data()["runPipeline"]["success"], true);
}

#[actix_web::test]
async fn notebooks_and_versionless_pipelines_drop_the_config() {
    let story = Story::of(json!([
        {"id": ONE, "code": "notebook", "type": "notebook", "behaviour": quick()},
        {"id": TWO, "code": "empty", "behaviour": quick()}
    ]))
    .await;
    for id in [ONE, TWO] {
        let answer = story.launch(id, json!({"foo": 1})).await;
        let run = &answer.data()["runPipeline"]["run"];
        assert_eq!(
            (&run["config"], &run["version"]),
            (&json!({}), &json!(null))
        );
        story.until(run["id"].as_str().unwrap(), "success").await;
    }
}

#[actix_web::test]
async fn secrets_are_not_masked_in_a_runs_config() {
    let story = typed().await;
    let run = story.run(ONE, json!({"secret": "hunter2"})).await;
    assert_eq!(story.get_run(&run).await["config"]["secret"], "hunter2");
}

#[actix_web::test]
async fn selecting_enable_debug_logs_loses_the_run_that_was_created() {
    let story = typed().await;
    let query = "mutation R($input: RunPipelineInput) { runPipeline(input: $input) { success errors run { id enableDebugLogs } } }";
    let answer = story
        .ask(query, json!({"input": {"id": ONE, "config": {}}}))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.body["data"]["runPipeline"],
        json!({"success": true, "errors": [], "run": null})
    );
    assert_eq!(
        answer.body["errors"][0]["path"],
        json!(["runPipeline", "run", "enableDebugLogs"])
    );
    let runs = story.all_runs().await;
    assert_eq!(runs.len(), 1);
    let query = "query Q($id: UUID!) { renamed: pipelineRun(id: $id) { ...all } } fragment all on PipelineRun { id debug: enableDebugLogs }";
    let look = story.ask(query, json!({"id": runs[0]["id"]})).await;
    assert_eq!(look.body["data"], json!({"renamed": null}));
}

#[actix_web::test]
async fn the_same_launch_twice_is_two_runs() {
    let story = typed().await;
    let one = story.run(ONE, json!({"int": 1})).await;
    let two = story.run(ONE, json!({"int": 1})).await;
    assert_ne!(one, two);
    let query = format!(
        "mutation {{ a: runPipeline(input: {{id: \"{ONE}\", config: {{}}}}) {{ success }}
        b: runPipeline(input: {{id: \"{ONE}\", config: {{int: \"x\"}}}}) {{ errors }} }}"
    );
    let answer = story.ask(&query, json!({})).await;
    assert_eq!(
        *answer.data(),
        json!({"a": {"success": true}, "b": {"errors": ["INVALID_CONFIG"]}})
    );
    assert_eq!(story.all_runs().await.len(), 3);
}

#[actix_web::test]
async fn a_fresh_run_has_openhexas_fields() {
    let story = Story::of(json!([pipeline(
        json!([{"code": "task_id", "type": "int"}]),
        json!({"kind": "hang"})
    )]))
    .await;
    let run = story.run(ONE, json!({"task_id": 42})).await;
    let seen = story.get_run(&run).await;
    assert!(seen["run_id"].as_str().unwrap().starts_with("manual__"));
    assert_eq!(
        (
            &seen["duration"],
            &seen["progress"],
            &seen["logs"],
            &seen["timeout"]
        ),
        (&json!(0), &json!(0), &json!(null), &json!(14400))
    );
    assert_eq!(
        (&seen["triggerMode"], &seen["messages"], &seen["outputs"]),
        (&json!("manual"), &json!([]), &json!([]))
    );
    assert!(seen["executionDate"].as_str().unwrap().ends_with('Z'));
    let me = story.ask("{ me { user { id } } }", json!({})).await;
    assert_eq!(seen["user"]["id"], me.data()["me"]["user"]["id"]);
    let by_run_id = story.ask(GET_RUN, json!({"id": seen["run_id"]})).await;
    by_run_id.assert_failed_softly();
}
