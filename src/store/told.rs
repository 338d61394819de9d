//! What has been told, for each role: high-water marks of occurrences.

use std::collections::BTreeMap;

use crate::domain::id::TaskId;
use crate::domain::ladder::Level;
use crate::domain::notice::ToldKey;

use super::cell::{count, instant, ms, word};
use super::sqlite::Link;
use super::{Instant, Result, Store, StoreError};

/// How far one step has been told to one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldRow {
    /// For whom and what.
    pub key: ToldKey,
    /// The latest occurrence that is settled, from 0; all earlier ones are settled with it.
    pub occurrence: u32,
    /// The loudest level told under this key.
    pub level: Level,
    /// Whether the latest occurrence was sent itself, and not covered by another.
    pub sent: bool,
    /// Why the latest occurrence was sent or covered.
    pub reason: String,
    /// When it was decided.
    pub at: Instant,
}

type Cells = (String, i64, String, String, String, String, i64, i64, bool, String, i64);

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT task, round, anchor, anchor_value, step, role, occurrence, level, sent, reason, at FROM told ",
            $rest
        )
    };
}

impl Store {
    /// What was told of a task.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the database fails.
    pub async fn told(&self, task: &TaskId) -> Result<Vec<ToldRow>> {
        let rows: Vec<Cells> = sqlx::query_as(select!(
            "WHERE task = $1 ORDER BY round, anchor, anchor_value, step, role"
        ))
        .bind(task.as_str())
        .fetch_all(self.read())
        .await?;
        rows.into_iter().map(|cells| Ok(row(cells)?.1)).collect()
    }

    /// What was told of all tasks.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the database fails.
    pub async fn all_told(&self) -> Result<BTreeMap<TaskId, Vec<ToldRow>>> {
        let rows: Vec<Cells> = sqlx::query_as(select!("ORDER BY task, round, anchor, anchor_value, step, role"))
            .fetch_all(self.read())
            .await?;
        let mut told: BTreeMap<TaskId, Vec<ToldRow>> = BTreeMap::new();
        for cells in rows {
            let (task, row) = row(cells)?;
            told.entry(task).or_default().push(row);
        }
        Ok(told)
    }

    /// Forgets that occurrences from the given one on were told, so that they are planned again at once.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the database fails.
    pub async fn untell(&self, now: Instant, keys: &[(TaskId, ToldKey, u32)]) -> Result<()> {
        let mut tx = self.begin().await?;
        untell(&mut tx, now, keys).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// What was told of a task, within a transaction.
pub(super) async fn of_task(link: &mut Link, task: &TaskId) -> Result<Vec<ToldRow>> {
    let rows: Vec<Cells> = sqlx::query_as(select!(
        "WHERE task = $1 ORDER BY round, anchor, anchor_value, step, role"
    ))
    .bind(task.as_str())
    .fetch_all(link)
    .await?;
    rows.into_iter().map(|cells| Ok(row(cells)?.1)).collect()
}

/// [`Store::untell`] within a transaction.
pub(super) async fn untell(link: &mut Link, now: Instant, keys: &[(TaskId, ToldKey, u32)]) -> Result<()> {
    for (task, key, from) in keys {
        let sql = if *from == 0 {
            "DELETE FROM told WHERE task = $1 AND round = $2 AND anchor = $3 AND anchor_value = $4 AND step = $5 \
             AND role = $6 AND occurrence >= $7"
        } else {
            "UPDATE told SET occurrence = $7 - 1 WHERE task = $1 AND round = $2 AND anchor = $3 \
             AND anchor_value = $4 AND step = $5 AND role = $6 AND occurrence >= $7"
        };
        sqlx::query(sql)
            .bind(task.as_str())
            .bind(i64::from(key.round))
            .bind(key.anchor.as_str())
            .bind(key.anchor_value.to_string())
            .bind(&key.step)
            .bind(&key.role)
            .bind(i64::from(*from))
            .execute(&mut *link)
            .await?;
        sqlx::query("UPDATE tasks SET next_at = $1 WHERE id = $2 AND (next_at IS NULL OR next_at > $1)")
            .bind(ms(now))
            .bind(task.as_str())
            .execute(&mut *link)
            .await?;
    }
    Ok(())
}

/// A level as a number that can be compared in SQL: 0 for the quietest.
pub(super) fn rank(level: Level) -> usize {
    Level::ALL.iter().position(|other| *other == level).unwrap_or(0)
}

fn row(
    (task, round, anchor, anchor_value, step, role, occurrence, level, sent, reason, at): Cells,
) -> Result<(TaskId, ToldRow)> {
    let damaged = |what: String| StoreError::Damaged {
        what: format!("what was told of task {task}: {what}"),
    };
    let row = ToldRow {
        key: ToldKey {
            round: count(round)?,
            anchor: word(anchor)?,
            anchor_value: anchor_value
                .parse()
                .map_err(|_| damaged(format!("the value {anchor_value}")))?,
            step,
            role,
        },
        occurrence: count(occurrence)?,
        level: usize::try_from(level)
            .ok()
            .and_then(|rank| Level::ALL.get(rank).copied())
            .ok_or_else(|| damaged(format!("the level {level}")))?,
        sent,
        reason,
        at: instant(at)?,
    };
    Ok((TaskId::new(task), row))
}
