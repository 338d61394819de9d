//! A daemon whose own loops break off.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use duban::clock::{Clock, SystemClock};
use duban::config::Environment;
use duban::daemon::{self, ClockTrust, DaemonError, FirstLoad, Progress, Reins, RunOptions};
use duban::rules::intake::Removals;
use duban::store::{Access, Store};
use tokio::sync::Notify;

use crate::process::folder;
use crate::world::{TOWN, ledger};

/// A clock that whoever looks at it breaks off, once that is asked for.
struct Trap(Arc<AtomicBool>);

impl Clock for Trap {
    fn now(&self) -> DateTime<Utc> {
        assert!(!self.0.load(Ordering::SeqCst), "a fault in a loop");
        SystemClock.now()
    }

    fn since_boot(&self) -> TimeDelta {
        SystemClock.since_boot()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_panics_ends_the_daemon_with_an_error_at_once() {
    let dir = folder(TOWN, &ledger(&[("1", "2190-06-15")]));
    let opened = Store::open(&dir.path().join("duban.db"), Access::Run, SystemClock.now())
        .await
        .unwrap();
    let options = RunOptions {
        first_load: FirstLoad::CatchUp,
        removals: Removals::Guarded,
        clock_trust: ClockTrust::Watched,
    };
    let (armed, reload) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
    let (arming, asking) = (Arc::clone(&armed), Arc::clone(&reload));
    let voice = move |progress: Progress<'_>| {
        if matches!(progress, Progress::Ready(_)) {
            arming.store(true, Ordering::SeqCst);
            asking.notify_one();
        }
    };
    let reins = Reins {
        reload,
        voice: Arc::new(voice),
    };
    let (path, env) = (dir.path().join("duban.toml"), Environment::new([]));
    let running = daemon::run(&path, &env, opened, Arc::new(Trap(armed)), options, reins, pending());
    // Nobody asks it to stop.
    let ended = tokio::time::timeout(Duration::from_secs(90), running).await.unwrap();
    let error = ended.unwrap_err();
    assert!(matches!(error, DaemonError::LoopBroke { .. }), "{error}");
    assert!(error.to_string().contains("a fault in a loop"), "{error}");
}
