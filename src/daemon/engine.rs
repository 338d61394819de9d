//! What the loops share.

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, NaiveDate, Utc};

use crate::channel::Channels;
use crate::clock::Clock;
use crate::config::{Config, Problems};
use crate::daemon::DaemonError;
use crate::daemon::health::Health;
use crate::daemon::lanes::Lanes;
use crate::domain::id::MessageId;
use crate::render::Renderer;
use crate::store::Store;

/// A configuration, a store, and the ways out: everything a pass of a loop needs but the time.
pub struct Engine {
    pub(super) config: Config,
    pub(super) store: Store,
    pub(super) channels: Channels,
    pub(super) renderer: Renderer,
    pub(super) clock: Arc<dyn Clock>,
    health: Arc<Health>,
    lanes: Mutex<Lanes>,
    /// Claimed messages that did not leave because the store or the door failed: they are given back at the next pass.
    stranded: Mutex<Vec<MessageId>>,
    /// Held while notices are put into messages, so that no notice gets into two.
    pub(super) composing: tokio::sync::Mutex<()>,
    /// Whether what waits for channels that are gone was looked for since the start.
    pub(super) swept: AtomicBool,
    /// The last day on which the rows that repeat were looked at.
    pub(super) duties_seen: Mutex<Option<NaiveDate>>,
    /// The last day on which it was looked at who comes to the meetings.
    pub(super) guests_seen: Mutex<Option<NaiveDate>>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("config", &self.config.path)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Opens the ways out of a proven configuration. Connects nowhere.
    ///
    /// # Errors
    /// Where a channel, a template or the store cannot be used.
    pub async fn open(config: Config, store: Store, clock: Arc<dyn Clock>) -> Result<Self, DaemonError> {
        if let Some(trial) = &config.delivery.trial
            && config
                .people
                .persons
                .get(trial)
                .is_none_or(|person| person.channels.is_empty())
        {
            // In a trial nothing may go to anybody else.
            let text = format!("`[delivery] trial` names {trial}, whom no channel reaches");
            return Err(DaemonError::Config(Problems::one(
                Some(config.path.clone()),
                text,
                None,
            )));
        }
        let channels = Channels::open(&config.channels)?;
        let renderer = Renderer::new(&config.templates).map_err(DaemonError::Template)?;
        let budgets = config.channels.values().flat_map(|settings| &settings.lane().budgets);
        let longest = budgets.map(|budget| budget.per).max();
        let left = match longest {
            Some(longest) => store.attempts_since(clock.now() - longest).await?,
            None => Vec::new(),
        };
        let lanes = Mutex::new(Lanes::new(&config.channels, &store.lanes().await?, &left));
        Ok(Self {
            config,
            store,
            channels,
            renderer,
            clock,
            health: Arc::default(),
            lanes,
            stranded: Mutex::default(),
            composing: tokio::sync::Mutex::default(),
            swept: AtomicBool::new(false),
            duties_seen: Mutex::default(),
            guests_seen: Mutex::default(),
        })
    }

    /// The store, for those who look at what was done.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// How the daemon is, for those who watch it.
    #[must_use]
    pub fn health(&self) -> &Arc<Health> {
        &self.health
    }

    pub(super) fn lanes(&self) -> MutexGuard<'_, Lanes> {
        // A panic while the lanes were held leaves counts that are at worst too careful.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stranded(&self) -> MutexGuard<'_, Vec<MessageId>> {
        self.stranded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does all that is due at `now`: plans, reviews, and folds notices into messages. Says when to look again.
    ///
    /// # Errors
    /// Where the store fails; what was committed stands.
    pub async fn decide(&self, now: DateTime<Utc>, gather: Gather) -> Result<Option<DateTime<Utc>>, DaemonError> {
        self.tell_of_requests(now).await?;
        let extended = self.extend_duties(now).await?;
        let planned = self.plan_due(now).await?;
        let reviewed = self.review_due(now).await?;
        let met = self.meet_due(now).await?;
        let composed = self.compose_due(now, gather).await?;
        Ok([extended, planned, reviewed, met, composed].into_iter().flatten().min())
    }

    /// Folds what is due into messages without planning further: the end of a simulation.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn fold(&self, now: DateTime<Utc>) -> Result<(), DaemonError> {
        self.compose_due(now, Gather::Done).await?;
        Ok(())
    }
}

/// Whether messages wait for more notices to the same recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gather {
    /// As `[delivery] gather` says.
    Configured,
    /// They do not: everything that is due has been planned.
    Done,
}
