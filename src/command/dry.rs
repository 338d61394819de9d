//! A load that is tried and not done: what a daemon that starts now would make of the files.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::domain::id::TaskId;
use crate::domain::task::{Task, TaskState};
use crate::rules::intake::{self, Intake, IntakeError, Removals, Row};
use crate::store::StoredTask;

/// Takes the ledger of a configuration in, without a store.
///
/// # Errors
/// Why the daemon would refuse the load.
pub(super) fn intake(
    config: &Config,
    stored: &[StoredTask],
    now: DateTime<Utc>,
    removals: Removals,
) -> Result<Intake, Vec<IntakeError>> {
    let prints: BTreeMap<_, String> = config.ladders.iter().map(|(id, ladder)| (id, ladder.print())).collect();
    let tasks = config.tasks_at(now);
    let rows: Vec<Row<'_>> = tasks
        .iter()
        .map(|task| Row {
            task,
            ladder_print: prints.get(&task.ladder).map_or("", String::as_str),
        })
        .collect();
    intake::intake(&by_id(stored), &rows, now, removals)
}

/// The tasks as they would stand after a load, or as they stand where it changes nothing of them.
pub(super) fn after(stored: &[StoredTask], intake: Option<Intake>) -> BTreeMap<TaskId, (Task, TaskState)> {
    let mut tasks = by_id(stored);
    for changed in intake.into_iter().flat_map(|intake| intake.changed) {
        tasks.insert(changed.task.id.clone(), (changed.task, changed.state));
    }
    tasks
}

fn by_id(stored: &[StoredTask]) -> BTreeMap<TaskId, (Task, TaskState)> {
    stored
        .iter()
        .map(|stored| (stored.task.id.clone(), (stored.task.clone(), stored.state.clone())))
        .collect()
}
