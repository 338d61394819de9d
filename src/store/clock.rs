//! What is remembered of clocks that were wrong: that everything is held, and from which entry on the journal is
//! believed again.

use serde::{Deserialize, Serialize};

use crate::domain::journal::Draft;

use super::cell::{json, maybe_instant, ms, parse};
use super::sqlite::Link;
use super::{Instant, Result, Store, journal, tasks};

/// Under these names it stands in `meta`.
const HELD: &str = "clock-held";
const ACCEPTED: &str = "clock-accepted";

/// A clock that looked wrong, so that nothing is planned and nothing sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockHold {
    /// What is wrong with it.
    pub fault: ClockFault,
    /// What it showed when that was found.
    pub shown: Instant,
    /// What it should not be before, or should have shown: the newest entry, or the time by the clock that cannot be set.
    pub expected: Instant,
}

/// What can be wrong with a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockFault {
    /// It gained days at once.
    Ahead,
    /// It stands before what was already written down.
    Behind,
}

impl Store {
    /// Why everything is held, where it is.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn clock_hold(&self) -> Result<Option<ClockHold>> {
        let text: Option<String> = sqlx::query_scalar("SELECT value FROM meta WHERE name = $1")
            .bind(HELD)
            .fetch_optional(self.read())
            .await?;
        text.map(|text| parse("the clock's hold", &text)).transpose()
    }

    /// Remembers that everything is held, over a restart too.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn hold_clock(&self, hold: &ClockHold) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(HELD)
        .bind(json(hold)?)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends the hold, with the entry that says why.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn release_clock(&self, entry: Draft) -> Result<()> {
        let mut tx = self.begin().await?;
        journal::append(&mut tx, vec![entry]).await?;
        sqlx::query("DELETE FROM meta WHERE name = $1")
            .bind(HELD)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Somebody said that the clock is right: what was written before `entry` does not speak against it any more, and
    /// what would wait for an instant that lies ahead of it waits no longer.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn accept_clock(&self, entry: Draft) -> Result<()> {
        let mut tx = self.begin().await?;
        wait_no_longer(&mut tx, entry.at).await?;
        journal::append(&mut tx, vec![entry]).await?;
        sqlx::query(
            "INSERT INTO meta (name, value) SELECT $1, CAST(MAX(seq) AS TEXT) FROM journal WHERE TRUE \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(ACCEPTED)
        .execute(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM meta WHERE name = $1")
            .bind(HELD)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The latest instant in the journal, of the entries since a clock was accepted last.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn newest_instant(&self) -> Result<Option<Instant>> {
        let accepted: Option<String> = sqlx::query_scalar("SELECT value FROM meta WHERE name = $1")
            .bind(ACCEPTED)
            .fetch_optional(self.read())
            .await?;
        let first = accepted.and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
        let at: Option<i64> = sqlx::query_scalar("SELECT at FROM journal WHERE seq >= $1 ORDER BY at DESC LIMIT 1")
            .bind(first)
            .fetch_optional(self.read())
            .await?;
        maybe_instant(at)
    }
}

/// Whatever lies ahead of `now` comes now: a clock that was ahead may have put it there, and what is looked at too early
/// finds its own time again.
async fn wait_no_longer(link: &mut Link, now: Instant) -> Result<()> {
    tasks::wake_all(link, now).await?;
    for sql in [
        "UPDATE messages SET next_attempt = $1 WHERE state = 'waiting' AND next_attempt > $1",
        "UPDATE messages SET created = $1 WHERE state IN ('waiting', 'sending') AND created > $1",
        "UPDATE notices SET at = $1 WHERE state = 'waiting' AND at > $1",
        "UPDATE lanes SET paused_until = $1 WHERE paused_until > $1",
        "UPDATE lanes SET next_try = $1 WHERE next_try > $1",
        "UPDATE lanes SET stopped_since = $1 WHERE stopped_since > $1",
    ] {
        sqlx::query(sql).bind(ms(now)).execute(&mut *link).await?;
    }
    Ok(())
}
