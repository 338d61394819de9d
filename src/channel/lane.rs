//! What every channel has, whatever its vendor: how fast, how many at once, how long, when again, and whom it reaches.

use chrono::TimeDelta;

use crate::domain::id::PersonId;

/// At most so many messages in so much time; the daemon holds to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Messages.
    pub count: u32,
    /// In this time.
    pub per: TimeDelta,
}

/// The common part of a channel's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// How fast it may send; none: as fast as it can.
    pub budget: Option<Budget>,
    /// How many sends at once; for mail also the number of connections. At least 1.
    pub concurrency: usize,
    /// How long to wait for an answer: for mail to each command (the final dot has [`super::email::DOT_SECONDS`] at least), for
    /// a webhook to the whole request.
    pub timeout: TimeDelta,
    /// The waits before the second, third … attempt, where the channel has its own.
    pub retry: Option<Vec<TimeDelta>>,
    /// People whom a post to it reaches.
    pub members: Vec<PersonId>,
}

impl Lane {
    /// The defaults of a mail channel: four connections, 30 s for each command.
    #[must_use]
    pub fn email() -> Self {
        Self::with_timeout(TimeDelta::seconds(30))
    }

    /// The defaults of a webhook: four posts at once, 15 s for each.
    #[must_use]
    pub fn webhook() -> Self {
        Self::with_timeout(TimeDelta::seconds(15))
    }

    fn with_timeout(timeout: TimeDelta) -> Self {
        Self {
            budget: None,
            concurrency: CONCURRENCY,
            timeout,
            retry: None,
            members: Vec::new(),
        }
    }
}

/// Sends at once where the configuration says nothing.
const CONCURRENCY: usize = 4;
