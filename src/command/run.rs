//! `duban run`: the daemon in the foreground.

use std::io;
use std::path::Path;
use std::sync::Arc;

use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use crate::clock::{Clock, SystemClock};
use crate::command::Failure;
use crate::command::cli::{FirstLoad, Run};
use crate::command::desk::{failed, hinted, not_understood, refuse_folder, untold};
use crate::config::{self, Environment};
use crate::daemon::{self, ClockTrust, DaemonError, Progress, Reins, RunOptions};
use crate::rules::intake::Removals;
use crate::store::{Access, Store};

pub(super) async fn run(flag: Option<&Path>, args: &Run) -> Result<(), Failure> {
    let env = Environment::from_process();
    let path = config::find(flag, &env).map_err(not_understood)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store_path = match config::load(&path, &env) {
        Ok(config) => config.store,
        Err(problems) => {
            let place = match config::store_path_of(&path, &env) {
                Ok(place) => place,
                Err(error) => return Err(untold(problems, &error)),
            };
            // Nothing is stored while a configuration has errors; what was stored before may keep the office going.
            if !place.exists() {
                return Err(not_understood(problems));
            }
            place
        }
    };
    refuse_folder(&store_path)?;
    let opened = Store::open(&store_path, Access::Run, clock.now())
        .await
        .map_err(failed)?;
    if let Some(copy) = &opened.copy {
        tracing::warn!(
            "the store was migrated; a copy of what it was is kept at {}",
            copy.display()
        );
    }
    let options = RunOptions {
        first_load: match args.first_load {
            FirstLoad::CatchUp => daemon::FirstLoad::CatchUp,
            FirstLoad::Quiet => daemon::FirstLoad::Quiet,
        },
        removals: if args.accept_removals {
            Removals::Accepted
        } else {
            Removals::Guarded
        },
        clock_trust: if args.accept_clock {
            ClockTrust::Accepted
        } else {
            ClockTrust::Watched
        },
    };
    let signals = Signals::new()?;
    let reload = Arc::new(Notify::new());
    let stop = signals.asked_to_stop(Arc::clone(&reload));
    let reins = Reins {
        reload,
        voice: Arc::new(tell),
    };
    let ended = daemon::run(&path, &env, opened, clock, options, reins, stop).await;
    ended.map_err(end)
}

/// Why the daemon does not run, with what to do about it.
fn end(error: DaemonError) -> Failure {
    match error {
        DaemonError::Config(problems) => not_understood(problems),
        DaemonError::Intake(errors) => {
            let hints: Vec<String> = errors
                .iter()
                .map(|error| format!("{error}\n  hint: {}", error.hint()))
                .collect();
            Failure::NotUnderstood(anyhow::anyhow!("the ledger is refused: {}", hints.join("\n")))
        }
        DaemonError::Clock(_) => hinted(
            &error.to_string(),
            "set the clock right, or say that it is right: `duban run --accept-clock`",
        ),
        DaemonError::LoopBroke { .. } => hinted(
            &error.to_string(),
            "start Duban again: it goes on where it stood; the log above says what went wrong, and its makers want to know",
        ),
        DaemonError::Store(_)
        | DaemonError::Channel(_)
        | DaemonError::Template(_)
        | DaemonError::KeptLoad(_)
        | DaemonError::Heartbeat(_) => failed(error),
    }
}

/// Says how far the daemon is, in the log and to systemd.
fn tell(progress: Progress<'_>) {
    let told = match progress {
        Progress::Reloading => {
            tracing::info!("reading the files anew");
            NotifyState::monotonic_usec_now().and_then(|now| sd_notify::notify(&[NotifyState::Reloading, now]))
        }
        Progress::Ready(status) => {
            tracing::info!("ready: {status}");
            sd_notify::notify(&[NotifyState::Ready, NotifyState::Status(status)])
        }
    };
    if let Err(error) = told {
        tracing::warn!("systemd cannot be told how far the daemon is: {error}");
    }
}

/// The signals that a daemon is asked by.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits until the end is asked for; each hangup asks for a reload.
    async fn asked_to_stop(mut self, reload: Arc<Notify>) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hangup.recv() => reload.notify_one(),
            }
        }
    }
}
