//! What is due. One process works on a SQLite file, and it is inside its one writing transaction: looking is claiming.

use crate::domain::id::{ChannelId, MessageId};
use crate::store::cell::ms;
use crate::store::{Instant, Result};

use super::Link;

/// A row of `tasks`, undecoded.
pub(in crate::store) type TaskCells = (String, String, Option<i64>);

/// At most `limit` tasks whose instant has come, the earliest first.
pub(in crate::store) async fn due_tasks(link: &mut Link, now: Instant, limit: u32) -> Result<Vec<TaskCells>> {
    Ok(
        sqlx::query_as(
            "SELECT task, state, next_at FROM tasks WHERE next_at <= $1 ORDER BY next_at, position LIMIT $2",
        )
        .bind(ms(now))
        .bind(i64::from(limit))
        .fetch_all(link)
        .await?,
    )
}

/// At most `limit` waiting messages of a lane whose instant has come: word to the office first, then the longest due.
/// One look for each priority, so that the index gives them in order.
pub(in crate::store) async fn due_messages(
    link: &mut Link,
    lane: &ChannelId,
    now: Instant,
    limit: u32,
) -> Result<Vec<MessageId>> {
    let mut due = Vec::new();
    for priority in [0_i64, 1] {
        let left = i64::from(limit).saturating_sub(i64::try_from(due.len()).unwrap_or(i64::MAX));
        if left <= 0 {
            break;
        }
        let ids: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM messages WHERE channel = $1 AND state = 'waiting' AND priority = $2 \
             AND next_attempt <= $3 ORDER BY next_attempt, id LIMIT $4",
        )
        .bind(lane.as_str())
        .bind(priority)
        .bind(ms(now))
        .bind(left)
        .fetch_all(&mut *link)
        .await?;
        due.extend(ids.into_iter().map(MessageId::new));
    }
    Ok(due)
}
