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
use crate::daemon::tally::Loop;
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

/// The ways out of a configuration, open.
pub(super) struct Ways {
    channels: Channels,
    renderer: Renderer,
}

/// What takes over from an engine, prepared.
pub(super) struct Heir {
    ways: Ways,
    lanes: Lanes,
}

impl Ways {
    /// Opens them; connects nowhere.
    pub(super) fn open(config: &Config) -> Result<Self, DaemonError> {
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
        Ok(Self { channels, renderer })
    }
}

impl Engine {
    /// Opens the ways out of a proven configuration. Connects nowhere.
    ///
    /// # Errors
    /// Where a channel, a template or the store cannot be used.
    pub async fn open(config: Config, store: Store, clock: Arc<dyn Clock>) -> Result<Self, DaemonError> {
        let ways = Ways::open(&config)?;
        let lanes = lanes_of(&config, &store, clock.now()).await?;
        Ok(Self {
            config,
            store,
            channels: ways.channels,
            renderer: ways.renderer,
            clock,
            health: Arc::default(),
            lanes: Mutex::new(lanes),
            stranded: Mutex::default(),
            composing: tokio::sync::Mutex::default(),
            swept: AtomicBool::new(false),
            duties_seen: Mutex::default(),
            guests_seen: Mutex::default(),
        })
    }

    /// Prepares what takes over from this engine under another configuration: all that can fail is done here. Nothing may
    /// be launched or settled from now until the heir is in force.
    pub(super) async fn heir(&self, config: &Config, ways: Ways, now: DateTime<Utc>) -> Result<Heir, DaemonError> {
        let mut lanes = lanes_of(config, &self.store, now).await?;
        lanes.take_over(&self.lanes(), now);
        Ok(Heir { ways, lanes })
    }

    /// The engine that takes over: what is under way in this one stays counted, and channels that stand stopped are tried
    /// at once.
    pub(super) fn succeeded_by(&self, config: Config, heir: Heir) -> Self {
        Self {
            config,
            store: self.store.clone(),
            channels: heir.ways.channels,
            renderer: heir.ways.renderer,
            clock: Arc::clone(&self.clock),
            health: Arc::clone(&self.health),
            lanes: Mutex::new(heir.lanes),
            stranded: Mutex::new(self.stranded().clone()),
            composing: tokio::sync::Mutex::default(),
            // What waits for channels that are gone now is looked for anew, and so are rows that repeat.
            swept: AtomicBool::new(false),
            duties_seen: Mutex::default(),
            guests_seen: Mutex::default(),
        }
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
        self.health.tally().beat(Loop::Deciding);
        let reviewed = self.review_due(now).await?;
        self.health.tally().beat(Loop::Deciding);
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

/// Lanes as configured, with what left lately counted against their budgets.
async fn lanes_of(config: &Config, store: &Store, now: DateTime<Utc>) -> Result<Lanes, DaemonError> {
    let budgets = config.channels.values().flat_map(|settings| &settings.lane().budgets);
    let left = match budgets.map(|budget| budget.per).max() {
        Some(longest) => store.attempts_since(now - longest).await?,
        None => Vec::new(),
    };
    Ok(Lanes::new(&config.channels, &store.lanes().await?, &left))
}

/// Whether messages wait for more notices to the same recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gather {
    /// As `[delivery] gather` says.
    Configured,
    /// They do not: everything that is due has been planned.
    Done,
}
