//! The campaign of Langfang, replayed from its first day to its last.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use chrono::{Datelike, NaiveDate, Weekday};
use duban::config::{self, Environment};
use duban::rules::calendar::Calendar;

use crate::weeks;
use crate::world::{World, at};

fn config() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config/langfang/duban.toml")
}

fn duban(line: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_duban"))
        .args(line.split_whitespace())
        .arg("-c")
        .arg(config())
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What both commands say of the whole campaign, and the reviews.
fn replay() -> (String, String, serde_json::Value) {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    duban(&format!(
        "simulate --from 2021-11-14 --until 2022-08-31 --out {}",
        out.display()
    ));
    let plan = duban("plan --now 2021-11-14 --ignore-store --until 2022-08-31 --format json");
    let reviews = serde_json::from_slice(&fs::read(out.join("reviews.json")).unwrap()).unwrap();
    figures_are_those_of_the_journal(&out, &reviews);
    (plan, fs::read_to_string(out.join("timeline.json")).unwrap(), reviews)
}

fn figures_are_those_of_the_journal(out: &Path, reviews: &serde_json::Value) {
    let file = |name: &str| config().with_file_name(name);
    let counted = weeks::counted_again(&out.join("journal.jsonl"), &file("ledger.csv"), &file("people.toml"));
    let Some(counted) = counted else { return };
    let weekly = reviews
        .as_array()
        .unwrap()
        .iter()
        .filter(|run| run["review"] == "weekly");
    let readers: Vec<usize> = weekly
        .map(|run| weeks::agree(run["day"].as_str().unwrap(), &run["figures"], &counted))
        .collect();
    assert_eq!(readers.len(), counted.as_object().unwrap().len());
    assert!(readers.iter().all(|count| *count > 20), "{readers:?}");
}

fn calendar() -> Calendar {
    config::load(&config(), &Environment::new([])).unwrap().almanac.calendar
}

#[test]
fn the_simulation_of_the_campaign_tells_what_the_plan_foretold_byte_for_byte_with_its_reviews() {
    let (plan, timeline, reviews) = replay();
    let rows: Vec<serde_json::Value> = serde_json::from_str(&plan).unwrap();
    assert!(rows.len() > 2000, "{} notices", rows.len());
    assert!(plan == timeline, "the plan and the simulation differ");
    let times: Vec<&str> = rows.iter().map(|row| row["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "the plan is in the order of time");
    reviews_stand_on_mondays_or_the_next_working_day(&reviews);
}

fn reviews_stand_on_mondays_or_the_next_working_day(reviews: &serde_json::Value) {
    let calendar = calendar();
    let weekly: BTreeMap<NaiveDate, String> = reviews
        .as_array()
        .unwrap()
        .iter()
        .filter(|run| run["review"] == "weekly")
        .map(|run| {
            assert_eq!(run["state"], "sent", "{run}");
            let day = run["day"].as_str().unwrap().parse().unwrap();
            (day, run["at"].as_str().unwrap().to_owned())
        })
        .collect();
    let mondays = NaiveDate::from_ymd_opt(2021, 11, 15)
        .unwrap()
        .iter_weeks()
        .take_while(|day| *day < NaiveDate::from_ymd_opt(2022, 8, 31).unwrap());
    let mut expected = Vec::new();
    for monday in mondays {
        assert_eq!(monday.weekday(), Weekday::Mon);
        expected.push(monday.iter_days().find(|day| calendar.is_working(*day)).unwrap());
    }
    // A long holiday moves two Mondays to one day: one review.
    expected.dedup();
    assert_eq!(weekly.keys().copied().collect::<Vec<_>>(), expected);
    for (day, at) in weekly {
        assert_eq!(at, format!("{day}T08:30:00+08:00"));
    }
}

/// The campaign's files in a folder of their own.
pub(crate) fn langfang() -> World {
    let world = World::new("", "");
    let text = |name: &str| fs::read_to_string(config().with_file_name(name)).unwrap();
    for name in ["ladders.toml", "people.toml", "reviews.toml", "ledger.csv"] {
        world.write(name, text(name));
    }
    world.write(
        "duban.toml",
        text("duban.toml")
            .replace("../../var/langfang/outbox/", "")
            .replace("../../var/langfang/outbox", "mail")
            .replace("../../var/langfang/", ""),
    );
    world
}

#[tokio::test]
async fn a_first_load_long_after_the_deadlines_gives_each_person_one_late_mail_with_all_their_tasks() {
    let mut world = langfang();
    world.start("2026-03-04T10:00:00+08:00").await;
    world.run_until("2026-03-04T10:10:00+08:00").await;
    let mails = world.mails();
    let mut notices: BTreeMap<String, usize> = BTreeMap::new();
    for mail in mails.iter().filter(|mail| mail.kind == "notice") {
        *notices.entry(mail.to.clone()).or_default() += 1;
        assert!(mail.date.starts_with("Wed, 04 Mar 2026 02:0"), "{}", mail.date);
    }
    assert!(notices.len() > 20, "{} people", notices.len());
    assert!(notices.values().all(|count| *count == 1), "{notices:?}");
    // Whoever a task names is told of it in that one mail, and of each the text says how late it is.
    let rows = world.told().await;
    let stored = world.store().tasks().await.unwrap();
    let titles: BTreeMap<String, String> = stored
        .into_iter()
        .map(|stored| (stored.task.id.to_string(), stored.task.title))
        .collect();
    let mut checked = 0;
    for (task, _, who, channel) in rows.iter().filter(|row| row.3 == "mail") {
        let address = world.engine().config().people.persons[&duban::domain::id::PersonId::new(who)]
            .email
            .clone()
            .unwrap();
        let mail = mails
            .iter()
            .find(|mail| mail.to == address && mail.kind == "notice")
            .unwrap();
        assert!(
            mail.text.contains(&titles[task]),
            "{who} is not told of {task} by {channel}"
        );
        checked += 1;
    }
    assert!(checked > 50, "{checked} notices");
    let late = world.store().notices_of_task(&"1".into()).await.unwrap();
    assert!(
        late.iter()
            .all(|(notice, _, _)| notice.late && notice.at == at("2026-03-04T10:00:00+08:00"))
    );
    assert!(
        mails
            .iter()
            .any(|mail| mail.kind == "system" && mail.text.contains("29")),
        "the office hears of the new store"
    );
}

#[tokio::test]
async fn quiet_as_first_load_sends_nothing_of_the_past() {
    let mut world = langfang();
    world.first_load = duban::daemon::FirstLoad::Quiet;
    world.start("2022-02-09T10:00:00+08:00").await;
    world.run_until("2022-02-09T10:10:00+08:00").await;
    assert_eq!(world.told().await, []);
    world.run_until("2022-02-11T10:10:00+08:00").await;
    assert!(!world.told().await.is_empty(), "what comes next is sent");
}
