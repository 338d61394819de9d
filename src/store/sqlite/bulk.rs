//! Many rows in one statement: they go in as one JSON array, which SQLite takes apart by itself.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::domain::id::{MessageId, NoticeId, TaskId};
use crate::domain::journal::{Entry, canonical};
use crate::domain::message::MessageState;
use crate::domain::notice::{Notice, NoticeState, Told};
use crate::store::cell;
use crate::store::{Change, Instant, Result};

use super::Link;

/// Rows in one statement: large enough to be quick, small enough to stay in the cache.
const ROWS: usize = 500;

/// Inserts tasks or replaces them.
pub(in crate::store) async fn upsert_tasks(link: &mut Link, changes: &[Change]) -> Result<()> {
    for chunk in changes.chunks(ROWS) {
        let rows = chunk
            .iter()
            .map(|change| {
                Ok(json!([
                    change.task.id,
                    change.task.order,
                    change.state.standing().as_str(),
                    cell::json(&change.task)?,
                    cell::json(&change.state)?,
                    change.next_at.map(cell::ms),
                ]))
            })
            .collect::<Result<Vec<_>>>()?;
        run(
            link,
            "INSERT INTO tasks (id, position, standing, task, state, next_at) \
             SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5 FROM json_each($1) WHERE true \
             ON CONFLICT (id) DO UPDATE SET position = excluded.position, standing = excluded.standing, \
             task = excluded.task, state = excluded.state, next_at = excluded.next_at",
            rows,
        )
        .await?;
    }
    Ok(())
}

/// Sets the instants at which tasks next matter.
pub(in crate::store) async fn set_next(link: &mut Link, next: &[(TaskId, Option<Instant>)]) -> Result<()> {
    for chunk in next.chunks(ROWS) {
        let rows = chunk.iter().map(|(id, at)| json!([id, at.map(cell::ms)])).collect();
        run(
            link,
            "UPDATE tasks SET next_at = given.at \
             FROM (SELECT value->>0 AS id, value->>1 AS at FROM json_each($1)) AS given WHERE tasks.id = given.id",
            rows,
        )
        .await?;
    }
    Ok(())
}

/// Appends entries that already have their place.
pub(in crate::store) async fn insert_entries(link: &mut Link, entries: &[(i64, Entry)]) -> Result<()> {
    for chunk in entries.chunks(ROWS) {
        let rows = chunk
            .iter()
            .map(|(at, entry)| {
                json!([
                    entry.seq,
                    at,
                    entry.task,
                    entry.kind,
                    entry.by,
                    canonical(&entry.data),
                    entry.prev,
                    entry.hash
                ])
            })
            .collect();
        run(
            link,
            "INSERT INTO journal (seq, at, task, kind, who, data, prev, hash) \
             SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7 \
             FROM json_each($1)",
            rows,
        )
        .await?;
    }
    Ok(())
}

/// Inserts notices as waiting and returns the ids that were not there, or were dropped and are wanted again.
pub(in crate::store) async fn insert_notices(link: &mut Link, notices: &[&Notice]) -> Result<BTreeSet<NoticeId>> {
    let mut new = BTreeSet::new();
    for chunk in notices.chunks(ROWS) {
        let rows = chunk
            .iter()
            .map(|notice| {
                Ok(json!([
                    notice.id,
                    notice.task,
                    cell::ms(notice.at),
                    crate::store::outbox::recipient_key(&notice.recipient),
                    i64::from(notice.late),
                    cell::json(notice)?
                ]))
            })
            .collect::<Result<Vec<_>>>()?;
        let ids: Vec<String> = sqlx::query_scalar(
            "INSERT INTO notices (id, task, at, recipient, late, notice, state) \
             SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, 'waiting' \
             FROM json_each($1) WHERE true \
             ON CONFLICT (id) DO UPDATE SET at = excluded.at, late = excluded.late, notice = excluded.notice, \
             state = 'waiting', message = NULL, why = NULL WHERE notices.state = 'dropped' RETURNING id",
        )
        .bind(Value::Array(rows).to_string())
        .fetch_all(&mut *link)
        .await?;
        new.extend(ids.into_iter().map(NoticeId::new));
    }
    Ok(new)
}

/// Raises the high-water marks of what was told; they never sink here.
pub(in crate::store) async fn mark_told(link: &mut Link, at: Instant, told: &[(TaskId, Told)]) -> Result<()> {
    for chunk in told.chunks(ROWS) {
        let rows = chunk
            .iter()
            .map(|(task, told)| {
                let key = &told.key;
                let level = crate::store::told::rank(told.level);
                json!([
                    task,
                    key.round,
                    key.anchor,
                    key.anchor_value,
                    key.step,
                    key.role,
                    told.occurrence,
                    level,
                    told.sent,
                    told.reason,
                    cell::ms(at)
                ])
            })
            .collect();
        run(
            link,
            "INSERT INTO told (task, round, anchor, anchor_value, step, role, occurrence, level, sent, reason, at) \
             SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, \
             value->>8, value->>9, value->>10 FROM json_each($1) WHERE true \
             ON CONFLICT (task, round, anchor, anchor_value, step, role) DO UPDATE SET \
             sent = CASE WHEN excluded.occurrence > told.occurrence THEN excluded.sent \
                WHEN excluded.occurrence = told.occurrence THEN told.sent OR excluded.sent ELSE told.sent END, \
             reason = CASE WHEN excluded.occurrence > told.occurrence THEN excluded.reason ELSE told.reason END, \
             at = CASE WHEN excluded.occurrence > told.occurrence THEN excluded.at ELSE told.at END, \
             occurrence = CASE WHEN excluded.occurrence > told.occurrence THEN excluded.occurrence \
                ELSE told.occurrence END, \
             level = CASE WHEN excluded.level > told.level THEN excluded.level ELSE told.level END",
            rows,
        )
        .await?;
    }
    Ok(())
}

/// Puts notices into a message; what is delivered stays.
pub(in crate::store) async fn attach_notices(
    link: &mut Link,
    message: &MessageId,
    state: MessageState,
    ids: &[NoticeId],
) -> Result<()> {
    let state = match state {
        MessageState::Delivered => NoticeState::Delivered,
        MessageState::Waiting | MessageState::Sending | MessageState::Undeliverable | MessageState::Dropped => {
            NoticeState::Queued
        }
    };
    for chunk in ids.chunks(ROWS) {
        sqlx::query(
            "UPDATE notices SET message = $1, state = $2, why = NULL \
             WHERE id IN (SELECT value FROM json_each($3)) AND state <> 'delivered'",
        )
        .bind(message.as_str())
        .bind(state.as_str())
        .bind(cell::json(&chunk)?)
        .execute(&mut *link)
        .await?;
    }
    Ok(())
}

async fn run(link: &mut Link, sql: &'static str, rows: Vec<Value>) -> Result<()> {
    sqlx::query(sql)
        .bind(Value::Array(rows).to_string())
        .execute(link)
        .await?;
    Ok(())
}
