//! What the office is told about Duban itself: causes, begun and ended together with their messages, and words that
//! were stored with what they tell of, so that a crash in between delays them and loses none.

use crate::domain::id::NoticeId;
use crate::domain::message::Message;
use crate::domain::system::SystemWord;

use super::cell::{json, ms, parse};
use super::sqlite::Link;
use super::{Instant, Result, Store, outbox};

/// Something that the office is still to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingWord {
    /// Tells it from others; the same once more takes its place.
    pub name: String,
    /// What.
    pub word: SystemWord,
}

impl Store {
    /// Begins the cause `begin`, where one is given, ends those of `end`, and queues `messages` where the cause is new,
    /// or none is given and one ended; all in one transaction. Whether the messages were queued.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails; then nothing is stored.
    pub async fn turn_cause(
        &self,
        now: Instant,
        begin: Option<&str>,
        end: &[String],
        messages: &[(Message, Vec<NoticeId>)],
    ) -> Result<bool> {
        let mut tx = self.begin().await?;
        let mut ended = 0;
        for name in end.iter().filter(|name| Some(name.as_str()) != begin) {
            ended += sqlx::query("DELETE FROM causes WHERE name = $1")
                .bind(name)
                .execute(&mut *tx)
                .await?
                .rows_affected();
        }
        let is_told = match begin {
            Some(name) => super::lanes::begin_cause(&mut tx, name, now).await?,
            None => ended > 0,
        };
        if is_told {
            outbox::put(&mut tx, messages).await?;
        }
        tx.commit().await?;
        Ok(is_told)
    }

    /// What the office is still to be told, the oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn pending_words(&self) -> Result<Vec<PendingWord>> {
        let rows: Vec<(String, String)> = sqlx::query_as("SELECT name, word FROM words ORDER BY at, name")
            .fetch_all(self.read())
            .await?;
        rows.into_iter()
            .map(|(name, word)| {
                Ok(PendingWord {
                    word: parse(&format!("the word {name}"), &word)?,
                    name,
                })
            })
            .collect()
    }

    /// Queues the messages that tell a word, and forgets it, in one transaction.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails; then nothing is stored.
    pub async fn tell_word(&self, name: &str, messages: &[(Message, Vec<NoticeId>)]) -> Result<()> {
        let mut tx = self.begin().await?;
        outbox::put(&mut tx, messages).await?;
        sqlx::query("DELETE FROM words WHERE name = $1")
            .bind(name)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Stores words that the office is to be told, within the transaction of what they tell of.
pub(super) async fn put(link: &mut Link, now: Instant, words: &[PendingWord]) -> Result<()> {
    for word in words {
        sqlx::query(
            "INSERT INTO words (name, at, word) VALUES ($1, $2, $3) \
             ON CONFLICT (name) DO UPDATE SET at = excluded.at, word = excluded.word",
        )
        .bind(&word.name)
        .bind(ms(now))
        .bind(json(&word.word)?)
        .execute(&mut *link)
        .await?;
    }
    Ok(())
}
