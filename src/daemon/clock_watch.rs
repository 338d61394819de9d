//! Whether the clock can be believed. A wall clock that gained more than a week on the clock that nobody can set, or that
//! stands before what was already written down, is wrong now or was wrong then: planning and sending are held until it is
//! right again, or somebody says that it is right. Smaller jumps are outages, and follow the rule of catching up.
//!
//! While it is held, what must go on (answers to what was under way, word to the office) goes by the time that the clock
//! which cannot be set leads to, so that nothing is given up, and nothing written down, at a wrong time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock;
use crate::daemon::timeline::local_time;
use crate::rules::calendar::Almanac;
use crate::store::{ClockFault, ClockHold, Store, StoreError};

/// A clock may be corrected by so much without a word.
pub(super) const CORRECTION_MAX: TimeDelta = TimeDelta::minutes(5);
/// It may gain so much on the clock that cannot be set: a longer outage of a machine that was merely stopped is no surprise.
const GAIN_MAX: TimeDelta = TimeDelta::days(7);
/// What it gained longer ago than this was no jump.
const ANCHOR_AGE: TimeDelta = TimeDelta::days(1);
/// While it is held, that is said again this often.
const SAID_AGAIN: TimeDelta = TimeDelta::minutes(15);

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reading {
    wall: DateTime<Utc>,
    boot: TimeDelta,
}

impl Reading {
    /// What the wall clock should show when the other one shows `boot`.
    fn at(self, boot: TimeDelta) -> DateTime<Utc> {
        self.wall + (boot - self.boot)
    }
}

#[derive(Debug)]
struct State {
    /// What a gain is measured from.
    anchor: Reading,
    /// The last reading that was believed.
    good: Reading,
    /// Whether the anchor was read by this very process: what lies between two runs cannot be measured.
    is_measured: bool,
    /// The latest instant in the journal, as last looked up.
    newest: Option<DateTime<Utc>>,
    held: Option<ClockHold>,
    said: Option<TimeDelta>,
}

/// What a look at the clock found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// It is believed, and this is the present.
    Right(DateTime<Utc>),
    /// It is not.
    Held(ClockHold),
    /// It was not, and is right again now: to be confirmed by [`ClockWatch::believe`].
    RightAgain(ClockHold, DateTime<Utc>),
}

/// Watches a clock.
pub(super) struct ClockWatch {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl ClockWatch {
    /// Begins to watch, with what the last run left.
    pub(super) async fn open(clock: Arc<dyn Clock>, store: &Store) -> Result<Self, StoreError> {
        let read = Reading {
            wall: clock.now(),
            boot: clock.since_boot(),
        };
        let kept = store.clock_hold().await?;
        let is_ahead = |hold: &ClockHold| hold.fault == ClockFault::Ahead && read.wall >= hold.shown;
        let still_ahead = kept.filter(is_ahead);
        // Of a clock that was ahead when the last run ended, and shows no less now, it is known what it should have shown.
        let anchor = still_ahead.map_or(read, |hold| Reading {
            wall: hold.expected,
            ..read
        });
        Ok(Self {
            clock,
            state: Mutex::new(State {
                anchor,
                good: anchor,
                is_measured: still_ahead.is_none(),
                newest: store.newest_instant().await?,
                held: kept,
                said: None,
            }),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> Reading {
        Reading {
            wall: self.clock.now(),
            boot: self.clock.since_boot(),
        }
    }

    /// Looks at the clock and at the journal.
    pub(super) async fn look(&self, store: &Store) -> Result<Look, StoreError> {
        let newest = store.newest_instant().await?;
        let read = self.read();
        let mut state = self.state();
        state.newest = newest;
        let found = state.fault(read);
        Ok(match (state.held, found) {
            (None, None) => {
                state.note(read);
                Look::Right(read.wall)
            }
            (None, Some(hold)) => {
                state.held = Some(hold);
                Look::Held(hold)
            }
            (Some(hold), None) => Look::RightAgain(hold, read.wall),
            (Some(hold), Some(found)) => {
                // One that was ahead may turn out to be behind; as long as the fault is the same, its first words stand.
                let hold = if hold.fault == found.fault { hold } else { found };
                state.held = Some(hold);
                Look::Held(hold)
            }
        })
    }

    /// The present, and whether it is the wall clock's: where that is not believed, what the other clock leads to.
    pub(super) fn now(&self) -> (DateTime<Utc>, Trust) {
        let read = self.read();
        let state = self.state();
        if state.held.is_none() && state.fault(read).is_none() {
            return (read.wall, Trust::Believed);
        }
        (state.good.at(read.boot), Trust::Held)
    }

    /// What the wall clock shows, believed or not.
    pub(super) fn wall(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The clock is right again, or somebody said so.
    pub(super) fn believe(&self) {
        let read = self.read();
        let mut state = self.state();
        state.held = None;
        state.said = None;
        // Looked up anew at the next look.
        state.newest = None;
        state.is_measured = true;
        state.anchor = read;
        state.good = read;
    }

    /// Whether it is time to say once more that everything is held.
    pub(super) fn is_to_be_said(&self) -> bool {
        let boot = self.clock.since_boot();
        let mut state = self.state();
        let is_due = state.said.is_none_or(|said| boot - said >= SAID_AGAIN);
        if is_due {
            state.said = Some(boot);
        }
        is_due
    }
}

/// Whether the wall clock is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// It is.
    Believed,
    /// It is not.
    Held,
}

impl State {
    /// What is wrong with the clock.
    fn fault(&self, read: Reading) -> Option<ClockHold> {
        let expected = self.anchor.at(read.boot);
        // Between two runs any time may have passed, but a clock that was corrected shows less than it did.
        let was_corrected = !self.is_measured && self.held.is_some_and(|hold| read.wall < hold.shown);
        if read.wall - expected > GAIN_MAX && !was_corrected {
            return Some(ClockHold {
                fault: ClockFault::Ahead,
                shown: read.wall,
                expected,
            });
        }
        let newest = self.newest.filter(|newest| *newest - read.wall > CORRECTION_MAX)?;
        Some(ClockHold {
            fault: ClockFault::Behind,
            shown: read.wall,
            expected: newest,
        })
    }

    /// A reading that is believed.
    fn note(&mut self, read: Reading) {
        self.good = read;
        if read.boot - self.anchor.boot > ANCHOR_AGE {
            self.anchor = read;
        }
    }
}

/// What speaks against the clock of another process at `now`, so that it should write nothing down: a hold that stands, or
/// an entry that it is before.
///
/// # Errors
/// Where the store fails.
pub async fn clock_fault(store: &Store, now: DateTime<Utc>) -> Result<Option<ClockHold>, StoreError> {
    let held = store.clock_hold().await?;
    let is_ahead =
        |hold: &ClockHold| hold.fault == ClockFault::Ahead && now - hold.expected > GAIN_MAX && now >= hold.shown;
    if let Some(hold) = held.filter(is_ahead) {
        return Ok(Some(hold));
    }
    let newest = store.newest_instant().await?;
    let newest = newest.filter(|newest| *newest - now > CORRECTION_MAX);
    Ok(newest.map(|expected| ClockHold {
        fault: ClockFault::Behind,
        shown: now,
        expected,
    }))
}

/// Why everything is held, and what ends it.
#[must_use]
pub fn held_words(hold: &ClockHold, almanac: &Almanac) -> String {
    let (shown, expected) = (local_time(almanac, hold.shown), local_time(almanac, hold.expected));
    let fault = match hold.fault {
        ClockFault::Ahead => format!(
            "the clock gained {} days at once: it showed {shown} when it should have shown {expected}",
            (hold.shown - hold.expected).num_days()
        ),
        ClockFault::Behind => format!(
            "the clock stood {} minutes before the newest journal entry: it showed {shown}, and the entry is of {expected}",
            (hold.expected - hold.shown).num_minutes()
        ),
    };
    format!("{fault}; nothing is planned or sent until it is right, or `duban run --accept-clock` is started")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::domain::journal::Draft;

    fn start() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
    }

    async fn watched() -> (ManualClock, Store, ClockWatch) {
        let clock = ManualClock::new(start());
        let store = Store::memory(start()).await.expect("a store");
        write(&store, start()).await;
        let watch = ClockWatch::open(Arc::new(clock.clone()), &store)
            .await
            .expect("a watch");
        (clock, store, watch)
    }

    async fn write(store: &Store, at: DateTime<Utc>) {
        let entry = Draft {
            at,
            task: None,
            kind: "test".into(),
            by: "test".into(),
            data: serde_json::json!({}),
        };
        store.append(vec![entry]).await.expect("written");
    }

    async fn fault(store: &Store, watch: &ClockWatch) -> Option<ClockFault> {
        match watch.look(store).await.expect("a look") {
            Look::Held(hold) => Some(hold.fault),
            Look::Right(_) | Look::RightAgain(..) => None,
        }
    }

    #[tokio::test]
    async fn a_clock_that_gains_more_than_seven_days_at_once_is_not_believed() {
        let (clock, store, watch) = watched().await;
        clock.jump(start() + TimeDelta::days(7));
        assert_eq!(fault(&store, &watch).await, None);
        clock.jump(start() + TimeDelta::days(7) + TimeDelta::seconds(1));
        assert_eq!(fault(&store, &watch).await, Some(ClockFault::Ahead));
    }

    #[tokio::test]
    async fn a_machine_that_sleeps_for_a_month_is_believed() {
        let (clock, store, watch) = watched().await;
        clock.set(start() + TimeDelta::days(30));
        assert_eq!(fault(&store, &watch).await, None);
    }

    #[tokio::test]
    async fn a_clock_more_than_five_minutes_before_the_newest_entry_is_not_believed() {
        let (clock, store, watch) = watched().await;
        clock.jump(start() - TimeDelta::minutes(5));
        assert_eq!(fault(&store, &watch).await, None);
        clock.jump(start() - TimeDelta::minutes(6));
        assert_eq!(fault(&store, &watch).await, Some(ClockFault::Behind));
    }

    #[tokio::test]
    async fn a_clock_that_is_set_right_is_believed_again() {
        let (clock, store, watch) = watched().await;
        for wrong in [TimeDelta::days(365), TimeDelta::hours(-2)] {
            clock.jump(start() + wrong);
            assert!(fault(&store, &watch).await.is_some());
            clock.jump(start());
            let look = watch.look(&store).await.expect("a look");
            assert!(matches!(look, Look::RightAgain(..)), "{look:?}");
            watch.believe();
            assert_eq!(watch.look(&store).await.expect("a look"), Look::Right(start()));
        }
    }

    #[tokio::test]
    async fn what_goes_on_while_a_clock_is_wrong_goes_by_the_other_clock() {
        let (clock, store, watch) = watched().await;
        assert_eq!(fault(&store, &watch).await, None);
        clock.set(start() + TimeDelta::minutes(1));
        clock.jump(start() + TimeDelta::days(365));
        let expected = start() + TimeDelta::minutes(1);
        assert_eq!(watch.now(), (expected, Trust::Held), "even before it was looked at");
    }

    #[tokio::test]
    async fn a_clock_that_was_ahead_when_the_last_run_ended_is_held_until_it_shows_less() {
        let (clock, store, watch) = watched().await;
        clock.jump(start() + TimeDelta::days(365));
        let Look::Held(hold) = watch.look(&store).await.expect("a look") else {
            panic!("it is held");
        };
        store.hold_clock(&hold).await.expect("kept");
        let again = ClockWatch::open(Arc::new(clock.clone()), &store)
            .await
            .expect("a watch");
        assert_eq!(fault(&store, &again).await, Some(ClockFault::Ahead));
        clock.jump(start() + TimeDelta::days(20));
        let look = again.look(&store).await.expect("a look");
        assert!(
            matches!(look, Look::RightAgain(..)),
            "it was off for twenty days: {look:?}"
        );
    }

    #[tokio::test]
    async fn entries_from_before_a_clock_was_accepted_do_not_speak_against_it() {
        let (clock, store, watch) = watched().await;
        write(&store, start() + TimeDelta::days(365)).await;
        assert_eq!(fault(&store, &watch).await, Some(ClockFault::Behind));
        let entry = Draft {
            at: clock.now(),
            task: None,
            kind: "clock-accepted".into(),
            by: "test".into(),
            data: serde_json::json!({}),
        };
        store.accept_clock(entry).await.expect("accepted");
        watch.believe();
        assert_eq!(fault(&store, &watch).await, None);
    }
}
