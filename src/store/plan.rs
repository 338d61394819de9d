//! Planning what is due: claim, notices and the next instant in one transaction.

use chrono::TimeDelta;

use crate::domain::id::TaskId;
use crate::domain::journal::Draft;
use crate::domain::notice::{Notice, Told};

use super::{Instant, Result, Store, StoredTask, ToldRow, journal, sqlite, tasks, told};

/// What was decided about one task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Planned {
    /// Whom to tell, each with the entry that says so; where the notice is already stored, neither is stored again.
    pub notices: Vec<(Notice, Draft)>,
    /// What counts as told from now on.
    pub told: Vec<Told>,
    /// Further entries: what was covered, skipped or moved.
    pub entries: Vec<Draft>,
    /// When the task next matters: after `now`, or not before something happens to it.
    pub next_at: Option<Instant>,
}

impl Store {
    /// Claims at most `limit` tasks with `next_at <= now`, the earliest first, asks `plan` about each, and stores
    /// what it says, all in one transaction. Returns how many were claimed; none left: 0.
    ///
    /// A `next_at` that is not after `now` is stored as a second after it, so that a mistake in a rule cannot keep
    /// the daemon from everything else.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails; then nothing is stored.
    pub async fn plan_due(
        &self,
        now: Instant,
        limit: u32,
        plan: &mut (dyn FnMut(&StoredTask, &[ToldRow]) -> Planned + Send),
    ) -> Result<u32> {
        let mut tx = self.begin().await?;
        let mut decided: Vec<(TaskId, Planned)> = Vec::new();
        for row in sqlite::due_tasks(&mut tx, now, limit).await? {
            let stored = tasks::stored(row)?;
            let told = told::of_task(&mut tx, &stored.task.id).await?;
            let planned = plan(&stored, &told);
            decided.push((stored.task.id, planned));
        }
        if decided.is_empty() {
            return Ok(0);
        }

        let notices: Vec<&Notice> = decided
            .iter()
            .flat_map(|(_, planned)| planned.notices.iter().map(|(notice, _)| notice))
            .collect();
        let mut new = sqlite::insert_notices(&mut tx, &notices).await?;
        let mut marks: Vec<(TaskId, Told)> = Vec::new();
        let mut entries: Vec<Draft> = Vec::new();
        let mut next: Vec<(TaskId, Option<Instant>)> = Vec::new();
        let soonest = now + TimeDelta::seconds(1);
        for (id, planned) in decided {
            for (notice, entry) in planned.notices {
                if new.remove(&notice.id) {
                    entries.push(entry);
                }
            }
            entries.extend(planned.entries);
            marks.extend(planned.told.into_iter().map(|told| (id.clone(), told)));
            next.push((id, planned.next_at.map(|at| if at <= now { soonest } else { at })));
        }
        sqlite::mark_told(&mut tx, now, &marks).await?;
        journal::append(&mut tx, entries).await?;
        sqlite::set_next(&mut tx, &next).await?;
        tx.commit().await?;
        Ok(u32::try_from(next.len()).unwrap_or(limit))
    }
}
