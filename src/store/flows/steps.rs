//! The steps of runs.

use diesel::prelude::*;

use super::step_rows::{StepColumns, step_of};
use crate::domain::flow::run::StepRun;
use crate::domain::ids::FlowRunId;
use crate::store::Error;
use crate::store::connection::{Db, on};
use crate::store::flow_schema::step_run;

/// In the order of the document.
pub fn insert_steps(db: &mut Db<'_>, run: FlowRunId, steps: &[StepRun]) -> Result<(), Error> {
    for (step, new) in steps.iter().enumerate() {
        let row = (
            step_run::flow_run_id.eq(run.0),
            step_run::step.eq(position(step)?),
            StepColumns::from(new),
        );
        on!(db, |conn| diesel::insert_into(step_run::table)
            .values(row)
            .execute(conn))?;
    }
    Ok(())
}

/// In the order of the document.
pub fn steps_of_run(db: &mut Db<'_>, run: FlowRunId) -> Result<Vec<StepRun>, Error> {
    let rows: Vec<StepColumns> = on!(db, |conn| step_run::table
        .filter(step_run::flow_run_id.eq(run.0))
        .order(step_run::step)
        .select(StepColumns::as_select())
        .load(conn))?;
    rows.into_iter().map(step_of).collect()
}

/// Saves a step of a run that this transaction has locked.
pub fn save_step(
    db: &mut Db<'_>,
    run: FlowRunId,
    step: usize,
    changed: &StepRun,
) -> Result<(), Error> {
    let key = (run.0, position(step)?);
    on!(db, |conn| diesel::update(step_run::table.find(key))
        .set(StepColumns::from(changed))
        .execute(conn))?;
    Ok(())
}

pub(super) fn position(step: usize) -> Result<i32, Error> {
    i32::try_from(step).map_err(|_| Error::Corrupt("position of a step"))
}
