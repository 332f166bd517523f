//! Data for screenshots: a ministry of health with the built-in pipelines and their launches. The clock is stopped, so that
//! the same picture is taken each time.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::tab::{BrowserOptions, Tab};
use crate::support::iaso::{self, Iaso, MAY};
use crate::support::story::{As, Base, Story, StoryBuilder};

const SAMPLES: &str = include_str!("../../../emulator/src/samples.json");
const FRENCH: &str = include_str!("../../data/ministry_fr.json");
pub const LQAS: &str = "5b0f2f3e-6a1d-4c58-9a57-0d6c1c6a3e01";
pub const EXTRACT: &str = "5b0f2f3e-6a1d-4c58-9a57-0d6c1c6a3e02";
const STOCK: &str = "5b0f2f3e-6a1d-4c58-9a57-0d6c1c6a3e03";
const POPULATION: &str = "5b0f2f3e-6a1d-4c58-9a57-0d6c1c6a3e04";

/// A flow with lines that skip a column, a long id, and a field of most types.
const FLOW: &str = r#"id: immunisation
name: {en: Routine immunisation, fr: Vaccination de routine}
inputs: {months: {type: int, default: 12}, refresh: {type: bool, default: false}, note: {type: str, required: false}, more: {type: dict, required: false}}
schedules: [{id: night, cron: "0 2 * * *", timezone: Africa/Douala, finish_by: "06:00"}, {id: brussels, cron: "30 2 * * *", timezone: Europe/Brussels}]
triggers: [{id: files, file: "stock/*.xlsx", every: 1h}]
steps:
  - {id: extract_routine_immunisation_data, pipeline: routine-immunisation-extract, parameters: {months: {from: inputs.months}}}
  - {id: stock, pipeline: stock-report-load}
  - {id: population, pipeline: population-projection, after: [stock]}
  - {id: coverage, pipeline: population-projection, after: [extract_routine_immunisation_data, population]}
  - {id: bulletin, pipeline: weekly-surveillance-bulletin, after: [coverage, stock], allow_failure: true}
"#;

pub struct Ministry {
    pub story: Story,
    iaso: Iaso,
    session: String,
    administrator: String,
    words: Map<String, Value>,
    /// Placeholders for numbers in the addresses of pages.
    pub ids: Vec<(&'static str, String)>,
}

/// A launch and its run in OpenHEXA.
struct Launched {
    pipeline: &'static str,
    task: i64,
    run: String,
}

/// The built-in pipelines; their runs continue until the test ends them.
fn pipelines() -> Value {
    let mut samples: Value = serde_json::from_str(SAMPLES).unwrap();
    for pipeline in samples["pipelines"].as_array_mut().unwrap() {
        pipeline["behaviour"] = json!({"kind": "manual", "queued_ms": 0});
    }
    samples["pipelines"].take()
}

/// The same value translated, keys too.
fn translated(value: Value, words: &Map<String, Value>) -> Value {
    let word = |text: String| match words.get(&text) {
        Some(Value::String(other)) => other.clone(),
        _ => text,
    };
    match value {
        Value::String(text) => word(text).into(),
        Value::Array(items) => items
            .into_iter()
            .map(|one| translated(one, words))
            .collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, one)| (word(name), translated(one, words)))
            .collect(),
        other => other,
    }
}

fn person(user: i64, first: &str, last: &str) -> Value {
    let mut profile = iaso::profile(user, 1, MAY);
    profile["first_name"] = first.into();
    profile["last_name"] = last.into();
    profile
}

fn coverage() -> Value {
    let row = |district: &str, month: &str, target: i32, vaccinated: i32, coverage: f64| json!({"District": district, "Month": month, "Target": target, "Vaccinated": vaccinated, "Coverage (%)": coverage});
    json!([
        row("Djoungolo", "2026-02", 4_812, 4_427, 92.0),
        row("Efoulan", "2026-02", 3_960, 3_445, 87.0),
        row("Deïdo", "2026-02", 5_130, 4_258, 83.0),
        row("Nylon", "2026-02", 6_274, 4_956, 79.0),
        row("Maroua Urbain", "2026-02", 4_055, 2_920, 72.0),
        row("Ngaoundéré Urbain", "2026-02", 3_318, 2_887, 87.0),
    ])
}

impl Ministry {
    pub async fn english() -> Self {
        Self::with_words(Map::new()).await
    }

    /// With pipelines, messages and results in French.
    pub async fn french() -> Self {
        Self::with_words(serde_json::from_str(FRENCH).unwrap()).await
    }

    async fn with_words(words: Map<String, Value>) -> Self {
        let iaso = Iaso::start();
        let morning: DateTime<Utc> = "2026-03-12T06:02:00Z".parse().unwrap();
        let plan = StoryBuilder::on(Base::Sqlite).pipelines(translated(pipelines(), &words));
        let story = plan.setting("iaso.url", &iaso.url).starting_at(morning);
        let story = story.begin().await;
        story.set_openhexa_clock().await;
        let session = iaso.session(person(4, "Amina", "Bello"));
        let mut administrator = person(5, "Moussa", "Traoré");
        administrator["is_superuser"] = true.into();
        administrator["is_staff"] = true.into();
        let administrator = iaso.session(administrator);
        let mut ministry = Self {
            story,
            iaso,
            session,
            administrator,
            words,
            ids: vec![
                ("{lqas}", LQAS.to_owned()),
                ("{extract}", EXTRACT.to_owned()),
            ],
        };
        ministry.yesterday().await;
        ministry.today().await;
        ministry
    }

    async fn yesterday(&mut self) {
        for (minutes, sampled) in [(4, 19), (6, 24), (3, 12)] {
            let config = json!({"country": "Cameroon", "rounds": [1, 2], "lots": 5});
            let lqas = self.launch(LQAS, config).await;
            self.step(&lqas, 40, 50, "Lots are drawn").await;
            self.advance(TimeDelta::minutes(minutes)).await;
            self.succeeds(&lqas, json!({"group_id": 12, "sampled": sampled}))
                .await;
        }
        let stock = self.launch(STOCK, json!({"month": "2026-02"})).await;
        self.step(&stock, 12, 33, "Reading stock-2026-02.xlsx")
            .await;
        let wrong = "Sheet ‘Stock’ has no column ‘district’ in row 1";
        self.advance(TimeDelta::seconds(9)).await;
        self.report(
            &stock,
            json!({"status": "ERROR", "progress_message": wrong}),
        )
        .await;
        self.ends(&stock, json!({"status": "failed", "message": wrong}))
            .await;
        self.ids.push(("{failed}", stock.task.to_string()));
        let cancelled = self.launch(POPULATION, json!({"years": 10})).await;
        self.cancel(&cancelled).await;
        self.ends(&cancelled, json!({"status": "stopped"})).await;
        self.ids.push(("{cancelled}", cancelled.task.to_string()));
    }

    async fn today(&mut self) {
        let config = json!({"months": 1, "refresh": true});
        let ended = self.launch(EXTRACT, config).await;
        self.step(&ended, 5, 10, "Signed in to dhis2.minsante.cm")
            .await;
        self.step(&ended, 35, 60, "February 2026: 4 of 6 districts")
            .await;
        self.step(&ended, 20, 100, "February 2026: 6 of 6 districts")
            .await;
        self.succeeds(&ended, coverage()).await;
        self.ids.push(("{ended}", ended.task.to_string()));
        let stopping = self.launch(POPULATION, json!({"years": 5})).await;
        self.step(&stopping, 8, 20, "Projecting 2027").await;
        let lost = json!({"fault": "lose_stop", "count": 1_000});
        self.story.fault(&lost).await;
        self.cancel(&stopping).await;
        self.ids.push(("{stopping}", stopping.task.to_string()));
        let running = self.launch(EXTRACT, json!({"months": 12})).await;
        self.step(&running, 6, 0, "Signed in to dhis2.minsante.cm")
            .await;
        for (percent, month) in [(25, "November"), (50, "December"), (62, "January")] {
            let told = format!("{month}: 58 of 58 districts");
            self.step(&running, 31, percent, &told).await;
        }
        self.ids.push(("{running}", running.task.to_string()));
    }

    /// A flow with a run that failed and one that is running. Not on the pictures of the documentation.
    pub async fn add_flows(&mut self) {
        self.story.save_flow(FLOW).await;
        let failed = self.start_flow().await;
        for (step, end) in [(0, "failed"), (1, "success"), (2, "success")] {
            self.end_step(failed, step, end).await;
        }
        self.story.until_flow_run_ends(failed).await;
        self.ids.push(("{flow_failed}", failed.to_string()));
        let next = FLOW.replace("default: 12", "default: 6");
        self.story.put_flow("immunisation", &next).await.expect(200);
        let past = json!({"schedule": "night", "from": "2026-03-01T00:00:00Z", "to": "2026-03-08T00:00:00Z", "mode": "all", "parallel": 2});
        let started = self
            .story
            .post("/flows/immunisation/backfills/", &past)
            .await;
        let backfill = started.expect(201)["backfill"]["id"].clone();
        self.ids.push(("{backfill}", backfill.to_string()));
        let running = self.start_flow().await;
        self.end_step(running, 1, "success").await;
        self.ids.push(("{flow_running}", running.to_string()));
    }

    async fn start_flow(&self) -> i64 {
        self.story.run_flow("immunisation", json!({})).await
    }

    /// Ends the run of a step in OpenHEXA, once it runs.
    async fn end_step(&self, run: i64, step: usize, status: &str) {
        let attempt = |run: &Value| run["steps"][step]["attempts"][0].clone();
        let is_running = |run: &Value| attempt(run)["status"] == "RUNNING";
        let run = self.story.until_flow_run(run, "the step", is_running).await;
        let task = attempt(&run)["task_id"].as_i64().unwrap();
        let task = self.story.task(task).await;
        let own = task["run"]["id"].as_str().unwrap();
        self.story.drive(own, &json!({"status": status})).await;
    }

    /// Advances the clocks of the bridge and OpenHEXA, and polls.
    async fn advance(&self, time: TimeDelta) {
        self.story.advance(time);
        self.story.set_openhexa_clock().await;
        self.story.run_cycle().await;
    }

    async fn launch(&self, pipeline: &'static str, config: Value) -> Launched {
        self.advance(TimeDelta::minutes(11)).await;
        let path = format!("/pipelines/{pipeline}/launch/");
        let answer = self.write(&path, &json!({"config": config})).await;
        let runs = self.story.until_runs("a run that runs", |runs| {
            runs.last().is_some_and(|run| run["status"] == "running")
        });
        let run = runs.await.last().unwrap()["id"].clone();
        Launched {
            pipeline,
            task: answer["task"]["id"].as_i64().unwrap(),
            run: run.as_str().unwrap().to_owned(),
        }
    }

    async fn write(&self, path: &str, body: &Value) -> Value {
        let ask = self.story.ask(As::Anonymous, Method::POST, path);
        let ask = ask.header("cookie", &format!("sessionid={}", self.session));
        let answer = ask
            .header("sec-fetch-site", "same-origin")
            .json(&translated(body.clone(), &self.words))
            .send()
            .await;
        assert!(answer.status < 300, "{}", answer.text);
        answer.json()
    }

    async fn step(&self, launched: &Launched, seconds: i64, percent: i32, message: &str) {
        self.advance(TimeDelta::seconds(seconds)).await;
        let progress = json!({"progress": percent});
        self.story.drive(&launched.run, &progress).await;
        let body = json!({"status": "RUNNING", "progress_message": message, "progress_value": percent, "end_value": 100});
        self.report(launched, body).await;
    }

    async fn report(&self, launched: &Launched, mut body: Value) {
        body["task_id"] = launched.task.into();
        let answer = self
            .story
            .report(launched.pipeline, &translated(body, &self.words))
            .await;
        answer.expect(200);
    }

    async fn cancel(&self, launched: &Launched) {
        self.advance(TimeDelta::seconds(21)).await;
        let path = format!("/tasks/{}/cancel/", launched.task);
        self.write(&path, &json!({})).await;
        self.advance(TimeDelta::seconds(3)).await;
    }

    async fn succeeds(&self, launched: &Launched, result: Value) {
        self.advance(TimeDelta::seconds(4)).await;
        self.report(launched, json!({"status": "SUCCESS", "progress_message": "Done", "progress_value": 100, "end_value": 100, "result": result})).await;
        self.ends(launched, json!({"status": "success", "progress": 100}))
            .await;
    }

    async fn ends(&self, launched: &Launched, how: Value) {
        self.story
            .drive(&launched.run, &translated(how, &self.words))
            .await;
        self.advance(TimeDelta::minutes(2)).await;
        let task = self.story.task(launched.task).await;
        assert_eq!(task["confirmed"], true, "{task}");
    }

    /// A browser in which a user of the ministry is signed in with Iaso.
    pub async fn tab(&self, options: BrowserOptions) -> Tab {
        self.tab_of(&self.session, options).await
    }

    pub async fn administrators_tab(&self, options: BrowserOptions) -> Tab {
        self.tab_of(&self.administrator, options).await
    }

    async fn tab_of(&self, session: &str, options: BrowserOptions) -> Tab {
        let tab = Tab::new(options).await;
        tab.open(&format!("{}/dashboard/sign-in/", self.story.base_url()))
            .await;
        tab.cookie("sessionid", session).await;
        tab
    }

    pub fn address(&self, path: &str) -> String {
        let filled = self.ids.iter();
        let path = filled.fold(path.to_owned(), |path, (name, id)| path.replace(name, id));
        format!("{}{path}", self.story.base_url())
    }

    pub async fn end(self) {
        self.story.end().await;
        self.iaso.stop().await;
    }
}
