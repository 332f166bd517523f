//! The processes of runs: none is left after the end of a run.

use super::*;

pub(super) async fn first_message(story: &Story, run: &str) -> String {
    eventually("the run has sent a message", async || {
        let seen = story.get_run(run).await;
        seen["messages"][0]["message"].as_str().map(str::to_owned)
    })
    .await
}

/// The process of a run and its child processes have ended.
async fn all_dead(message: &str) {
    for pid in message.split(' ') {
        let path = PathBuf::from(format!("/proc/{pid}/cmdline"));
        eventually(&format!("process {pid} is gone"), async || {
            // A process that ended but was not reaped yet has an empty command line.
            let line = std::fs::read(&path).unwrap_or_default();
            line.is_empty().then_some(())
        })
        .await;
    }
}

#[actix_web::test]
async fn stopping_a_run_kills_it_and_its_helpers() {
    let code = folder(ENDLESS);
    let story = start(code.path(), &python()).await;
    let pipeline = only_pipeline(&story).await;
    let run = story.run(pipeline["id"].as_str().unwrap(), json!({})).await;
    let pids = first_message(&story, &run).await;
    assert_eq!(story.stop_run(&run).await["success"], true);
    assert_eq!(story.get_run(&run).await["status"], "terminating");
    story.until(&run, "stopped").await;
    all_dead(&pids).await;
}

#[actix_web::test]
async fn stopping_the_emulator_leaves_no_process_and_after_a_restart_the_run_has_failed() {
    let code = folder(ENDLESS);
    let story = start(code.path(), &python()).await;
    let pipeline = only_pipeline(&story).await;
    let run = story.run(pipeline["id"].as_str().unwrap(), json!({})).await;
    let pids = first_message(&story, &run).await;
    let Story {
        emulator,
        client,
        data,
    } = story;
    emulator.stop().await;
    all_dead(&pids).await;
    let emulator = Emulator::start(Options {
        pipelines: Some(code.path().to_owned()),
        python: python(),
        ..options(&data)
    })
    .await
    .unwrap();
    let story = Story {
        emulator,
        client,
        data,
    };
    let failed = story.get_run(&run).await;
    assert_eq!(failed["status"], "failed");
    assert!(
        failed["logs"]
            .as_str()
            .unwrap()
            .contains("The emulator was stopped"),
        "{failed}"
    );
}

#[actix_web::test]
async fn runs_above_the_limit_stay_queued_and_do_not_delay_the_stop() {
    let code = folder(ENDLESS);
    let story = start(code.path(), &python()).await;
    let pipeline = only_pipeline(&story).await;
    let mut runs = Vec::new();
    for _ in 0..5 {
        runs.push(story.run(pipeline["id"].as_str().unwrap(), json!({})).await);
    }
    for run in &runs[..4] {
        first_message(&story, run).await;
    }
    assert_eq!(story.get_run(&runs[4]).await["status"], "queued");
    let asked = Instant::now();
    story.emulator.stop().await;
    assert!(asked.elapsed() < MAX_WAIT);
    let journal = std::fs::read_to_string(story.data.path().join("openhexa/runs.jsonl")).unwrap();
    let last = journal
        .lines()
        .rfind(|line| line.contains(&runs[4]))
        .unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!(last["status"], "queued");
}

#[actix_web::test]
async fn a_run_over_its_time_limit_is_killed() {
    // A busy machine may need more than the first limit to start Python.
    for limit in [4, 40] {
        let timeout = format!("\"Endless\", timeout={limit}");
        let code = folder(&ENDLESS.replace("\"Endless\"", &timeout));
        let story = start(code.path(), &python()).await;
        let pipeline = only_pipeline(&story).await;
        let run = story.run(pipeline["id"].as_str().unwrap(), json!({})).await;
        let failed = story.until(&run, "failed").await;
        let logs = failed["logs"].as_str().unwrap();
        assert!(
            logs.contains(&format!("Time limit of {limit} s")),
            "{failed}"
        );
        let said = failed["messages"].as_array().unwrap().iter();
        let mut said = said.filter_map(|one| one["message"].as_str());
        let is_pids = |text: &&str| text.split(' ').all(|word| word.parse::<u32>().is_ok());
        if let Some(pids) = said.find(is_pids) {
            return all_dead(pids).await;
        }
    }
    panic!("the run sent no message");
}
