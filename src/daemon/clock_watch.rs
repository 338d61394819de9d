//! A clock that stands before what was already written down is wrong now, or was wrong then: it is said loudly, because
//! what is due waits until the clock has caught up.

use chrono::{DateTime, TimeDelta, Utc};

use crate::daemon::{DaemonError, Engine};

/// A clock may be corrected by so much without a word.
const CORRECTION_MAX: TimeDelta = TimeDelta::minutes(5);

impl Engine {
    /// Logs an error where the clock stands before the newest journal entry. Nothing that was told is told again, since
    /// what was told is kept by its meaning and not by its time.
    pub(super) async fn look_at_clock(&self, now: DateTime<Utc>) -> Result<(), DaemonError> {
        let newest = self.store.head().await?.map(|head| head.at);
        let newest = newest.and_then(|at| DateTime::parse_from_rfc3339(&at).ok());
        if let Some(behind) = newest.and_then(|newest| behind(now, newest.to_utc())) {
            tracing::error!(
                behind.minutes = behind.num_minutes(),
                "the clock stands {} minutes before the newest journal entry: it is wrong now or was wrong then",
                behind.num_minutes()
            );
        }
        Ok(())
    }
}

/// By how much a clock is behind the newest entry, where that is more than a correction.
fn behind(now: DateTime<Utc>, newest: DateTime<Utc>) -> Option<TimeDelta> {
    Some(newest - now).filter(|behind| *behind > CORRECTION_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_more_than_five_minutes_before_the_newest_entry_is_behind() {
        let newest = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let six = TimeDelta::minutes(6);
        assert_eq!(behind(newest - six, newest), Some(six));
        assert_eq!(behind(newest - CORRECTION_MAX, newest), None);
        assert_eq!(behind(newest + six, newest), None);
    }
}
