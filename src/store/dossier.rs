//! What a self-audit asks: everything of one task at one moment, and what holds of the outbox as a whole. It only looks.

use std::collections::BTreeMap;

use crate::domain::audit::{Dossier, HeldNotice};
use crate::domain::id::{ChannelId, MessageId, NoticeId, TaskId};
use crate::domain::journal::Entry;
use crate::domain::message::MessageState;
use crate::domain::notice::{Notice, Told};

use super::cell::{instant, ms, parse, word};
use super::journal::{self, Cells as EntryCells};
use super::{Instant, Result, Store, tasks, told};

/// So many ids of one kind of fault are named.
const NAMED: i64 = 100;

/// A message that is not at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenMessage {
    /// Which one.
    pub id: MessageId,
    /// By which channel.
    pub channel: ChannelId,
    /// To whom.
    pub recipient: String,
    /// Waiting or being sent.
    pub state: MessageState,
    /// When it is to be tried next.
    pub next_attempt: Instant,
}

impl Store {
    /// The ids of all tasks, in ledger order.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn task_ids(&self) -> Result<Vec<TaskId>> {
        let ids: Vec<String> = sqlx::query_scalar("SELECT id FROM tasks ORDER BY position, id")
            .fetch_all(self.read())
            .await?;
        Ok(ids.into_iter().map(TaskId::new).collect())
    }

    /// Everything that is held of a task, as of one moment; none where there is no such task.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn dossier(&self, id: &TaskId) -> Result<Option<Dossier>> {
        // One reading transaction sees one state, however much is written meanwhile.
        let mut tx = self.read().begin().await?;
        let row: Option<tasks::Cells> = sqlx::query_as("SELECT task, state, next_at FROM tasks WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let stored = tasks::stored(row)?;
        let entries: Vec<EntryCells> = sqlx::query_as(
            "SELECT seq, at, task, kind, who, data, prev, hash FROM journal WHERE task = $1 ORDER BY seq",
        )
        .bind(id.as_str())
        .fetch_all(&mut *tx)
        .await?;
        let notices: Vec<NoticeCells> = sqlx::query_as(
            "SELECT notices.id, notices.notice, notices.state, notices.message, messages.state, notices.why FROM notices \
             LEFT JOIN messages ON messages.id = notices.message WHERE notices.task = $1 ORDER BY notices.at, notices.id",
        )
        .bind(id.as_str())
        .fetch_all(&mut *tx)
        .await?;
        let told = told::of_task(&mut tx, id).await?;
        tx.commit().await?;
        Ok(Some(Dossier {
            task: stored.task,
            state: stored.state,
            next_at: stored.next_at,
            entries: entries.into_iter().map(journal::entry).collect::<Result<_>>()?,
            notices: notices.into_iter().map(held).collect::<Result<_>>()?,
            told: told
                .into_iter()
                .map(|row| Told {
                    key: row.key,
                    occurrence: row.occurrence,
                    level: row.level,
                    reason: row.reason,
                    sent: row.sent,
                })
                .collect(),
        }))
    }

    /// The waiting messages whose time came before `before`, and those being sent that were to be tried before it; the
    /// oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn overdue_messages(&self, before: Instant) -> Result<Vec<OpenMessage>> {
        let rows: Vec<(String, String, String, String, i64)> = sqlx::query_as(
            "SELECT id, channel, recipient, state, next_attempt FROM messages \
             WHERE state IN ('waiting', 'sending') AND next_attempt < $1 ORDER BY next_attempt, id",
        )
        .bind(ms(before))
        .fetch_all(self.read())
        .await?;
        rows.into_iter()
            .map(|(id, channel, recipient, state, next_attempt)| {
                Ok(OpenMessage {
                    id: MessageId::new(id),
                    channel: ChannelId::new(channel),
                    recipient,
                    state: word(state)?,
                    next_attempt: instant(next_attempt)?,
                })
            })
            .collect()
    }

    /// When each channel last had an answer, or its lack, recorded.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn last_attempts(&self, since: Instant) -> Result<BTreeMap<ChannelId, Instant>> {
        Ok(self.attempts_since(since).await?.into_iter().collect())
    }

    /// Messages that the journal tells of, or a kept review, and that are not in the store any more.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn lost_messages(&self, since: Instant) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar(
            "SELECT DISTINCT named.id FROM (\
                SELECT data->>'message' AS id FROM journal \
                WHERE kind IN ('delivered', 'undeliverable', 'dropped') AND at >= $1 \
                UNION SELECT message FROM kept_reviews WHERE at >= $1) AS named \
             WHERE named.id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM messages WHERE messages.id = named.id) LIMIT $2",
        )
        .bind(ms(since))
        .bind(NAMED)
        .fetch_all(self.read())
        .await?)
    }

    /// Messages that count as delivered, and the journal does not tell of it.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn untold_deliveries(&self, since: Instant) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar(
            "SELECT id FROM messages WHERE state = 'delivered' AND created >= $1 AND id NOT IN \
             (SELECT data->>'message' FROM journal WHERE kind = 'delivered' AND at >= $1 AND data->>'message' IS NOT NULL) \
             LIMIT $2",
        )
        .bind(ms(since))
        .bind(NAMED)
        .fetch_all(self.read())
        .await?)
    }

    /// Tasks of which the journal or the notices tell and that are not stored.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn lost_tasks(&self) -> Result<Vec<TaskId>> {
        let ids: Vec<String> = sqlx::query_scalar(
            "SELECT task FROM journal WHERE kind = 'loaded' AND task IS NOT NULL AND task NOT IN (SELECT id FROM tasks) \
             UNION SELECT task FROM notices WHERE task NOT IN (SELECT id FROM tasks) LIMIT $1",
        )
        .bind(NAMED)
        .fetch_all(self.read())
        .await?;
        Ok(ids.into_iter().map(TaskId::new).collect())
    }

    /// The last entry of a kind.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn last_of_kind(&self, kind: &str) -> Result<Option<Entry>> {
        let row: Option<EntryCells> = sqlx::query_as(
            "SELECT seq, at, task, kind, who, data, prev, hash FROM journal WHERE kind = $1 ORDER BY seq DESC LIMIT 1",
        )
        .bind(kind)
        .fetch_optional(self.read())
        .await?;
        row.map(journal::entry).transpose()
    }
}

type NoticeCells = (String, String, String, Option<String>, Option<String>, Option<String>);

fn held((id, notice, state, message, message_state, why): NoticeCells) -> Result<HeldNotice> {
    let notice: Notice = parse("a notice", &notice)?;
    Ok(HeldNotice {
        // As the row has it, so that one whose text has another id is not taken for that other one.
        notice: Notice {
            id: NoticeId::new(id),
            ..notice
        },
        state: word(state)?,
        message: message.map(MessageId::new),
        message_state: message_state.map(word).transpose()?,
        why,
    })
}
