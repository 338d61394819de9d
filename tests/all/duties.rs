//! Duties that come round again, as a daemon and those who ask it see them.

use duban::rules::progress::Act;

use crate::office::Office;
use crate::world::{TOWN, World};

const SWEEP: &str =
    "id,title,unit,lead,opened,repeat,due\n12,Sweep,works,cat,2026-01-05,last working day of each quarter,\n";

async fn ids(world: &World) -> Vec<String> {
    let tasks = world.store().tasks().await.unwrap();
    tasks.iter().map(|stored| stored.task.id.to_string()).collect()
}

#[tokio::test]
async fn each_occurrence_has_its_own_ladder_and_closing_one_leaves_the_others() {
    let mut world = World::new(TOWN, SWEEP);
    world.start("2026-01-05T00:00:00+08:00").await;
    world.run_until("2026-03-27T12:00:00+08:00").await;
    assert_eq!(world.heard("12@2026-03-31", "ann").await, ["due-3wd/remind"]);
    world.act("12@2026-03-31", &Act::Close { on: None }).await;
    world.run_until("2026-06-30T12:00:00+08:00").await;
    assert_eq!(world.heard("12@2026-03-31", "ann").await, ["due-3wd/remind"]);
    assert_eq!(world.heard("12@2026-06-30", "ann").await, ["due-3wd/remind", "due/due"]);
    assert_eq!(world.heard("12@2026-09-30", "ann").await, [""; 0]);
}

#[tokio::test]
async fn what_comes_into_reach_is_added_without_a_new_load() {
    let mut world = World::new(TOWN, SWEEP);
    world.start("2026-01-05T00:00:00+08:00").await;
    let first = ["12@2026-03-31", "12@2026-06-30", "12@2026-09-30", "12@2026-12-31"];
    assert_eq!(ids(&world).await, first);
    world.run_until("2026-02-28T00:00:00+08:00").await;
    assert_eq!(ids(&world).await.len(), 5 - 1);
    world.run_until("2026-03-02T00:00:00+08:00").await;
    assert_eq!(ids(&world).await.last().unwrap(), "12@2027-03-31");
    let before = world.store().entries(0, 1000).await.unwrap().len();
    world.restart("2026-03-02T01:00:00+08:00").await;
    assert_eq!(world.store().entries(0, 1000).await.unwrap().len(), before);
}

#[tokio::test]
async fn plan_status_and_why_show_occurrences_and_check_counts_the_row() {
    let office = Office::running().await;
    let row = "[[tasks]]\nid = \"sweep\"\ntitle = \"Sweep\"\nunit = \"works\"\nlead = \"office\"\n\
               opened = 2190-01-01\nrepeat = \"12-31\"\nbatch = \"I\"\n";
    office.write("more.toml", row);
    office.edit("ledger = [", "ledger = [\"more.toml\", ");
    let now = ["--now", "2190-02-01", "--format", "json"];
    let ask = |words: &[&str]| office.json(&[words, &now[..]].concat());
    let plan = ask(&["plan", "--until", "400d", "--ignore-store"]);
    let planned = plan
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["task"] == "sweep@2190-12-31");
    assert!(planned.count() > 0, "{plan}");
    let checked = office.duban(&["check"]);
    assert!(
        checked.out.contains("1 repeating duty"),
        "{}{}",
        checked.out,
        checked.err
    );
}
