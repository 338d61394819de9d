//! The store: tasks with the instant at which they next matter, what was told, the outbox, the journal, reviews.
//!
//! Nothing else knows the database. Every method that changes something is one transaction, committed before it
//! returns; what is dropped half-way leaves nothing. Time comes in as `now`. What differs between databases stands
//! in `sqlite`, all other SQL is plain (`$1`, `ON CONFLICT`, instants as milliseconds, JSON as text).
//!
//! Invariants: a journal entry is written in the transaction of what it tells; a notice's id stands once; a message
//! is claimed by one lane at a time; a message whose bytes may have arrived does not change any more.

mod backup;
mod cell;
mod clock;
mod delivery;
mod desk;
mod dossier;
mod error;
mod figures;
mod files;
mod forget;
mod journal;
mod kept;
mod lanes;
mod loads;
mod meetings;
mod open;
mod outbox;
mod plan;
mod reviews;
mod sqlite;
mod tasks;
mod told;
mod words;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};

pub use self::backup::{Proven, Put, prove, put_back};
pub use self::clock::{ClockFault, ClockHold};
pub use self::delivery::{AttemptRow, Settled};
pub use self::desk::{Deed, DeskAct, Instead, Wanted};
pub use self::dossier::OpenMessage;
pub use self::error::{ActError, Result, StoreError};
pub use self::figures::{Alike, Audited, Figures, Pile};
pub use self::journal::Verified;
pub use self::kept::KeptReview;
pub use self::lanes::LaneRow;
pub use self::loads::Load;
pub use self::open::{Access, Opened};
pub use self::outbox::{OutboxCounts, QueueBatch, WaitingRecipient, recipient_key};
pub use self::plan::Planned;
pub use self::reviews::{Repeat, ReviewRow, ReviewRun, RunState};
pub use self::tasks::{Change, Intake, StoredTask, Wake};
pub use self::told::ToldRow;
pub use self::words::PendingWord;

/// A point in time; kept to the millisecond.
pub type Instant = DateTime<Utc>;

/// An open store. Clones are handles to the same one; the lock is held until the last is dropped or one is closed.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    pools: sqlite::Pools,
    path: Option<PathBuf>,
    lock: Option<sqlite::Lock>,
}

impl Store {
    /// The file; none for one in memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.inner.path.as_deref()
    }

    /// A number that changes when another process has committed something; our own commits do not change it.
    /// Compare it with the last one seen, nothing else.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the database fails.
    pub async fn data_version(&self) -> Result<i64> {
        self.inner.pools.data_version().await
    }

    /// What tells this store from another: derived from its path and the instant of its making.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the database fails.
    pub async fn instance(&self) -> Result<String> {
        Ok(sqlx::query_scalar("SELECT value FROM meta WHERE name = 'instance'")
            .fetch_one(self.read())
            .await?)
    }

    /// Closes it for all handles, after what is under way has ended, and gives up the lock.
    pub async fn close(self) {
        self.inner.pools.close().await;
        if let Some(lock) = &self.inner.lock {
            lock.release();
        }
    }

    /// Where looking is done. Never used while a transaction of the same task is open: in memory there is one
    /// connection only.
    fn read(&self) -> &sqlite::Pool {
        &self.inner.pools.read
    }

    /// The connection that writes, for tests that tamper.
    #[cfg(test)]
    pub(crate) fn raw(&self) -> &sqlite::Pool {
        self.inner.pools.tampering()
    }

    /// The one writing transaction.
    async fn begin(&self) -> Result<sqlite::Tx> {
        self.inner.pools.begin().await
    }
}
