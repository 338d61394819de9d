use chrono::NaiveDate;

use super::*;
use crate::domain::id::PersonId;
use crate::domain::journal::{Draft, FIRST_PREV};
use crate::domain::notice::{Recipient, RecipientKind};
use crate::domain::people::Locale;
use crate::domain::review::Edition;
use crate::rules::compose::tests::{almanac, at, people, task};

const NOW: &str = "2021-12-20 08:30";

fn book_of(tasks: &[(Task, TaskState)], entries: &[Entry], people: &People) -> SheetBook {
    SheetBook::new(&SheetInput {
        tasks,
        entries,
        noticed: &BTreeMap::from([(TaskId::new("1"), at("2021-12-17 09:00"))]),
        people,
        almanac: &almanac(),
        now: at(NOW),
    })
}

fn book(tasks: &[(Task, TaskState)]) -> SheetBook {
    book_of(tasks, &[], &people())
}

fn only(tasks: (Task, TaskState)) -> SheetRow {
    book(&[tasks]).rows.remove(0)
}

fn reader(scope: Scope) -> Reader {
    Reader {
        recipient: Recipient {
            kind: RecipientKind::Person,
            id: "vm".into(),
            name: "副市长".into(),
            role: "lead".into(),
        },
        locale: Locale::En,
        scope,
        edition: Edition::Lead,
        parts: vec![Edition::Lead],
        for_names: Vec::new(),
        is_office: false,
    }
}

fn tasks_of(ids: &[&str]) -> Scope {
    Scope::Tasks(ids.iter().map(|id| TaskId::new(*id)).collect())
}

fn local(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a time")
}

fn day(text: &str) -> Moment {
    Moment::Day(text.parse::<NaiveDate>().expect("a day"))
}

fn happened(id: &str, minute: &str, fact: &Fact) -> Entry {
    let draft = Draft::of_fact(at(minute), TaskId::new(id), "张三", fact, Some("好"));
    Entry::chain(draft, 1, FIRST_PREV)
}

#[test]
fn a_row_says_how_its_task_stands_now() {
    let (task, mut state) = task("1", "2021-12-16");
    state.reported = Some(at("2021-12-10 15:30"));
    state.progress = "已新增3个班".into();
    let row = only((task, state));
    assert_eq!((row.light, row.days_late), (Light::Red, Some(4)));
    assert_eq!(row.reported, Some(local("2021-12-10 15:30")));
    assert_eq!(row.noticed, Some(local("2021-12-17 09:00")));
    assert_eq!(row.progress, "已新增3个班");
}

#[test]
fn a_task_that_is_in_time_is_no_days_late() {
    assert_eq!(only(task("1", "2021-12-31")).days_late, None);
}

#[test]
fn the_deadline_is_the_one_in_force() {
    let (task, mut state) = task("1", "2021-12-16");
    state.due = "2022-01-31T17:00".parse().expect("a date");
    assert_eq!(only((task, state)).due, Some(Moment::Minute(local("2022-01-31 17:00"))));
}

#[test]
fn a_row_without_an_opening_date_has_the_day_of_its_loading() {
    let (mut task, mut state) = task("1", "2021-12-16");
    task.opened = None;
    state.opened = When::instant(at("2021-11-20 10:00"));
    assert_eq!(only((task, state)).opened, Some(day("2021-11-20")));
}

#[test]
fn progress_that_only_the_row_knows_is_kept() {
    let (mut task, state) = task("1", "2021-12-16");
    task.progress = "已布置".into();
    assert_eq!(only((task, state)).progress, "已布置");
}

#[test]
fn a_closing_date_stands_only_where_the_task_is_closed() {
    let (task, mut state) = task("1", "2021-12-16");
    state.closed = Some("2021-12-10".parse().expect("a date"));
    assert_eq!(only((task.clone(), state.clone())).closed, None);
    state.phase = Phase::Closed;
    let row = only((task, state));
    assert_eq!((row.closed, row.light), (Some(day("2021-12-10")), Light::Grey));
}

#[test]
fn people_and_units_stand_by_name_and_the_units_supervisor_stands_in() {
    let row = only(task("1", "2021-12-16"));
    assert_eq!(row.lead, ["副市长"]);
    assert_eq!(row.unit, "市教育局");
    assert_eq!(row.supervisor.as_deref(), Some("督导员"));
    assert!(row.owner.is_empty());
}

#[test]
fn a_name_that_two_have_or_that_reads_as_two_stands_as_its_id() {
    let mut people = people();
    for (id, name) in [("vm", "督导员"), ("contact", "张三、李四")] {
        people.persons.get_mut(&PersonId::new(id)).expect("a person").name = name.into();
    }
    let (mut task, state) = task("1", "2021-12-16");
    task.owner = vec![Party::Person(PersonId::new("contact"))];
    let row = book_of(&[(task, state)], &[], &people).rows.remove(0);
    assert_eq!(
        (row.lead, row.owner),
        (vec!["vm".to_owned()], vec!["contact".to_owned()])
    );
}

#[test]
fn a_task_that_left_the_ledger_has_no_row() {
    let (gone, mut state) = task("2", "2021-12-16");
    state.withdrawn = true;
    let book = book(&[task("1", "2021-12-16"), (gone, state)]);
    let sheet = book.sheet_of(&reader(Scope::Everything));
    assert_eq!(sheet.rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["1"]);
}

#[test]
fn a_reader_sees_their_own_part_in_ledger_order() {
    let tasks: Vec<_> = ["9", "10", "1", "5"].map(|id| task(id, "2021-12-16")).into();
    let fact = Fact::Acknowledged;
    let entries = [
        happened("5", "2021-12-15 15:30", &fact),
        happened("10", "2021-12-16 10:00", &fact),
    ];
    let book = book_of(&tasks, &entries, &people());
    let sheet = book.sheet_of(&reader(tasks_of(&["1", "10", "404"])));
    assert_eq!(
        sheet.rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(),
        ["10", "1"]
    );
    assert_eq!(
        sheet
            .changes
            .iter()
            .map(|change| change.task.as_str())
            .collect::<Vec<_>>(),
        ["10"]
    );
}

#[test]
fn changes_say_when_of_what_by_whom_and_what_they_said_the_latest_first() {
    let entries = [
        happened("1", "2021-12-15 15:30", &Fact::Acknowledged),
        happened("1", "2021-12-16 10:00", &Fact::Submitted),
    ];
    let book = book_of(&[task("1", "2021-12-16")], &entries, &people());
    let facts: Vec<&Fact> = book.changes.iter().map(|change| &change.fact).collect();
    assert_eq!(facts, [&Fact::Submitted, &Fact::Acknowledged]);
    let first = &book.changes[0];
    assert_eq!((first.at, first.title.as_str()), (local("2021-12-16 10:00"), "任务1"));
    assert_eq!((first.by.as_str(), first.note.as_str()), ("张三", "好"));
}
