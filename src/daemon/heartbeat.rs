//! The heartbeat: a handful of jobs without arguments, in UTC, that poke the loops. What is due is decided by the store.
//!
//! Named behaviours of tokio-cron-scheduler 0.15 that this works around: its jobs keep the offset of the day they were
//! made, forget what they missed, are lost in crowds and can fire early. So there are two of them, made one after the other,
//! they carry nothing, and a loop that is poked too early finds nothing to do.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

/// The loops look at the store at least this often, whatever nudges were lost.
const TICK: &str = "*/15 * * * * *";
/// The files are looked at this often.
const HOUSEKEEPING: &str = "30 * * * * *";

/// Why a heartbeat cannot be started.
pub(super) type HeartbeatFault = JobSchedulerError;

/// What the heartbeat pokes.
#[derive(Clone, Debug, Default)]
pub(super) struct Pulse {
    /// Look at what is due.
    pub(super) tick: Arc<Notify>,
    /// Look at the files.
    pub(super) housekeeping: Arc<Notify>,
}

/// A running heartbeat.
pub(super) struct Heartbeat(JobScheduler);

impl Heartbeat {
    pub(super) async fn start(pulse: &Pulse) -> Result<Self, HeartbeatFault> {
        let scheduler = JobScheduler::new().await?;
        for (cron, notify) in [(TICK, &pulse.tick), (HOUSEKEEPING, &pulse.housekeeping)] {
            let notify = Arc::clone(notify);
            let job = Job::new_async(cron, move |_, _| {
                let notify = Arc::clone(&notify);
                Box::pin(async move { notify.notify_one() })
            })?;
            scheduler.add(job).await?;
        }
        scheduler.start().await?;
        Ok(Self(scheduler))
    }

    pub(super) async fn stop(mut self) {
        if let Err(error) = self.0.shutdown().await {
            tracing::debug!("the heartbeat did not end cleanly: {error}");
        }
    }
}
