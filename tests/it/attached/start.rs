//! The checks at the start: tables, columns, rights and settings.

use openhexa_bridge::domain::ids::AccountId;
use openhexa_bridge::domain::principal::Role;
use openhexa_bridge::service::identity::{KeyRequest, create_key};
use openhexa_bridge::store::Cipher;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::stage::{Iaso, Stage};
use super::{manual, started};
use crate::support::catalogue::id;
use crate::support::process::{Ended, Line};
use crate::support::story::As;

async fn ended(iaso: &Iaso, args: &[&str], more: &[(&str, &str)]) -> Ended {
    let mut line = Line::of(args)
        .setting("DATABASE__URL", &iaso.bridge)
        .setting(
            "SECRETS__ENCRYPTION_KEY",
            Cipher::generate_key().expose_secret(),
        )
        .setting(
            "SECRETS__CALLBACK_KEY",
            "a-key-that-callback-tokens-are-signed-with",
        )
        .setting("SERVER__PORT", "0")
        .setting("IASO__ATTACHED", "true")
        .setting("IASO__ENCRYPTED_TEXT_FIELD_KEY", &iaso.key)
        .setting(
            "IASO__SIGNING_KEY",
            "the-secret-key-of-this-iaso-which-is-long",
        );
    for (key, value) in more {
        line = line.setting(key, value);
    }
    line.run().await
}

/// The output of `check-config` if nothing stops the start: these warnings, and the last line.
#[track_caller]
fn has_warnings(out: &[String], warnings: &[&str]) {
    let (last, told) = out.split_last().unwrap();
    assert_eq!(told, warnings);
    assert!(last.starts_with("Configuration OK. "), "{last}");
}

/// `check-config` and `serve` refuse with the same message.
async fn refused(iaso: &Iaso, lack: &str) {
    let sentence = format!("iaso.attached: the bridge cannot use the Iaso database: {lack}");
    let checked = ended(iaso, &["check-config"], &[]).await;
    assert_eq!(
        (checked.status.code(), &checked.out[..]),
        (Some(1), &[format!("error: {sentence}")][..])
    );
    for command in [&["serve"][..], &["migrate"]] {
        let started = ended(iaso, command, &[]).await;
        assert_eq!(started.status.code(), Some(1));
        assert_eq!(
            started.err.last().unwrap(),
            &format!("openhexa-bridge: {sentence}")
        );
        assert!(started.out.is_empty(), "{:?}", started.out);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_tables_and_columns_are_named_before_anything_is_created() {
    let iaso = Iaso::create().await;
    let fine = ended(&iaso, &["check-config"], &[]).await;
    has_warnings(&fine.out, &[]);
    iaso.sql("ALTER TABLE iaso_task RENAME progress_message TO message")
        .await;
    refused(&iaso, "missing column in iaso_task: progress_message").await;
    iaso.sql("ALTER TABLE iaso_task RENAME message TO progress_message; DROP TABLE iaso_tasklog")
        .await;
    iaso.sql("ALTER TABLE iaso_openhexainstance DROP COLUMN url, DROP COLUMN token")
        .await;
    refused(
        &iaso,
        "missing table iaso_tasklog; missing column in iaso_openhexainstance: url, token",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_right_is_named() {
    let iaso = Iaso::create().await;
    let role = iaso.role();
    iaso.sql(&format!(
        "REVOKE UPDATE (status, result) ON iaso_task FROM {role}; REVOKE SELECT (id) ON auth_user FROM {role}; \
         REVOKE SELECT (group_id) ON iaso_userrole FROM {role}"
    ))
    .await;
    refused(
        &iaso,
        "missing right UPDATE on iaso_task: result, status; missing right SELECT on auth_user: id; \
         missing right SELECT on iaso_userrole: group_id",
    )
    .await;
    // Of users the bridge reads nothing more if it does not verify their tokens itself.
    let rights = format!(
        "GRANT UPDATE (status, result) ON iaso_task TO {role}; GRANT SELECT (id) ON auth_user TO {role}"
    );
    iaso.sql(&rights).await;
    let asked = [
        ("IASO__SIGNING_KEY", ""),
        ("IASO__URL", "http://127.0.0.1:1"),
        ("SERVER__PUBLIC_URL", "https://iaso.ministry.test"),
    ];
    let fine = ended(&iaso, &["check-config"], &asked).await;
    let away = "warning: iaso.url (http://127.0.0.1:1) gives no usable response: Iaso is unreachable. \
        Iaso's users cannot sign in until it does";
    has_warnings(&fine.out, &[away]);
}

/// The record contains secrets of every account, so the right to read it should not be needed without reason.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_right_to_the_older_record_is_needed_only_if_an_account_uses_it() {
    let iaso = Iaso::create().await;
    let role = iaso.role();
    iaso.sql(&format!(
        "REVOKE SELECT (slug, content, updated_at) ON iaso_config FROM {role}"
    ))
    .await;
    let without = ended(&iaso, &["check-config"], &[]).await;
    has_warnings(&without.out, &[]);
    let with = ended(&iaso, &["serve"], &[("IASO__CONFIG_ACCOUNT", "1")]).await;
    assert_eq!(
        with.err.last().unwrap(),
        "openhexa-bridge: iaso.attached: the bridge cannot use the Iaso database: missing right SELECT on \
         iaso_config: slug, content, updated_at"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_required_column_that_the_bridge_does_not_know_is_named() {
    let iaso = Iaso::create().await;
    // Django does it like this: it fills the existing rows and removes the default again.
    iaso.sql(
        "ALTER TABLE iaso_task ADD COLUMN priority INTEGER NOT NULL DEFAULT 1, ADD COLUMN hint TEXT, \
         ADD COLUMN queue TEXT NOT NULL DEFAULT '', ADD COLUMN weight INTEGER NOT NULL DEFAULT 1; \
         ALTER TABLE iaso_tasklog ADD COLUMN level TEXT NOT NULL",
    )
    .await;
    iaso.sql("ALTER TABLE iaso_task ALTER COLUMN priority DROP DEFAULT, ALTER COLUMN weight DROP DEFAULT")
        .await;
    refused(
        &iaso,
        "unknown required column in iaso_task: priority, weight; unknown required column in iaso_tasklog: level",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_iaso_with_sequences_must_grant_the_right_to_them() {
    let iaso = Iaso::create().await;
    iaso.number_by_sequences().await;
    refused(
        &iaso,
        "missing right USAGE on sequence iaso_task_id_seq; missing right USAGE on sequence iaso_tasklog_id_seq",
    )
    .await;
    iaso.give_sequences().await;
    let stage = Stage::set(iaso, manual(), |plan| plan).await;
    let task = super::started(&stage).await;
    assert_eq!(task, 5151, "Iaso's sequence gives the number");
    assert_eq!(stage.copy(task).await["status"], "RUNNING");
    let said = json!({"task_id": task, "progress_message": "by a sequence too"});
    stage.story.report(&id(1), &said).await.expect(200);
    assert_eq!(stage.log(task).await, ["by a sequence too"]);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_decrypts_none_of_iasos_tokens_is_refused() {
    let iaso = Iaso::create().await;
    let instance = async |id: i64, token: &str| {
        iaso.sql(&format!(
            "INSERT INTO iaso_openhexainstance (id, name, url, token, created_at, updated_at) \
             VALUES ({id}, 'instance {id}', 'https://openhexa.example.org/graphql/', '{token}', now(), now())"
        ))
        .await;
    };
    let other = fernet::Fernet::new(&fernet::Fernet::generate_key()).unwrap();
    instance(1, &other.encrypt(b"token")).await;
    refused(
        &iaso,
        "iaso.encrypted_text_field_key decrypts none of the tokens of its OpenHEXA instances",
    )
    .await;
    instance(2, &iaso.encrypted("token")).await;
    let fine = ended(&iaso, &["check-config"], &[]).await;
    has_warnings(&fine.out, &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_settings_are_named() {
    let iaso = Iaso::create().await;
    let tell = async |more: &[(&str, &str)]| {
        let told = ended(&iaso, &["serve"], more).await;
        assert_eq!(told.status.code(), Some(1));
        told.err.last().unwrap().clone()
    };
    assert_eq!(
        tell(&[("DATABASE__URL", "sqlite:bridge.db")]).await,
        "openhexa-bridge: iaso.attached (set by OPENHEXA_BRIDGE__IASO__ATTACHED in the environment) is true, but \
         database.url is an SQLite file: set it to Iaso’s PostgreSQL database"
    );
    for key in ["", "no Fernet key"] {
        assert_eq!(
            tell(&[("IASO__ENCRYPTED_TEXT_FIELD_KEY", key)]).await,
            "openhexa-bridge: iaso.encrypted_text_field_key (set by \
             OPENHEXA_BRIDGE__IASO__ENCRYPTED_TEXT_FIELD_KEY in the environment) must be Iaso's \
             ENCRYPTED_TEXT_FIELD_KEY (a Fernet key), which is required when iaso.attached is true"
        );
    }
    for role in ["VIEWER", "OPERATOR", "ADMIN"] {
        let key = format!("KEYS__{role}");
        assert_eq!(
            tell(&[(&key, "a-key-of-nobody-knows-which-account")]).await,
            "openhexa-bridge: iaso.config_account (default value) must be the id of the Iaso account that owns \
             the keys of the settings, because iaso.attached is true and keys.* are set"
        );
    }
    assert_eq!(
        tell(&[("SERVER__DANGEROUSLY_LET_EVERYBODY_ADMINISTER", "true")]).await,
        "openhexa-bridge: iaso.config_account (default value) must be the id of the Iaso account that everyone \
         administers, because iaso.attached and server.dangerously_let_everybody_administer are true"
    );
    assert_eq!(
        tell(&[("IASO__CONFIG_ACCOUNT", "77")]).await,
        "openhexa-bridge: iaso.attached: the bridge cannot use the Iaso database: account 77 \
         (iaso.config_account) does not exist"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_created_only_for_an_existing_account() {
    let iaso = Iaso::create().await;
    let make = async |account: &str| {
        let args = ["keys", "create", "--role", "viewer", "--account", account];
        ended(&iaso, &args, &[]).await
    };
    let refused = make("2").await;
    assert!(
        refused.err[0].contains("there are no tables of the bridge in the database: PostgreSQL")
            && refused.out.is_empty(),
        "{:?}",
        refused.err
    );
    let migrated = ended(&iaso, &["migrate"], &[]).await;
    assert_eq!(migrated.status.code(), Some(0), "{:?}", migrated.err);
    assert_eq!(make("2").await.out.len(), 1);
    let listed = ended(&iaso, &["keys", "list"], &[]).await.out;
    assert!(
        listed.len() == 1 && listed[0].contains("\taccount 2\t"),
        "{listed:?}"
    );
    let own = ["keys", "create", "--role", "viewer"];
    let unsaid = ended(&iaso, &own, &[]).await;
    assert_eq!(
        unsaid.err,
        [
            "openhexa-bridge: --account is required: iaso.attached is true and iaso.config_account is 0"
        ]
    );
    assert!(unsaid.out.is_empty());
    let named = ended(&iaso, &own, &[("IASO__CONFIG_ACCOUNT", "3")]).await;
    assert_eq!(named.out.len(), 1, "{:?}", named.err);
    let listed = ended(&iaso, &["keys", "list"], &[]).await.out;
    assert!(listed[1].contains("\taccount 3\t"), "{listed:?}");
    let unknown = make("77").await;
    assert_eq!(unknown.err, ["openhexa-bridge: account 77 does not exist"]);
    assert!(unknown.out.is_empty());
    let alone = ended(
        &iaso,
        &["keys", "create", "--role", "viewer", "--account", "2"],
        &[("IASO__ATTACHED", "false")],
    )
    .await;
    assert_eq!(alone.err, ["openhexa-bridge: account 2 does not exist"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_a_deleted_account_reads_nothing() {
    let stage = Stage::begin(manual()).await;
    let story = &stage.story;
    let request = KeyRequest {
        name: "of account B".to_owned(),
        role: Role::Viewer,
        expires_at: None,
    };
    let store = story.store().await;
    let made = create_key(&store, AccountId(2), request, "a test", story.now()).await;
    let key = As::Bearer(made.unwrap().expose().to_owned());
    let status = async |who: As| {
        let ask = story.ask(who, reqwest::Method::GET, "/tasks/");
        ask.send().await.status
    };
    assert_eq!(
        [status(key.clone()).await, status(As::Viewer).await],
        [200, 200]
    );
    stage
        .sql("DELETE FROM iaso_openhexaworkspace WHERE account_id = 2; DELETE FROM iaso_profile WHERE account_id = 2; \
              DELETE FROM iaso_account WHERE id = 2")
        .await;
    story.advance(chrono::TimeDelta::seconds(5));
    assert_eq!(
        [status(key.clone()).await, status(As::Viewer).await],
        [401, 200]
    );
    // The keys of the settings belong to account 1.
    stage
        .sql("DELETE FROM iaso_task; DELETE FROM iaso_openhexaworkspace; DELETE FROM iaso_profile; DELETE FROM iaso_account")
        .await;
    story.advance(chrono::TimeDelta::seconds(5));
    assert_eq!(
        [
            status(key).await,
            status(As::Viewer).await,
            status(As::Admin).await
        ],
        [401; 3]
    );
    stage.end().await;
}

/// Iaso's tasks and their sequence as in a backup from before this task.
async fn restored_before(stage: &Stage, task: i64) {
    stage
        .sql(&format!(
            "DELETE FROM iaso_tasklog; DELETE FROM iaso_task WHERE id >= {task}"
        ))
        .await;
    stage
        .sql(&format!(
            "ALTER TABLE iaso_task ALTER COLUMN id RESTART WITH {task}"
        ))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_that_may_have_been_used_are_skipped_at_the_start() {
    let mut stage = Stage::begin(manual()).await;
    let first = started(&stage).await;
    stage.story.restart().await;
    let next = started(&stage).await;
    assert!(next > first + 50, "{next}");
    // Only Iaso's tables were restored, from before the bridge's tasks.
    restored_before(&stage, first).await;
    stage.story.restart().await;
    assert!(started(&stage).await > next);
    let rolled_back = stage
        .rows("SELECT id FROM iaso_task WHERE params = '{}'")
        .await;
    assert_eq!(rolled_back.len(), 0, "only ids are used up");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sequence_far_behind_the_bridges_ids_stops_the_start() {
    let stage = Stage::begin(manual()).await;
    let task = started(&stage).await;
    stage
        .sql(&format!(
            "ALTER TABLE iaso_task ALTER COLUMN id RESTART WITH {}",
            task + 100_000
        ))
        .await;
    let highest = started(&stage).await;
    restored_before(&stage, task + 1).await;
    let store = stage.store().await;
    let error = store.skip_task_ids().await.unwrap_err().to_string();
    assert!(
        error.contains(&format!("the bridge at {highest}")) && error.contains("SELECT setval("),
        "{error}"
    );
    // Each start advances the sequence further.
    for _ in 0..4 {
        let _ = store.skip_task_ids().await;
    }
    store.skip_task_ids().await.unwrap();
    assert!(started(&stage).await > highest);
    stage.end().await;
}
