//! Tasks with their folded state and the instant at which they next matter.

use crate::domain::id::TaskId;
use crate::domain::journal::Draft;
use crate::domain::notice::Told;
use crate::domain::task::{Task, TaskState};

use super::cell::{instant, maybe_instant, ms, parse};
use super::sqlite::{self, Link};
use super::{ActError, Instant, Load, PendingWord, Result, Store, journal, loads, words};

/// How many near ids an unknown one is answered with.
const NEAR: usize = 3;

/// A task as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTask {
    /// The row as last loaded.
    pub task: Task,
    /// What the journal says of it.
    pub state: TaskState,
    /// When it next matters; none: not before something happens to it.
    pub next_at: Option<Instant>,
}

/// A task as it shall be, and what happened to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The row.
    pub task: Task,
    /// Its state with `entries` folded in.
    pub state: TaskState,
    /// What happened.
    pub entries: Vec<Draft>,
    /// When it next matters. An act sets it to `now` whatever stands here.
    pub next_at: Option<Instant>,
}

/// What a load changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intake {
    /// New and changed tasks.
    pub changes: Vec<Change>,
    /// Entries that belong to no one task; they stand after those of the changes.
    pub entries: Vec<Draft>,
    /// What counts as told from now on.
    pub told: Vec<(TaskId, Told)>,
    /// What the office is to be told of it.
    pub words: Vec<PendingWord>,
    /// The load itself, to fall back on.
    pub load: Option<Load>,
    /// Which tasks are to be looked at now, besides those that changed.
    pub wake: Wake,
}

/// Which tasks a load makes matter now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wake {
    /// Those that changed.
    #[default]
    Changed,
    /// All that are neither cancelled nor withdrawn: what they are planned by may have changed.
    All,
}

pub(super) type Cells = (String, String, Option<i64>);

impl Store {
    /// All tasks in ledger order.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn tasks(&self) -> Result<Vec<StoredTask>> {
        let rows: Vec<Cells> = sqlx::query_as("SELECT task, state, next_at FROM tasks ORDER BY position, id")
            .fetch_all(self.read())
            .await?;
        rows.into_iter().map(stored).collect()
    }

    /// One task.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn task(&self, id: &TaskId) -> Result<Option<StoredTask>> {
        let row: Option<Cells> = sqlx::query_as("SELECT task, state, next_at FROM tasks WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(self.read())
            .await?;
        row.map(stored).transpose()
    }

    /// The earliest instant at which any task matters.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn next_task_at(&self) -> Result<Option<Instant>> {
        let at: Option<i64> = sqlx::query_scalar("SELECT MIN(next_at) FROM tasks WHERE next_at IS NOT NULL")
            .fetch_one(self.read())
            .await?;
        maybe_instant(at)
    }

    /// Does something to one task, in one transaction: reads it, asks `decide`, stores the change and its entries,
    /// and wakes the task.
    ///
    /// # Errors
    ///
    /// Outside, [`StoreError`](super::StoreError) where the database fails; inside, [`ActError`] where there is no
    /// such task or `decide` refused.
    pub async fn act<E: Send>(
        &self,
        id: &TaskId,
        now: Instant,
        decide: impl FnOnce(&StoredTask) -> Result<Change, E> + Send,
    ) -> Result<Result<StoredTask, ActError<E>>> {
        self.act_telling(id, now, |stored| Ok((Vec::new(), decide(stored)?)))
            .await
    }

    /// [`Store::act`] that also keeps words for the office, in the same transaction.
    ///
    /// # Errors
    ///
    /// As [`Store::act`].
    pub async fn act_telling<E: Send>(
        &self,
        id: &TaskId,
        now: Instant,
        decide: impl FnOnce(&StoredTask) -> Result<(Vec<PendingWord>, Change), E> + Send,
    ) -> Result<Result<StoredTask, ActError<E>>> {
        let mut tx = self.begin().await?;
        let row: Option<Cells> = sqlx::query_as("SELECT task, state, next_at FROM tasks WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else {
            let near = near(&mut tx, id).await?;
            return Ok(Err(ActError::Unknown { id: id.clone(), near }));
        };
        let (telling, mut change) = match decide(&stored(row)?) {
            Ok(decided) => decided,
            Err(refusal) => return Ok(Err(ActError::Refused(refusal))),
        };
        change.next_at = Some(instant(ms(now))?);
        let entries = std::mem::take(&mut change.entries);
        sqlite::upsert_tasks(&mut tx, std::slice::from_ref(&change)).await?;
        journal::append(&mut tx, entries).await?;
        words::put(&mut tx, now, &telling).await?;
        tx.commit().await?;
        Ok(Ok(StoredTask {
            task: change.task,
            state: change.state,
            next_at: change.next_at,
        }))
    }

    /// Takes a load in, in one transaction over all tasks: reads them in ledger order, asks `decide`, stores what it
    /// says. Returns how many tasks were new or changed.
    ///
    /// # Errors
    ///
    /// Outside, [`StoreError`](super::StoreError) where the database fails; inside, what `decide` refused with.
    pub async fn intake<E: Send>(
        &self,
        now: Instant,
        decide: impl FnOnce(&[StoredTask]) -> Result<Intake, E> + Send,
    ) -> Result<Result<usize, E>> {
        let mut tx = self.begin().await?;
        let rows: Vec<Cells> = sqlx::query_as("SELECT task, state, next_at FROM tasks ORDER BY position, id")
            .fetch_all(&mut *tx)
            .await?;
        let tasks = rows.into_iter().map(stored).collect::<Result<Vec<_>>>()?;
        let mut intake = match decide(&tasks) {
            Ok(intake) => intake,
            Err(refusal) => return Ok(Err(refusal)),
        };
        drop(tasks);
        sqlite::upsert_tasks(&mut tx, &intake.changes).await?;
        let mut entries = Vec::new();
        for change in &mut intake.changes {
            entries.append(&mut change.entries);
        }
        entries.append(&mut intake.entries);
        journal::append(&mut tx, entries).await?;
        sqlite::mark_told(&mut tx, now, &intake.told).await?;
        words::put(&mut tx, now, &intake.words).await?;
        if let Some(load) = &intake.load {
            loads::keep(&mut tx, now, &load.print, &load.text).await?;
        }
        if intake.wake == Wake::All {
            wake_all(&mut tx, now).await?;
        }
        tx.commit().await?;
        Ok(Ok(intake.changes.len()))
    }

    /// Makes tasks matter now: these, or all that are neither cancelled nor withdrawn. Returns how many.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn wake_tasks(&self, ids: Option<&[TaskId]>, now: Instant) -> Result<u64> {
        let mut tx = self.begin().await?;
        let mut woken = 0;
        match ids {
            None => woken += wake_all(&mut tx, now).await?,
            Some(ids) => {
                for id in ids {
                    woken += sqlx::query(
                        "UPDATE tasks SET next_at = $1 WHERE id = $2 AND (next_at IS NULL OR next_at > $1)",
                    )
                    .bind(ms(now))
                    .bind(id.as_str())
                    .execute(&mut *tx)
                    .await?
                    .rows_affected();
                }
            }
        }
        tx.commit().await?;
        Ok(woken)
    }
}

/// Makes all tasks matter now that are neither cancelled nor withdrawn.
pub(super) async fn wake_all(link: &mut Link, now: Instant) -> Result<u64> {
    let woken = sqlx::query(
        "UPDATE tasks SET next_at = $1 WHERE standing NOT IN ('cancelled', 'withdrawn') \
         AND (next_at IS NULL OR next_at > $1)",
    )
    .bind(ms(now))
    .execute(link)
    .await?;
    Ok(woken.rows_affected())
}

/// Reads a row of `task, state, next_at`.
pub(super) fn stored((task, state, next_at): Cells) -> Result<StoredTask> {
    let task: Task = parse("a task", &task)?;
    Ok(StoredTask {
        state: parse(&format!("the state of task {}", task.id), &state)?,
        next_at: maybe_instant(next_at)?,
        task,
    })
}

async fn near(link: &mut Link, id: &TaskId) -> Result<Vec<TaskId>> {
    let ids: Vec<String> = sqlx::query_scalar("SELECT id FROM tasks ORDER BY position, id")
        .fetch_all(link)
        .await?;
    let mut near: Vec<(usize, String)> = ids
        .into_iter()
        .map(|other| (strsim::damerau_levenshtein(id.as_str(), &other), other))
        .filter(|(distance, other)| *distance <= 2 && *distance < other.chars().count())
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    Ok(near.into_iter().take(NEAR).map(|(_, id)| TaskId::new(id)).collect())
}
