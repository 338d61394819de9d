use chrono::{NaiveDate, NaiveTime, TimeDelta};
use chrono_tz::Tz;

use super::*;
use crate::domain::id::{ChannelId, LadderId, NoticeId, PersonId, UnitId};
use crate::domain::ladder::{Span, TimeUnit};
use crate::domain::message::ITEMS_MAX;
use crate::domain::message::Topic;
use crate::domain::people::{Person, Unit};
use crate::rules::calendar::{Calendar, DueOnDayOff, Timing};

/// Monday to Friday in Shanghai, closing at 18:00.
pub(in crate::rules) fn almanac() -> Almanac {
    Almanac {
        calendar: Calendar::mon_fri(),
        timing: Timing {
            zone: Tz::Asia__Shanghai,
            send_at: NaiveTime::from_hms_opt(9, 0, 0).expect("a time"),
            close_of_day: NaiveTime::from_hms_opt(18, 0, 0).expect("a time"),
            hours: None,
            due_on_day_off: DueOnDayOff::AsWritten,
            yellow: Span {
                amount: 5,
                unit: TimeUnit::WorkingDays,
            },
        },
    }
}

/// A local time in Shanghai.
pub(in crate::rules) fn at(local: &str) -> DateTime<Utc> {
    let local = chrono::NaiveDateTime::parse_from_str(local, MINUTE).expect("a local time");
    almanac().instant(local)
}

pub(in crate::rules) fn people() -> People {
    let person = |id: &str, name: &str| Person {
        id: PersonId::new(id),
        name: name.into(),
        email: None,
        locale: Locale::ZhCn,
        channels: vec![ChannelId::new("mail")],
        handles: BTreeMap::new(),
        deputy: None,
        away: Vec::new(),
    };
    let persons = [
        person("clerk", "督办办公室"),
        person("vm", "副市长"),
        person("head", "局长"),
        person("contact", "联系人"),
        person("room", "督导员"),
    ];
    let unit = Unit {
        id: UnitId::new("edu"),
        name: "市教育局".into(),
        aliases: Vec::new(),
        head: Some(PersonId::new("head")),
        contacts: vec![PersonId::new("contact")],
        supervisor: Some(Party::Person(PersonId::new("room"))),
        group: None,
    };
    People {
        persons: persons.into_iter().map(|person| (person.id.clone(), person)).collect(),
        units: BTreeMap::from([(unit.id.clone(), unit)]),
        channels: BTreeMap::new(),
        office: Party::Person(PersonId::new("clerk")),
        default_group: None,
        locale: Locale::ZhCn,
    }
}

/// A task of the education bureau, opened on 2021-11-15.
pub(in crate::rules) fn task(id: &str, due: &str) -> (Task, TaskState) {
    let due: When = due.parse().expect("a date");
    let opened = When::Date(NaiveDate::from_ymd_opt(2021, 11, 15).expect("a date"));
    let task = Task {
        id: TaskId::new(id),
        order: id.parse().unwrap_or(0),
        title: format!("任务{id}"),
        area: String::new(),
        problem: String::new(),
        measures: String::new(),
        lead: Party::Person(PersonId::new("vm")),
        lead_copies: Vec::new(),
        unit: UnitId::new("edu"),
        assisting: String::new(),
        owner: Vec::new(),
        supervisor: None,
        opened: Some(opened),
        due,
        kind: String::new(),
        evidence: String::new(),
        ladder: LadderId::new("standard"),
        status: None,
        progress: String::new(),
        closed: None,
        batch: String::new(),
        note: String::new(),
    };
    let state = TaskState {
        phase: Phase::Open,
        withdrawn: false,
        round: 0,
        due,
        opened,
        first_seen: at("2021-11-15 08:00"),
        acknowledged: None,
        reported: None,
        submitted: None,
        reviewed: None,
        closed: None,
        reopened: None,
        reopened_with_due: false,
        due_since: None,
        opened_since: None,
        ladder_since: None,
        ladder_print: String::new(),
        progress: String::new(),
        returns: 0,
        asked: None,
    };
    (task, state)
}

fn recipient(kind: RecipientKind) -> Recipient {
    Recipient {
        kind,
        id: "head".into(),
        name: "局长".into(),
        role: "head".into(),
    }
}

pub(super) fn notice(task: &Task, level: Level) -> Notice {
    Notice {
        id: NoticeId::new(format!("{}-{}", task.id, level.as_str())),
        at: at("2021-12-20 09:00"),
        scheduled: at("2021-12-20 09:00"),
        task: task.id.clone(),
        round: 0,
        anchor: Anchor::Due,
        anchor_value: task.due,
        step: format!("due+1wd/{}", level.as_str()),
        occurrence: 1,
        level,
        recipient: recipient(RecipientKind::Person),
        for_person: None,
        channel: ChannelId::new("mail"),
        late: false,
        provisional: false,
        reason: "a reason".into(),
    }
}

fn digest_of(tasks: &[((Task, TaskState), Level)], kind: RecipientKind) -> Digest {
    let notices: Vec<Notice> = tasks.iter().map(|((task, _), level)| notice(task, *level)).collect();
    let parts: Vec<Part<'_>> = notices
        .iter()
        .zip(tasks)
        .map(|(notice, ((task, state), _))| Part { notice, task, state })
        .collect();
    let now = at("2021-12-20 09:00");
    digest(
        &parts,
        &recipient(kind),
        Locale::ZhCn,
        ITEMS_MAX,
        &almanac(),
        &people(),
        now,
    )
}

#[test]
fn the_worst_task_comes_first_and_each_comes_once_with_its_loudest_notice() {
    let digest = digest_of(
        &[
            (task("1", "2021-12-16"), Level::Remind),
            (task("2", "2021-12-16"), Level::Escalate),
            (task("3", "2021-12-10"), Level::Escalate),
            (task("1", "2021-12-16"), Level::Overdue),
        ],
        RecipientKind::Person,
    );
    let order: Vec<(&str, Level)> = (digest.items.iter())
        .map(|item| (item.view.task.id.as_str(), item.view.level))
        .collect();
    assert_eq!(
        order,
        [("3", Level::Escalate), ("2", Level::Escalate), ("1", Level::Overdue)]
    );
    assert_eq!(
        (
            digest.tally.tasks,
            digest.tally.overdue,
            digest.tally.longest_working_days
        ),
        (3, 3, 6)
    );
    assert_eq!(digest.items[0].view.step, "due+1wd/escalate#2");
    assert_eq!(digest.items[0].view.at, "2021-12-20T09:00:00+08:00");
}

#[test]
fn beyond_a_hundred_tasks_the_rest_is_counted_by_level() {
    let tasks: Vec<_> = (0..103)
        .map(|id| {
            let level = if id < 2 { Level::Remind } else { Level::Overdue };
            (task(&id.to_string(), "2021-12-16"), level)
        })
        .collect();
    let digest = digest_of(&tasks, RecipientKind::Person);
    assert_eq!(digest.items.len(), ITEMS_MAX);
    assert_eq!(digest.rest, BTreeMap::from([(Level::Remind, 2), (Level::Overdue, 1)]));
    assert_eq!(digest.tally.tasks, 103);
}

#[test]
fn a_thread_belongs_to_a_message_about_one_task_alone() {
    let words = Words {
        chat: crate::domain::chat::Chat::default(),
        subject: String::new(),
        text: String::new(),
        html: String::new(),
        markdown: String::new(),
        fallback: None,
    };
    let now = at("2021-12-20 09:00");
    let one = digest_of(&[(task("1", "2021-12-16"), Level::Overdue)], RecipientKind::Person);
    let one = content(&one, words.clone(), now);
    assert_eq!((one.thread, one.urgent), (Some(TaskId::new("1")), true));
    let two = [
        (task("1", "2021-12-16"), Level::Due),
        (task("2", "2021-12-16"), Level::Warn),
    ];
    let two = content(&digest_of(&two, RecipientKind::Person), words, now);
    assert_eq!((two.thread, two.urgent, two.notices.len()), (None, false, 2));
}

#[test]
fn a_group_is_told_who_is_concerned_and_a_person_is_not() {
    let tasks = [(task("1", "2021-12-16"), Level::Overdue)];
    let (owned, state) = &tasks[0].0;
    let names = |meant_for: RecipientKind| {
        let notice = Notice {
            recipient: recipient(meant_for),
            ..notice(owned, Level::Overdue)
        };
        let part = Part {
            notice: &notice,
            task: owned,
            state,
        };
        let now = at("2021-12-20 09:00");
        let group = recipient(RecipientKind::Channel);
        let digest = digest(&[part], &group, Locale::ZhCn, ITEMS_MAX, &almanac(), &people(), now);
        let concerned = &digest.items[0].concerned;
        concerned.iter().map(|(_, name)| name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(RecipientKind::Channel), ["联系人", "局长", "副市长"]);
    assert_eq!(
        names(RecipientKind::Person),
        ["局长"],
        "whom the group only carries it to"
    );
    assert!(digest_of(&tasks, RecipientKind::Person).items[0].concerned.is_empty());
}

#[test]
fn a_message_id_does_not_depend_on_the_order_of_what_it_carries() {
    let id = message_id(MessageKind::Notice, &["a", "b"]);
    assert_eq!(id, message_id(MessageKind::Notice, &["b", "a"]));
    assert_ne!(id, message_id(MessageKind::Notice, &["ab"]));
    assert_ne!(id, message_id(MessageKind::Review, &["a", "b"]));
    assert_eq!(id.as_str().len(), 32);
}

fn stands(due: &str, now: &str) -> (bool, i64, i64) {
    let standing = standing(&task("1", due).1, &almanac(), at(now));
    (standing.passed, standing.working_days_left, standing.days_left)
}

#[test]
fn a_deadline_passes_at_the_close_of_its_day() {
    assert_eq!(stands("2021-12-16", "2021-12-16 17:59"), (false, 0, 0));
    assert_eq!(stands("2021-12-16", "2021-12-16 18:00"), (true, 0, 0));
}

#[test]
fn a_deadline_on_a_saturday_is_late_on_sunday_by_no_working_day() {
    assert_eq!(stands("2021-12-18", "2021-12-19 09:00"), (true, 0, -1));
    assert_eq!(stands("2021-12-18", "2021-12-20 09:00"), (true, -1, -2));
}

#[test]
fn a_deadline_with_a_time_shows_it_and_passes_then() {
    let state = task("1", "2021-12-16T12:00").1;
    let standing = standing(&state, &almanac(), at("2021-12-16 12:00"));
    assert_eq!((standing.due.as_str(), standing.passed), ("2021-12-16 12:00", true));
    assert_eq!(standing.due_time.as_deref(), Some("12:00"));
}

#[test]
fn a_deadline_moved_off_a_day_off_is_judged_on_its_new_day() {
    let mut almanac = almanac();
    almanac.timing.due_on_day_off = DueOnDayOff::Next;
    let standing = standing(&task("1", "2021-12-18").1, &almanac, at("2021-12-19 09:00"));
    assert_eq!(
        (standing.due.as_str(), standing.due_moved, standing.passed),
        ("2021-12-20", true, false)
    );
}

#[test]
fn silence_counts_from_the_last_report_else_the_acknowledgement_else_the_opening() {
    let now = at("2021-12-16 09:00");
    let mut state = task("1", "2022-12-16").1;
    let silent = |state: &TaskState| standing(state, &almanac(), now).silent_working_days;
    assert_eq!(silent(&state), 23);
    state.acknowledged = Some(now - TimeDelta::days(7));
    assert_eq!(silent(&state), 5);
    state.reported = Some(now - TimeDelta::days(2));
    assert_eq!(silent(&state), 2);
}

#[test]
fn an_item_is_overdue_only_where_its_deadline_has_passed_and_it_is_not_handed_in() {
    let mut item = digest_of(&[(task("1", "2021-12-21"), Level::Overdue)], RecipientKind::Person)
        .items
        .remove(0);
    assert_eq!(item.topic(), Topic::Upcoming);
    item.standing.passed = true;
    assert_eq!(item.topic(), Topic::Overdue);
    item.view.task.state = Phase::Submitted;
    assert_eq!(item.topic(), Topic::UnderReview);
}

#[test]
fn a_silence_after_a_reopening_counts_from_the_reopening() {
    let (_, mut state) = task("1", "2022-01-31");
    state.reopened = Some(at("2021-12-16 15:00"));
    let standing = standing(&state, &almanac(), at("2021-12-20 09:00"));
    assert_eq!((standing.heard, standing.silent_working_days), (Heard::Reopening, 2));
}
