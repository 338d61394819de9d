//! What systemd is told while the daemon runs: that it lives, only while both loops move, and how it is in one line.

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

use crate::daemon::health::Health;
use crate::daemon::tally::{Loop, Tally};
use crate::site::Board;

/// A loop that waits moves every fifteen seconds; one that has not moved for so long hangs, however short the watchdog.
const SILENCE_MIN: Duration = Duration::from_secs(45);
/// How often the line is looked at.
const STATUS_EVERY: Duration = Duration::from_secs(10);

/// How long a loop may be silent, and how often systemd is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Watchdog {
    silence_max: Duration,
    every: Duration,
}

impl Watchdog {
    /// For a service whose watchdog bites after `limit`.
    fn new(limit: Duration) -> Self {
        Self {
            silence_max: (limit / 2).max(SILENCE_MIN),
            every: limit / 4,
        }
    }

    /// Tells systemd that all is well, as long as it is.
    async fn feed(self, tally: &Tally, say: impl Fn(NotifyState<'static>)) {
        let mut hung = None;
        loop {
            let found = self.hung(tally);
            match found {
                None => say(NotifyState::Watchdog),
                Some((which, silence)) if hung.is_none() => tracing::error!(
                    "the {} loop has not moved for {} s: systemd is not told that the daemon lives, and will start it again",
                    which.as_str(),
                    silence.as_secs()
                ),
                Some(_) => {}
            }
            if found.is_none() && hung.is_some() {
                tracing::info!("the loops move again");
            }
            hung = found;
            tokio::time::sleep(self.every).await;
        }
    }

    /// A loop that has not moved for too long, and for how long.
    fn hung(self, tally: &Tally) -> Option<(Loop, Duration)> {
        Loop::ALL.into_iter().find_map(|which| {
            let silence = tally.silence(which)?;
            (silence > self.silence_max).then_some((which, silence))
        })
    }
}

/// Feeds systemd's watchdog, where it has one, until the end.
pub(super) async fn guard(health: Arc<Health>, over: CancellationToken) {
    // Both begin now: one that never moves hangs too.
    for which in Loop::ALL {
        health.tally().beat(which);
    }
    if let Some(limit) = sd_notify::watchdog_enabled() {
        let feeding = Watchdog::new(limit).feed(health.tally(), |state| tell(&[state]));
        over.run_until_cancelled(feeding).await;
    }
}

/// Keeps the line that `systemctl status` shows, until the end.
pub(super) async fn tell_standing(board: Arc<Board>, over: CancellationToken) {
    let mut told = String::new();
    while over
        .run_until_cancelled(tokio::time::sleep(STATUS_EVERY))
        .await
        .is_some()
    {
        let line = board.line().await;
        if line != told {
            tell(&[NotifyState::Status(&line)]);
            told = line;
        }
    }
}

/// Tells systemd, where it listens.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!("systemd cannot be told: {error}");
    }
}

#[cfg(test)]
mod tests;
