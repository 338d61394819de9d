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
