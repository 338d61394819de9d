use chrono::TimeDelta;

use super::*;
use crate::domain::id::TaskId;
use crate::domain::journal::{Draft, Entry, FIRST_PREV, Fact};
use crate::rules::compose::tests::{almanac, at, task};
use crate::rules::progress;

/// A ledger with the journal of what happened to it.
#[derive(Default)]
struct Past {
    tasks: Vec<Task>,
    entries: Vec<Entry>,
}

impl Past {
    fn add(&mut self, unit: &str, opened: &str, due: &str) -> TaskId {
        let (mut task, _) = task(&(self.tasks.len() + 1).to_string(), due);
        task.unit = UnitId::new(unit);
        let id = task.id.clone();
        self.tasks.push(task);
        let loaded = Fact::Loaded {
            due: due.parse().expect("a date"),
            opened: Some(opened.parse().expect("a date")),
            ladder_print: String::new(),
        };
        self.happened(&id, at(&format!("{opened} 09:00")), &loaded);
        id
    }

    fn happened(&mut self, id: &TaskId, at: DateTime<Utc>, fact: &Fact) {
        let draft = Draft::of_fact(at, id.clone(), "office", fact, None);
        self.entries
            .push(Entry::chain(draft, self.entries.len() as u64 + 1, FIRST_PREV));
    }

    fn closed(&mut self, unit: &str, opened: &str, due: &str, on: &str) {
        let id = self.add(unit, opened, due);
        self.happened(&id, at(&format!("{on} 12:00")), &Fact::Closed { on: None });
    }

    /// The journal up to `now`, as if it ended there.
    fn until(&self, now: DateTime<Utc>) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self
            .entries
            .iter()
            .filter(|entry| entry.at.parse::<DateTime<Utc>>().is_ok_and(|at| at <= now))
            .cloned()
            .collect();
        entries.sort_by(|a, b| a.at.cmp(&b.at));
        entries
    }

    fn history(&self, now: DateTime<Utc>) -> History {
        History::of(self.tasks.iter(), &self.until(now), &almanac(), now)
    }

    /// Where every task stood.
    fn states(&self, now: DateTime<Utc>) -> BTreeMap<TaskId, TaskState> {
        let mut states = BTreeMap::new();
        for entry in self.until(now) {
            let (Some(id), Ok(at), Some(fact)) = (entry.task.clone(), entry.at.parse(), entry.fact()) else {
                continue;
            };
            if let Some(state) = progress::apply(states.remove(&id), &fact, at) {
                states.insert(id, state);
            }
        }
        states
    }

    fn forecast(&self, id: &TaskId, now: DateTime<Utc>) -> Option<Forecast> {
        let task = self.tasks.iter().find(|task| task.id == *id)?;
        let (history, almanac) = (self.history(now), almanac());
        Outlook::of(&history, &almanac, now).forecast(task, self.states(now).get(id)?)
    }
}

/// A unit of whose four tasks three were late; tasks took it ten working days and more.
fn tardy() -> Past {
    let mut past = Past::default();
    for (due, on) in [
        ("2021-03-12", "2021-03-20"),
        ("2021-04-16", "2021-05-07"),
        ("2021-06-11", "2021-06-15"),
        ("2021-08-13", "2021-08-10"),
    ] {
        past.closed("edu", "2021-03-01", due, on);
    }
    past
}

#[test]
fn a_unit_that_was_late_before_and_is_silent_now_is_likely_to_be_late() {
    let mut past = tardy();
    let id = past.add("edu", "2021-11-15", "2022-01-14");
    let forecast = past.forecast(&id, at("2021-12-20 08:30")).expect("a forecast");
    assert_eq!(forecast.score, 6);
    assert_eq!(
        forecast.reasons.first(),
        Some(&Reason::Unit {
            due: 4,
            late: 3,
            points: 2
        })
    );
    assert!(forecast.reasons.contains(&Reason::Silent { days: 25, points: 2 }));
    assert!(matches!(
        forecast.reasons.last(),
        Some(Reason::Short {
            left: 19,
            of: 4,
            points: 2,
            ..
        })
    ));
}

#[test]
fn a_task_of_which_word_came_yesterday_is_not_forecast_for_its_unit_alone() {
    let mut past = tardy();
    let id = past.add("edu", "2021-12-01", "2022-02-28");
    let report = Fact::Reported { progress: "50%".into() };
    past.happened(&id, at("2021-12-17 10:00"), &report);
    assert_eq!(past.forecast(&id, at("2021-12-20 08:30")), None);
}

#[test]
fn without_any_past_a_silence_that_has_used_up_most_of_the_time_makes_a_forecast() {
    let mut past = Past::default();
    let id = past.add("edu", "2021-11-15", "2022-01-14");
    assert_eq!(
        past.forecast(&id, at("2021-12-20 08:30")),
        None,
        "half of the time is left"
    );
    let forecast = past.forecast(&id, at("2022-01-10 08:30")).expect("a forecast");
    let spent = Reason::Spent {
        elapsed: 40,
        whole: 44,
        points: 2,
    };
    assert_eq!((forecast.score, forecast.reasons.last()), (4, Some(&spent)));
    let report = Fact::Reported {
        progress: "一半".into(),
    };
    past.happened(&id, at("2022-01-07 10:00"), &report);
    assert_eq!(past.forecast(&id, at("2022-01-10 08:30")), None, "it was reported on");
}

#[test]
fn what_is_late_already_or_far_off_is_no_forecast() {
    let mut past = tardy();
    let late = past.add("edu", "2021-11-15", "2021-12-10");
    let far = past.add("edu", "2021-11-15", "2022-12-10");
    assert_eq!(past.forecast(&late, at("2021-12-20 08:30")), None);
    assert_eq!(past.forecast(&far, at("2021-12-20 08:30")), None);
}

#[test]
fn a_task_handed_in_on_time_was_on_time_however_long_its_review_took() {
    let mut past = Past::default();
    let id = past.add("edu", "2021-03-01", "2021-03-31");
    past.happened(&id, at("2021-03-30 10:00"), &Fact::Submitted);
    past.happened(&id, at("2021-04-20 10:00"), &Fact::Closed { on: None });
    assert!(!past.history(at("2021-12-20 08:30")).settled()[0].late);
}

#[test]
fn a_deadline_that_was_moved_after_it_passed_was_missed() {
    let mut past = Past::default();
    let id = past.add("edu", "2021-03-01", "2021-03-31");
    let moved = Fact::DueChanged {
        from: "2021-03-31".parse().expect("a date"),
        to: "2021-04-30".parse().expect("a date"),
    };
    past.happened(&id, at("2021-04-02 10:00"), &moved);
    past.happened(&id, at("2021-04-20 10:00"), &Fact::Closed { on: None });
    assert!(past.history(at("2021-12-20 08:30")).settled()[0].late);
}

#[test]
fn only_what_was_closed_can_relapse() {
    let mut past = Past::default();
    let id = past.add("edu", "2021-03-01", "2021-03-31");
    past.happened(&id, at("2021-03-02 10:00"), &Fact::Cancelled);
    past.happened(&id, at("2021-03-03 10:00"), &Fact::Reopened { due: None });
    past.happened(&id, at("2021-03-04 10:00"), &Fact::Closed { on: None });
    past.happened(&id, at("2021-03-05 10:00"), &Fact::Reopened { due: None });
    let history = past.history(at("2021-12-20 08:30"));
    assert_eq!([history.is_relapse(3), history.is_relapse(5)], [false, true]);
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap_or(0) % sides
    }
}

/// Two years of eight units. How punctual a unit is, and whether it reports, hang together loosely; a task that will be
/// late is reported of less often, and chance rules the rest.
fn two_years() -> Past {
    let mut past = Past::default();
    let mut dice = Dice(2021);
    let first = at("2020-01-06 09:00");
    for n in 0..320 {
        let unit = dice.roll(8);
        let opened = first + TimeDelta::days(dice.roll(640));
        let span = 40 + dice.roll(50);
        let due = opened + TimeDelta::days(span);
        let is_late = dice.roll(10) < unit + 1;
        let took = if is_late {
            span + 3 + dice.roll(30)
        } else {
            10 + dice.roll(span - 12)
        };
        let day = |at: DateTime<Utc>| almanac().today(at).to_string();
        let id = past.add(&format!("unit-{unit}"), &day(opened), &day(due));
        assert_eq!(past.tasks.len(), n + 1);
        let mut word = opened + TimeDelta::days(7);
        while word < opened + TimeDelta::days(took) {
            if dice.roll(10) < if is_late { 2 } else { 5 } {
                past.happened(&id, word, &Fact::Reported { progress: "…".into() });
            }
            word += TimeDelta::days(7);
        }
        past.happened(&id, opened + TimeDelta::days(took), &Fact::Closed { on: None });
    }
    past
}

#[test]
fn replayed_over_two_years_flagged_tasks_were_late_more_often_than_the_others() {
    let past = two_years();
    // Flagged and not: how many, and how many of them became late.
    let (mut flagged, mut others) = ((0_u32, 0_u32), (0_u32, 0_u32));
    let ends = past.states(at("2023-01-01 00:00"));
    for month in 0..12 {
        let now = at("2020-10-05 08:30") + TimeDelta::days(28 * month);
        let (history, almanac) = (past.history(now), almanac());
        let outlook = Outlook::of(&history, &almanac, now);
        let states = past.states(now);
        for task in &past.tasks {
            let Some(state) = states.get(&task.id) else { continue };
            let is_open = matches!(state.standing(), Phase::Open | Phase::Acknowledged);
            let due = almanac.due_instant(state.due);
            if !is_open || due <= now {
                continue;
            }
            let closed = ends.get(&task.id).and_then(|state| state.closed);
            let became_late = closed.is_some_and(|on| almanac.date_of(on) > almanac.today(due));
            let group = match outlook.forecast(task, state) {
                Some(_) => &mut flagged,
                None => &mut others,
            };
            group.0 += 1;
            group.1 += u32::from(became_late);
        }
    }
    assert!(flagged.0 >= 30 && others.0 >= 30, "{flagged:?} {others:?}");
    let share = |(all, late): (u32, u32)| f64::from(late) / f64::from(all);
    assert!(share(flagged) > 1.3 * share(others), "{flagged:?} {others:?}");
}
