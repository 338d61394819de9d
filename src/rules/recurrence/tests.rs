//! Duties: when they fall, and the tasks that follow.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::{Duty, Repeat, RepeatError, occurrences, parts};
use crate::domain::id::{LadderId, PersonId, TaskId, UnitId};
use crate::domain::ladder::{Span, TimeUnit};
use crate::domain::people::Party;
use crate::domain::task::Task;
use crate::rules::calendar::{Almanac, Calendar, DueOnDayOff, Timing};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn almanac(off: &[NaiveDate]) -> Almanac {
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a time");
    Almanac {
        calendar: Calendar::mon_fri().overlaid(off, &[]),
        timing: Timing {
            zone: chrono_tz::Asia::Shanghai,
            send_at: time(9),
            close_of_day: time(18),
            hours: None,
            due_on_day_off: DueOnDayOff::AsWritten,
            yellow: Span {
                amount: 5,
                unit: TimeUnit::WorkingDays,
            },
        },
    }
}

fn duty(repeat: &str, opened: &str) -> Duty {
    let opened = opened.parse().expect("a date");
    Duty {
        task: Task {
            id: TaskId::new("12"),
            order: 0,
            title: "Sweep".to_owned(),
            area: String::new(),
            problem: String::new(),
            measures: String::new(),
            lead: Party::Person(PersonId::new("lead")),
            lead_copies: Vec::new(),
            unit: UnitId::new("edu"),
            assisting: String::new(),
            owner: Vec::new(),
            supervisor: None,
            opened: Some(opened),
            due: opened,
            kind: String::new(),
            evidence: String::new(),
            ladder: LadderId::new("standard"),
            status: None,
            progress: String::new(),
            closed: None,
            batch: String::new(),
            note: String::new(),
        },
        repeat: repeat.parse().expect("a repetition"),
        text: repeat.to_owned(),
    }
}

/// Id, opening and deadline of each occurrence.
fn made(repeat: &str, opened: &str, now: &str, off: &[NaiveDate]) -> Vec<String> {
    let tasks = occurrences(&duty(repeat, opened), &almanac(off), at(now));
    let line = |task: &Task| format!("{} {} {}", task.id, task.opened.expect("opened"), task.due);
    tasks.iter().map(line).collect()
}

#[test]
fn the_last_working_day_of_each_quarter_is_four_tasks_a_year() {
    assert_eq!(
        made(
            "last working day of each quarter",
            "2022-01-04",
            "2022-01-04T01:00:00Z",
            &[]
        ),
        [
            "12@2022-03-31 2022-01-04 2022-03-31",
            "12@2022-06-30 2022-04-01 2022-06-30",
            "12@2022-09-30 2022-07-01 2022-09-30",
            // The last day of 2022 is a Saturday.
            "12@2022-12-31 2022-10-01 2022-12-30",
        ]
    );
}

#[test]
fn another_calendar_moves_a_deadline_and_not_the_name() {
    let off = [day("2022-03-30"), day("2022-03-31")];
    let made = made("每季度最后一个工作日", "2022-01-04", "2022-01-04T01:00:00Z", &off);
    assert_eq!(made[0], "12@2022-03-31 2022-01-04 2022-03-29");
    assert_eq!(made[1], "12@2022-06-30 2022-03-30 2022-06-30");
}

#[test]
fn words_and_cron_text_say_the_same() {
    let cron: Repeat = "0 0 L 3,6,9,12 * or previous working day".parse().expect("cron text");
    for words in [
        "last working day of each quarter",
        "Last working day of the quarter",
        "每季度最后一个工作日",
        "每季度的最后一个工作日",
        "每季度末工作日",
        "0 0 L 3,6,9,12 *，遇休息日提前",
    ] {
        assert_eq!(words.parse(), Ok(cron.clone()), "{words}");
    }
    for (one, other) in [
        ("12-31", "每年12月31日"),
        ("12-31", "0 0 31 12 *"),
        ("12月31日，遇节假日顺延", "12-31 or next working day"),
        ("first working day of every month", "每月第一个工作日"),
        ("last working day of the year", "每年最后一个工作日"),
        ("last working day of each half-year", "每半年最后一个工作日"),
        ("每个月末工作日", "0 0 L * * or previous working day"),
    ] {
        assert_eq!(one.parse::<Repeat>(), other.parse::<Repeat>(), "{one}, {other}");
        assert!(one.parse::<Repeat>().is_ok(), "{one}");
    }
}

#[test]
fn a_yearly_date_falls_as_written_or_where_the_words_move_it() {
    // 2022-12-31 is a Saturday.
    for (repeat, due) in [
        ("12-31", "2022-12-31"),
        ("12-31 or previous working day", "2022-12-30"),
        ("12-31 or next working day", "2023-01-02"),
    ] {
        let made = made(repeat, "2022-02-01", "2022-02-01T01:00:00Z", &[]);
        assert_eq!(made[0], format!("12@2022-12-31 2022-02-01 {due}"), "{repeat}");
    }
}

#[test]
fn a_time_of_day_makes_the_deadline_one_to_the_minute() {
    let made = made("30 17 1 * *", "2022-01-04", "2022-01-04T01:00:00Z", &[]);
    assert_eq!(made[0], "12@2022-02-01 2022-01-04 2022-02-01T17:30");
}

#[test]
fn all_from_the_opening_to_thirteen_months_ahead_are_made_whatever_the_present() {
    let made = made("0 0 L * *", "2020-01-15", "2022-06-10T01:00:00Z", &[]);
    assert_eq!(
        made.first().map(String::as_str),
        Some("12@2020-01-31 2020-01-15 2020-01-31")
    );
    assert_eq!(
        made.last().map(String::as_str),
        Some("12@2023-06-30 2023-06-01 2023-06-30")
    );
    assert_eq!(made.len(), 42);
}

#[test]
fn of_a_duty_that_is_older_than_its_limit_the_latest_occurrences_are_made() {
    let made = made("0 0 * * FRI", "2001-01-05", "2026-01-10T01:00:00Z", &[]);
    assert_eq!(made.len(), super::TASKS_MAX);
    assert_eq!(
        made.last().map(String::as_str),
        Some("12@2027-02-05 2027-01-30 2027-02-05")
    );
    assert!(made.iter().any(|line| line.starts_with("12@2026-01-16 ")));
}

#[test]
fn a_leap_day_comes_round_in_leap_years_alone() {
    assert_eq!(made("02-29", "2022-01-04", "2022-12-01T01:00:00Z", &[]), [""; 0]);
    let made = made("02-29", "2022-01-04", "2027-06-01T01:00:00Z", &[]);
    assert_eq!(
        made,
        [
            "12@2024-02-29 2022-01-04 2024-02-29",
            "12@2028-02-29 2024-03-01 2028-02-29"
        ]
    );
}

#[test]
fn a_make_up_day_is_a_last_working_day() {
    let mut almanac = almanac(&[day("2022-09-30")]);
    // Saturday, 1 October is none of the quarter's; Saturday, 31 December is made a working day.
    almanac.calendar = almanac.calendar.overlaid(&[], &[day("2022-12-31")]);
    let tasks = occurrences(
        &duty("last working day of each quarter", "2022-07-01"),
        &almanac,
        at("2022-07-01T01:00:00Z"),
    );
    let dues: Vec<String> = tasks.iter().take(2).map(|task| task.due.to_string()).collect();
    assert_eq!(dues, ["2022-09-29", "2022-12-31"]);
}

#[test]
fn the_present_is_the_day_in_the_configured_zone() {
    let at_hour = |hour| made("12-31", "2022-02-01", &format!("2022-11-30T{hour}:00:00Z"), &[]).len();
    // At 16:00 Shanghai is already in December, from which 13 months reach over the end of 2023.
    assert_eq!((at_hour(15), at_hour(16)), (1, 2));
}

#[test]
fn two_that_a_roll_brings_together_are_not_opened_after_they_are_due() {
    let made = made(
        "0 0 * * SAT or next working day",
        "2022-01-04",
        "2022-01-04T01:00:00Z",
        &[],
    );
    assert_eq!(made[0], "12@2022-01-08 2022-01-04 2022-01-10");
    assert_eq!(made[1], "12@2022-01-15 2022-01-11 2022-01-17");
}

#[test]
fn what_never_comes_round_or_too_often_is_refused() {
    let proven = |text: &str| {
        text.parse::<Repeat>()
            .and_then(|repeat| repeat.proven(text, day("2022-01-04")))
    };
    assert_eq!(proven("0 0 30 2 *"), Err(RepeatError::Never("0 0 30 2 *".to_owned())));
    assert_eq!(proven("0 * 1 * *"), Err(RepeatError::Daily("0 * 1 * *".to_owned())));
    assert_eq!(proven("0 0 * * *"), Err(RepeatError::Often("0 0 * * *".to_owned())));
    assert!(proven("0 0 * * FRI").is_ok());
    assert!(proven("02-29").is_ok());
    assert!(matches!(proven("every blue moon"), Err(RepeatError::Unknown { .. })));
    assert!(matches!(proven("13-40"), Err(RepeatError::Unknown { .. })));
}

#[test]
fn only_an_id_that_ends_in_a_day_is_that_of_an_occurrence() {
    assert_eq!(parts(&TaskId::new("a@b@2022-03-31")), Some(("a@b", day("2022-03-31"))));
    for other in ["12", "12@", "12@2022-3-31", "12@2022-03-32", "12@x"] {
        assert_eq!(parts(&TaskId::new(other)), None, "{other}");
    }
}
