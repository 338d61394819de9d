//! The running daemon: its loops, a closed list of events, and an end within bounds.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::{Environment, Looked};
use crate::daemon::clock_watch::{ClockWatch, Look};
use crate::daemon::deliver_loop::{Cargo, Flight};
use crate::daemon::engine::Gather;
use crate::daemon::health::Health;
use crate::daemon::heartbeat::{Heartbeat, Pulse};
use crate::daemon::helm::{Awaits, Helm, accept_clock};
use crate::daemon::reload::TakenIn;
use crate::daemon::sync::{FirstLoad, Started, kept, start};
use crate::daemon::tally::Loop;
use crate::daemon::watch::{Loaded, Watch};
use crate::daemon::web::{Watching, Web};
use crate::daemon::{DaemonError, Engine, watchdog};
use crate::rules::intake::Removals;
use crate::site::Board;
use crate::store::{Opened, Store};

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
    /// Whether a clock that looks wrong is taken for right.
    pub clock_trust: ClockTrust,
}

/// What a start makes of the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClockTrust {
    /// Where it looks wrong, everything is held.
    #[default]
    Watched,
    /// `--accept-clock`: somebody said that it is right.
    Accepted,
}

/// What asks a running daemon for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Go on.
    Running,
    /// Finish what is in flight and end.
    Asked,
}

/// How far a daemon is, for whoever started it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// Files are being read anew.
    Reloading,
    /// The first pass, or a reload, is done; how it stands.
    Ready(&'a str),
}

/// Between a running daemon and whoever started it.
pub struct Reins {
    /// Asks for the files to be loaded anew.
    pub reload: Arc<Notify>,
    /// Is told how far it is.
    pub voice: Voice,
}

/// Told of progress.
pub type Voice = Arc<dyn Fn(Progress<'_>) + Send + Sync>;

/// A daemon that has taken its configuration in and decided what was due, and has sent nothing yet.
#[derive(Debug)]
pub struct Begun {
    /// What steers the loops.
    pub helm: Arc<Helm>,
    /// What the loops share, until files are loaded anew.
    pub engine: Arc<Engine>,
    /// Why the files are not in force; empty where they are.
    pub problems: Vec<String>,
    /// How many tasks the configuration in force holds.
    pub tasks: usize,
    /// What was looked at on the disk.
    pub looked: Looked,
}

/// Starts: takes the files in, finds what the last run left, tells the office what a start found, and decides what is due.
/// Where the clock is not believed nothing of this is done: the last good load stands until it is.
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
    let watch = ClockWatch::open(Arc::clone(&clock), &store).await?;
    if options.clock_trust == ClockTrust::Accepted {
        accept_clock(&watch, &store).await?;
    }
    // One present for the whole start: the clock may jump while it lasts.
    let now = match watch.look(&store).await? {
        Look::Right(now) | Look::RightAgain(_, now) => now,
        Look::Held(hold) => {
            let Some(config) = kept(&store, env).await? else {
                return Err(DaemonError::Clock(hold));
            };
            return begin_held(config, &store, clock, watch, options).await;
        }
    };
    let started = start(path, env, store, clock, now, options.removals, options.first_load).await?;
    let Started {
        engine,
        problems,
        tasks,
        looked,
    } = started;
    let awaits = Awaits::Nothing;
    let helm = Arc::new(Helm::new(
        Arc::clone(&engine),
        watch,
        options.first_load,
        Removals::Guarded,
        awaits,
    ));
    engine.recover_and_say(now).await?;
    // What is due now is decided before anything leaves, so that what waited and what is new go out as one message.
    engine.plan_due(now).await?;
    engine.tell_of_start(&problems, now).await?;
    engine.note_load(now, &problems);
    helm.release_kept(now).await?;
    engine.decide(now, Gather::Done).await?;
    Ok(Begun {
        helm,
        engine,
        problems,
        tasks,
        looked,
    })
}

/// A start with a clock that is not believed: nothing is taken in, planned or recovered until it is.
async fn begin_held(
    mut config: crate::config::Config,
    store: &Store,
    clock: Arc<dyn Clock>,
    watch: ClockWatch,
    options: RunOptions,
) -> Result<Begun, DaemonError> {
    let tasks = config.tasks_at(clock.now()).len();
    config.tasks = Vec::new();
    config.places.clear();
    let engine = Arc::new(Engine::open(config, store.clone(), clock).await?);
    let helm = Helm::new(
        Arc::clone(&engine),
        watch,
        options.first_load,
        options.removals,
        Awaits::Start,
    );
    helm.decide(Gather::Done).await?;
    Ok(Begun {
        helm: Arc::new(helm),
        engine,
        problems: Vec::new(),
        tasks,
        looked: Looked::default(),
    })
}

/// Runs until `stop` completes, then finishes what is in flight within 20 s.
///
/// # Errors
/// Where it cannot start, or one of its loops breaks off. Once it runs, a failing store is logged and tried again.
pub async fn run(
    path: &Path,
    env: &Environment,
    opened: Opened,
    clock: Arc<dyn Clock>,
    options: RunOptions,
    reins: Reins,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), DaemonError> {
    let Reins { reload, voice } = reins;
    let started = clock.now();
    let begun = begin(path, env, opened, Arc::clone(&clock), options).await?;
    let onlookers = Onlookers::begin(&begun.engine, clock, started).await;
    let status = how_it_stands(&begun.engine, begun.tasks);
    let helm = begun.helm;
    let store = begun.engine.store().clone();
    drop(begun.engine);
    let pulse = Pulse::default();
    let heartbeat = Heartbeat::start(&pulse).await.map_err(DaemonError::Heartbeat)?;
    let (stop_sender, stop_receiver) = watch::channel(Stop::Running);
    let outbox = Arc::new(Notify::new());
    let (loads_sender, loads) = mpsc::channel(1);
    let on_asked = {
        let voice = Arc::clone(&voice);
        move || voice(Progress::Reloading)
    };
    let bell = Arc::clone(&helm.bell);
    let watching = tokio::spawn(Watch::new(path, env, begun.looked).run(bell, loads_sender, on_asked));
    let ringing = tokio::spawn(pass_on(reload, Arc::clone(&helm.bell)));
    let mut loops = Loops::default();
    let deciding = decide_loop(
        Arc::clone(&helm),
        pulse.clone(),
        Arc::clone(&outbox),
        loads,
        Arc::clone(&voice),
        stop_receiver.clone(),
    );
    loops.spawn("deciding", deciding);
    loops.spawn("delivering", deliver_loop(Arc::clone(&helm), outbox, stop_receiver));
    voice(Progress::Ready(&status));
    let broken = tokio::select! {
        () = stop => None,
        broken = loops.first_to_break() => Some(broken),
    };
    tracing::info!("stopping: what is in flight has {} s", STOP_WAIT.as_secs());
    if stop_sender.send(Stop::Asked).is_err() {
        tracing::error!("both loops had ended before they were asked to");
    }
    watching.abort();
    ringing.abort();
    heartbeat.stop().await;
    loops.end().await;
    onlookers.end().await;
    drop(helm);
    store.close().await;
    broken.map_or(Ok(()), Err)
}

/// The loops, which end only when they are asked to.
#[derive(Default)]
struct Loops {
    running: JoinSet<()>,
    names: BTreeMap<String, &'static str>,
}

impl Loops {
    fn spawn(&mut self, name: &'static str, running: impl Future<Output = ()> + Send + 'static) {
        let id = self.running.spawn(running).id();
        self.names.insert(id.to_string(), name);
    }

    /// The next one that ends, and why it broke off, where it did.
    async fn next(&mut self) -> Option<(&'static str, Option<String>)> {
        let ended = self.running.join_next_with_id().await?;
        let (id, why) = match ended {
            Ok((id, ())) => (id, None),
            Err(error) => (error.id(), Some(error.to_string())),
        };
        Some((self.names.get(&id.to_string()).copied().unwrap_or_default(), why))
    }

    /// Waits until one ends that was not asked to, as one does that panics. Promises are kept by both or not at all, and
    /// whoever started the daemon can start it again.
    async fn first_to_break(&mut self) -> DaemonError {
        let (name, why) = self.next().await.unwrap_or_default();
        let why = why.unwrap_or_else(|| "it ended unasked".to_owned());
        tracing::error!("the {name} loop broke off: {why}");
        DaemonError::LoopBroke { name, why }
    }

    /// Waits for those that were asked to end, within bounds.
    async fn end(mut self) {
        let ending = async {
            while let Some((name, why)) = self.next().await {
                if let Some(why) = why {
                    tracing::error!("the {name} loop broke off: {why}");
                }
            }
        };
        if tokio::time::timeout(STOP_WAIT, ending).await.is_err() {
            tracing::warn!("a loop was cut off; its messages are sent again with the same ids");
        }
    }
}

/// Those who watch the loops: the site, and what systemd is told.
struct Onlookers {
    over: CancellationToken,
    tasks: JoinSet<()>,
}

impl Onlookers {
    async fn begin(engine: &Arc<Engine>, clock: Arc<dyn Clock>, started: DateTime<Utc>) -> Self {
        let health = Arc::clone(engine.health());
        health.tally().serves(engine);
        let watching = Watching {
            health: Arc::clone(&health),
            clock,
            started,
        };
        let board = Arc::new(Board::new(Arc::new(watching), engine.store().clone()));
        let web = Web::open(engine, Arc::clone(&board)).await;
        let over = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(web.follow(over.clone()));
        tasks.spawn(watchdog::guard(health, over.clone()));
        tasks.spawn(watchdog::tell_standing(board, over.clone()));
        Self { over, tasks }
    }

    async fn end(mut self) {
        self.over.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Passes on that somebody asks for a reload.
async fn pass_on(reload: Arc<Notify>, bell: Arc<Notify>) {
    loop {
        reload.notified().await;
        bell.notify_one();
    }
}

/// In a few words: how many tasks, and whether all is well.
fn how_it_stands(engine: &Engine, tasks: usize) -> String {
    let standing = engine.health().standing();
    if standing.held.is_some() {
        return format!("{tasks} tasks, held: the clock is not believed");
    }
    let how = if standing.degraded.is_empty() {
        "in order"
    } else {
        "degraded: on the last good load"
    };
    format!("{tasks} tasks, {how}")
}

/// What woke the deciding loop.
#[derive(Debug)]
enum Event {
    /// The planned instant, the heartbeat, or the slow fallback.
    Tick,
    /// Another process changed the store.
    Changed,
    /// Files were read.
    Loaded(Loaded),
    /// What is done now and then.
    Housekeeping,
    /// The end.
    Stop,
}

pub(super) async fn decide_loop(
    helm: Arc<Helm>,
    pulse: Pulse,
    outbox: Arc<Notify>,
    mut loads: mpsc::Receiver<Loaded>,
    voice: Voice,
    mut stop: watch::Receiver<Stop>,
) {
    let store = helm.engine().store.clone();
    let mut version = store.data_version().await.ok();
    let mut nightly: Option<JoinHandle<()>> = None;
    loop {
        let engine = helm.engine();
        let now = engine.clock.now();
        let health = Arc::clone(engine.health());
        health.tally().serves(&engine);
        health.tally().beat(Loop::Deciding);
        let wait = match helm.decide(Gather::Configured).await {
            Ok(next) => {
                note_decided(&helm, now);
                until(now, next)
            }
            Err(error) => {
                tracing::error!("deciding failed and is tried again: {}", said(&error));
                FAILURE_WAIT
            }
        };
        drop(engine);
        outbox.notify_one();
        match next_event(&store, &health, &pulse, &mut loads, &mut version, wait, &mut stop).await {
            Event::Tick | Event::Changed => {}
            Event::Loaded(loaded) => take_in(&helm, loaded, &voice).await,
            Event::Housekeeping => {
                let engine = helm.engine();
                let (cargo, now) = helm.cargo();
                if cargo == Some(Cargo::All)
                    && let Err(error) = engine.tell_of_load_daily(now).await
                {
                    tracing::error!("the office could not be told that files are broken: {}", said(&error));
                }
                // Beside the loop, which it must not delay.
                if cargo == Some(Cargo::All) && nightly.as_ref().is_none_or(JoinHandle::is_finished) {
                    nightly = Some(tokio::spawn(nightly_due(Arc::clone(&helm))));
                }
            }
            Event::Stop => {
                if let Some(nightly) = nightly {
                    // What it had not committed is done again after the next start.
                    nightly.abort();
                    drop(nightly.await);
                }
                return;
            }
        }
    }
}

/// A pass of the deciding loop ended. Where everything is held nothing was decided, and where files are awaited nothing may
/// leave before they are in.
fn note_decided(helm: &Helm, now: DateTime<Utc>) {
    let decided = match helm.cargo().0 {
        Some(Cargo::All) => Some(now),
        Some(Cargo::WordsToOffice) => return,
        None => None,
    };
    helm.engine().health().note(|standing| standing.decided = decided);
}

/// Puts files in force that were read, or says why not; where the store fails they are read again soon.
async fn take_in(helm: &Arc<Helm>, loaded: Loaded, voice: &Voice) {
    let tasks = match helm.take_in(loaded).await {
        Ok(TakenIn::Unchanged) => {
            tracing::debug!("the files were touched and say what they said");
            return;
        }
        Ok(TakenIn::InForce(tasks)) => Some(tasks),
        Ok(TakenIn::Refused(_)) => None,
        Ok(TakenIn::Later) => {
            tracing::warn!("the clock is not believed: the files are taken in when it is right");
            None
        }
        Err(error) => {
            tracing::error!(
                "the files could not be taken in, which is tried again: {}",
                said(&error)
            );
            let bell = Arc::clone(&helm.bell);
            tokio::spawn(async move {
                tokio::time::sleep(FAILURE_WAIT).await;
                bell.notify_one();
            });
            None
        }
    };
    let engine = helm.engine();
    let tasks = match tasks {
        Some(tasks) => tasks,
        None => engine
            .store
            .tasks()
            .await
            .map_or(0, |tasks| tasks.iter().filter(|stored| !stored.state.withdrawn).count()),
    };
    voice(Progress::Ready(&how_it_stands(&engine, tasks)));
}

/// Once a day: what was said long ago is forgotten, and what should have been said is counted again.
async fn nightly_due(helm: Arc<Helm>) {
    if let Err(error) = helm.nightly_due().await {
        tracing::error!("the self-audit failed and is tried again in a minute: {}", said(&error));
    }
}

async fn next_event(
    store: &Store,
    health: &Health,
    pulse: &Pulse,
    loads: &mut mpsc::Receiver<Loaded>,
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
            Some(loaded) = loads.recv() => return Event::Loaded(loaded),
            () = pulse.housekeeping.notified() => return Event::Housekeeping,
            () = pulse.tick.notified() => return Event::Tick,
            () = &mut timer => return Event::Tick,
            _ = poll.tick() => {
                health.tally().beat(Loop::Deciding);
                let found = store.data_version().await.ok();
                if found != *version {
                    *version = found;
                    return Event::Changed;
                }
            }
        }
    }
}

async fn deliver_loop(helm: Arc<Helm>, outbox: Arc<Notify>, mut stop: watch::Receiver<Stop>) {
    let mut flight = Flight::default();
    let mut stopping = false;
    loop {
        let mut wait = IDLE;
        helm.engine().health().tally().beat(Loop::Delivering);
        if !stopping {
            wait = send_off(&helm, &mut flight).await;
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
                let _turn = helm.turn.lock().await;
                let (_, now) = helm.cargo();
                if let Err(error) = helm.engine().settle(attempts, now).await {
                    // The messages stand as being sent; the next start sends them again with the same ids.
                    tracing::error!("an answer could not be recorded: {}", said(&error));
                }
            }
            _ = stop.changed(), if !stopping => stopping = true,
            () = outbox.notified(), if !stopping => {}
            () = tokio::time::sleep(wait), if !stopping => {}
        }
    }
}

/// Sends on its way what may leave now. Says when to come again.
async fn send_off(helm: &Helm, flight: &mut Flight) -> Duration {
    let _turn = helm.turn.lock().await;
    let engine = helm.engine();
    let clock = engine.clock.now();
    let (cargo, now) = helm.cargo();
    let launched = match cargo {
        Some(cargo) => engine.launch(flight, cargo, now).await,
        None => Ok(false),
    };
    if matches!(launched, Ok(false)) {
        engine.health().note(|standing| standing.delivered = Some(clock));
    }
    match launched {
        Ok(true) => Duration::ZERO,
        // What is held is due, and waits all the same.
        Ok(false) if cargo != Some(Cargo::All) => IDLE,
        Ok(false) => until(now, engine.next_delivery(now).await.ok().flatten()),
        Err(error) => {
            tracing::error!("sending failed and is tried again: {}", said(&error));
            FAILURE_WAIT
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

/// An error with what led to it: "the disk is full" says less than what the disk said.
fn said(error: &DaemonError) -> String {
    crate::daemon::error::with_causes(error)
}
