//! The last good configurations, so that a daemon can start while the files are broken.

use super::cell::{instant, ms};
use super::sqlite::Link;
use super::{Instant, Result, Store};

/// So many are kept.
const KEPT: i64 = 10;

/// A good load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// Tells it from another.
    pub print: String,
    /// The files.
    pub text: String,
}

impl Store {
    /// Keeps a good load; `print` tells it from another. Whether it differs from the last.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn save_load(&self, now: Instant, print: &str, text: &str) -> Result<bool> {
        let mut tx = self.begin().await?;
        let is_new = keep(&mut tx, now, print, text).await?;
        tx.commit().await?;
        Ok(is_new)
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

/// [`Store::save_load`] within a transaction.
pub(super) async fn keep(link: &mut Link, now: Instant, print: &str, text: &str) -> Result<bool> {
    let last: Option<(i64, String)> = sqlx::query_as("SELECT id, print FROM loads ORDER BY id DESC LIMIT 1")
        .fetch_optional(&mut *link)
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
        .execute(&mut *link)
        .await?;
    sqlx::query("DELETE FROM loads WHERE id <= $1")
        .bind(id - KEPT)
        .execute(&mut *link)
        .await?;
    Ok(true)
}
