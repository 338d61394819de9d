//! The running daemon: two loops, a closed list of events, and an end within bounds.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, watch};

use crate::clock::Clock;
use crate::config::Environment;
use crate::daemon::deliver_loop::Flight;
use crate::daemon::engine::Gather;
use crate::daemon::health::Load;
use crate::daemon::heartbeat::{Heartbeat, Pulse};
use crate::daemon::sync::{FirstLoad, Started, start};
use crate::daemon::watch::Watch;
use crate::daemon::{DaemonError, Engine};
use crate::rules::intake::Removals;
use crate::store::Opened;

/// What is in flight at a stop gets this long.
const STOP_WAIT: Duration = Duration::from_secs(20);
/// Without anything to do, a loop looks at the store this often all the same.
const IDLE: Duration = Duration::from_secs(15);
/// How often a change by another process is looked for.
const POLL: Duration = Duration::from_millis(500);
/// Answers are recorded in groups: within this time of the first.
const GROUP: Duration = Duration::from_millis(20);
/// After a failure of the store the loops wait this long.
const FAILURE_WAIT: Duration = Duration::from_secs(5);

/// How a daemon starts.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// What becomes of the past of new tasks.
    pub first_load: FirstLoad,
    /// Whether many tasks may go at once.
    pub removals: Removals,
}

/// What asks a running daemon for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Go on.
    Running,
    /// Finish what is in flight and end.
    Asked,
}

/// Told once the first pass is done: everything that was due is decided.
pub type Ready = Box<dyn FnOnce(&str) + Send>;

/// A daemon that has taken its configuration in and decided what was due, and has sent nothing yet.
#[derive(Debug)]
pub struct Begun {
    /// What the loops share.
    pub engine: Arc<Engine>,
    /// Why the files are not in force; empty where they are.
    pub problems: Vec<String>,
    /// How many tasks the configuration in force holds.
    pub tasks: usize,
}

/// Starts: takes the files in, finds what the last run left, tells the office what a start found, and decides what is due.
///
/// # Errors
/// Where it cannot start.
pub async fn begin(
    path: &Path,
    env: &Environment,
    opened: Opened,
    clock: Arc<dyn Clock>,
    options: RunOptions,
) -> Result<Begun, DaemonError> {
    let Opened { store, .. } = opened;
    let Started {
        engine,
        problems,
        tasks,
    } = start(
        path,
        env,
        store,
        Arc::clone(&clock),
        options.removals,
        options.first_load,
    )
    .await?;
    let found = engine.recover(clock.now()).await?;
    if found > 0 {
        tracing::warn!(
            "{found} of the messages were being sent when the last run ended; they may have arrived, and are sent again with the same ids"
        );
    }
    engine.look_at_clock(clock.now()).await?;
    // What is due now is decided before anything leaves, so that what waited and what is new go out as one message.
    let now = clock.now();
    engine.plan_due(now).await?;
    engine.tell_of_start(&problems, now).await?;
    engine.health().note(|standing| {
        standing.load = Some(Load {
            at: now,
            accepted: problems.is_empty(),
        });
        standing.degraded.clone_from(&problems);
    });
    engine.decide(now, Gather::Done).await?;
    Ok(Begun {
        engine,
        problems,
        tasks,
    })
}

/// Runs until `stop` completes, then finishes what is in flight within 20 s.
///
/// # Errors
/// Where it cannot start. Once it runs, a failing store is logged and tried again.
pub async fn run(
    path: &Path,
    env: &Environment,
    opened: Opened,
    clock: Arc<dyn Clock>,
    options: RunOptions,
    ready: Ready,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), DaemonError> {
    let Begun {
        engine,
        problems,
        tasks,
    } = begin(path, env, opened, clock, options).await?;
    let store = engine.store().clone();
    let pulse = Pulse::default();
    let heartbeat = Heartbeat::start(&pulse).await.map_err(DaemonError::Heartbeat)?;
    let (stop_sender, stop_receiver) = watch::channel(Stop::Running);
    let outbox = Arc::new(Notify::new());
    let watch = Watch::new(path, env, &engine);
    let deciding = tokio::spawn(decide_loop(
        Arc::clone(&engine),
        pulse.clone(),
        Arc::clone(&outbox),
        watch,
        stop_receiver.clone(),
    ));
    let delivering = tokio::spawn(deliver_loop(Arc::clone(&engine), Arc::clone(&outbox), stop_receiver));
    ready(&format!(
        "{tasks} tasks, {}",
        if problems.is_empty() {
            "in order"
        } else {
            "degraded: on the last good load"
        }
    ));
    stop.await;
    tracing::info!("stopping: what is in flight has {} s", STOP_WAIT.as_secs());
    if stop_sender.send(Stop::Asked).is_err() {
        tracing::error!("both loops had ended before they were asked to");
    }
    heartbeat.stop().await;
    for (name, handle) in [("deciding", deciding), ("delivering", delivering)] {
        match tokio::time::timeout(STOP_WAIT, handle).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!("the {name} loop broke off: {error}"),
            Err(_) => tracing::warn!("the {name} loop was cut off; its messages are sent again with the same ids"),
        }
    }
    drop(engine);
    store.close().await;
    Ok(())
}

/// What woke the deciding loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// The planned instant, the heartbeat, or the slow fallback.
    Tick,
    /// Another process changed the store.
    Changed,
    /// The files are to be looked at.
    Housekeeping,
    /// The end.
    Stop,
}

async fn decide_loop(
    engine: Arc<Engine>,
    pulse: Pulse,
    outbox: Arc<Notify>,
    mut watch: Watch,
    mut stop: watch::Receiver<Stop>,
) {
    let mut version = engine.store.data_version().await.ok();
    loop {
        let now = engine.clock.now();
        let wait = match engine.decide(now, Gather::Configured).await {
            Ok(next) => {
                engine.health().note(|standing| standing.decided = Some(now));
                until(now, next)
            }
            Err(error) => {
                tracing::error!("deciding failed and is tried again: {error}");
                FAILURE_WAIT
            }
        };
        outbox.notify_one();
        match next_event(&engine, &pulse, &mut version, wait, &mut stop).await {
            Event::Tick | Event::Changed => {}
            Event::Housekeeping => {
                let now = engine.clock.now();
                if let Err(error) = watch.look(&engine, now).await {
                    tracing::error!("looking at the files failed: {error}");
                }
                if let Err(error) = engine.look_at_clock(now).await {
                    tracing::error!("looking at the clock failed: {error}");
                }
            }
            Event::Stop => return,
        }
    }
}

async fn next_event(
    engine: &Engine,
    pulse: &Pulse,
    version: &mut Option<i64>,
    wait: Duration,
    stop: &mut watch::Receiver<Stop>,
) -> Event {
    let timer = tokio::time::sleep(wait);
    tokio::pin!(timer);
    let mut poll = tokio::time::interval(POLL);
    loop {
        tokio::select! {
            biased;
            _ = stop.changed() => return Event::Stop,
            () = pulse.housekeeping.notified() => return Event::Housekeeping,
            () = pulse.tick.notified() => return Event::Tick,
            () = &mut timer => return Event::Tick,
            _ = poll.tick() => {
                let found = engine.store.data_version().await.ok();
                if found != *version {
                    *version = found;
                    return Event::Changed;
                }
            }
        }
    }
}

async fn deliver_loop(engine: Arc<Engine>, outbox: Arc<Notify>, mut stop: watch::Receiver<Stop>) {
    let mut flight = Flight::default();
    let mut stopping = false;
    loop {
        let now = engine.clock.now();
        let mut wait = IDLE;
        engine.health().note(|standing| standing.delivered = Some(now));
        if !stopping {
            match engine.launch(&mut flight, now).await {
                Ok(true) => wait = Duration::ZERO,
                Ok(false) => {
                    let next = engine.next_delivery(now).await.ok().flatten();
                    wait = until(now, next);
                }
                Err(error) => {
                    tracing::error!("sending failed and is tried again: {error}");
                    wait = FAILURE_WAIT;
                }
            }
        }
        if stopping && flight.is_empty() {
            return;
        }
        tokio::select! {
            biased;
            Some(first) = flight.land() => {
                let mut attempts = vec![first];
                tokio::time::sleep(GROUP).await;
                while let Some(attempt) = flight.landed() {
                    attempts.push(attempt);
                }
                if let Err(error) = engine.settle(attempts, engine.clock.now()).await {
                    // The messages stand as being sent; the next start sends them again with the same ids.
                    tracing::error!("an answer could not be recorded: {error}");
                }
            }
            _ = stop.changed(), if !stopping => stopping = true,
            () = outbox.notified(), if !stopping => {}
            () = tokio::time::sleep(wait), if !stopping => {}
        }
    }
}

/// How long until `next`, at most the slow fallback.
fn until(now: DateTime<Utc>, next: Option<DateTime<Utc>>) -> Duration {
    next.map_or(IDLE, |next| {
        (next - now)
            .to_std()
            .unwrap_or(Duration::ZERO)
            .clamp(Duration::from_millis(1), IDLE)
    })
}
