//! Which tasks are in the papers of a meeting, and what is told of them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::json;

use super::*;
use crate::domain::id::ReviewId;
use crate::domain::journal::{Draft, FIRST_PREV, Fact};
use crate::rules::compose::tests::{almanac, at, people, task};
use crate::rules::sheet::{SheetBook, SheetInput};

fn book(dues: &[(&str, &str)]) -> SheetBook {
    let tasks: Vec<_> = dues.iter().map(|(id, due)| task(id, due)).collect();
    SheetBook::new(&SheetInput {
        tasks: &tasks,
        entries: &[],
        noticed: &BTreeMap::new(),
        people: &people(),
        almanac: &almanac(),
        now: at("2021-12-20 08:30"),
    })
}

fn item(task: Option<&str>, text: &str) -> AgendaItem {
    AgendaItem {
        review: ReviewId::new("weekly"),
        day: NaiveDate::from_ymd_opt(2021, 12, 20).expect("a date"),
        at: at("2021-12-17 10:00"),
        by: "吴".to_owned(),
        task: task.map(TaskId::new),
        text: text.to_owned(),
    }
}

fn ids(book: &SheetBook, own: &[&str], agenda: &[AgendaItem]) -> (Vec<String>, usize) {
    let part: Vec<&SheetRow> = own.iter().filter_map(|id| book.row(&TaskId::new(*id))).collect();
    let (rows, more) = chosen(&part, |id| book.row(id), agenda);
    (rows.iter().map(|row| row.id.to_string()).collect(), more)
}

#[test]
fn what_the_agenda_names_comes_first_then_the_readers_own_late_and_near_tasks() {
    let book = book(&[
        ("1", "2022-03-01"),
        ("2", "2021-12-22"),
        ("3", "2021-12-16"),
        ("4", "2021-12-01"),
        ("5", "2021-12-02"),
    ]);
    // 5 is somebody else's, 1 is green, 9 is not in the ledger.
    let agenda = [
        item(Some("1"), "a"),
        item(None, "b"),
        item(Some("1"), "c"),
        item(Some("9"), "d"),
    ];
    assert_eq!(
        ids(&book, &["1", "2", "3", "4"], &agenda),
        (["1", "4", "3", "2"].map(str::to_owned).to_vec(), 0)
    );
    assert_eq!(ids(&book, &[], &agenda).0, ["1"]);
    assert_eq!(ids(&book, &["1"], &[]).0, [""; 0]);
}

#[test]
fn what_there_is_no_room_for_is_counted() {
    let names: Vec<String> = (1..=50).map(|number| number.to_string()).collect();
    let dues: Vec<(&str, &str)> = names.iter().map(|id| (id.as_str(), "2021-12-01")).collect();
    let own: Vec<&str> = names.iter().map(String::as_str).collect();
    let (rows, more) = ids(&book(&dues), &own, &[]);
    assert_eq!((rows.len(), more), (SHEETS_MAX, 10));
}

fn entries(drafts: Vec<Draft>) -> Vec<Entry> {
    (1..)
        .zip(drafts)
        .map(|(seq, draft)| Entry::chain(draft, seq, FIRST_PREV))
        .collect()
}

fn draft(minute: &str, task: Option<&str>, kind: &str, data: Value) -> Draft {
    Draft {
        at: at(minute),
        task: task.map(TaskId::new),
        kind: kind.to_owned(),
        by: "duban".to_owned(),
        data,
    }
}

fn notice(minute: &str, recipient: &str) -> Draft {
    let out = at("2021-12-17 09:00").to_rfc3339();
    let data = json!({"level": "escalate", "recipient": recipient, "at": out, "step": "due+1wd/escalate"});
    draft(minute, Some("1"), "notice", data)
}

fn story_of(own: &[Entry], decisions: &[Entry]) -> Story {
    let agenda = [item(Some("1"), "谁出钱？"), item(Some("2"), "other"), item(None, "all")];
    story(&TaskId::new("1"), &agenda, own, decisions, &people(), &almanac())
}

#[test]
fn a_story_tells_facts_with_their_notes_who_was_told_at_once_and_decisions_about_the_task() {
    let id = TaskId::new("1");
    let all = entries(vec![
        Draft::of_fact(at("2021-12-10 10:00"), id.clone(), "张三", &Fact::Submitted, None),
        Draft::of_fact(
            at("2021-12-13 10:00"),
            id,
            "督导员",
            &Fact::Returned { due: None },
            Some("缺照片"),
        ),
        draft("2021-12-16 08:00", Some("1"), "covered", json!({"level": "warn"})),
        notice("2021-12-16 20:00", "vm"),
        notice("2021-12-16 20:00", "head"),
        notice("2021-12-16 20:00", "head"),
        draft(
            "2021-12-18 10:00",
            None,
            DECISION,
            json!({"about": "1", "text": "月底前办结"}),
        ),
        draft(
            "2021-12-18 10:00",
            None,
            DECISION,
            json!({"about": "2", "text": "别的"}),
        ),
    ]);
    let (own, decisions) = all.split_at(6);
    let story = story_of(own, decisions);
    assert_eq!(story.items, ["谁出钱？ (吴)"]);
    let told: Vec<(&Happening, &str)> = story
        .happened
        .iter()
        .map(|happened| (&happened.what, happened.note.as_str()))
        .collect();
    let names = vec!["副市长".to_owned(), "局长".to_owned()];
    assert_eq!(
        told,
        [
            (&Happening::Fact(Fact::Submitted), ""),
            (&Happening::Fact(Fact::Returned { due: None }), "缺照片"),
            (
                &Happening::Told {
                    level: Level::Escalate,
                    names
                },
                ""
            ),
            (&Happening::Decided("月底前办结".to_owned()), ""),
        ]
    );
    // It waited for the morning.
    assert_eq!(story.happened[2].at.to_string(), "2021-12-17 09:00:00");
    assert_eq!(story.earlier, 0);
}

#[test]
fn of_a_long_story_the_latest_is_told_and_the_rest_counted() {
    let report = |day: u32| {
        let fact = Fact::Reported {
            progress: day.to_string(),
        };
        Draft::of_fact(
            at(&format!("2021-12-{day:02} 10:00")),
            TaskId::new("1"),
            "x",
            &fact,
            None,
        )
    };
    let story = story_of(&entries((1..=25).map(report).collect()), &[]);
    assert_eq!((story.happened.len(), story.earlier), (HAPPENED_MAX, 5));
    assert_eq!(
        story.happened.last().map(|happened| &happened.what),
        Some(&Happening::Fact(Fact::Reported {
            progress: "25".to_owned()
        }))
    );
}
