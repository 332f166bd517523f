//! Files of pipelines that change while the emulator runs.

use super::*;

const STOCK: &str = r#"from openhexa.sdk import parameter, pipeline

@pipeline("Stock report")
@parameter("country", type=str)
@parameter("year", type=int, default=2025)
def stock_report(country, year):
    """Counts the stock."""

if __name__ == "__main__":
    stock_report()
"#;

/// A folder with `stock_report/pipeline.py`.
fn stock() -> TempDir {
    let folder = new_folder();
    write(folder.path(), "stock_report", STOCK);
    folder
}

fn write(folder: &Path, name: &str, code: &str) {
    std::fs::create_dir_all(folder.join(name)).unwrap();
    std::fs::write(folder.join(name).join("pipeline.py"), code).unwrap();
}

/// Waits for a message for the user that starts like this.
async fn told(story: &Story, start: &str) -> String {
    eventually(&format!("the emulator says {start}"), async || {
        let lines = story.emulator.notices();
        lines.into_iter().find(|line| line.starts_with(start))
    })
    .await
}

/// The codes of all pipelines, and of the parameters of each.
async fn listed(story: &Story) -> Value {
    let query = "{ pipelines(perPage: 100) { items { code currentVersion { id description createdAt parameters { code } } } } }";
    story.ask(query, json!({})).await.data()["pipelines"]["items"].clone()
}

fn parameters(pipeline: &Value) -> Vec<&str> {
    let all = pipeline["currentVersion"]["parameters"].as_array().unwrap();
    all.iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect()
}

#[actix_web::test]
async fn changed_parameters_are_read_without_a_restart() {
    let code = stock();
    let story = start(code.path(), &python()).await;
    let before = listed(&story).await;
    assert_eq!(parameters(&before[0]), ["country", "year"]);
    let more = STOCK.replace(
        "@parameter(\"year\"",
        "@parameter(\"month\", type=int, required=False)\n@parameter(\"year\"",
    );
    write(code.path(), "stock_report", &more);
    told(&story, "Read stock_report/pipeline.py again: 3 parameters.").await;
    let after = listed(&story).await;
    assert_eq!(parameters(&after[0]), ["country", "month", "year"]);
    let (old, new) = (&before[0]["currentVersion"], &after[0]["currentVersion"]);
    assert_eq!(old["id"], new["id"], "tasks can be launched again");
    assert!(old["createdAt"].as_str() < new["createdAt"].as_str());
    let about = new["description"].as_str().unwrap();
    assert!(
        about.starts_with("read from stock_report/pipeline.py at 20") && about.ends_with(" UTC"),
        "{about}"
    );
}

#[actix_web::test]
async fn a_file_with_an_error_keeps_its_last_good_definition_and_says_so() {
    let code = stock();
    let story = start(code.path(), &python()).await;
    write(
        code.path(),
        "stock_report",
        &STOCK.replace("def stock", "def def stock"),
    );
    let line = told(&story, "Cannot read stock_report/pipeline.py").await;
    assert!(
        line.starts_with("Cannot read stock_report/pipeline.py, line 6: invalid syntax. The definition read at 20"),
        "{line}"
    );
    let kept = listed(&story).await;
    assert_eq!(parameters(&kept[0]), ["country", "year"]);
    let about = kept[0]["currentVersion"]["description"].as_str().unwrap();
    assert!(
        about.ends_with(" UTC. The file cannot be read now: line 6: invalid syntax"),
        "{about}"
    );
    write(code.path(), "stock_report", STOCK);
    told(&story, "Read stock_report/pipeline.py again: 2 parameters.").await;
    let about = listed(&story).await[0]["currentVersion"]["description"].clone();
    assert!(about.as_str().unwrap().ends_with(" UTC"), "{about}");
}

#[actix_web::test]
async fn an_error_of_a_parameter_has_its_line() {
    let code = stock();
    let wrong = STOCK.replace("default=2025", "default=\"soon\"");
    write(code.path(), "stock_report", &wrong);
    let story = start(code.path(), &python()).await;
    let lines = story.emulator.notices();
    assert!(
        lines.len() == 1
            && lines[0].starts_with("Cannot read stock_report/pipeline.py, line 5: ")
            && lines[0].ends_with("Its pipeline is not listed until this is corrected."),
        "{lines:?}"
    );
    assert_eq!(listed(&story).await, json!([]));
    write(code.path(), "stock_report", STOCK);
    told(&story, "Read stock_report/pipeline.py").await;
    assert_eq!(listed(&story).await.as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn new_folders_appear_and_removed_ones_disappear() {
    let code = stock();
    let story = start(code.path(), &python()).await;
    write(
        code.path(),
        "two",
        &STOCK.replace("Stock report", "Second report"),
    );
    told(&story, "Read two/pipeline.py: 2 parameters.").await;
    let codes = |all: &Value| {
        let all = all.as_array().unwrap().iter();
        all.map(|one| one["code"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        codes(&listed(&story).await),
        ["second-report", "stock-report"]
    );
    std::fs::remove_dir_all(code.path().join("stock_report")).unwrap();
    told(&story, "stock_report/pipeline.py was removed.").await;
    assert_eq!(codes(&listed(&story).await), ["second-report"]);
}

// As in OpenHEXA, a pipeline stays while it has a run.
#[actix_web::test]
async fn a_removed_pipeline_stays_until_its_runs_have_ended() {
    let code = folder(ENDLESS);
    let story = start(code.path(), &python()).await;
    let pipeline = only_pipeline(&story).await;
    let run = story.run(pipeline["id"].as_str().unwrap(), json!({})).await;
    first_message(&story, &run).await;
    std::fs::remove_dir_all(code.path().join("one")).unwrap();
    write(code.path(), "two", STOCK);
    told(&story, "Read two/pipeline.py").await;
    assert_eq!(listed(&story).await.as_array().unwrap().len(), 2);
    assert_eq!(story.get_run(&run).await["status"], "running");
    story.stop_run(&run).await;
    told(&story, "one/pipeline.py was removed.").await;
    assert_eq!(listed(&story).await.as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn the_folder_of_one_pipeline_can_be_given() {
    let code = stock();
    write(code.path(), "two", STOCK);
    let own = code.path().join("stock_report");
    for given in [own.join("pipeline.py"), own.clone()] {
        let story = start(&given, &python()).await;
        assert_eq!(listed(&story).await.as_array().unwrap().len(), 1);
    }
    let story = start(&own, &python()).await;
    let changed = STOCK.replace("@parameter(\"country\", type=str)\n", "");
    std::fs::write(own.join("pipeline.py"), changed).unwrap();
    told(&story, "Read stock_report/pipeline.py again: 1 parameter.").await;
    assert_eq!(parameters(&listed(&story).await[0]), ["year"]);
}

#[actix_web::test]
async fn a_new_pipeline_with_the_same_name_gets_another_code() {
    let code = stock();
    let story = start(code.path(), &python()).await;
    let before = listed(&story).await[0].clone();
    write(code.path(), "a_copy", STOCK);
    told(&story, "Read a_copy/pipeline.py: 2 parameters.").await;
    let after = listed(&story).await;
    let codes: Vec<&str> = after
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes.len(), 2, "{codes:?}");
    assert!(codes.contains(&"stock-report") && codes.contains(&"stock-report-2"));
    let own = after
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["code"] == "stock-report")
        .unwrap();
    assert_eq!(own["currentVersion"]["id"], before["currentVersion"]["id"]);
    assert!(
        own["currentVersion"]["description"]
            .as_str()
            .unwrap()
            .contains("stock_report/pipeline.py")
    );
}
