use std::sync::Mutex;

use tokio::time::{Instant, advance, sleep};

use super::*;

/// How often systemd was told that all is well.
#[derive(Default)]
struct Told(Mutex<u32>);

impl Told {
    fn count(&self) -> u32 {
        *self.0.lock().expect("nobody panics")
    }

    fn take(&self, state: &NotifyState<'_>) {
        assert!(matches!(state, NotifyState::Watchdog), "{state}");
        *self.0.lock().expect("nobody panics") += 1;
    }
}

const LIMIT: Duration = Duration::from_secs(180);

fn fed() -> (Arc<Health>, Arc<Told>) {
    let (health, told) = (Arc::new(Health::default()), Arc::new(Told::default()));
    for which in Loop::ALL {
        health.tally().beat(which);
    }
    let (fed, say) = (Arc::clone(&health), Arc::clone(&told));
    tokio::spawn(async move {
        Watchdog::new(LIMIT).feed(fed.tally(), |state| say.take(&state)).await;
    });
    (health, told)
}

/// Lets both loops go round, but for those that hang, for so long.
async fn go_round(health: &Health, hung: &[Loop], seconds: u64) {
    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        for which in Loop::ALL.into_iter().filter(|which| !hung.contains(which)) {
            health.tally().beat(which);
        }
        sleep(Duration::from_secs(15)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn while_both_loops_move_systemd_is_told_four_times_in_its_limit() {
    let (health, told) = fed();
    go_round(&health, &[], 10 * LIMIT.as_secs()).await;
    let count = told.count();
    assert!((40..=41).contains(&count), "{count}");
}

#[tokio::test(start_paused = true)]
async fn where_either_loop_hangs_systemd_is_told_nothing_more_within_half_its_limit() {
    for which in Loop::ALL {
        let (health, told) = fed();
        go_round(&health, &[], 60).await;
        go_round(&health, &[which], LIMIT.as_secs() / 2 + 15).await;
        let before = told.count();
        go_round(&health, &[which], 100 * LIMIT.as_secs()).await;
        assert_eq!(told.count(), before, "{which:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_moves_again_is_told_of_again() {
    let (health, told) = fed();
    go_round(&health, &[Loop::Deciding], LIMIT.as_secs()).await;
    let before = told.count();
    go_round(&health, &[], LIMIT.as_secs()).await;
    assert!(told.count() >= before + 3, "{before} then {}", told.count());
}

#[tokio::test(start_paused = true)]
async fn a_process_that_was_stopped_for_an_hour_is_well_as_soon_as_its_loops_move() {
    let (health, told) = fed();
    go_round(&health, &[], 60).await;
    // Nothing ran meanwhile, the loops and the feeding included.
    advance(Duration::from_secs(3600)).await;
    let before = told.count();
    go_round(&health, &[], LIMIT.as_secs()).await;
    assert!(told.count() >= before + 3, "{before} then {}", told.count());
}

#[test]
fn a_watchdog_shorter_than_the_loops_rest_does_not_bite_for_it() {
    let short = Watchdog::new(Duration::from_secs(8));
    assert_eq!((short.silence_max, short.every), (SILENCE_MIN, Duration::from_secs(2)));
    let long = Watchdog::new(LIMIT);
    assert_eq!(
        (long.silence_max, long.every),
        (Duration::from_secs(90), Duration::from_secs(45))
    );
}

/// The deciding loop itself, on the smallest sample.
mod real {
    use std::path::Path;

    use chrono::DateTime;
    use tokio::sync::{Notify, mpsc, watch};

    use super::*;
    use crate::clock::{Clock, SystemClock};
    use crate::config::{self, Environment};
    use crate::daemon::clock_watch::ClockWatch;
    use crate::daemon::heartbeat::Pulse;
    use crate::daemon::helm::{Awaits, Helm};
    use crate::daemon::run::{Stop, decide_loop};
    use crate::daemon::{Engine, FirstLoad};
    use crate::rules::intake::Removals;
    use crate::store::Store;

    /// Waits until something holds of how long the loop has been silent.
    async fn until(health: &Health, holds: impl Fn(Duration) -> bool) {
        let waited = Instant::now();
        while !health.tally().silence(Loop::Deciding).is_some_and(&holds) {
            assert!(
                waited.elapsed().as_secs() < 60,
                "{:?}",
                health.tally().silence(Loop::Deciding)
            );
            tokio::task::yield_now().await;
        }
    }

    /// What steers the smallest sample.
    async fn helm(awaits: Awaits) -> Arc<Helm> {
        let (env, clock) = (Environment::default(), Arc::new(SystemClock));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/minimal.toml");
        let config = config::load(&path, &env).expect("the sample loads");
        let store = Store::memory(clock.now()).await.expect("a store in memory opens");
        let watch = ClockWatch::open(clock.clone(), &store).await.expect("a watch");
        let engine = Arc::new(Engine::open(config, store, clock).await.expect("it opens"));
        Arc::new(Helm::new(engine, watch, FirstLoad::CatchUp, Removals::Guarded, awaits))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_deciding_loop_is_silent_while_it_hangs_and_only_then() {
        let helm = helm(Awaits::Nothing).await;
        let engine = helm.engine();
        let health = Arc::clone(engine.health());
        let (asked, stop) = watch::channel(Stop::Running);
        let pulse = Pulse::default();
        let (_nothing_changes, loads) = mpsc::channel(1);
        let outbox = Arc::new(Notify::new());
        let running = decide_loop(helm, pulse.clone(), outbox, loads, Arc::new(|_| {}), stop);
        let running = tokio::spawn(running);
        // Nothing is due, and it moves all the same, again and again.
        for _ in 0..3 {
            until(&health, |silence| silence > Duration::from_millis(100)).await;
            until(&health, |silence| silence < Duration::from_millis(50)).await;
        }
        // What another holds for ever is a hang like any other.
        let held = engine.composing.lock().await;
        pulse.tick.notify_one();
        until(&health, |silence| silence > Duration::from_secs(3)).await;
        let decided = health.standing().decided;
        assert!(decided.is_some_and(|at| at > DateTime::UNIX_EPOCH));
        drop(held);
        until(&health, |silence| silence < Duration::from_millis(50)).await;
        asked.send(Stop::Asked).expect("it listens");
        running.await.expect("it ends");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn nothing_counts_as_decided_before_the_files_that_are_awaited_are_in() {
        let helm = helm(Awaits::Files).await;
        let health = Arc::clone(helm.engine().health());
        health.note(|standing| standing.decided = Some(SystemClock.now()));
        let (asked, stop) = watch::channel(Stop::Running);
        let pulse = Pulse::default();
        let (_nothing_changes, loads) = mpsc::channel(1);
        let outbox = Arc::new(Notify::new());
        let running = decide_loop(Arc::clone(&helm), pulse.clone(), outbox, loads, Arc::new(|_| {}), stop);
        let running = tokio::spawn(running);
        let waited = Instant::now();
        while health.standing().decided.is_some() {
            assert!(waited.elapsed().as_secs() < 60, "nothing was decided");
            tokio::task::yield_now().await;
        }
        helm.await_nothing();
        pulse.tick.notify_one();
        while health.standing().decided.is_none() {
            assert!(waited.elapsed().as_secs() < 60, "all may leave now");
            tokio::task::yield_now().await;
        }
        asked.send(Stop::Asked).expect("it listens");
        running.await.expect("it ends");
    }
}
