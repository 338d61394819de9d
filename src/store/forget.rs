//! What was said long ago loses its words; that it was said, to whom, when and why, stays.

use super::cell::ms;
use super::{Instant, Result, Store, sqlite};

impl Store {
    /// Takes the words, the figures of each task and the files from at most `limit` messages that were queued before
    /// `before` and delivered, the oldest first. Messages that are not at that end keep theirs, however old they are.
    /// Returns how many there were.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails; then nothing is taken.
    pub async fn forget_words(&self, before: Instant, limit: u32) -> Result<u32> {
        let mut tx = self.begin().await?;
        let forgotten = sqlite::forget_words(&mut tx, before, limit).await?;
        tx.commit().await?;
        Ok(forgotten)
    }

    /// Forgets good loads that are older than `before`, but for the last, and gives back what the write-ahead log holds of
    /// the disk.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn forget_rest(&self, before: Instant) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM loads WHERE at < $1 AND id < (SELECT MAX(id) FROM loads)")
            .bind(ms(before))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        self.inner.pools.fold_log().await
    }
}
