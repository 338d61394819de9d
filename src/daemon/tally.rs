//! What the loops count while they run: signs of life, attempts, and whose turn it is. It outlives a reload.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

use crate::daemon::Engine;
use crate::domain::id::ChannelId;

/// The loops that must go round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Loop {
    /// Plans, reviews and composes.
    Deciding,
    /// Carries messages out.
    Delivering,
}

impl Loop {
    pub(super) const ALL: [Self; 2] = [Self::Deciding, Self::Delivering];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Deciding => "deciding",
            Self::Delivering => "delivering",
        }
    }
}

/// Attempts by channel and outcome.
pub(super) type Attempts = BTreeMap<(ChannelId, &'static str), u64>;

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    engine: Mutex<Weak<Engine>>,
    attempts: Mutex<Attempts>,
    /// On the monotonic clock: the wall clock may be set.
    beats: Mutex<BTreeMap<Loop, Instant>>,
}

impl Tally {
    /// The loops work with this engine from now on.
    pub(super) fn serves(&self, engine: &Arc<Engine>) {
        *lock(&self.engine) = Arc::downgrade(engine);
    }

    /// The engine that the loops work with; none before they begin, and after they ended.
    pub(super) fn engine(&self) -> Option<Arc<Engine>> {
        lock(&self.engine).upgrade()
    }

    /// An attempt ended so.
    pub(super) fn attempted(&self, channel: &ChannelId, outcome: &'static str) {
        *lock(&self.attempts).entry((channel.clone(), outcome)).or_default() += 1;
    }

    pub(super) fn attempts(&self) -> Attempts {
        lock(&self.attempts).clone()
    }

    /// A loop moved: it went round, did a part of what is due, or waits for what comes. A loop that does none of these
    /// hangs.
    pub(super) fn beat(&self, which: Loop) {
        lock(&self.beats).insert(which, Instant::now());
    }

    /// For how long a loop has not moved; none before it first did.
    pub(super) fn silence(&self, which: Loop) -> Option<Duration> {
        lock(&self.beats).get(&which).map(Instant::elapsed)
    }
}

/// A panic elsewhere leaves counts that are true so far.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
