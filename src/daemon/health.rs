//! How the daemon is, for those who watch it: written by the loops, read by the health pages, the metrics and the
//! watchdog. It outlives a reload.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::daemon::tally::Tally;

/// What the loops last said of themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// When everything that was due had last been decided.
    pub decided: Option<DateTime<Utc>>,
    /// When the delivering loop last went round.
    pub delivered: Option<DateTime<Utc>>,
    /// Why the files are not in force; empty where they are.
    pub degraded: Vec<String>,
    /// Why planning and sending are held; none where they are not.
    pub held: Option<String>,
    /// When files were last taken in or refused, and which of the two.
    pub load: Option<Load>,
}

/// One try to take the files in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// When.
    pub at: DateTime<Utc>,
    /// Whether they are in force since.
    pub accepted: bool,
}

/// The standing, shared by the loops and those who watch them.
#[derive(Debug, Default)]
pub struct Health {
    standing: Mutex<Standing>,
    tally: Tally,
}

impl Health {
    /// What it is now.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the loops count.
    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Notes what changed.
    pub(super) fn note(&self, change: impl FnOnce(&mut Standing)) {
        change(&mut self.standing.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
