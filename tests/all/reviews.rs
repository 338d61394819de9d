//! Reviews as they were sent: kept word for word, with figures that the journal gives again; sent by hand; and many at once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use duban::domain::journal::Entry;
use duban::domain::meeting::AgendaItem;
use duban::domain::people::Locale;
use duban::domain::review::Summary;
use duban::rules::progress::Act;
use duban::store::Repeat;
use serde_json::{Value, json};

use crate::office::Office;
use crate::world::{World, at, ledger};

/// The day of the only run.
fn day_of_run(office: &Office) -> String {
    let shown = office.json(&["review", "show", "weekly", "--format", "json"]);
    shown["runs"][0]["day"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_review_sent_by_hand_is_a_run_of_today_and_its_words_are_kept() {
    let office = Office::running().await;
    let sent = office.duban(&["review", "send", "weekly", "--by", "clerk"]);
    assert_eq!(sent.code, Some(0), "{}", sent.err);
    assert!(sent.err.contains("2 messages are in the outbox"), "{}", sent.err);
    let day = day_of_run(&office);
    let kept = office.json(&["review", "show", "weekly", "--run", &day, "--format", "json"]);
    let told: Vec<_> = kept
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["recipient"].clone(),
                one["edition"].clone(),
                one["figures"]["red"].clone(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (json!("person:ann"), json!("unit-head"), json!(1)),
            (json!("person:office"), json!("office"), json!(1))
        ]
    );
    let words = office.duban(&["review", "show", "weekly", "--run", &day, "--to", "ann"]);
    assert!(
        words.out.starts_with("To: Ann (person:ann)\nSubject: Weekly review"),
        "{}",
        words.out
    );
    assert!(words.out.contains("Repair the south bridge"), "{}", words.out);
    let waiting = office.json(&["outbox", "list", "--format", "json"]);
    let text = waiting.to_string();
    assert!(text.contains(kept[0]["message"].as_str().unwrap()), "{text}");
}

#[tokio::test]
async fn a_second_review_on_one_day_by_hand_must_be_meant() {
    let office = Office::running().await;
    assert_eq!(office.duban(&["review", "send", "weekly"]).code, Some(0));
    let refused = office.duban(&["review", "send", "weekly"]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.err.contains("was sent already") && refused.err.contains("--again"),
        "{}",
        refused.err
    );
    assert_eq!(office.duban(&["review", "send", "weekly", "--again"]).code, Some(0));
    let day = day_of_run(&office);
    let kept = office.json(&["review", "show", "weekly", "--run", &day, "--format", "json"]);
    let messages: BTreeSet<_> = kept
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["message"].to_string())
        .collect();
    assert_eq!(messages.len(), 4, "two runs of two messages each: {kept}");
    assert_eq!(office.duban(&["journal", "verify"]).code, Some(0));
}

#[tokio::test]
async fn what_was_not_said_is_refused_with_what_was() {
    let office = Office::running().await;
    let none = office.duban(&["review", "show", "weekly", "--run", "2021-12-13"]);
    assert_eq!(none.code, Some(1));
    assert!(
        none.err.contains("nothing is kept of review weekly of 2021-12-13"),
        "{}",
        none.err
    );
    assert_eq!(office.duban(&["review", "send", "weekly"]).code, Some(0));
    let day = day_of_run(&office);
    let other = office.duban(&["review", "show", "weekly", "--run", &day, "--to", "bob"]);
    assert!(
        other.err.contains("it went to person:ann, person:office"),
        "{}",
        other.err
    );
}

/// The town with a review on Mondays to everybody.
fn mondays() -> String {
    crate::world::TOWN.to_owned()
        + "[reviews.weekly]\ncron = \"0 9 * * MON\"\nto = [\"office\", \"heads\", \"leads\"]\nlate_limit = \"3d\"\n"
}

/// Counts from the journal alone, as a script would: lights of open tasks by their last deadline, and what happened since.
fn recounted(entries: &[Entry], after: u64, until: u64, today: &str) -> BTreeMap<&'static str, u64> {
    let mut due: BTreeMap<String, String> = BTreeMap::new();
    let mut state: BTreeMap<String, &'static str> = BTreeMap::new();
    let mut counts: BTreeMap<&'static str, u64> =
        ["red", "blue", "grey", "extensions", "returns", "relapses", "closed"]
            .map(|name| (name, 0))
            .into();
    for entry in entries.iter().filter(|entry| entry.seq <= until) {
        let Some(task) = entry.task.as_ref().map(ToString::to_string) else {
            continue;
        };
        let text = |name: &str| {
            entry
                .data
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let mut happened = |name| {
            if entry.seq > after {
                *counts.entry(name).or_default() += 1;
            }
        };
        match entry.kind.as_str() {
            "loaded" => {
                due.insert(task.clone(), text("due"));
                state.insert(task, "open");
            }
            "due-changed" | "extension-granted" => {
                if text("to") > text("from") {
                    happened("extensions");
                }
                due.insert(task, text("to"));
            }
            "submitted" => {
                state.insert(task, "submitted");
            }
            "returned" => {
                happened("returns");
                state.insert(task, "open");
            }
            "closed" => {
                happened("closed");
                state.insert(task, "closed");
            }
            "reopened" => {
                happened("relapses");
                state.insert(task, "open");
            }
            _ => {}
        }
    }
    for (task, state) in &state {
        let light = match *state {
            "submitted" => "blue",
            "closed" => "grey",
            _ if due[task].as_str() < today => "red",
            _ => continue,
        };
        *counts.entry(light).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn the_figures_of_a_review_are_those_that_the_journal_gives_again() {
    let tasks = [
        ("1", "2026-03-02"),
        ("2", "2026-03-12"),
        ("3", "2026-03-13"),
        ("4", "2026-03-20"),
        ("5", "2026-04-30"),
    ];
    let mut world = World::new(&mondays(), &ledger(&tasks));
    world.start("2026-03-02T08:00:00+08:00").await;
    world.run_until("2026-03-03T10:00:00+08:00").await;
    world.act("2", &Act::Submit).await;
    world.act("3", &Act::Submit).await;
    world.act("4", &Act::Close { on: None }).await;
    world.run_until("2026-03-04T10:00:00+08:00").await;
    world.act("3", &Act::Return { due: None }).await;
    world.act("4", &Act::Reopen { due: None }).await;
    world.act("4", &Act::Submit).await;
    let (to, note) = ("2026-05-29".parse().unwrap(), "rain".to_owned());
    world.act("5", &Act::Extend { to, note }).await;
    world.act("5", &Act::Grant { due: None }).await;
    world.act("5", &Act::Close { on: None }).await;
    world.write("ledger.csv", ledger(&tasks).replace("2026-03-13", "2026-03-27"));
    world.restart("2026-03-04T10:00:10+08:00").await;
    world.run_until("2026-03-09T10:00:00+08:00").await;
    let store = world.store();
    let runs = store.runs(None, 9).await.unwrap();
    assert_eq!(runs.len(), 2);
    let entries = store.entries(0, 10_000).await.unwrap();
    let recounted = recounted(&entries, runs[1].seq, runs[0].seq, "2026-03-09");
    // Task 4 was closed and came back: a relapse, and no closing that lasted.
    let kept = store.kept_reviews(&"weekly".into(), runs[0].day).await.unwrap();
    let office = kept.iter().find(|one| one.edition.as_str() == "office").unwrap();
    let said = |name: &str| {
        let figure = office
            .figures
            .get(name)
            .or_else(|| office.figures["sections"].get(name));
        figure.and_then(Value::as_u64)
    };
    for name in ["red", "blue", "grey", "extensions", "returns", "relapses"] {
        assert_eq!(said(name), recounted.get(name).copied(), "{name}: {}", office.text);
    }
    assert_eq!((said("closed"), recounted["closed"]), (Some(1), 2));
    assert_eq!(runs[0].figures[&office.recipient], office.figures);
}

/// Ten thousand tasks of a thousand units, each with an owner, a head and a lead of its own.
fn great(tasks: usize, units: usize) -> World {
    let mut config = String::from(
        "timezone = \"Asia/Shanghai\"\noffice = \"office\"\nledger = [\"ledger.csv\"]\nstore.url = \"sqlite:duban.db\"\n\
         channels.mail = { type = \"email\", server = \"file:mail\", from = \"duban@example.org\" }\n\
         people.office = { name = \"Office\", email = \"office@example.org\" }\n\
         reviews.weekly = { cron = \"0 9 * * MON\", to = [\"office\", \"leads\", \"heads\", \"owners\"] }\n\
         defaults.ladder = \"standard\"\n\
         ladders.standard.steps = [{ at = \"-3wd\", level = \"remind\", to = [\"owner\"] }]\n",
    );
    for unit in 0..units {
        for role in ["head", "owner", "lead"] {
            config.push_str(&format!(
                "people.{role}{unit} = {{ name = \"{role} {unit}\", email = \"{role}{unit}@example.org\" }}\n"
            ));
        }
        config.push_str(&format!(
            "units.u{unit} = {{ name = \"Unit {unit}\", head = \"head{unit}\", contacts = [\"owner{unit}\"] }}\n"
        ));
    }
    let mut rows = String::from("id,title,unit,lead,opened,due\n");
    for task in 0..tasks {
        let unit = task % units;
        let (month, day) = (task % 12 + 1, task % 28 + 1);
        rows.push_str(&format!(
            "{task},Task {task},u{unit},lead{unit},2025-12-01,2026-{month:02}-{day:02}\n"
        ));
    }
    World::new(&config, &rows)
}

/// The most memory that this process held since it was last forgotten, in bytes; none where the system does not say.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes << 10)
}

/// Built for release, everybody; else a tenth of them, of whom only the counts are held.
const SHARE: usize = if cfg!(debug_assertions) { 10 } else { 1 };

#[tokio::test]
#[ignore = "measures: run it alone, with --release --nocapture, to see how long a review takes and how much it holds"]
async fn three_thousand_readers_of_ten_thousand_tasks_have_their_reviews_in_ten_seconds_and_300_mb() {
    let mut world = great(10_000 / SHARE, 1_000 / SHARE);
    world.start("2026-03-08T08:00:00+08:00").await;
    let engine = world.engine();
    let review = engine.config().reviews[0].clone();
    let now = at("2026-03-09T09:00:00+08:00");
    let readers = 3_000 / SHARE + 1;
    let begun = Instant::now();
    let tasks = world.store().tasks().await.unwrap();
    let read = begun.elapsed();
    assert_eq!(tasks.len(), 10_000 / SHARE);
    drop(tasks);
    let begun = Instant::now();
    let summaries = engine.summaries(&review, now, now).await.unwrap();
    let summed = begun.elapsed();
    assert_eq!(summaries.len(), readers);
    // Nobody is told of more than their own: owner, head and lead of a unit, and the office.
    let lines = |summary: &Summary| summary.overdue.lines.len() + summary.due_soon.lines.len();
    let own = summaries.iter().filter(|(reader, _)| !reader.is_office);
    assert!(
        own.clone().all(|(_, summary)| lines(summary) <= 10),
        "more than ten tasks"
    );
    assert!(summaries.iter().all(|(reader, _)| reader.locale == Locale::En));
    drop(summaries);
    // From here on the peak is that of the whole run: reading, summing up, writing, and one transaction.
    if peak().is_some() {
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
    }
    let (before, begun) = (peak(), Instant::now());
    let sent = engine.send_review(&review, Repeat::Refused, "test", now).await.unwrap();
    let queued = begun.elapsed();
    assert_eq!(sent, Some(readers));
    let held = peak();
    println!(
        "{readers} readers: tasks read in {read:?}, summed up in {summed:?}; the whole run queued in {queued:?}, from \
         {before:?} to {held:?} bytes"
    );
    // Elsewhere the machine is shared with other tests, and so are its seconds and bytes.
    if !cfg!(debug_assertions) {
        assert!(queued.as_secs() < 10, "{queued:?}");
        assert!(held.is_none_or(|held| held < 300 << 20), "{held:?}");
    }
}

/// The office's part of the run of a day, as it was said.
async fn said_to_office(world: &World, day: &str) -> duban::store::KeptReview {
    let kept = world.store().kept_reviews(&"weekly".into(), day.parse().unwrap()).await;
    let mut kept = kept.unwrap();
    kept.retain(|one| one.recipient == "person:office");
    kept.pop().unwrap()
}

#[tokio::test]
async fn changes_count_from_what_was_said_and_not_from_what_the_past_looks_like_now() {
    let tasks = [("1", "2026-02-27"), ("2", "2026-02-27"), ("3", "2026-06-30")];
    let mut world = World::new(&mondays(), &ledger(&tasks));
    world.start("2026-03-02T08:00:00+08:00").await;
    world.run_until("2026-03-04T10:00:00+08:00").await;
    let said = said_to_office(&world, "2026-03-02").await;
    assert_eq!((&said.figures["red"], &said.figures["grey"]), (&json!(2), &json!(0)));
    // Afterwards the past is told otherwise: one task was closed before that review, another never due by then.
    let on = "2026-02-20".parse().unwrap();
    world.act("1", &Act::Close { on: Some(on) }).await;
    let rewritten = ledger(&tasks).replace(
        "2,Task 2,works,cat,2026-01-01,2026-02-27",
        "2,Task 2,works,cat,2026-01-01,2026-06-30",
    );
    world.write("ledger.csv", rewritten);
    world.restart("2026-03-04T10:00:10+08:00").await;
    world.run_until("2026-03-09T10:00:00+08:00").await;
    let next = said_to_office(&world, "2026-03-09").await;
    assert_eq!(next.figures["red"], json!(0), "{}", next.text);
    assert!(
        [
            "red (overdue) 0 (-2)",
            "green (on track) 2 (+1)",
            "grey (closed) 1 (+1)"
        ]
        .iter()
        .all(|light| next.text.contains(light)),
        "{}",
        next.text
    );
    assert_eq!(
        said_to_office(&world, "2026-03-02").await,
        said,
        "what was said stays as it was said"
    );
}

#[tokio::test]
async fn the_agenda_of_its_meeting_stands_in_a_review_for_those_who_come() {
    let meeting =
        "[reviews.weekly.meeting]\nstarts = \"10:30\"\norganiser = \"cat\"\ninvite = [\"office\", \"heads\"]\n";
    let config = mondays().replace("\"leads\"]", "\"leads\", \"owners\"]") + meeting;
    let mut world = World::new(&config, &ledger(&[("1", "2026-03-12")]));
    world.start("2026-03-03T08:00:00+08:00").await;
    world.run_until("2026-03-04T10:00:00+08:00").await;
    let day = "2026-03-09".parse().unwrap();
    for (task, text) in [(Some("1".into()), "who pays for the bridge"), (None, "next inspection")] {
        let item = AgendaItem {
            review: "weekly".into(),
            day,
            at: at("2026-03-05T10:00:00+08:00"),
            by: "Ben".into(),
            task,
            text: text.into(),
        };
        world.store().add_agenda(&item, Vec::new()).await.unwrap();
    }
    world.run_until("2026-03-09T10:00:00+08:00").await;
    let kept = world.store().kept_reviews(&"weekly".into(), day).await.unwrap();
    let reads = |who: &str| {
        let one = kept.iter().find(|one| one.recipient == who).unwrap();
        let agenda = one.text.split_once("== Agenda of the meeting (2) ==")?.1;
        Some(agenda.contains("- 1: who pays for the bridge (Ben)") && agenda.contains("- next inspection (Ben)"))
    };
    for who in ["person:office", "person:ben", "person:cat"] {
        assert_eq!(reads(who), Some(true), "{who}");
    }
    assert_eq!(reads("person:ann"), None, "an owner who is not invited");
}
