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
    /// How fast it may send, each of them kept; empty: as fast as it can.
    pub budgets: Vec<Budget>,
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

impl Budget {
    /// So many in so many seconds.
    #[must_use]
    pub const fn per_seconds(count: u32, seconds: i64) -> Self {
        Self {
            count,
            per: TimeDelta::seconds(seconds),
        }
    }
}

/// What may follow on an attempt of which nobody knows whether it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redelivery {
    /// How long to wait at least before the repeat.
    pub wait: TimeDelta,
    /// Whether it may be repeated more than once: the other side knows a repeat by its id.
    pub is_idempotent: bool,
}

impl Lane {
    /// The defaults of a mail channel: four connections, 30 s for each command.
    #[must_use]
    pub fn email() -> Self {
        Self::with_timeout(TimeDelta::seconds(30))
    }

    /// The defaults of a webhook: four posts at once, 30 s for each.
    #[must_use]
    pub fn webhook() -> Self {
        Self::with_timeout(TimeDelta::seconds(30))
    }

    /// The defaults of a robot: one post after the other, so that they stand in order, 15 s for each.
    #[must_use]
    pub fn robot(budgets: Vec<Budget>) -> Self {
        Self {
            budgets,
            concurrency: 1,
            ..Self::with_timeout(TimeDelta::seconds(15))
        }
    }

    fn with_timeout(timeout: TimeDelta) -> Self {
        Self {
            budgets: Vec::new(),
            concurrency: CONCURRENCY,
            timeout,
            retry: None,
            members: Vec::new(),
        }
    }
}

/// Sends at once where the configuration says nothing.
const CONCURRENCY: usize = 4;
