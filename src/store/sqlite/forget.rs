//! Files that no message needs any more.

use crate::store::cell::ms;
use crate::store::{Instant, Result};

use super::Link;

/// Forgets the files that were last put there before `before`, but for those of messages that may still be sent.
pub(in crate::store) async fn forget_files(link: &mut Link, before: Instant) -> Result<()> {
    sqlx::query(
        "DELETE FROM files WHERE kept < $1 AND hash NOT IN \
         (SELECT attachment.value->>'hash' FROM messages, json_each(messages.content, '$.attachments') AS attachment \
          WHERE messages.state IN ('waiting', 'sending', 'undeliverable') AND attachment.value->>'hash' IS NOT NULL)",
    )
    .bind(ms(before))
    .execute(link)
    .await?;
    Ok(())
}

/// See [`Store::forget_words`](crate::store::Store::forget_words). The freed pages serve what comes next: the file does not
/// shrink, and a backup of it is compact.
pub(in crate::store) async fn forget_words(link: &mut Link, before: Instant, limit: u32) -> Result<u32> {
    let done = sqlx::query(
        "UPDATE messages SET forgotten = TRUE, content = json_remove(json_set(content, '$.words.text', '', \
         '$.words.html', '', '$.words.markdown', '', '$.notices', json('[]')), \
         '$.words.chat', '$.attachments', '$.calendar') \
         WHERE id IN (SELECT id FROM messages WHERE state = 'delivered' AND NOT forgotten AND created < $1 \
         ORDER BY created LIMIT $2)",
    )
    .bind(ms(before))
    .bind(i64::from(limit))
    .execute(link)
    .await?;
    Ok(u32::try_from(done.rows_affected()).unwrap_or(u32::MAX))
}
