//! The last good configurations, so that a daemon can start while the files are broken.

use super::cell::{instant, ms};
use super::{Instant, Result, Store};

/// So many are kept.
const KEPT: i64 = 10;

impl Store {
    /// Keeps a good load; `print` tells it from another. Whether it differs from the last.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn save_load(&self, now: Instant, print: &str, text: &str) -> Result<bool> {
        let mut tx = self.begin().await?;
        let last: Option<(i64, String)> = sqlx::query_as("SELECT id, print FROM loads ORDER BY id DESC LIMIT 1")
            .fetch_optional(&mut *tx)
            .await?;
        let id = match last {
            Some((_, last)) if last == print => return Ok(false),
            Some((id, _)) => id + 1,
            None => 1,
        };
        sqlx::query("INSERT INTO loads (id, at, print, body) VALUES ($1, $2, $3, $4)")
            .bind(id)
            .bind(ms(now))
            .bind(print)
            .bind(text)
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM loads WHERE id <= $1")
            .bind(id - KEPT)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The last good load, with when it was first seen.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn last_load(&self) -> Result<Option<(Instant, String)>> {
        let row: Option<(i64, String)> = sqlx::query_as("SELECT at, body FROM loads ORDER BY id DESC LIMIT 1")
            .fetch_optional(self.read())
            .await?;
        row.map(|(at, text)| Ok((instant(at)?, text))).transpose()
    }
}
