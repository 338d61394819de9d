//! The way of a message through a lane: claimed, tried, settled.

use crate::domain::id::{ChannelId, MessageId, NoticeId, TaskId};
use crate::domain::journal::Draft;
use crate::domain::message::{Message, MessageState};
use crate::domain::notice::ToldKey;

use super::cell::{count, instant, maybe_instant, ms};
use super::outbox::{self, select};
use super::sqlite::{self, Link};
use super::{Instant, Result, Store, journal, told};

/// What became of a claimed message.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// Which one.
    pub id: MessageId,
    /// The outcome's word, or `dropped` …
    pub outcome: String,
    /// The other side's words, or the reason.
    pub words: String,
    /// Where it stands now.
    pub state: MessageState,
    /// When it is to be tried next; matters where it waits.
    pub next_attempt: Instant,
    /// Whether its bytes may have arrived: they do not change from now on.
    pub frozen: bool,
    /// Whether it goes as plain text from now on.
    pub plain: bool,
    /// Whether this was an attempt: it is counted, and gets a row.
    pub counts: bool,
    /// What to write in the journal.
    pub entries: Vec<Draft>,
    /// Messages that go up because of it, with the notices they take over.
    pub follow: Vec<(Message, Vec<NoticeId>)>,
    /// What is to be planned again.
    pub untell: Vec<(TaskId, ToldKey, u32)>,
}

/// Which messages are claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// All.
    All,
    /// Word to the office.
    WordsToOffice,
}

/// One attempt at a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// Which message.
    pub message: MessageId,
    /// From 1.
    pub number: u32,
    /// When its answer was settled.
    pub at: Instant,
    /// The outcome's word.
    pub outcome: String,
    /// The other side's words.
    pub words: String,
}

impl Store {
    /// Claims for each lane at most so many waiting messages whose time has come, and marks them as being sent, in
    /// one commit: word to the office first, then the loudest, then the oldest.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails; then nothing is claimed.
    pub async fn claim(&self, now: Instant, lanes: &[(ChannelId, u32)]) -> Result<Vec<Message>> {
        self.claim_of(now, lanes, Claim::All).await
    }

    /// [`Store::claim`] of word to the office alone: everything else is held.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails; then nothing is claimed.
    pub async fn claim_words(&self, now: Instant, lanes: &[(ChannelId, u32)]) -> Result<Vec<Message>> {
        self.claim_of(now, lanes, Claim::WordsToOffice).await
    }

    async fn claim_of(&self, now: Instant, lanes: &[(ChannelId, u32)], claim: Claim) -> Result<Vec<Message>> {
        let mut tx = self.begin().await?;
        let mut claimed = Vec::new();
        for (lane, limit) in lanes {
            for id in sqlite::due_messages(&mut tx, lane, now, *limit, claim).await? {
                sqlx::query("UPDATE messages SET state = 'sending' WHERE id = $1")
                    .bind(id.as_str())
                    .execute(&mut *tx)
                    .await?;
                let row = sqlx::query_as(select!("WHERE id = $1"))
                    .bind(id.as_str())
                    .fetch_one(&mut *tx)
                    .await?;
                claimed.push(outbox::message(row)?);
            }
        }
        if !claimed.is_empty() {
            tx.commit().await?;
        }
        Ok(claimed)
    }

    /// Records what became of claimed messages, in one commit. A message that is delivered, undeliverable or dropped
    /// carries that over to the notices in it, unless a message that follows takes them over.
    ///
    /// A message that somebody dropped meanwhile stays dropped, unless it was delivered.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails; then nothing is recorded.
    pub async fn settle(&self, now: Instant, results: Vec<Settled>) -> Result<()> {
        if results.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        let mut entries = Vec::new();
        for settled in results {
            settle_one(&mut tx, now, &settled).await?;
            outbox::put(&mut tx, &settled.follow).await?;
            told::untell(&mut tx, now, &settled.untell).await?;
            entries.extend(settled.entries);
        }
        journal::append(&mut tx, entries).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Gives claimed messages back untried: their lane stopped before their turn.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn release(&self, ids: &[MessageId], next_attempt: Instant) -> Result<()> {
        let mut tx = self.begin().await?;
        for id in ids {
            sqlx::query("UPDATE messages SET state = 'waiting', next_attempt = $1 WHERE id = $2 AND state = 'sending'")
                .bind(ms(next_attempt))
                .bind(id.as_str())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// After a start: what was being sent when the last process ended may have arrived. It counts as an attempt with
    /// the outcome `unknown` and waits again, its bytes unchanged. Returns how many there were.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn recover(&self, now: Instant) -> Result<u32> {
        let mut tx = self.begin().await?;
        let ids: Vec<String> = sqlx::query_scalar("SELECT id FROM messages WHERE state = 'sending' ORDER BY id")
            .fetch_all(&mut *tx)
            .await?;
        let found = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        for id in ids {
            let settled = Settled {
                id: MessageId::new(id),
                outcome: "unknown".to_owned(),
                words: "the daemon stopped while it was being sent".to_owned(),
                state: MessageState::Waiting,
                next_attempt: now,
                frozen: true,
                plain: false,
                counts: true,
                entries: Vec::new(),
                follow: Vec::new(),
                untell: Vec::new(),
            };
            settle_one(&mut tx, now, &settled).await?;
        }
        tx.commit().await?;
        Ok(found)
    }

    /// The attempts at a message, in order.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn attempts(&self, id: &MessageId) -> Result<Vec<AttemptRow>> {
        let rows: Vec<(i64, i64, String, String)> =
            sqlx::query_as("SELECT number, at, outcome, words FROM attempts WHERE message = $1 ORDER BY number")
                .bind(id.as_str())
                .fetch_all(self.read())
                .await?;
        rows.into_iter()
            .map(|(number, at, outcome, words)| {
                Ok(AttemptRow {
                    message: id.clone(),
                    number: count(number)?,
                    at: instant(at)?,
                    outcome,
                    words,
                })
            })
            .collect()
    }

    /// The attempts since an instant, the oldest first: by which channel, and when.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn attempts_since(&self, since: Instant) -> Result<Vec<(ChannelId, Instant)>> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT messages.channel, attempts.at FROM attempts JOIN messages ON messages.id = attempts.message \
             WHERE attempts.at >= $1 ORDER BY attempts.at",
        )
        .bind(ms(since))
        .fetch_all(self.read())
        .await?;
        rows.into_iter()
            .map(|(channel, at)| Ok((ChannelId::new(channel), instant(at)?)))
            .collect()
    }

    /// The earliest instant at which a waiting message of these lanes is to be tried.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn next_message_at(&self, lanes: &[ChannelId]) -> Result<Option<Instant>> {
        let mut earliest: Option<i64> = None;
        for lane in lanes {
            let at: Option<i64> =
                sqlx::query_scalar("SELECT MIN(next_attempt) FROM messages WHERE channel = $1 AND state = 'waiting'")
                    .bind(lane.as_str())
                    .fetch_one(self.read())
                    .await?;
            earliest = earliest.into_iter().chain(at).min();
        }
        maybe_instant(earliest)
    }
}

async fn settle_one(link: &mut Link, now: Instant, settled: &Settled) -> Result<()> {
    let changed: Option<(String, i64)> = sqlx::query_as(
        "UPDATE messages SET attempts = attempts + $1, frozen = (frozen OR $2), plain = (plain OR $7), next_attempt = $3, \
         last_outcome = CASE WHEN state IN ('waiting', 'sending') OR $4 = 'delivered' THEN $5 ELSE last_outcome END, \
         state = CASE WHEN state IN ('waiting', 'sending') OR $4 = 'delivered' THEN $4 ELSE state END \
         WHERE id = $6 RETURNING state, attempts",
    )
    .bind(i64::from(settled.counts))
    .bind(settled.frozen)
    .bind(ms(settled.next_attempt))
    .bind(settled.state.as_str())
    .bind(format!("{}: {}", settled.outcome, settled.words))
    .bind(settled.id.as_str())
    .bind(settled.plain)
    .fetch_optional(&mut *link)
    .await?;
    let Some((state, attempts)) = changed else {
        return Ok(());
    };
    if settled.counts {
        sqlx::query("INSERT INTO attempts (message, number, at, outcome, words) VALUES ($1, $2, $3, $4, $5)")
            .bind(settled.id.as_str())
            .bind(attempts)
            .bind(ms(now))
            .bind(&settled.outcome)
            .bind(&settled.words)
            .execute(&mut *link)
            .await?;
    }
    if matches!(state.as_str(), "delivered" | "undeliverable" | "dropped") {
        // A delivery counts for notices that were given up too: it did arrive.
        sqlx::query(
            "UPDATE notices SET state = $1, why = CASE WHEN $1 = 'delivered' THEN NULL ELSE $2 END \
             WHERE message = $3 AND (state = 'queued' OR ($1 = 'delivered' AND state IN ('dropped', 'undeliverable')))",
        )
        .bind(state)
        .bind(&settled.words)
        .bind(settled.id.as_str())
        .execute(&mut *link)
        .await?;
    }
    Ok(())
}
