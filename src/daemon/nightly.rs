//! Once a day, beside the loops: what was said long ago is forgotten, and what should have been said is counted again. The
//! files may be loaded anew meanwhile: what was counted by a configuration that is in force no more counts for nothing.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::daemon::audit::in_force_since;
use crate::daemon::deliver_loop::Cargo;
use crate::daemon::helm::Helm;
use crate::daemon::{DaemonError, Engine};
use crate::domain::audit::Audit;

/// Where files are loaded while it counts, it counts again, so often; then it waits for the next round.
const TRIES: u32 = 3;

impl Helm {
    /// Where the day's instant has come: forgets what was said long ago, and does the self-audit by the configuration in
    /// force, and tells who is to be told by it.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn nightly_due(&self) -> Result<Option<Audit>, DaemonError> {
        for turn in 0..TRIES {
            let (engine, since) = self.steered().await?;
            let (Some(Cargo::All), now) = self.cargo() else {
                return Ok(None);
            };
            if turn == 0 {
                if !engine.is_nightly_due(now).await? {
                    return Ok(None);
                }
                engine.forget_due(now).await?;
            }
            if let Some(audit) = self.count_by(&engine, since, now).await? {
                return Ok(Some(audit));
            }
            tracing::info!("files were loaded while the self-audit counted: it counts again");
        }
        Ok(None)
    }

    /// Counts by an engine, and tells what came out; nothing where other files are in force at the end.
    async fn count_by(
        &self,
        engine: &Engine,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<Audit>, DaemonError> {
        let audit = engine.count(now).await?;
        let (present, present_since) = self.steered().await?;
        if present_since != since {
            return Ok(None);
        }
        present.tell_of_count(&audit, now).await?;
        Ok(Some(audit))
    }

    /// The engine with the instant since when its files are in force. A reload changes both in one turn.
    async fn steered(&self) -> Result<(Arc<Engine>, DateTime<Utc>), DaemonError> {
        let turn = self.turn.lock().await;
        let engine = self.engine();
        let since = in_force_since(engine.store()).await?;
        drop(turn);
        Ok((engine, since))
    }
}

#[cfg(test)]
mod tests;
