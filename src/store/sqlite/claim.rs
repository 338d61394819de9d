//! What is due. One process works on a SQLite file, and it is inside its one writing transaction: looking is claiming.

use crate::domain::id::{ChannelId, MessageId};
use crate::store::cell::ms;
use crate::store::delivery::Claim;
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

/// At most `limit` waiting messages of a lane whose instant has come: word to the office first, then the loudest, of these
/// the oldest, and parts of one message in their order.
pub(in crate::store) async fn due_messages(
    link: &mut Link,
    lane: &ChannelId,
    now: Instant,
    limit: u32,
    claim: Claim,
) -> Result<Vec<MessageId>> {
    let lowest: i64 = match claim {
        Claim::All => i64::MAX,
        Claim::WordsToOffice => 0,
    };
    let ids: Vec<String> = sqlx::query_scalar(
        "SELECT id FROM messages WHERE channel = $1 AND state = 'waiting' AND next_attempt <= $2 AND priority <= $4 \
         ORDER BY priority, created, position, next_attempt, id LIMIT $3",
    )
    .bind(lane.as_str())
    .bind(ms(now))
    .bind(i64::from(limit))
    .bind(lowest)
    .fetch_all(&mut *link)
    .await?;
    Ok(ids.into_iter().map(MessageId::new).collect())
}
