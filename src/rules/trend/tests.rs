use super::*;
use crate::domain::journal::{Draft, FIRST_PREV};
use crate::domain::when::When;
use crate::rules::compose::tests::{almanac, at, people, task};

/// A Monday; the first of the twelve is 2021-11-15.
const NOW: &str = "2022-01-31 08:30";

#[derive(Default)]
struct Book {
    tasks: Vec<(Task, TaskState)>,
    entries: Vec<Entry>,
}

impl Book {
    /// Five tasks of two units, first loaded on 2021-11-20, and what became of them.
    fn example() -> Self {
        let mut book = Self::default();
        for (id, due, unit) in [
            ("1", "2021-12-16", "edu"),
            ("2", "2021-12-16", "edu"),
            ("3", "2022-03-01", "edu"),
            ("4", "2022-01-28", "water"),
            ("5", "2021-12-31", "water"),
        ] {
            book.load(id, due, unit);
        }
        book.happened("2021-12-10 10:00", "2", &moved("2021-12-16", "2022-01-14"));
        book.happened("2021-12-15 10:00", "1", &Fact::Submitted);
        book.happened("2021-12-22 10:00", "1", &Fact::Closed { on: None });
        book.happened("2022-01-05 10:00", "5", &Fact::Cancelled);
        book.happened("2022-01-12 10:00", "2", &Fact::Closed { on: None });
        book
    }

    fn load(&mut self, id: &str, due: &str, unit: &str) {
        let (mut task, state) = task(id, due);
        task.unit = UnitId::new(unit);
        let loaded = Fact::Loaded {
            due: task.due,
            opened: None,
            ladder_print: String::new(),
        };
        self.tasks.push((task, state));
        self.happened("2021-11-20 10:00", id, &loaded);
    }

    fn happened(&mut self, local: &str, id: &str, fact: &Fact) {
        let draft = Draft::of_fact(at(local), TaskId::new(id), "ledger", fact, None);
        let seq = self.entries.len() as u64 + 1;
        self.entries.push(Entry::chain(draft, seq, FIRST_PREV));
    }

    fn trend_at(&self, now: &str) -> Trend {
        let almanac = almanac();
        course(&self.tasks, &self.entries, &almanac, at(now)).trend(&Scope::Everything, &people())
    }

    fn trend(&self) -> Trend {
        self.trend_at(NOW)
    }

    /// On time and judged of the unit of a single task that was due on 2021-12-16.
    fn of_one(facts: &[(&str, Fact)]) -> Option<(u32, u32)> {
        let mut book = Self::default();
        book.load("1", "2021-12-16", "edu");
        for (local, fact) in facts {
            book.happened(local, "1", fact);
        }
        book.trend().units.first().map(|rate| (rate.on_time, rate.judged))
    }
}

fn moved(from: &str, to: &str) -> Fact {
    let when = |text: &str| text.parse::<When>().expect("a date");
    Fact::DueChanged {
        from: when(from),
        to: when(to),
    }
}

fn week<'a>(trend: &'a Trend, day: &str) -> &'a Week {
    let found = trend.weeks.iter().find(|week| week.day.to_string() == day);
    found.expect("a week of that Monday")
}

#[test]
fn the_weeks_are_mondays_and_begin_when_the_first_task_was_known() {
    let days: Vec<String> = Book::example()
        .trend()
        .weeks
        .iter()
        .map(|week| week.day.to_string())
        .collect();
    assert_eq!(days.len(), 11);
    assert_eq!((days[0].as_str(), days[10].as_str()), ("2021-11-22", "2022-01-31"));
}

#[test]
fn the_last_column_is_the_present_also_where_the_review_was_moved_off_its_monday() {
    let days: Vec<String> = Book::example()
        .trend_at("2022-02-02 08:30")
        .weeks
        .iter()
        .map(|week| week.day.to_string())
        .collect();
    assert_eq!(days[days.len() - 2..], ["2022-01-24", "2022-02-02"]);
}

#[test]
fn lights_are_as_they_were_then() {
    let trend = Book::example().trend();
    let lights = |day| {
        let figures = week(&trend, day).figures;
        [figures.red, figures.yellow, figures.blue, figures.green, figures.grey]
    };
    assert_eq!(lights("2021-11-22"), [0, 0, 0, 5, 0]);
    // Five working days before the 16th: the 9th, a Thursday.
    assert_eq!(
        lights("2021-12-13"),
        [0, 1, 0, 4, 0],
        "2 was granted January by then, 1 is near"
    );
    assert_eq!(lights("2021-12-20"), [0, 0, 1, 4, 0], "1 was handed in");
    assert_eq!(
        lights("2022-01-10"),
        [0, 1, 0, 2, 2],
        "1 is closed, 5 called off, 2 near its new deadline"
    );
    assert_eq!(lights("2022-01-31"), [1, 0, 0, 1, 3]);
}

#[test]
fn the_plan_follows_first_deadlines_whatever_was_granted_later() {
    let trend = Book::example().trend();
    let of = |day| (week(&trend, day).open(), week(&trend, day).planned);
    assert_eq!(of("2021-11-22"), (5, 5));
    assert_eq!(of("2021-12-20"), (5, 3));
    assert_eq!(of("2022-01-10"), (3, 2));
    assert_eq!(of("2022-01-17"), (2, 2));
    assert_eq!(of("2022-01-31"), (2, 1));
}

#[test]
fn the_plan_ahead_is_of_tasks_that_are_known_now() {
    let ahead: Vec<(String, u32)> = Book::example()
        .trend_at("2022-02-07 08:30")
        .ahead
        .iter()
        .map(|week| (week.day.to_string(), week.planned))
        .collect();
    let expected = [
        ("2022-02-14", 1),
        ("2022-02-21", 1),
        ("2022-02-28", 1),
        ("2022-03-07", 0),
    ];
    assert_eq!(ahead, expected.map(|(day, planned)| (day.to_owned(), planned)));
}

#[test]
fn units_stand_with_the_lowest_rate_first() {
    let rates: Vec<(String, u32, u32, u32)> = Book::example()
        .trend()
        .units
        .iter()
        .map(|rate| (rate.name.clone(), rate.on_time, rate.judged, rate.percent()))
        .collect();
    assert_eq!(
        rates,
        [("water".to_owned(), 0, 1, 0), ("市教育局".to_owned(), 1, 2, 50)]
    );
}

#[test]
fn what_was_handed_in_by_the_deadline_and_approved_later_is_on_time() {
    let facts = [
        ("2021-12-16 18:00", Fact::Submitted),
        ("2022-01-20 10:00", Fact::Closed { on: None }),
    ];
    assert_eq!(Book::of_one(&facts), Some((1, 1)));
}

#[test]
fn a_submission_that_was_returned_does_not_count_the_next_one_does() {
    let facts = [
        ("2021-12-10 10:00", Fact::Submitted),
        ("2021-12-14 10:00", Fact::Returned { due: None }),
        ("2021-12-20 10:00", Fact::Submitted),
        ("2021-12-21 10:00", Fact::Closed { on: None }),
    ];
    assert_eq!(Book::of_one(&facts), Some((0, 1)));
}

#[test]
fn a_closing_as_of_the_last_day_is_on_time_whenever_it_was_written_down() {
    let on = Some("2021-12-16".parse().expect("a date"));
    assert_eq!(Book::of_one(&[("2022-01-10 10:00", Fact::Closed { on })]), Some((1, 1)));
}

#[test]
fn what_waits_for_review_since_before_its_deadline_is_not_judged() {
    assert_eq!(Book::of_one(&[("2021-12-16 17:00", Fact::Submitted)]), None);
    assert_eq!(Book::of_one(&[("2021-12-16 18:01", Fact::Submitted)]), Some((0, 1)));
}

#[test]
fn a_task_that_was_opened_again_is_late_by_its_first_deadline() {
    let facts = [
        ("2021-12-10 10:00", Fact::Closed { on: None }),
        ("2022-01-10 10:00", Fact::Reopened { due: None }),
    ];
    assert_eq!(Book::of_one(&facts), Some((0, 1)));
}

#[test]
fn what_was_called_off_is_not_judged() {
    assert_eq!(Book::of_one(&[("2022-01-10 10:00", Fact::Withdrawn)]), None);
}

#[test]
fn a_reader_sees_the_course_of_their_own_part() {
    let book = Book::example();
    let almanac = almanac();
    let scope = Scope::Tasks([TaskId::new("4")].into());
    let trend = course(&book.tasks, &book.entries, &almanac, at(NOW)).trend(&scope, &people());
    assert_eq!((week(&trend, "2022-01-31").open(), trend.units.len()), (1, 1));
}

#[test]
fn what_was_written_after_the_look_is_not_known_to_it() {
    let trend = Book::example().trend_at("2021-12-20 08:30");
    assert_eq!(trend.weeks.last().map(Week::open), Some(5));
    assert_eq!(
        trend.units.first().map(|rate| (rate.on_time, rate.judged)),
        Some((0, 1))
    );
}
