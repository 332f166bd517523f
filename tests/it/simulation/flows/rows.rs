//! The rows of flows as the simulation reads them, without the tested code.

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use openhexa_bridge::store::Db;

#[derive(Clone, Debug, PartialEq, Eq, diesel::QueryableByName)]
pub struct RunRow {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = BigInt)]
    pub flow_id: i64,
    #[diesel(sql_type = BigInt)]
    pub version: i64,
    #[diesel(sql_type = Text)]
    pub cause: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub schedule_id: Option<i64>,
    /// In milliseconds, as all times here.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub tick: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub replay_of: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub backfill_id: Option<i64>,
    #[diesel(sql_type = Bool)]
    pub waiting: bool,
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = Bool)]
    pub warnings: bool,
    #[diesel(sql_type = BigInt)]
    pub created: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub ended: Option<i64>,
    #[diesel(sql_type = Bool)]
    pub cancelled: bool,
    /// It was refused before its first step.
    #[diesel(sql_type = Bool)]
    pub refused: bool,
    #[diesel(sql_type = BigInt)]
    pub revision: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, diesel::QueryableByName)]
pub struct TickRow {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub schedule_id: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub trigger_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    pub event: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub at: i64,
    #[diesel(sql_type = Text)]
    pub outcome: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub flow_run_id: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, diesel::QueryableByName)]
pub struct FlowRow {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    pub slug: String,
    #[diesel(sql_type = BigInt)]
    pub version: i64,
    #[diesel(sql_type = Bool)]
    pub paused: bool,
    #[diesel(sql_type = Bool)]
    pub deleted: bool,
}

/// A schedule or a trigger.
#[derive(Clone, Debug, PartialEq, Eq, diesel::QueryableByName)]
pub struct StartRow {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = BigInt)]
    pub flow_id: i64,
    #[diesel(sql_type = Text)]
    pub code: String,
    #[diesel(sql_type = Bool)]
    pub paused: bool,
}

#[derive(Clone, Debug, diesel::QueryableByName)]
pub struct VersionRow {
    #[diesel(sql_type = BigInt)]
    pub flow_id: i64,
    #[diesel(sql_type = BigInt)]
    pub number: i64,
    #[diesel(sql_type = Text)]
    pub document: String,
}

#[derive(Clone, Debug, diesel::QueryableByName)]
pub struct BackfillRow {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = BigInt)]
    pub schedule_id: i64,
    #[diesel(sql_type = BigInt)]
    pub parallel: i64,
    #[diesel(sql_type = Bool)]
    pub cancelled: bool,
    #[diesel(sql_type = Bool)]
    pub ended: bool,
}

#[derive(Clone, Debug, diesel::QueryableByName)]
pub struct BackfillTickRow {
    #[diesel(sql_type = BigInt)]
    pub backfill_id: i64,
    #[diesel(sql_type = BigInt)]
    pub at: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub flow_run_id: Option<i64>,
}

#[derive(Clone, Debug, diesel::QueryableByName)]
pub struct CursorRow {
    #[diesel(sql_type = Nullable<BigInt>)]
    pub next_at: Option<i64>,
}

#[derive(Clone, Debug, diesel::QueryableByName)]
pub struct AlertRow {
    #[diesel(sql_type = Nullable<BigInt>)]
    pub flow_id: Option<i64>,
    #[diesel(sql_type = Text)]
    pub cause: String,
    /// The id of the step, schedule or trigger.
    #[diesel(sql_type = Text)]
    pub part: String,
    #[diesel(sql_type = Bool)]
    pub is_open: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub flow_run_id: Option<i64>,
}

pub trait Row: Sized + 'static {
    fn load(db: &mut Db<'_>, sql: &str) -> Vec<Self>;
}

macro_rules! rows {
    ($($row:ty),*) => {
        $(impl Row for $row {
            fn load(db: &mut Db<'_>, sql: &str) -> Vec<Self> {
                let query = diesel::sql_query(sql);
                match db {
                    Db::Sqlite(conn, ..) => query.load(&mut **conn).unwrap(),
                    Db::Pg(conn, ..) => query.load(&mut **conn).unwrap(),
                }
            }
        })*
    };
}
rows!(
    RunRow,
    TickRow,
    FlowRow,
    StartRow,
    VersionRow,
    BackfillRow,
    BackfillTickRow,
    CursorRow,
    AlertRow
);

/// A time in milliseconds since 1970.
fn milliseconds(db: &Db<'_>, column: &str) -> String {
    match db {
        Db::Sqlite(..) => format!(
            "(CAST(strftime('%s', {column}) AS INTEGER) * 1000 + CAST(substr({column}, 21, 3) AS INTEGER))"
        ),
        Db::Pg(..) => format!("CAST(ROUND(EXTRACT(EPOCH FROM {column}) * 1000) AS BIGINT)"),
    }
}

/// Runs with a higher id.
pub fn runs(db: &mut Db<'_>, after: i64) -> Vec<RunRow> {
    let [tick, created, ended] =
        ["scheduled_for", "created_at", "ended_at"].map(|column| milliseconds(db, column));
    let sql = format!(
        "SELECT id, flow_id, version, cause, schedule_id, {tick} AS tick, replay_of, backfill_id, waiting, status, \
         warnings, {created} AS created, {ended} AS ended, cancel_asked_at IS NOT NULL AS cancelled, \
         (trouble IS NOT NULL AND prepared) AS refused, revision \
         FROM flow_run WHERE id > {after} ORDER BY id"
    );
    RunRow::load(db, &sql)
}

/// Ticks with a higher id.
pub fn ticks(db: &mut Db<'_>, after: i64) -> Vec<TickRow> {
    let at = milliseconds(db, "scheduled_for");
    let sql = format!(
        "SELECT id, schedule_id, trigger_id, event, {at} AS at, outcome, flow_run_id FROM tick \
         WHERE id > {after} ORDER BY id"
    );
    TickRow::load(db, &sql)
}

pub fn flows(db: &mut Db<'_>) -> Vec<FlowRow> {
    let sql =
        "SELECT id, slug, version, paused, deleted_at IS NOT NULL AS deleted FROM flow ORDER BY id";
    FlowRow::load(db, sql)
}

pub fn schedules(db: &mut Db<'_>) -> Vec<StartRow> {
    StartRow::load(
        db,
        "SELECT id, flow_id, code, paused FROM schedule ORDER BY id",
    )
}

pub fn triggers(db: &mut Db<'_>) -> Vec<StartRow> {
    let sql = "SELECT id, flow_id, code, NOT active AS paused FROM flow_trigger ORDER BY id";
    StartRow::load(db, sql)
}

pub fn versions(db: &mut Db<'_>) -> Vec<VersionRow> {
    let sql = "SELECT flow_id, number, document FROM flow_version ORDER BY flow_id, number";
    VersionRow::load(db, sql)
}

pub fn backfills(db: &mut Db<'_>) -> Vec<BackfillRow> {
    let sql = "SELECT id, schedule_id, CAST(parallel AS BIGINT) AS parallel, \
               cancel_asked_at IS NOT NULL AS cancelled, ended_at IS NOT NULL AS ended FROM backfill ORDER BY id";
    BackfillRow::load(db, sql)
}

pub fn backfill_ticks(db: &mut Db<'_>) -> Vec<BackfillTickRow> {
    let at = milliseconds(db, "scheduled_for");
    let sql = format!(
        "SELECT backfill_id, {at} AS at, flow_run_id FROM backfill_tick ORDER BY backfill_id, scheduled_for"
    );
    BackfillTickRow::load(db, &sql)
}

pub fn alerts(db: &mut Db<'_>) -> Vec<AlertRow> {
    let sql = "SELECT flow_id, cause, part, resolved_at IS NULL AS is_open, flow_run_id FROM alert ORDER BY id";
    AlertRow::load(db, sql)
}

/// When a schedule fires next.
pub fn cursor(db: &mut Db<'_>, schedule: i64) -> Option<i64> {
    let next_at = milliseconds(db, "next_at");
    let sql = format!("SELECT {next_at} AS next_at FROM schedule WHERE id = {schedule}");
    CursorRow::load(db, &sql).pop()?.next_at
}
