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
