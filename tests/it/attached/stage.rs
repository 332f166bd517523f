//! A bridge attached to Iaso: a database with Iaso's tables, which belong to another role, accounts and users, and two
//! OpenHEXA instances. The bridge uses the role that `docs/iaso.md` describes, without further rights.
//!
//! Account 1 has a workspace of the first instance, account 2 one of the second, account 3 none.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::TimeDelta;
use fernet::Fernet;
use openhexa_bridge::app;
use openhexa_bridge::domain::principal::Role;
use openhexa_bridge::store::{self, DatabaseAddress, Store};
use openhexa_emulator::{Emulator, Options};
use regex::Regex;
use serde_json::{Value, json};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::support::postgres;
use crate::support::story::{As, Base, MAX_WAIT, Story, StoryBuilder};

pub const A: i64 = 1;
pub const B: i64 = 2;
/// Without a workspace.
pub const C: i64 = 3;

/// A user of account 1.
pub const ALICE: i64 = 11;

const TABLES: &str = include_str!("tables.sql");
const DOCUMENT: &str = include_str!("../../../docs/iaso.md");

/// A database of Iaso, before the bridge uses it.
pub struct Iaso {
    /// The URL of its owner.
    owner: String,
    /// The URL of the bridge's role.
    pub bridge: String,
    pub key: String,
}

pub struct Stage {
    pub story: Story,
    pub iaso: Iaso,
    /// Its owner.
    client: Client,
    second: Option<Emulator>,
    pub second_url: String,
    second_token: String,
    _folder: tempfile::TempDir,
}

impl Iaso {
    /// With tables, accounts and users, and the role for the bridge.
    pub async fn create() -> Self {
        Self::with(SAMPLES).await
    }

    /// With the given accounts and users.
    pub async fn with(samples: &'static str) -> Self {
        let making = tokio::task::spawn_blocking(move || Self::create_database(samples));
        making.await.unwrap()
    }

    fn create_database(samples: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        // Roles belong to the whole cluster, which all tests share.
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let (owner, role) = (format!("iaso_{number}"), format!("bridge_{number}"));
        let url = postgres::database();
        let name = url.rsplit('/').next().unwrap();
        let ownership =
            format!("CREATE ROLE {owner} LOGIN; ALTER DATABASE {name} OWNER TO {owner};");
        postgres::execute(
            &url,
            &format!("{ownership} ALTER SCHEMA public OWNER TO {owner};"),
        );
        let as_whom = |who: &str| url.replace("postgres@", &format!("{who}@"));
        postgres::execute(&as_whom(&owner), TABLES);
        postgres::execute(&as_whom(&owner), samples);
        // The administrator of the cluster creates the roles; the owner grants the rights.
        let own = Regex::new(r"\bbridge\b").unwrap();
        for statement in statements() {
            let by = if statement.starts_with("GRANT") {
                &owner
            } else {
                "postgres"
            };
            postgres::execute(&as_whom(by), &own.replace_all(&statement, role.as_str()));
        }
        Self {
            owner: as_whom(&owner),
            bridge: as_whom(&role),
            key: Fernet::generate_key(),
        }
    }

    /// Runs a statement as Iaso or its administrators do.
    pub async fn sql(&self, statement: &str) {
        let (url, statement) = (self.owner.clone(), statement.to_owned());
        let done = tokio::task::spawn_blocking(move || postgres::execute(&url, &statement));
        done.await.unwrap();
    }

    pub fn encrypted(&self, token: &str) -> String {
        Fernet::new(&self.key).unwrap().encrypt(token.as_bytes())
    }

    /// The statement that writes an OpenHEXA instance.
    pub fn instance(&self, id: i64, url: &str, token: &str) -> String {
        let token = self.encrypted(token);
        format!(
            "INSERT INTO iaso_openhexainstance (id, name, url, token, created_at, updated_at) \
             VALUES ({id}, 'instance {id}', '{url}', '{token}', now(), now()) ON CONFLICT (id) DO UPDATE \
             SET url = excluded.url, token = excluded.token, updated_at = now()"
        )
    }

    /// The name of the bridge's role.
    pub fn role(&self) -> &str {
        self.bridge.split(['/', '@']).nth(2).unwrap()
    }

    /// Like an Iaso installed before Django 4.1, whose ids come from sequences.
    pub async fn number_by_sequences(&self) {
        for table in ["iaso_task", "iaso_tasklog"] {
            self.sql(&format!(
                "ALTER TABLE {table} ALTER COLUMN id DROP IDENTITY; \
                 CREATE SEQUENCE {table}_id_seq START 5151 OWNED BY {table}.id; \
                 ALTER TABLE {table} ALTER COLUMN id SET DEFAULT nextval('{table}_id_seq')"
            ))
            .await;
        }
    }

    /// The additional rights that `docs/iaso.md` describes for such an Iaso.
    pub async fn give_sequences(&self) {
        let own = Regex::new(r"\bbridge\b").unwrap();
        let told = blocks("text").join("\n");
        assert_eq!(told.matches("GRANT").count(), 2, "{told}");
        self.sql(&own.replace_all(&told, self.role())).await;
    }

    pub fn settings(&self, plan: StoryBuilder) -> StoryBuilder {
        plan.database(&self.bridge)
            .not_configured()
            .setting("iaso.attached", "true")
            // The account of the keys of the settings; it has a workspace, so Iaso's older record is not
            // used.
            .setting("iaso.config_account", "1")
            .setting("iaso.encrypted_text_field_key", &self.key)
    }
}

/// The code blocks of the document in this language.
fn blocks(language: &str) -> Vec<String> {
    let block = Regex::new(&format!(r"(?ms)^```{language}\n(.*?)^```$")).unwrap();
    let blocks = block
        .captures_iter(DOCUMENT)
        .map(|found| found[1].to_owned());
    blocks.collect()
}

/// The statement that writes an account's workspace.
pub fn workspace(id: i64, account: i64, instance: i64, slug: &str, config: &Value) -> String {
    format!(
        "INSERT INTO iaso_openhexaworkspace (id, slug, config, created_at, updated_at, account_id, \
         openhexa_instance_id) VALUES ({id}, '{slug}', '{config}', now(), now(), {account}, {instance}) \
         ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, config = excluded.config, deleted_at = NULL, \
         openhexa_instance_id = excluded.openhexa_instance_id, updated_at = now()"
    )
}

/// The SQL statements of the document.
fn statements() -> Vec<String> {
    let text = blocks("sql").join("\n");
    let bare = Regex::new(r"(?m)^--.*\n")
        .unwrap()
        .replace_all(&text, "")
        .into_owned();
    let all = bare.split(';').map(|statement| statement.trim().to_owned());
    let all: Vec<String> = all.filter(|statement| !statement.is_empty()).collect();
    assert!(all.len() >= 10, "{all:#?}");
    all
}

const SAMPLES: &str = "
    ALTER TABLE iaso_task ALTER COLUMN id RESTART WITH 4242;
    INSERT INTO iaso_account (id, name, created_at, updated_at, enforce_password_validation) VALUES
        (1, 'Account A', now(), now(), false), (2, 'Account B', now(), now(), false), (3, 'Account C', now(), now(), false);
    INSERT INTO auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active,
        date_joined) VALUES (11, '!', false, 'alice', 'Alice', 'A', '', false, true, now()),
        (12, '!', false, 'bob', 'Bob', 'B', '', false, true, now());
    INSERT INTO iaso_profile (account_id, user_id, phone_number, color) VALUES (1, 11, '', '#000000'), (2, 12, '', '#000000');
    -- Iaso has tasks of its own.
    INSERT INTO iaso_task (id, created_at, progress_value, end_value, status, name, params, should_be_killed, external,
        account_id) VALUES (41, now(), 1, 2, 'RUNNING', 'copy_version', '{\"module\": \"m\"}', false, false, 1);";

impl Stage {
    /// With these pipelines in both instances.
    pub async fn begin(pipelines: Value) -> Self {
        Self::with(pipelines, |plan| plan).await
    }

    pub async fn with(pipelines: Value, more: impl FnOnce(StoryBuilder) -> StoryBuilder) -> Self {
        Self::set(Iaso::create().await, pipelines, more).await
    }

    /// In the given Iaso, which must have accounts 1 and 2.
    pub async fn set(
        iaso: Iaso,
        pipelines: Value,
        more: impl FnOnce(StoryBuilder) -> StoryBuilder,
    ) -> Self {
        let plan = StoryBuilder::on(Base::Postgres).pipelines(pipelines.clone());
        let story = more(iaso.settings(plan)).begin().await;
        let folder = tempfile::tempdir().unwrap();
        let second_token = format!("second-token-{}", Uuid::new_v4().simple());
        let options = second(folder.path(), &pipelines, &second_token);
        let second = Emulator::start(options).await.unwrap();
        let (client, connection) = tokio_postgres::connect(&iaso.owner, NoTls).await.unwrap();
        tokio::spawn(connection);
        let stage = Self {
            story,
            iaso,
            client,
            second_url: second.url(),
            second: Some(second),
            second_token,
            _folder: folder,
        };
        stage
            .instance(1, &stage.story.openhexa, &stage.story.secrets.openhexa)
            .await;
        stage
            .instance(2, &stage.second_url, &stage.second_token)
            .await;
        stage.workspace(1, A, 1, "demo", &json!({})).await;
        stage.workspace(2, B, 2, "demo", &json!({})).await;
        stage
    }

    /// A second connection to the bridge's store, opened as `serve` opens it.
    pub async fn store(&self) -> Store {
        let options = store::Options {
            address: DatabaseAddress::Postgres {
                url: self.iaso.bridge.clone().into(),
                tls: store::TlsMode::Off,
            },
            encryption_key: self.story.secrets.encryption.clone().into(),
            pool_size: 1,
            wait: MAX_WAIT,
        };
        let attachment = store::AttachOptions {
            encrypted_text_field_key: self.iaso.key.clone().into(),
            config_account: None,
            watched_for: TimeDelta::days(2),
            reads_users: false,
        };
        let opening = tokio::task::spawn_blocking(move || {
            Store::open_attached(options, &attachment).unwrap()
        });
        opening.await.unwrap()
    }

    /// Runs a statement as Iaso or its administrators do.
    pub async fn sql(&self, statement: &str) {
        self.client.batch_execute(statement).await.unwrap();
    }

    pub async fn instance(&self, id: i64, url: &str, token: &str) {
        self.sql(&self.iaso.instance(id, url, token)).await;
    }

    pub async fn workspace(
        &self,
        id: i64,
        account: i64,
        instance: i64,
        slug: &str,
        config: &Value,
    ) {
        self.sql(&workspace(id, account, instance, slug, config))
            .await;
    }

    /// The rows of a query, each as JSON.
    pub async fn rows(&self, query: &str) -> Vec<Value> {
        let query = format!("SELECT row_to_json(found)::text FROM ({query}) AS found");
        let rows = self.client.query(&query, &[]).await.unwrap();
        let parsed = rows
            .iter()
            .map(|row| serde_json::from_str(row.get(0)).unwrap());
        parsed.collect()
    }

    /// The mirror row of a task.
    pub async fn copy(&self, id: i64) -> Value {
        let rows = self
            .rows(&format!("SELECT * FROM iaso_task WHERE id = {id}"))
            .await;
        assert_eq!(rows.len(), 1, "the mirror of task {id}");
        rows[0].clone()
    }

    /// The transaction that wrote it last.
    pub async fn written_by(&self, id: i64) -> String {
        let query = format!("SELECT xmin::text AS by FROM iaso_task WHERE id = {id}");
        self.rows(&query).await[0]["by"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The messages of its log in Iaso.
    pub async fn log(&self, id: i64) -> Vec<String> {
        let query =
            format!("SELECT message FROM iaso_tasklog WHERE task_id = {id} ORDER BY created_at");
        let rows = self.rows(&query).await;
        let lines = rows
            .iter()
            .map(|row| row["message"].as_str().unwrap().to_owned());
        lines.collect()
    }

    /// Saves a row as Django does: all columns, with the values read before.
    pub async fn save_whole(&self, row: &Value) {
        let row = row.to_string();
        self.client
            .execute(
                "UPDATE iaso_task SET (created_at, started_at, ended_at, progress_value, end_value, result, status, \
                 name, params, queue_answer, progress_message, should_be_killed, external, account_id, created_by_id, \
                 launcher_id) = (SELECT created_at, started_at, ended_at, progress_value, end_value, result, status, \
                 name, params, queue_answer, progress_message, should_be_killed, external, account_id, created_by_id, \
                 launcher_id FROM json_populate_record(NULL::iaso_task, $1::text::json)) \
                 WHERE id = ($1::text::json->>'id')::int",
                &[&row],
            )
            .await
            .unwrap();
    }

    /// Iaso's kill button: reads the row, changes it and saves all columns.
    pub async fn kill(&self, id: i64) {
        let mut row = self.copy(id).await;
        row["should_be_killed"] = json!(true);
        row["status"] = json!("KILLED");
        self.save_whole(&row).await;
    }

    /// A new key of an account.
    pub async fn key(&self, account: i64, role: Role) -> As {
        let order = app::keys::KeyOrder {
            account: Some(account),
            role,
            name: String::new(),
            expires: None,
            creates_tables: false,
        };
        let made = app::keys::create(&self.story.settings, order);
        As::Bearer(made.await.unwrap().1)
    }

    /// Polls until the mirror row fulfils the condition.
    pub async fn until_copy(&self, id: i64, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..200 {
            let copy = self.copy(id).await;
            if holds(&copy) {
                return copy;
            }
            self.story.next_cycle().await;
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{what} did not come: {}", self.copy(id).await);
    }

    /// Stops the second OpenHEXA for the rest of the test.
    pub async fn stop_second(&mut self) {
        self.second.take().unwrap().stop().await;
    }

    /// Ends the story, and checks that Iaso's tables contain no secret.
    pub async fn end(self) {
        let tables =
            "SELECT t::text AS row FROM iaso_task t UNION ALL SELECT l::text FROM iaso_tasklog l";
        let written: String = self
            .rows(tables)
            .await
            .iter()
            .map(Value::to_string)
            .collect();
        let mut secrets = vec![
            self.second_token.clone(),
            self.story.secrets.openhexa.clone(),
        ];
        secrets.push(self.story.secrets.parameter.clone());
        for run in self.story.runs().await {
            secrets.extend(
                run["config"]["connection_token"]
                    .as_str()
                    .map(str::to_owned),
            );
        }
        for secret in secrets {
            assert!(!written.contains(&secret), "Iaso's tables hold {secret}");
        }
        if let Some(second) = self.second {
            second.stop().await;
        }
        self.story.end().await;
    }
}

fn second(data: &Path, pipelines: &Value, token: &str) -> Options {
    let catalogue = json!({"workspace": {"slug": "demo", "name": "Demo"}, "pipelines": pipelines});
    let file = data.join("catalogue.json");
    std::fs::write(&file, catalogue.to_string()).unwrap();
    Options {
        port: 0,
        token: token.to_owned().into(),
        data: data.to_owned(),
        catalogue: Some(file),
        pipelines: None,
        python: PathBuf::from("python3"),
        iaso: None,
    }
}
