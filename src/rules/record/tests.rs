use serde_json::json;

use super::*;
use crate::domain::journal::{Draft, FIRST_PREV};
use crate::rules::compose::tests::{almanac, at};

pub(in crate::rules) fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

pub(in crate::rules) fn when(text: &str) -> When {
    text.parse().expect("a date")
}

pub(in crate::rules) fn entry(local: &str, task: &str, fact: &Fact, note: Option<&str>) -> Entry {
    let draft = Draft::of_fact(at(local), TaskId::new(task), "office", fact, note);
    Entry::chain(draft, 1, FIRST_PREV)
}

pub(in crate::rules) fn loaded(task: &str, due: &str) -> Entry {
    let fact = Fact::Loaded {
        due: when(due),
        opened: None,
        ladder_print: String::new(),
    };
    entry("2021-11-15 08:00", task, &fact, None)
}

pub(in crate::rules) fn notice(local: &str, task: &str, level: &str, recipient: &str) -> Entry {
    let draft = Draft {
        at: at(local),
        task: Some(TaskId::new(task)),
        kind: "notice".into(),
        by: "duban".into(),
        data: json!({"step": format!("due+1wd/{level}"), "level": level, "recipient": recipient, "at": local}),
    };
    Entry::chain(draft, 1, FIRST_PREV)
}

pub(in crate::rules) fn december() -> Period {
    Period::seen(day("2021-12-01"), day("2021-12-31"), &almanac(), at("2022-02-01 09:00"))
}

fn recorded(period: Period, entries: &[Entry]) -> Record {
    let almanac = almanac();
    let mut records = Records::new(period, &almanac);
    for entry in entries {
        records.read(entry);
    }
    records.of(&TaskId::new("1")).expect("it is recorded").clone()
}

#[test]
fn a_step_told_to_three_people_is_one_chasing_and_a_quiet_level_is_none() {
    let record = recorded(
        december(),
        &[
            loaded("1", "2021-12-10"),
            notice("2021-12-07 09:00", "1", "remind", "contact"),
            notice("2021-12-10 09:00", "1", "due", "contact"),
            notice("2021-12-13 09:00", "1", "overdue", "contact"),
            notice("2021-12-13 09:00", "1", "overdue", "head"),
            notice("2021-12-13 09:00", "1", "overdue", "group"),
            notice("2021-12-14 09:00", "1", "overdue", "contact"),
            notice("2021-12-14 09:00", "1", "escalate", "vm"),
        ],
    );
    assert_eq!(record.chasings, 3);
}

#[test]
fn an_earlier_deadline_is_no_extension_and_a_return_with_a_later_one_is() {
    let change = |from: &str, to: &str| Fact::DueChanged {
        from: when(from),
        to: when(to),
    };
    let record = recorded(
        december(),
        &[
            loaded("1", "2021-12-10"),
            entry("2021-12-01 09:00", "1", &change("2021-12-10", "2021-12-08"), None),
            entry("2021-12-07 09:00", "1", &Fact::Submitted, None),
            entry(
                "2021-12-08 09:00",
                "1",
                &Fact::Returned {
                    due: Some(when("2021-12-20")),
                },
                None,
            ),
        ],
    );
    assert_eq!((record.extensions, record.returns), (1, 1));
    assert_eq!(record.first_due, when("2021-12-10"));
}

#[test]
fn what_happened_after_the_period_is_left_out() {
    let record = recorded(
        december(),
        &[
            loaded("1", "2021-12-10"),
            entry("2022-01-04 09:00", "1", &Fact::Closed { on: None }, None),
            notice("2022-01-03 09:00", "1", "overdue", "contact"),
        ],
    );
    assert_eq!((record.closings.len(), record.chasings), (0, 0));
}

#[test]
fn a_closing_entered_later_counts_as_of_its_day_in_the_period() {
    let late = Fact::Closed {
        on: Some(when("2021-12-30")),
    };
    let entries = [loaded("1", "2021-12-10"), entry("2022-01-04 09:00", "1", &late, None)];
    assert_eq!(recorded(december(), &entries).closings, [day("2021-12-30")]);
    let before = Period {
        now: at("2022-01-03 09:00"),
        ..december()
    };
    assert!(recorded(before, &entries).closings.is_empty(), "it was not known yet");
}

#[test]
fn a_task_that_was_called_off_does_not_count() {
    let record = recorded(
        december(),
        &[
            loaded("1", "2021-12-10"),
            entry("2021-12-05 09:00", "1", &Fact::Cancelled, None),
        ],
    );
    assert!(!record.counts());
}

#[test]
fn opening_a_cancelled_task_again_is_no_relapse() {
    let record = recorded(
        december(),
        &[
            loaded("1", "2021-12-10"),
            entry("2021-12-05 09:00", "1", &Fact::Cancelled, None),
            entry("2021-12-06 09:00", "1", &Fact::Reopened { due: None }, None),
            entry("2021-12-07 09:00", "1", &Fact::Closed { on: None }, None),
            entry("2021-12-09 09:00", "1", &Fact::Reopened { due: None }, None),
        ],
    );
    assert_eq!(record.relapses, [day("2021-12-09")]);
}

#[test]
fn the_last_words_are_those_of_a_report_or_of_a_submission() {
    let report = Fact::Reported {
        progress: "已新增3个班".into(),
    };
    let mut entries = vec![
        loaded("1", "2021-12-10"),
        entry("2021-12-05 09:00", "1", &report, Some("内部")),
    ];
    assert_eq!(recorded(december(), &entries).said, "已新增3个班");
    entries.push(entry("2021-12-06 09:00", "1", &Fact::Submitted, Some("附班额统计表")));
    entries.push(entry("2021-12-07 09:00", "1", &Fact::Closed { on: None }, Some("同意")));
    assert_eq!(recorded(december(), &entries).said, "附班额统计表");
}
