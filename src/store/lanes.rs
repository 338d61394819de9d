//! Stopped lanes, and causes of which the office was told: kept, so that a restart does not tell it again.

use crate::domain::id::ChannelId;

use super::cell::{instant, maybe_instant, ms};
use super::sqlite::Link;
use super::{Instant, Result, Store};

/// How one lane stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneRow {
    /// Whose lane.
    pub channel: ChannelId,
    /// Since when it is stopped; none: it runs.
    pub stopped_since: Option<Instant>,
    /// Why it was stopped last.
    pub cause: String,
    /// Whether the office was told of it.
    pub told: bool,
    /// When it is tried again.
    pub next_try: Option<Instant>,
    /// Until when the other side asked us to wait.
    pub paused_until: Option<Instant>,
}

type Cells = (String, Option<i64>, String, bool, Option<i64>, Option<i64>);

impl Store {
    /// All lanes that were ever saved, by channel.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn lanes(&self) -> Result<Vec<LaneRow>> {
        let rows: Vec<Cells> = sqlx::query_as(
            "SELECT channel, stopped_since, cause, told, next_try, paused_until FROM lanes ORDER BY channel",
        )
        .fetch_all(self.read())
        .await?;
        rows.into_iter()
            .map(|(channel, stopped_since, cause, told, next_try, paused_until)| {
                Ok(LaneRow {
                    channel: ChannelId::new(channel),
                    stopped_since: maybe_instant(stopped_since)?,
                    cause,
                    told,
                    next_try: maybe_instant(next_try)?,
                    paused_until: maybe_instant(paused_until)?,
                })
            })
            .collect()
    }

    /// Remembers until when the other side asked us to wait on these lanes, so that a restart waits too.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn pause_lanes(&self, channels: &[ChannelId], until: Instant) -> Result<()> {
        let mut tx = self.begin().await?;
        for channel in channels {
            sqlx::query(
                "INSERT INTO lanes (channel, cause, told, paused_until) VALUES ($1, '', FALSE, $2) \
                 ON CONFLICT (channel) DO UPDATE SET paused_until = excluded.paused_until",
            )
            .bind(channel.as_str())
            .bind(ms(until))
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Saves how a lane stands, but for any pause.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn save_lane(&self, row: &LaneRow) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO lanes (channel, stopped_since, cause, told, next_try) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (channel) DO UPDATE SET stopped_since = excluded.stopped_since, cause = excluded.cause, \
             told = excluded.told, next_try = excluded.next_try",
        )
        .bind(row.channel.as_str())
        .bind(row.stopped_since.map(ms))
        .bind(&row.cause)
        .bind(row.told)
        .bind(row.next_try.map(ms))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// A cause begins. Whether it is new, so that the office is to be told.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn begin_cause(&self, key: &str, now: Instant) -> Result<bool> {
        let mut tx = self.begin().await?;
        let new = begin_cause(&mut tx, key, now).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// A cause ends. Since when it held, where it had begun.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn end_cause(&self, key: &str, _now: Instant) -> Result<Option<Instant>> {
        let mut tx = self.begin().await?;
        let since: Option<i64> = sqlx::query_scalar("DELETE FROM causes WHERE name = $1 RETURNING since")
            .bind(key)
            .fetch_optional(&mut *tx)
            .await?;
        tx.commit().await?;
        maybe_instant(since)
    }

    /// The causes that hold, with since when.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn causes(&self) -> Result<Vec<(String, Instant)>> {
        let rows: Vec<(String, i64)> = sqlx::query_as("SELECT name, since FROM causes ORDER BY since, name")
            .fetch_all(self.read())
            .await?;
        rows.into_iter()
            .map(|(name, since)| Ok((name, instant(since)?)))
            .collect()
    }
}

/// [`Store::begin_cause`] within a transaction.
pub(super) async fn begin_cause(link: &mut Link, key: &str, now: Instant) -> Result<bool> {
    let new = sqlx::query("INSERT INTO causes (name, since) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(key)
        .bind(ms(now))
        .execute(link)
        .await?
        .rows_affected();
    Ok(new > 0)
}
