//! The outbox: notices that wait to be put into messages, and messages that wait to be sent.

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;

use crate::domain::audit::DISCARDED;
use crate::domain::id::{ChannelId, MessageId, NoticeId, TaskId};
use crate::domain::journal::Draft;
use crate::domain::ladder::Level;
use crate::domain::message::{FileBytes, Message, MessageKind, MessageState};
use crate::domain::notice::{Notice, NoticeState, Recipient, ToldKey};

use super::cell::{count, instant, json, maybe_instant, ms, parse, word};
use super::sqlite::{self, Link};
use super::{Instant, Result, Store, files, journal, told};

/// What the composer decided about waiting notices.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueBatch {
    /// New messages, or the same composed again, each with the notices it carries from now on. A new one is stored
    /// in the state it has: `Sending` where it takes the place of a claimed one and goes out at once.
    pub messages: Vec<(Message, Vec<NoticeId>)>,
    /// Notices that are not sent, and why; no message carries them any more.
    pub dropped: Vec<(NoticeId, String)>,
    /// Unsent messages whose notices went into `messages`. A notice of theirs that is in none of them waits again.
    pub replaced: Vec<MessageId>,
    /// What is to be planned again.
    pub untell: Vec<(TaskId, ToldKey, u32)>,
    /// What to write in the journal.
    pub entries: Vec<Draft>,
    /// The bytes of what `messages` have attached.
    pub files: Vec<FileBytes>,
}

/// Somebody, or a group, who has notices that no message carries yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingRecipient {
    /// As [`recipient_key`] writes it.
    pub recipient: String,
    /// When the oldest was to go out.
    pub oldest: Instant,
    /// How many of them are late.
    pub late: u32,
}

/// How a recipient is known in the store: `person:ID` or `channel:ID`.
#[must_use]
pub fn recipient_key(recipient: &Recipient) -> String {
    format!("{}:{}", recipient.kind.as_str(), recipient.id)
}

/// The outbox in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboxCounts {
    /// Messages that wait.
    pub waiting: u32,
    /// Messages being sent.
    pub sending: u32,
    /// Messages delivered.
    pub delivered: u32,
    /// Messages that could not be delivered.
    pub undeliverable: u32,
    /// Messages not sent, for a reason.
    pub dropped: u32,
    /// Waiting messages of each channel: how many, and since when the oldest.
    pub waiting_by_channel: BTreeMap<ChannelId, (u32, Instant)>,
}

pub(super) type Cells = (
    String,
    String,
    String,
    String,
    String,
    i64,
    i64,
    i64,
    bool,
    bool,
    Option<String>,
    String,
);

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, kind, channel, content, state, created, next_attempt, attempts, frozen, plain, last_outcome, climb \
             FROM messages ",
            $rest
        )
    };
}
pub(super) use select;

impl Store {
    /// Who has notices whose time has come and that no message carries yet.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn waiting_recipients(&self, now: Instant) -> Result<Vec<WaitingRecipient>> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT recipient, MIN(at), SUM(late) FROM notices WHERE state = 'waiting' AND at <= $1 \
             GROUP BY recipient ORDER BY recipient",
        )
        .bind(ms(now))
        .fetch_all(self.read())
        .await?;
        rows.into_iter()
            .map(|(recipient, oldest, late)| {
                Ok(WaitingRecipient {
                    recipient,
                    oldest: instant(oldest)?,
                    late: count(late)?,
                })
            })
            .collect()
    }

    /// One recipient's notices whose time has come and that no message carries yet, ordered by time and id.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn waiting_notices_of(&self, recipient: &str, now: Instant) -> Result<Vec<Notice>> {
        let rows: Vec<String> = sqlx::query_scalar(
            "SELECT notice FROM notices WHERE state = 'waiting' AND recipient = $1 AND at <= $2 ORDER BY at, id",
        )
        .bind(recipient)
        .bind(ms(now))
        .fetch_all(self.read())
        .await?;
        rows.iter().map(|text| parse("a notice", text)).collect()
    }

    /// The earliest instant at which a notice waits to be put into a message.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn next_notice_at(&self) -> Result<Option<Instant>> {
        let at: Option<i64> = sqlx::query_scalar("SELECT MIN(at) FROM notices WHERE state = 'waiting'")
            .fetch_one(self.read())
            .await?;
        maybe_instant(at)
    }

    /// Puts messages into the outbox, in one transaction. Returns how many were not there before.
    ///
    /// A message that is there already keeps its id, its making and its attempts. Its content is replaced while
    /// nothing of it may have arrived; afterwards it stands as it is. One that had ended without success waits again.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails; then nothing is stored.
    pub async fn queue(&self, now: Instant, batch: QueueBatch) -> Result<u32> {
        let mut tx = self.begin().await?;
        files::keep(&mut tx, now, &batch.files).await?;
        let new = put(&mut tx, &batch.messages).await?;
        for (id, why) in &batch.dropped {
            sqlx::query(
                "UPDATE notices SET state = 'dropped', message = NULL, why = $1 WHERE id = $2 AND state <> 'delivered'",
            )
            .bind(why)
            .bind(id.as_str())
            .execute(&mut *tx)
            .await?;
        }
        for id in &batch.replaced {
            if batch.messages.iter().any(|(message, _)| message.id == *id) {
                continue;
            }
            sqlx::query(
                "UPDATE messages SET state = 'dropped', last_outcome = 'dropped: composed anew' \
                 WHERE id = $1 AND state IN ('waiting', 'sending')",
            )
            .bind(id.as_str())
            .execute(&mut *tx)
            .await?;
            sqlx::query("UPDATE notices SET state = 'waiting', message = NULL WHERE message = $1 AND state = 'queued'")
                .bind(id.as_str())
                .execute(&mut *tx)
                .await?;
        }
        told::untell(&mut tx, now, &batch.untell).await?;
        journal::append(&mut tx, batch.entries).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// One message.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn message(&self, id: &MessageId) -> Result<Option<Message>> {
        let row: Option<Cells> = sqlx::query_as(select!("WHERE id = $1"))
            .bind(id.as_str())
            .fetch_optional(self.read())
            .await?;
        row.map(message).transpose()
    }

    /// The newest `limit` messages in these states (none given: in any), the oldest of them first.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn messages(&self, states: &[MessageState], limit: u32) -> Result<Vec<Message>> {
        let words: Vec<String> = states.iter().map(|state| format!("'{}'", state.as_str())).collect();
        let chosen = if words.is_empty() {
            String::new()
        } else {
            format!("WHERE state IN ({})", words.join(", "))
        };
        // Only words of our own enum go into the text.
        let sql = format!("{} {chosen} ORDER BY created DESC, id DESC LIMIT $1", select!(""));
        let mut rows: Vec<Cells> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(i64::from(limit))
            .fetch_all(self.read())
            .await?;
        rows.reverse();
        rows.into_iter().map(message).collect()
    }

    /// The waiting messages to one recipient in one lane, the oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn waiting_to(&self, recipient: &str, lane: &ChannelId) -> Result<Vec<Message>> {
        let rows: Vec<Cells> = sqlx::query_as(select!(
            "WHERE recipient = $1 AND channel = $2 AND state = 'waiting' ORDER BY created, id"
        ))
        .bind(recipient)
        .bind(lane.as_str())
        .fetch_all(self.read())
        .await?;
        rows.into_iter().map(message).collect()
    }

    /// How many messages wait for a lane.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn waiting_count(&self, lane: &ChannelId) -> Result<u32> {
        let waiting: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM messages WHERE channel = $1 AND state = 'waiting'")
            .bind(lane.as_str())
            .fetch_one(self.read())
            .await?;
        count(waiting)
    }

    /// Everything that waits for a lane, the oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn waiting_on(&self, lane: &ChannelId) -> Result<Vec<Message>> {
        let rows: Vec<Cells> = sqlx::query_as(select!("WHERE channel = $1 AND state = 'waiting' ORDER BY created, id"))
            .bind(lane.as_str())
            .fetch_all(self.read())
            .await?;
        rows.into_iter().map(message).collect()
    }

    /// The notices that a message carries now, ordered by time and id.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn notices_of(&self, id: &MessageId) -> Result<Vec<Notice>> {
        let rows: Vec<String> = sqlx::query_scalar("SELECT notice FROM notices WHERE message = $1 ORDER BY at, id")
            .bind(id.as_str())
            .fetch_all(self.read())
            .await?;
        rows.iter().map(|text| parse("a notice", text)).collect()
    }

    /// All notices of a task with where they stand, ordered by time and id.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn notices_of_task(&self, task: &TaskId) -> Result<Vec<(Notice, NoticeState, Option<MessageId>)>> {
        let rows: Vec<(String, String, Option<String>)> =
            sqlx::query_as("SELECT notice, state, message FROM notices WHERE task = $1 ORDER BY at, id")
                .bind(task.as_str())
                .fetch_all(self.read())
                .await?;
        rows.into_iter()
            .map(|(notice, state, message)| {
                Ok((parse("a notice", &notice)?, word(state)?, message.map(MessageId::new)))
            })
            .collect()
    }

    /// Why notices of a task were not delivered, where that was recorded.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn undelivered_reasons(&self, task: &TaskId) -> Result<BTreeMap<NoticeId, String>> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("SELECT id, why FROM notices WHERE task = $1 AND why IS NOT NULL")
                .bind(task.as_str())
                .fetch_all(self.read())
                .await?;
        Ok(rows.into_iter().map(|(id, why)| (NoticeId::new(id), why)).collect())
    }

    /// At most `limit` ids of messages that begin with `beginning`, in order. No letter of an id is past `f`.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn message_ids(&self, beginning: &str, limit: u32) -> Result<Vec<MessageId>> {
        let ids: Vec<String> =
            sqlx::query_scalar("SELECT id FROM messages WHERE id >= $1 AND id < $2 ORDER BY id LIMIT $3")
                .bind(beginning)
                .bind(format!("{beginning}g"))
                .bind(i64::from(limit))
                .fetch_all(self.read())
                .await?;
        Ok(ids.into_iter().map(MessageId::new).collect())
    }

    /// For each task, the time of its last notice that is on its way or delivered.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn last_notices(&self) -> Result<BTreeMap<TaskId, Instant>> {
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT task, MAX(at) FROM notices WHERE state IN ('queued', 'delivered') GROUP BY task")
                .fetch_all(self.read())
                .await?;
        rows.into_iter()
            .map(|(task, at)| Ok((TaskId::new(task), instant(at)?)))
            .collect()
    }

    /// The outbox in numbers.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) where the database fails.
    pub async fn counts(&self) -> Result<OutboxCounts> {
        let mut counts = OutboxCounts::default();
        let states: Vec<(String, i64)> = sqlx::query_as("SELECT state, COUNT(*) FROM messages GROUP BY state")
            .fetch_all(self.read())
            .await?;
        for (state, number) in states {
            let number = count(number)?;
            match word::<MessageState>(state)? {
                MessageState::Waiting => counts.waiting = number,
                MessageState::Sending => counts.sending = number,
                MessageState::Delivered => counts.delivered = number,
                MessageState::Undeliverable => counts.undeliverable = number,
                MessageState::Dropped => counts.dropped = number,
            }
        }
        let channels: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT channel, COUNT(*), MIN(created) FROM messages WHERE state = 'waiting' GROUP BY channel",
        )
        .fetch_all(self.read())
        .await?;
        for (channel, number, oldest) in channels {
            counts
                .waiting_by_channel
                .insert(ChannelId::new(channel), (count(number)?, instant(oldest)?));
        }
        Ok(counts)
    }
}

/// Puts messages into the outbox, within a transaction; see [`Store::queue`]. Returns how many are new.
pub(super) async fn put(link: &mut Link, messages: &[(Message, Vec<NoticeId>)]) -> Result<u32> {
    let mut new = 0;
    for (message, notices) in messages {
        new += u32::from(put_one(link, message, notices).await?);
    }
    Ok(new)
}

/// Puts one message into the outbox; says whether it is new.
pub(super) async fn put_one(link: &mut Link, message: &Message, notices: &[NoticeId]) -> Result<bool> {
    let there: Option<(String, bool, bool)> =
        sqlx::query_as("SELECT state, frozen, coalesce(last_outcome LIKE $2, FALSE) FROM messages WHERE id = $1")
            .bind(message.id.as_str())
            .bind(format!("{DISCARDED}%"))
            .fetch_optional(&mut *link)
            .await?;
    let is_new = there.is_none();
    let state = match there {
        None => {
            insert(link, message).await?;
            message.state
        }
        Some((state, frozen, is_discarded)) => {
            let state: MessageState = word(state)?;
            if state == MessageState::Dropped && is_discarded && message.climb.origin.is_some() {
                stay_discarded(link, &message.id, notices).await?;
                return Ok(false);
            }
            again(link, message, state, frozen).await?;
            state
        }
    };
    sqlite::attach_notices(link, &message.id, state, notices).await?;
    Ok(is_new)
}

async fn insert(link: &mut Link, message: &Message) -> Result<()> {
    sqlx::query(
        "INSERT INTO messages (id, kind, channel, priority, content, state, created, next_attempt, attempts, frozen, \
         last_outcome, climb, recipient, plain, position) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(message.id.as_str())
    .bind(message.kind.as_str())
    .bind(message.channel.as_str())
    .bind(priority(message))
    .bind(json(&message.content)?)
    .bind(message.state.as_str())
    .bind(ms(message.created))
    .bind(ms(message.next_attempt))
    .bind(i64::from(message.attempts))
    .bind(message.frozen)
    .bind(message.last_outcome.as_deref())
    .bind(json(&message.climb)?)
    .bind(&message.content.recipient.id)
    .bind(message.plain)
    .bind(position(message))
    .execute(link)
    .await?;
    Ok(())
}

/// What goes up comes to a message of which somebody decided that it is not sent: it is not, and its notices end there.
async fn stay_discarded(link: &mut Link, id: &MessageId, notices: &[NoticeId]) -> Result<()> {
    sqlx::query(
        "UPDATE notices SET state = 'dropped', message = $1, why = (SELECT last_outcome FROM messages WHERE id = $1) \
         WHERE id IN (SELECT value FROM json_each($2)) AND state <> 'delivered'",
    )
    .bind(id.as_str())
    .bind(json(&notices)?)
    .execute(link)
    .await?;
    Ok(())
}

/// The same message once more, while it stands as `state`.
async fn again(link: &mut Link, message: &Message, state: MessageState, frozen: bool) -> Result<()> {
    let next = match state {
        MessageState::Delivered => return Ok(()),
        MessageState::Waiting | MessageState::Sending if frozen => return Ok(()),
        MessageState::Waiting | MessageState::Sending => state,
        MessageState::Undeliverable | MessageState::Dropped => MessageState::Waiting,
    };
    sqlx::query(
        "UPDATE messages SET channel = $1, state = $2, next_attempt = $3, climb = $4, \
         created = CASE WHEN state IN ('undeliverable', 'dropped') THEN $8 ELSE created END, \
         content = CASE WHEN frozen THEN content ELSE $5 END, \
         recipient = CASE WHEN frozen THEN recipient ELSE $7 END, \
         plain = (frozen AND plain), priority = $9, position = $10 WHERE id = $6",
    )
    .bind(message.channel.as_str())
    .bind(next.as_str())
    .bind(ms(message.next_attempt))
    .bind(json(&message.climb)?)
    .bind(json(&message.content)?)
    .bind(message.id.as_str())
    .bind(&message.content.recipient.id)
    .bind(ms(message.created))
    .bind(priority(message))
    .bind(position(message))
    .execute(link)
    .await?;
    Ok(())
}

/// Word to the office goes before all else, and then the loudest first.
fn priority(message: &Message) -> i64 {
    let loudest = message.content.notices.iter().map(|notice| notice.level).max();
    match (message.kind, loudest) {
        (MessageKind::System | MessageKind::Undeliverable, _) => 0,
        (_, Some(Level::Summon)) => 1,
        (_, Some(Level::Escalate)) => 2,
        (_, Some(Level::Overdue) | None) => 3,
        (_, Some(Level::Due)) => 4,
        (_, Some(Level::Warn)) => 5,
        (_, Some(Level::Remind)) => 6,
    }
}

/// Parts of one message leave in their order.
fn position(message: &Message) -> i64 {
    message
        .content
        .words
        .chat
        .part
        .map_or(0, |(number, _)| i64::from(number))
}

/// Reads a row of [`select`].
pub(super) fn message(
    (id, kind, channel, content, state, created, next_attempt, attempts, frozen, plain, last_outcome, climb): Cells,
) -> Result<Message> {
    Ok(Message {
        kind: word(kind)?,
        channel: ChannelId::new(channel),
        content: parse(&format!("the content of message {id}"), &content)?,
        state: word(state)?,
        created: instant(created)?,
        next_attempt: instant(next_attempt)?,
        attempts: count(attempts)?,
        frozen,
        plain,
        last_outcome,
        climb: parse(&format!("the way of message {id}"), &climb)?,
        id: MessageId::new(id),
    })
}
