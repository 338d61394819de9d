//! The outbox desk: what somebody asks of messages, and what is done to them by hand, in one transaction beside a running
//! daemon.

use serde_json::json;
use sqlx::AssertSqlSafe;

use crate::domain::audit::DISCARDED;
use crate::domain::id::{ChannelId, MessageId};
use crate::domain::journal::Draft;
use crate::domain::message::{Message, MessageState};

use super::cell::{ms, word};
use super::outbox::{self, Cells, select};
use super::sqlite::Link;
use super::{Instant, Result, Store, journal};

/// Which messages are meant; what is none is any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Where it stands.
    pub state: Option<MessageState>,
    /// By which channel.
    pub channel: Option<ChannelId>,
    /// To whom, by id or by name.
    pub to: Option<String>,
}

/// What somebody does to messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskAct {
    /// What.
    pub deed: Deed,
    /// Who.
    pub by: String,
    /// Why.
    pub note: Option<String>,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It is tried again at once.
    Retry {
        /// Also where it was delivered.
        again: bool,
    },
    /// It is not sent.
    Discard,
}

/// Somebody who is told in the place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instead {
    /// In which message.
    pub message: MessageId,
    /// Who, by name.
    pub name: String,
    /// By which channel.
    pub channel: ChannelId,
    /// Where that message stands.
    pub state: MessageState,
}

impl Store {
    /// The newest `limit` messages that are meant, the oldest of them first.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn wanted_messages(&self, wanted: &Wanted, limit: u32) -> Result<Vec<Message>> {
        let sql = format!(
            "{} WHERE ($1 IS NULL OR state = $1) AND ($2 IS NULL OR channel = $2) \
             AND ($3 IS NULL OR recipient = $3 OR content->>'$.recipient.name' = $3) \
             ORDER BY created DESC, id DESC LIMIT $4",
            select!("")
        );
        // Only our own words are in the text.
        let mut rows: Vec<Cells> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(wanted.state.map(MessageState::as_str))
            .bind(wanted.channel.as_ref().map(ChannelId::as_str))
            .bind(wanted.to.as_deref())
            .bind(i64::from(limit))
            .fetch_all(self.read())
            .await?;
        rows.reverse();
        rows.into_iter().map(outbox::message).collect()
    }

    /// In which other messages the notices of a message are now: who is told instead.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn told_instead(&self, id: &MessageId) -> Result<Vec<Instead>> {
        let rows: Vec<(String, String, String, String)> = sqlx::query_as(
            "SELECT DISTINCT other.id, other.content->>'$.recipient.name', other.channel, other.state \
             FROM messages JOIN json_each(messages.content, '$.notices') AS listed \
             JOIN notices ON notices.id = listed.value->>'id' JOIN messages AS other ON other.id = notices.message \
             WHERE messages.id = $1 AND other.id <> $1 ORDER BY other.created, other.id",
        )
        .bind(id.as_str())
        .fetch_all(self.read())
        .await?;
        rows.into_iter()
            .map(|(message, name, channel, state)| {
                Ok(Instead {
                    message: MessageId::new(message),
                    name,
                    channel: ChannelId::new(channel),
                    state: word(state)?,
                })
            })
            .collect()
    }

    /// Does something to messages: all of them, or none where one refuses. Inside, why one refuses.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails; then nothing is done.
    pub async fn desk(&self, now: Instant, ids: &[MessageId], act: &DeskAct) -> Result<Result<(), Vec<String>>> {
        let mut tx = self.begin().await?;
        let mut refusals = Vec::new();
        let mut entries = Vec::new();
        for id in ids {
            let row: Option<Cells> = sqlx::query_as(select!("WHERE id = $1"))
                .bind(id.as_str())
                .fetch_optional(&mut *tx)
                .await?;
            let Some(row) = row else {
                refusals.push(format!("message {id} is not in the store any more"));
                continue;
            };
            let message = outbox::message(row)?;
            if let Some(refusal) = refusal(&message, act.deed) {
                refusals.push(format!("message {id} {refusal}"));
                continue;
            }
            match act.deed {
                Deed::Retry { .. } => retry(&mut tx, now, &message).await?,
                Deed::Discard => discard(&mut tx, &message, act).await?,
            }
            entries.push(entry(now, &message, act));
        }
        if !refusals.is_empty() {
            return Ok(Err(refusals));
        }
        journal::append(&mut tx, entries).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }
}

fn refusal(message: &Message, deed: Deed) -> Option<String> {
    let is_forgotten = message.content.words.text.is_empty() && message.content.words.html.is_empty();
    let discarded = |outcome: &String| outcome.starts_with(DISCARDED);
    match (message.state, deed) {
        (MessageState::Sending, _) => Some("is being sent now: wait for its answer".to_owned()),
        (MessageState::Delivered, Deed::Discard) => Some("was delivered".to_owned()),
        (MessageState::Dropped, Deed::Discard) => Some("is dropped already".to_owned()),
        (MessageState::Delivered, Deed::Retry { again: false }) => {
            Some("was delivered: --again sends it once more".to_owned())
        }
        (_, Deed::Retry { .. }) if is_forgotten => Some("has no words any more: it is too old".to_owned()),
        (MessageState::Dropped, Deed::Retry { .. }) if !message.last_outcome.as_ref().is_some_and(discarded) => {
            let why = message.last_outcome.as_deref().unwrap_or("dropped");
            Some(format!(
                "was not sent for a reason ({why}); what still holds of it was planned again by itself"
            ))
        }
        (_, Deed::Retry { .. } | Deed::Discard) => None,
    }
}

/// It waits again under its id, with all its patience, and carries its notices again.
async fn retry(link: &mut Link, now: Instant, message: &Message) -> Result<()> {
    if message.state == MessageState::Waiting {
        sqlx::query("UPDATE messages SET next_attempt = $1 WHERE id = $2")
            .bind(ms(now))
            .bind(message.id.as_str())
            .execute(&mut *link)
            .await?;
        return Ok(());
    }
    sqlx::query(
        "UPDATE messages SET state = 'waiting', next_attempt = $1, created = $1, \
         climb = json_remove(climb, '$.tried_since') WHERE id = $2",
    )
    .bind(ms(now))
    .bind(message.id.as_str())
    .execute(&mut *link)
    .await?;
    // Whoever carries them instead and has not left yet finds them gone at the door.
    sqlx::query(
        "UPDATE notices SET message = $1, why = NULL, state = CASE WHEN state = 'delivered' AND message = $1 \
         THEN state ELSE 'queued' END WHERE (state <> 'dropped' OR why LIKE $2) AND (message = $1 OR id IN \
         (SELECT listed.value->>'id' FROM messages, json_each(messages.content, '$.notices') AS listed \
          WHERE messages.id = $1))",
    )
    .bind(message.id.as_str())
    .bind(format!("{DISCARDED}%"))
    .execute(link)
    .await?;
    Ok(())
}

async fn discard(link: &mut Link, message: &Message, act: &DeskAct) -> Result<()> {
    let why = format!("{DISCARDED}{}: {}", act.by, act.note.as_deref().unwrap_or_default());
    sqlx::query("UPDATE messages SET state = 'dropped', last_outcome = $1 WHERE id = $2")
        .bind(&why)
        .bind(message.id.as_str())
        .execute(&mut *link)
        .await?;
    // They count as told: nobody plans them again.
    sqlx::query(
        "UPDATE notices SET state = 'dropped', why = $1 WHERE message = $2 AND state IN ('queued', 'undeliverable')",
    )
    .bind(&why)
    .bind(message.id.as_str())
    .execute(link)
    .await?;
    Ok(())
}

fn entry(now: Instant, message: &Message, act: &DeskAct) -> Draft {
    let notices: Vec<_> = message.content.notices.iter().map(|notice| &notice.id).collect();
    Draft {
        at: now,
        task: message.content.thread.clone(),
        kind: match act.deed {
            Deed::Retry { .. } => "retried",
            Deed::Discard => "discarded",
        }
        .to_owned(),
        by: act.by.clone(),
        data: json!({
            "message": message.id,
            "channel": message.channel,
            "recipient": message.content.recipient.id,
            "notices": notices,
            "was": message.state.as_str(),
            "note": act.note,
        }),
    }
}
