//! Whatever happens to the ledger's file: nobody is silenced, the office is told, nothing is closed.

use std::fs;

use duban::domain::message::{MessageKind, MessageState};
use duban::domain::task::Phase;
use duban::rules::intake::Removals;

use crate::world::{HEADER, TOWN, World, ledger};

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
