//! The only reader of time. Everything below the shell gets `now` as a parameter.
//!
//! Two clocks: the wall clock, which people and their deadlines go by and which can be set to anything, and the boot
//! clock, which nobody can set and which goes on while the machine sleeps. The second tells whether the first jumped.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use rustix::time::{ClockId, clock_gettime};

/// Tells the wall clock's time, to the millisecond, and the time since the machine started.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> DateTime<Utc>;

    /// The time since the machine started, its sleep included: it cannot be set, and never runs backwards.
    fn since_boot(&self) -> TimeDelta;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> DateTime<Utc> {
        let now = Utc::now();
        DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now)
    }

    fn since_boot(&self) -> TimeDelta {
        let time = clock_gettime(ClockId::Boottime);
        TimeDelta::seconds(time.tv_sec) + TimeDelta::nanoseconds(time.tv_nsec)
    }
}

/// A clock that stands until it is set: for tests and `simulate`.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Hands>);

/// Milliseconds.
#[derive(Debug)]
struct Hands {
    wall: AtomicI64,
    boot: AtomicI64,
}

impl ManualClock {
    /// A clock that stands at `at`.
    #[must_use]
    pub fn new(at: DateTime<Utc>) -> Self {
        Self(Arc::new(Hands {
            wall: AtomicI64::new(at.timestamp_millis()),
            boot: AtomicI64::new(0),
        }))
    }

    /// Time goes on to `at`, on the boot clock too. Backwards, it is the wall clock alone that is set.
    pub fn set(&self, at: DateTime<Utc>) {
        let at = at.timestamp_millis();
        let passed = at - self.0.wall.swap(at, Ordering::SeqCst);
        self.0.boot.fetch_add(passed.max(0), Ordering::SeqCst);
    }

    /// Somebody sets the wall clock to `at`; no time passes.
    pub fn jump(&self, at: DateTime<Utc>) {
        self.0.wall.store(at.timestamp_millis(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.wall.load(Ordering::SeqCst)).unwrap_or(DateTime::UNIX_EPOCH)
    }

    fn since_boot(&self) -> TimeDelta {
        TimeDelta::milliseconds(self.0.boot.load(Ordering::SeqCst))
    }
}

/// Measures how long something took, on the monotonic clock: a wall clock may be set meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
