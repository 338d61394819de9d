//! Files that go with messages: each kept once, under the hash of its bytes.

use chrono::TimeDelta;

use crate::domain::message::{Content, FileBytes};

use super::cell::ms;
use super::sqlite::{self, Link};
use super::{Instant, Result, Store};

/// A file that no unsettled message names is kept so long after it was last put there.
const KEPT: TimeDelta = TimeDelta::days(30);

impl Store {
    /// Keeps files, in one transaction, so that messages that name them can be stored afterwards. Files are forgotten 30
    /// days after they were last put here, unless a message that is not delivered or dropped names them.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails; then none is kept.
    pub async fn keep_files(&self, now: Instant, files: &[FileBytes]) -> Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        keep(&mut tx, now, files).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The bytes of one file; none where it is not kept, or not any more.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn file(&self, hash: &str) -> Result<Option<Vec<u8>>> {
        Ok(sqlx::query_scalar("SELECT bytes FROM files WHERE hash = $1")
            .bind(hash)
            .fetch_optional(self.read())
            .await?)
    }

    /// The files that a message names, each once; those that are not kept any more are left out.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn files_of(&self, content: &Content) -> Result<Vec<FileBytes>> {
        let mut files: Vec<FileBytes> = Vec::new();
        for attachment in &content.attachments {
            let hash = &attachment.hash;
            if files.iter().any(|file| file.hash == *hash) {
                continue;
            }
            if let Some(bytes) = self.file(hash).await? {
                files.push(FileBytes {
                    hash: hash.clone(),
                    bytes,
                });
            }
        }
        Ok(files)
    }
}

/// [`Store::keep_files`] within a transaction.
pub(super) async fn keep(link: &mut Link, now: Instant, files: &[FileBytes]) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    for file in files {
        sqlx::query(
            "INSERT INTO files (hash, bytes, kept) VALUES ($1, $2, $3) \
             ON CONFLICT (hash) DO UPDATE SET kept = excluded.kept",
        )
        .bind(&file.hash)
        .bind(file.bytes.as_slice())
        .bind(ms(now))
        .execute(&mut *link)
        .await?;
    }
    sqlite::forget_files(link, now - KEPT).await
}
