//! Files that were read while the daemon runs: put in force as a whole, or refused as a whole, and then the office hears of
//! it and the last good load stays.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::daemon::clock_watch::Trust;
use crate::daemon::difference::{Side, log_differences};
use crate::daemon::engine::Ways;
use crate::daemon::error::with_causes;
use crate::daemon::health::Load;
use crate::daemon::helm::{Awaits, Helm};
use crate::daemon::sync::{error_lines, refusal_lines, sync};
use crate::daemon::watch::{Asked, Loaded};
use crate::daemon::{DaemonError, Engine};
use crate::rules::intake::Removals;

/// What became of files that were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakenIn {
    /// They say what is in force already.
    Unchanged,
    /// They are in force, with so many tasks.
    InForce(usize),
    /// They are not, for these reasons.
    Refused(Vec<String>),
    /// They wait until the clock is right.
    Later,
}

impl Helm {
    /// Puts what was read in force, in one transaction of the store, or refuses it.
    ///
    /// # Errors
    /// Where the store fails: then nothing changed, and the files are to be read again.
    pub async fn take_in(&self, loaded: Loaded) -> Result<TakenIn, DaemonError> {
        let (now, trust) = self.clock.now();
        if trust == Trust::Held {
            self.await_more(Awaits::Files);
            return Ok(TakenIn::Later);
        }
        let engine = self.engine();
        let is_start = self.awaits() == Awaits::Start;
        let taken = match loaded.found {
            Err(problems) => TakenIn::Refused(problems),
            Ok(config) if loaded.asked == Asked::ByAChange && !is_start && is_in_force(&engine, &config) => {
                TakenIn::Unchanged
            }
            Ok(config) => self.apply(&engine, *config, now).await?,
        };
        if is_start {
            self.engine().recover_and_say(now).await?;
        }
        let engine = self.engine();
        match &taken {
            TakenIn::Refused(problems) => {
                engine.note_load(now, problems);
                if is_start {
                    // Nothing of a start was done yet: what was loaded before, and words that were not told, are due.
                    engine.store.wake_tasks(None, now).await?;
                    engine.tell_of_start(problems, now).await?;
                } else {
                    engine.tell_of_load(problems, now).await?;
                }
            }
            TakenIn::InForce(_) => {
                engine.note_load(now, &[]);
                engine.tell_of_start(&[], now).await?;
            }
            TakenIn::Unchanged | TakenIn::Later => {}
        }
        self.await_nothing();
        Ok(taken)
    }

    async fn apply(
        &self,
        engine: &Arc<Engine>,
        mut config: Config,
        now: DateTime<Utc>,
    ) -> Result<TakenIn, DaemonError> {
        let fixed = unchangeable(&engine.config, &config);
        if !fixed.is_empty() {
            return Ok(TakenIn::Refused(fixed));
        }
        let ways = match Ways::open(&config) {
            Ok(ways) => ways,
            Err(DaemonError::Config(problems)) => return Ok(TakenIn::Refused(error_lines(&problems))),
            Err(error) => return Ok(TakenIn::Refused(vec![with_causes(&error)])),
        };
        let before = engine.store.tasks().await?;
        let turn = self.turn.lock().await;
        // All that can fail comes before the one transaction, so that the store and the engine change together.
        let heir = engine.heir(&config, ways, now).await?;
        let removals = *self.removals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(errors) = sync(
            &engine.store,
            &config,
            Some(&engine.config),
            now,
            removals,
            self.first_load,
        )
        .await?
        {
            return Ok(TakenIn::Refused(refusal_lines(&errors)));
        }
        let tasks = config.tasks_at(now).len();
        config.tasks = Vec::new();
        config.places = BTreeMap::new();
        let next = Arc::new(engine.succeeded_by(config, heir));
        self.hand_over(Arc::clone(&next));
        drop(turn);
        *self.removals.lock().unwrap_or_else(PoisonError::into_inner) = Removals::Guarded;
        tracing::info!(tasks, "the files are in force: {tasks} tasks");
        let after = next.store.tasks().await?;
        // What the load recorded as told is told.
        let told = next.store.all_told().await?;
        log_differences(Side::new(Arc::clone(engine), before), Side::new(next, after), told, now);
        Ok(TakenIn::InForce(tasks))
    }
}

impl Engine {
    /// What a start or a reload came to, for those who watch.
    pub(super) fn note_load(&self, now: DateTime<Utc>, problems: &[String]) {
        self.health().note(|standing| {
            standing.load = Some(Load {
                at: now,
                accepted: problems.is_empty(),
            });
            standing.degraded = problems.to_vec();
        });
    }
}

/// Whether the files say what is in force: their bytes and the secrets that they name.
fn is_in_force(engine: &Engine, config: &Config) -> bool {
    let is_degraded = !engine.health().standing().degraded.is_empty();
    !is_degraded && config.files == engine.config.files && config.channels == engine.config.channels
}

/// What a running daemon cannot change.
fn unchangeable(before: &Config, after: &Config) -> Vec<String> {
    let is_trial = |config: &Config| config.delivery.trial.is_some();
    if is_trial(before) != is_trial(after) {
        let turned = if is_trial(after) { "on" } else { "off" };
        return vec![format!(
            "[delivery] trial cannot be turned {turned} while Duban runs, since a trial has a store of its own: restart Duban"
        )];
    }
    if before.store != after.store {
        return vec![format!(
            "[store] url cannot change from {} to {} while Duban runs: restart Duban",
            before.store.display(),
            after.store.display()
        )];
    }
    Vec::new()
}
