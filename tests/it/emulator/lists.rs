//! Lists and details, and the quirks of OpenHEXA's pages.

use serde_json::json;

use super::*;

const LIST: &str = "query L($ws: String, $page: Int, $perPage: Int, $orderBy: PipelineOrderBy, $search: String,
    $name: String, $tags: [String!], $ft: PipelineFunctionalType, $st: [PipelineRunStatus!]) {
    pipelines(workspaceSlug: $ws, page: $page, perPage: $perPage, orderBy: $orderBy, search: $search, name: $name,
    tags: $tags, functionalType: $ft, lastRunStates: $st) { pageNumber totalPages totalItems items { id name } } }";

async fn thirty() -> Story {
    let pipelines: Vec<Value> = (1..=30)
        .map(|n| {
            json!({"code": format!("generic-{n:02}"), "name": format!("Generic {n:02}"),
                "tags": [if n % 2 == 0 { "even" } else { "odd" }],
                "functionalType": if n % 3 == 0 { json!("loading") } else { json!(null) }})
        })
        .collect();
    Story::of(json!(pipelines)).await
}

#[actix_web::test]
async fn a_page_has_ten_items_by_default() {
    let story = thirty().await;
    let answer = story.ask(LIST, json!({"ws": "demo"})).await;
    let page = &answer.data()["pipelines"];
    assert_eq!(page["items"].as_array().unwrap().len(), 10);
    assert_eq!(
        (
            &page["pageNumber"],
            &page["totalPages"],
            &page["totalItems"]
        ),
        (&json!(1), &json!(3), &json!(30))
    );
    assert_eq!(page["items"][0]["name"], "Generic 01");
    let all = story
        .ask(LIST, json!({"ws": "demo", "perPage": 20000}))
        .await;
    assert_eq!(
        all.data()["pipelines"]["items"].as_array().unwrap().len(),
        30
    );
    let last = story.ask(LIST, json!({"perPage": 7, "page": 5})).await;
    assert_eq!(
        last.data()["pipelines"]["items"].as_array().unwrap().len(),
        2
    );
}

#[actix_web::test]
async fn a_page_past_the_end_and_nulls_are_errors() {
    let story = thirty().await;
    for variables in [
        json!({"page": 4}),
        json!({"page": 0}),
        json!({"page": -1}),
        json!({"page": null}),
        json!({"perPage": 0}),
        json!({"perPage": -1}),
        json!({"search": null}),
    ] {
        let answer = story.ask(LIST, variables.clone()).await;
        answer.assert_failed_softly();
        assert_eq!(
            answer.body["errors"][0]["path"],
            json!(["pipelines"]),
            "{variables}"
        );
    }
    for variables in [
        json!({"name": null}),
        json!({"tags": null, "ft": null, "st": null, "orderBy": null}),
    ] {
        let answer = story.ask(LIST, variables).await;
        assert_eq!(answer.data()["pipelines"]["totalItems"], 30);
    }
}

#[actix_web::test]
async fn lists_are_filtered_and_ordered() {
    let story = thirty().await;
    for (variables, total, first) in [
        (json!({"search": "generic 0"}), 9, "Generic 01"),
        (json!({"search": "LOADING"}), 10, "Generic 03"),
        (json!({"search": "generic-01"}), 0, ""),
        (json!({"tags": ["even"]}), 15, "Generic 02"),
        (json!({"tags": ["even", "odd"]}), 30, "Generic 01"),
        (json!({"ft": "loading"}), 10, "Generic 03"),
        (json!({"st": ["success"]}), 0, ""),
        (json!({"name": "Generic 07"}), 30, "Generic 07"),
        (json!({"orderBy": "NAME_DESC"}), 30, "Generic 30"),
        (json!({"orderBy": "CREATED_AT_DESC"}), 30, "Generic 30"),
        (json!({"orderBy": "CREATED_AT_ASC"}), 30, "Generic 01"),
    ] {
        let answer = story.ask(LIST, variables.clone()).await;
        let page = &answer.data()["pipelines"];
        assert_eq!(page["totalItems"], total, "{variables}");
        assert_eq!(
            page["items"][0]["name"].as_str().unwrap_or_default(),
            first,
            "{variables}"
        );
    }
}

#[actix_web::test]
async fn lists_can_be_ordered_and_filtered_by_the_last_run() {
    let story = thirty().await;
    let query = "{ pipelineByCode(workspaceSlug: \"demo\", code: \"generic-12\") { id } }";
    let id = story.ask(query, json!({})).await.data()["pipelineByCode"]["id"].clone();
    let run = story.run(id.as_str().unwrap(), json!({})).await;
    story.until(&run, "success").await;
    let answer = story
        .ask(LIST, json!({"orderBy": "LAST_RUN_DATE_DESC"}))
        .await;
    assert_eq!(answer.data()["pipelines"]["items"][0]["name"], "Generic 12");
    let answer = story.ask(LIST, json!({"st": ["success"]})).await;
    assert_eq!(answer.data()["pipelines"]["totalItems"], 1);
}

#[actix_web::test]
async fn runs_of_a_pipeline_are_paged_newest_first() {
    let story = Story::of(json!([pipeline(json!([]), json!({"kind": "hang"}))])).await;
    let mut ids = Vec::new();
    for _ in 0..12 {
        ids.push(story.run(ONE, json!({})).await);
    }
    let query = "query Q($id: UUID!, $page: Int, $pp: Int, $o: PipelineRunOrderBy) {
        pipeline(id: $id) { runs(page: $page, perPage: $pp, orderBy: $o) { totalItems totalPages items { id } } } }";
    let answer = story.ask(query, json!({"id": ONE})).await;
    let runs = &answer.data()["pipeline"]["runs"];
    assert_eq!(runs["items"].as_array().unwrap().len(), 10);
    assert_eq!(runs["items"][0]["id"], json!(ids[11]));
    let answer = story
        .ask(
            query,
            json!({"id": ONE, "o": "EXECUTION_DATE_ASC", "pp": 3}),
        )
        .await;
    assert_eq!(
        answer.data()["pipeline"]["runs"]["items"][0]["id"],
        json!(ids[0])
    );
    let beyond = story.ask(query, json!({"id": ONE, "page": 99})).await;
    assert_eq!(beyond.status, 200);
    assert_eq!(beyond.body["data"], json!({"pipeline": null}));
    assert_eq!(
        beyond.body["errors"][0]["path"],
        json!(["pipeline", "runs"])
    );
}

#[actix_web::test]
async fn notebooks_and_pipelines_without_versions_have_no_current_version() {
    let story = Story::of(json!([
        {"id": ONE, "code": "notebook", "type": "notebook"},
        {"id": TWO, "code": "empty", "versions": []}
    ]))
    .await;
    for id in [ONE, TWO] {
        let query = format!(
            "{{ pipeline(id: \"{id}\") {{ currentVersion {{ id }} versions {{ totalItems }} }} }}"
        );
        let answer = story.ask(&query, json!({})).await;
        assert_eq!(
            answer.data()["pipeline"],
            json!({"currentVersion": null, "versions": {"totalItems": 0}})
        );
    }
}

#[actix_web::test]
async fn a_parameter_without_a_type_makes_its_version_fail() {
    let story = Story::of(json!([
        pipeline(json!([{"code": "good", "type": "str"}, {"code": "bad", "type": ""}]), quick()),
        {"id": TWO, "code": "two", "versions": [{"parameters": [{"code": "bad"}]}]}
    ]))
    .await;
    for id in [ONE, TWO] {
        let query = format!(
            "{{ pipeline(id: \"{id}\") {{ id currentVersion {{ parameters {{ code type }} }} }} }}"
        );
        let answer = story.ask(&query, json!({})).await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.body["data"]["pipeline"],
            json!({"id": id, "currentVersion": null})
        );
        assert_eq!(
            answer.body["errors"][0]["path"][3],
            usize::from(id == ONE),
            "{}",
            answer.body
        );
    }
    let query = "{ pipelines { items { id currentVersion { parameters { type } } } } }";
    let list = story.ask(query, json!({})).await;
    assert_eq!(
        list.body["data"]["pipelines"]["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert!(list.body["errors"].is_array());
}

#[actix_web::test]
async fn a_parameters_type_is_served_as_written() {
    let kinds = ["list", "dict", "from-the-future", "str"];
    let parameters: Vec<Value> = kinds
        .iter()
        .map(|kind| json!({"code": "xx", "type": kind}))
        .collect();
    let story = Story::of(json!([pipeline(json!(parameters), quick())])).await;
    let query = format!(
        "{{ pipeline(id: \"{ONE}\") {{ currentVersion {{ parameters {{ type required multiple disables disableWhen name }} }} }} }}"
    );
    let answer = story.ask(&query, json!({})).await;
    let served = answer.data()["pipeline"]["currentVersion"]["parameters"]
        .as_array()
        .unwrap();
    for (kind, parameter) in kinds.iter().zip(served) {
        assert_eq!(
            *parameter,
            json!({"type": kind, "required": false, "multiple": false, "disables": [], "disableWhen": true, "name": "xx"})
        );
    }
}

#[actix_web::test]
async fn the_number_of_a_version_is_null_and_its_config_differs_from_the_defaults() {
    let story = Story::of(json!([{"id": ONE, "code": "one", "versions": [
        {"id": V1, "versionNumber": 1, "config": {}, "parameters": []},
        {"id": V2, "versionNumber": 2, "name": "second", "timeout": 60, "config": {"limit": 5},
            "parameters": [{"code": "limit", "type": "int", "default": 100}]}]}]))
    .await;
    let query = format!(
        "{{ pipeline(id: \"{ONE}\") {{ currentVersion {{ id number versionNumber versionName timeout config
        isLatestVersion parameters {{ default }} }} versions {{ items {{ id versionName isLatestVersion }} }} }} }}"
    );
    let answer = story.ask(&query, json!({})).await;
    assert_eq!(
        answer.data()["pipeline"],
        json!({"currentVersion": {"id": V2, "number": null, "versionNumber": 2, "versionName": "second [v2]",
                "timeout": 60, "config": {"limit": 5}, "isLatestVersion": true, "parameters": [{"default": 100}]},
            "versions": {"items": [{"id": V2, "versionName": "second [v2]", "isLatestVersion": true},
                {"id": V1, "versionName": "v1", "isLatestVersion": false}]}})
    );
}

#[actix_web::test]
async fn choices_come_from_a_file_of_the_workspace() {
    let file = |path: &str| json!({"path": path, "format": "csv", "column": "name"});
    let story = Story::of(json!([pipeline(
        json!([{"code": "there", "type": "str", "choicesFromFile": file("reference/districts.csv")},
            {"code": "gone", "type": "str", "choicesFromFile": file("reference/nope.csv")},
            {"code": "outside", "type": "str", "choicesFromFile": file("../../catalogue.json")},
            {"code": "plain", "type": "str"}]),
        quick()
    )]))
    .await;
    let query = "query K($v: UUID!, $p: String!) { pipelineParameterChoices(pipelineVersionId: $v, parameterCode: $p) }";
    let answer = story.ask(query, json!({"v": V1, "p": "there"})).await;
    assert_eq!(answer.data()["pipelineParameterChoices"][0], "Djoungolo");
    for (version, code) in [
        (V1, "gone"),
        (V1, "plain"),
        (V1, "zzz"),
        (V1, "outside"),
        (UNKNOWN_ID, "there"),
    ] {
        let answer = story.ask(query, json!({"v": version, "p": code})).await;
        assert_eq!(
            answer.body["data"],
            json!({"pipelineParameterChoices": null}),
            "{code}"
        );
        assert_eq!(
            answer.body["errors"][0]["path"],
            json!(["pipelineParameterChoices"])
        );
    }
}

#[actix_web::test]
async fn a_catalogue_replaces_the_samples() {
    let story =
        Story::with(json!({"workspace": {"slug": "niger"}, "pipelines": [{"code": "mine"}]})).await;
    assert_eq!(story.emulator.workspace(), "niger");
    let answer = story
        .ask("{ pipelines { items { code } } }", json!({}))
        .await;
    assert_eq!(
        answer.data()["pipelines"]["items"],
        json!([{"code": "mine"}])
    );
    let samples = Story::samples().await;
    assert_eq!(samples.emulator.workspace(), "demo");
    let answer = samples
        .ask("{ pipelines { items { code type } } }", json!({}))
        .await;
    let items = answer.data()["pipelines"]["items"].as_array().unwrap();
    assert!(items.iter().any(|item| item["type"] == "notebook"));
    assert!(items.len() >= 5);
}
