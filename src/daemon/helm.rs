//! Who steers: the engine of the configuration in force, its successor after a reload, and whether the clock is believed.
//!
//! Deciding and reloading are done by one task, sending by another; the turn keeps the second from launching or settling
//! anything while one engine hands over to the next. What is under way goes on in the old engine, and is settled in the new.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::daemon::clock_watch::{ClockWatch, Look, Trust, held_words};
use crate::daemon::deliver_loop::Cargo;
use crate::daemon::plan_loop::BY;
use crate::daemon::sync::FirstLoad;
use crate::daemon::{DaemonError, Engine, Gather};
use crate::domain::journal::Draft;
use crate::domain::system::SystemWord;
use crate::rules::intake::Removals;
use crate::store::{ClockHold, Store};

/// The cause under which the office is told of a clock that is not believed.
const CLOCK_CAUSE: &str = "clock";

/// What steers the loops.
pub struct Helm {
    engine: Mutex<Arc<Engine>>,
    pub(super) turn: tokio::sync::Mutex<()>,
    pub(super) clock: ClockWatch,
    pub(super) first_load: FirstLoad,
    /// For the next load alone: a flag at the start speaks of the files as they were then.
    pub(super) removals: Mutex<Removals>,
    awaits: Mutex<Awaits>,
    /// Asks for the files to be loaded anew.
    pub(super) bell: Arc<Notify>,
}

/// What must come before anything is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Awaits {
    /// Nothing.
    Nothing,
    /// The files changed while the clock was not believed.
    Files,
    /// The daemon started while the clock was not believed: nothing of a start was done yet.
    Start,
}

impl fmt::Debug for Helm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Helm")
            .field("engine", &self.engine())
            .finish_non_exhaustive()
    }
}

impl Helm {
    pub(super) fn new(
        engine: Arc<Engine>,
        clock: ClockWatch,
        first_load: FirstLoad,
        removals: Removals,
        awaits: Awaits,
    ) -> Self {
        Self {
            engine: Mutex::new(engine),
            turn: tokio::sync::Mutex::default(),
            clock,
            first_load,
            removals: Mutex::new(removals),
            awaits: Mutex::new(awaits),
            bell: Arc::default(),
        }
    }

    /// The engine of the configuration in force.
    #[must_use]
    pub fn engine(&self) -> Arc<Engine> {
        Arc::clone(&self.engine.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn hand_over(&self, engine: Arc<Engine>) {
        *self.engine.lock().unwrap_or_else(PoisonError::into_inner) = engine;
    }

    pub(super) fn awaits(&self) -> Awaits {
        *self.awaits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// More must come first: what is awaited already is awaited still.
    pub(super) fn await_more(&self, more: Awaits) {
        let mut awaits = self.awaits.lock().unwrap_or_else(PoisonError::into_inner);
        *awaits = more.max(*awaits);
    }

    pub(super) fn await_nothing(&self) {
        *self.awaits.lock().unwrap_or_else(PoisonError::into_inner) = Awaits::Nothing;
    }

    /// Does all that is due now, as [`Engine::decide`]; where the clock is not believed, nothing but telling so.
    ///
    /// # Errors
    /// Where the store fails; what was committed stands.
    pub async fn decide(&self, gather: Gather) -> Result<Option<DateTime<Utc>>, DaemonError> {
        let engine = self.engine();
        let now = match self.clock.look(engine.store()).await? {
            Look::Right(now) => now,
            Look::Held(hold) => {
                self.hold(&engine, &hold).await?;
                return Ok(None);
            }
            Look::RightAgain(hold, now) => {
                self.release(&engine, &hold, now).await?;
                now
            }
        };
        if self.awaits() > Awaits::Nothing {
            self.bell.notify_one();
            return Ok(None);
        }
        engine.decide(now, gather).await
    }

    /// Sends all that may be sent now, as [`Engine::deliver_all`].
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn deliver_all(&self) -> Result<Option<DateTime<Utc>>, DaemonError> {
        let turn = self.turn.lock().await;
        let engine = self.engine();
        let (cargo, now) = self.cargo();
        let next = match cargo {
            Some(cargo) => engine.deliver_all_of(cargo, now).await?,
            None => None,
        };
        drop(turn);
        Ok(next.filter(|_| cargo == Some(Cargo::All)))
    }

    /// What may leave now, and the present.
    pub(super) fn cargo(&self) -> (Option<Cargo>, DateTime<Utc>) {
        let (now, trust) = self.clock.now();
        let cargo = match (trust, self.awaits()) {
            (Trust::Held, _) => Some(Cargo::WordsToOffice),
            (Trust::Believed, Awaits::Nothing) => Some(Cargo::All),
            (Trust::Believed, Awaits::Files | Awaits::Start) => None,
        };
        (cargo, now)
    }

    /// Everything is held: that is kept, said, shown, and told to the office, which is all that leaves.
    async fn hold(&self, engine: &Engine, hold: &ClockHold) -> Result<(), DaemonError> {
        let words = held_words(hold, &engine.config.almanac);
        if self.clock.is_to_be_said() {
            tracing::error!("held: {words}");
        }
        engine.health().note(|standing| standing.held = Some(words));
        if engine.store.clock_hold().await?.as_ref() != Some(hold) {
            engine.store.hold_clock(hold).await?;
        }
        let word = SystemWord::ClockHeld {
            shown: engine.as_of(hold.shown),
            before: engine.as_of(hold.expected),
        };
        let (now, _) = self.clock.now();
        engine.tell_office_once(CLOCK_CAUSE, &word, None, now).await
    }

    /// At a start with a clock that is right: ends the hold that the last run left, where it left one.
    pub(super) async fn release_kept(&self, now: DateTime<Utc>) -> Result<(), DaemonError> {
        let engine = self.engine();
        match engine.store.clock_hold().await? {
            Some(hold) => self.release(&engine, &hold, now).await,
            // The last run may have ended before it could tell, or somebody said that the clock is right.
            None => engine.tell_of_clock(now).await,
        }
    }

    async fn release(&self, engine: &Engine, hold: &ClockHold, now: DateTime<Utc>) -> Result<(), DaemonError> {
        engine.store.release_clock(entry(hold, "clock-held", now)).await?;
        self.clock.believe();
        engine.health().note(|standing| standing.held = None);
        tracing::info!("the clock is right again: planning and sending go on");
        engine.tell_of_clock(now).await
    }
}

impl Engine {
    /// Tells the office that the clock is believed again, where it was told that it was not.
    pub(super) async fn tell_of_clock(&self, now: DateTime<Utc>) -> Result<(), DaemonError> {
        let causes = self.store.causes().await?;
        if causes.iter().any(|(name, _)| name == CLOCK_CAUSE) {
            self.tell_office_end(CLOCK_CAUSE, &SystemWord::ClockReleased, now)
                .await?;
        }
        Ok(())
    }
}

/// At a start, somebody says that the clock is right: what speaks against it is overruled, and that is written down.
pub(super) async fn accept_clock(watch: &ClockWatch, store: &Store) -> Result<(), DaemonError> {
    let hold = match watch.look(store).await? {
        Look::Right(_) => {
            tracing::info!("the clock is right: there is nothing to accept");
            return Ok(());
        }
        Look::Held(hold) | Look::RightAgain(hold, _) => hold,
    };
    let now = watch.wall();
    store.accept_clock(entry(&hold, "clock-accepted", now)).await?;
    watch.believe();
    tracing::warn!(
        "the clock is accepted as it is: {}",
        now.to_rfc3339_opts(SecondsFormat::Secs, true)
    );
    Ok(())
}

fn entry(hold: &ClockHold, kind: &str, now: DateTime<Utc>) -> Draft {
    let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let data: Value = json!({
        "fault": hold.fault,
        "shown": text(hold.shown),
        "expected": text(hold.expected),
    });
    Draft {
        at: now,
        task: None,
        kind: kind.to_owned(),
        by: BY.to_owned(),
        data,
    }
}
