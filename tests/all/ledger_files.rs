//! Whatever happens to the ledger's file: nobody is silenced, the office is told, nothing is closed.

use std::fs;

use duban::config::{self, Environment};
use duban::daemon::{self, FirstLoad};
use duban::domain::message::{MessageKind, MessageState};
use duban::domain::task::Phase;
use duban::rules::intake::Removals;
use duban::store::{Access, Store};

use crate::world::{HEADER, TOWN, World, at, ledger};

fn twenty() -> String {
    let ids: Vec<String> = (1..=20).map(|n| n.to_string()).collect();
    ledger(&ids.iter().map(|id| (id.as_str(), "2026-03-20")).collect::<Vec<_>>())
}

fn half() -> String {
    twenty().lines().take(11).map(|line| format!("{line}\n")).collect()
}

type Damage = fn(&World);

/// What may become of a file.
const DAMAGES: [(&str, Damage); 5] = [
    ("cut in half", |world| world.write("ledger.csv", half())),
    ("emptied", |world| world.write("ledger.csv", "")),
    ("header only", |world| world.write("ledger.csv", HEADER)),
    ("renamed", |world| {
        fs::rename(world.path("ledger.csv"), world.path("old.csv")).unwrap();
    }),
    ("garbage", |world| {
        world.write("ledger.csv", [0_u8, 159, 146, 150, 7, 0, 255])
    }),
];

async fn running(now: &str) -> World {
    let mut world = World::new(TOWN, &twenty());
    world.start(now).await;
    world.run_until("2026-03-02T08:10:00+08:00").await;
    world
}

/// All tasks stand open, and all twenty are told of what comes next.
async fn nobody_is_silenced(world: &World, what: &str) {
    let tasks = world.store().tasks().await.unwrap();
    assert!(
        tasks.iter().all(|stored| stored.state.standing() == Phase::Open),
        "{what}: nothing is closed or withdrawn"
    );
    world.run_until("2026-03-17T12:00:00+08:00").await;
    let told = world.told().await;
    assert_eq!(
        told.iter().filter(|told| told.1 == "due-3wd/remind").count(),
        20,
        "{what}"
    );
}

#[tokio::test]
async fn a_ledger_that_is_damaged_under_the_running_daemon_is_told_to_the_office_once_and_its_repair_too() {
    for (what, damage) in DAMAGES {
        let mut world = running("2026-03-02T08:00:00+08:00").await;
        let before = world.words_to_office().await.len();
        damage(&world);
        world.look_at_files().await;
        world.look_at_files().await;
        let words = world.words_to_office().await;
        assert_eq!(words.len(), before + 1, "{what}: told once: {words:?}");
        nobody_is_silenced(&world, what).await;
        world.write("ledger.csv", twenty());
        world.look_at_files().await;
        world.look_at_files().await;
        let words = world.words_to_office().await;
        assert_eq!(words.len(), before + 2, "{what}: told that it is in order: {words:?}");
    }
}

#[tokio::test]
async fn a_ledger_that_is_damaged_at_a_restart_leaves_the_last_good_one_in_force() {
    for (what, damage) in DAMAGES {
        let mut world = running("2026-03-02T08:00:00+08:00").await;
        let before = world.words_to_office().await.len();
        damage(&world);
        world.restart("2026-03-03T08:00:00+08:00").await;
        world.run_until("2026-03-03T08:10:00+08:00").await;
        world.restart("2026-03-03T09:00:00+08:00").await;
        assert!(!world.problems.is_empty(), "{what}: it shows itself degraded");
        world.run_until("2026-03-03T09:10:00+08:00").await;
        let words = world.words_to_office().await;
        assert_eq!(words.len(), before + 1, "{what}: told once: {words:?}");
        nobody_is_silenced(&world, what).await;
        world.write("ledger.csv", twenty());
        world.restart("2026-03-18T09:00:00+08:00").await;
        world.run_until("2026-03-18T09:10:00+08:00").await;
        let words = world.words_to_office().await;
        assert_eq!(words.len(), before + 2, "{what}: told that it is in order: {words:?}");
        assert_eq!(world.problems, Vec::<String>::new());
    }
}

#[tokio::test]
async fn removals_that_are_meant_are_accepted_and_told() {
    let mut world = running("2026-03-02T08:00:00+08:00").await;
    world.write("ledger.csv", half());
    world.removals = Removals::Accepted;
    world.restart("2026-03-03T08:00:00+08:00").await;
    world.run_until("2026-03-17T12:00:00+08:00").await;
    let tasks = world.store().tasks().await.unwrap();
    let count = |phase: Phase| tasks.iter().filter(|stored| stored.state.standing() == phase).count();
    assert_eq!((count(Phase::Open), count(Phase::Withdrawn)), (10, 10));
    let told = world.told().await;
    assert_eq!(told.iter().filter(|told| told.1 == "due-3wd/remind").count(), 10);
    let words = world.messages(MessageKind::System, MessageState::Delivered).await;
    assert!(
        words
            .iter()
            .any(|message| message.content.words.text.contains("Task 20")),
        "the office is told which"
    );
}

#[tokio::test]
async fn a_task_that_returns_goes_on_with_its_history() {
    let mut world = World::new(TOWN, &ledger(&[("1", "2026-03-20"), ("2", "2026-03-20")]));
    world.start("2026-03-17T10:00:00+08:00").await;
    world.run_until("2026-03-17T10:10:00+08:00").await;
    world.write("ledger.csv", ledger(&[("1", "2026-03-20")]));
    world.restart("2026-03-18T10:00:00+08:00").await;
    world.run_until("2026-03-20T12:00:00+08:00").await;
    assert_eq!(world.heard("2", "ann").await, ["due-3wd/remind"]);
    world.write("ledger.csv", ledger(&[("1", "2026-03-20"), ("2", "2026-03-20")]));
    world.restart("2026-03-24T08:00:00+08:00").await;
    world.run_until("2026-03-24T10:00:00+08:00").await;
    let heard = world.heard("2", "ann").await;
    assert_eq!(
        heard.iter().filter(|step| *step == "due-3wd/remind").count(),
        1,
        "{heard:?}"
    );
    assert!(heard.len() > 1, "and hears what it missed: {heard:?}");
}

#[tokio::test]
async fn each_further_cause_of_a_bad_load_is_told_once_too_and_the_repair_of_all_once() {
    let mut world = running("2026-03-02T08:00:00+08:00").await;
    let before = world.words_to_office().await.len();
    for (so_far, (what, damage)) in DAMAGES.iter().enumerate() {
        damage(&world);
        world.look_at_files().await;
        world.look_at_files().await;
        let words = world.words_to_office().await;
        assert_eq!(words.len(), before + so_far + 1, "{what}: {words:?}");
        world.write("ledger.csv", " ");
    }
    world.write("ledger.csv", twenty());
    world.look_at_files().await;
    world.look_at_files().await;
    assert_eq!(world.words_to_office().await.len(), before + DAMAGES.len() + 1);
    assert_eq!(world.store().causes().await.unwrap(), []);
}

#[tokio::test]
async fn another_cause_at_a_restart_is_told_and_the_same_is_not() {
    let mut world = running("2026-03-02T08:00:00+08:00").await;
    let before = world.words_to_office().await.len();
    let restarts: [(&str, Damage, usize); 4] = [
        ("03", |world| world.write("ledger.csv", ""), 1),
        ("04", |world| world.write("ledger.csv", half()), 2),
        ("05", |_| {}, 2),
        ("06", |world| world.write("ledger.csv", twenty()), 3),
    ];
    for (day, damage, words) in restarts {
        damage(&world);
        world.restart(&format!("2026-03-{day}T08:00:00+08:00")).await;
        world.run_until(&format!("2026-03-{day}T08:10:00+08:00")).await;
        assert_eq!(world.words_to_office().await.len(), before + words, "on the {day}");
    }
}

/// Takes the files in as a start does, and ends before anything else is done.
async fn cut_short_after_the_load(world: &World, now: &str) {
    let now = at(now);
    let env = Environment::new([]);
    let config = config::load(&world.path("duban.toml"), &env).unwrap();
    let store = Store::open(&config.store, Access::Run, now).await.unwrap().store;
    daemon::sync(&store, &config, None, now, world.removals, world.first_load)
        .await
        .unwrap()
        .unwrap();
    store.close().await;
}

#[tokio::test]
async fn what_a_load_withdrew_is_told_though_the_daemon_was_cut_off_right_after_it() {
    let mut world = running("2026-03-02T08:00:00+08:00").await;
    world.write("ledger.csv", half());
    world.removals = Removals::Accepted;
    world.stop().await;
    cut_short_after_the_load(&world, "2026-03-03T08:00:00+08:00").await;
    for day in ["03", "04"] {
        world.start(&format!("2026-03-{day}T09:00:00+08:00")).await;
        world.run_until(&format!("2026-03-{day}T09:10:00+08:00")).await;
        let words = world.messages(MessageKind::System, MessageState::Delivered).await;
        let told = words
            .iter()
            .filter(|message| message.content.words.text.contains("Task 20"))
            .count();
        assert_eq!(told, 1, "on the {day}");
        world.stop().await;
    }
}

#[tokio::test]
async fn a_new_store_is_told_though_the_daemon_was_cut_off_right_after_its_first_load() {
    let mut world = World::new(TOWN, &twenty());
    world.first_load = FirstLoad::Quiet;
    cut_short_after_the_load(&world, "2026-03-18T08:00:00+08:00").await;
    world.first_load = FirstLoad::CatchUp;
    world.start("2026-03-18T09:00:00+08:00").await;
    world.run_until("2026-03-18T09:10:00+08:00").await;
    assert_eq!(world.words_to_office().await.len(), 1);
    assert_eq!(world.told().await, [], "and what was quiet stays so");
    world.restart("2026-03-18T10:00:00+08:00").await;
    world.run_until("2026-03-18T10:10:00+08:00").await;
    assert_eq!(world.words_to_office().await.len(), 1);
}
