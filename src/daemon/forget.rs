//! Forgets what was said long ago (`[store] keep`): the words of delivered messages, a little at a time. Who was told
//! what, when and why stays.

use chrono::{DateTime, Months, TimeDelta, Utc};

use crate::daemon::{DaemonError, Engine};
use crate::domain::ladder::{Span, TimeUnit};

/// Messages whose words are forgotten in one transaction: an act need not wait for more.
const BATCH: u32 = 500;

impl Engine {
    /// Forgets what is older than is to be kept. Says of how many messages.
    ///
    /// # Errors
    /// Where the store fails; what was forgotten stays so.
    pub async fn forget_due(&self, now: DateTime<Utc>) -> Result<u64, DaemonError> {
        let Some(before) = self.config.keep.and_then(|span| back(now, span)) else {
            return Ok(0);
        };
        let mut forgotten = 0;
        loop {
            let messages = self.store.forget_words(before, BATCH).await?;
            forgotten += u64::from(messages);
            if messages < BATCH {
                break;
            }
            tokio::task::yield_now().await;
        }
        self.store.forget_rest(before).await?;
        if forgotten > 0 {
            tracing::info!("the words of {forgotten} messages were forgotten: they were delivered before {before}");
        }
        Ok(forgotten)
    }
}

fn back(now: DateTime<Utc>, span: Span) -> Option<DateTime<Utc>> {
    let amount = i64::from(span.amount);
    match span.unit {
        TimeUnit::Months => now.checked_sub_months(Months::new(span.amount)),
        TimeUnit::Weeks => now.checked_sub_signed(TimeDelta::try_weeks(amount)?),
        TimeUnit::Days | TimeUnit::WorkingDays => now.checked_sub_signed(TimeDelta::try_days(amount)?),
        TimeUnit::Hours | TimeUnit::Minutes | TimeUnit::Seconds => None,
    }
}
