//! The planner, specified by examples and by properties.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::{Ground, Plan, ToldBook, plan, quieted};
use crate::domain::id::{ChannelId, LadderId, PersonId, TaskId, UnitId};
use crate::domain::journal::Fact;
use crate::domain::ladder::{Anchor, Ladder, Level, Role, Roll, Step, Until, Via};
use crate::domain::notice::Told;
use crate::domain::people::{Away, ChannelFacts, ChannelKind, Locale, Party, People, Person, Unit};
use crate::domain::task::{Task, TaskState};
use crate::rules::calendar::{Almanac, Calendar, DueOnDayOff, Hours, Timing};
use crate::rules::progress;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// A local time in Asia/Shanghai.
fn at(text: &str) -> DateTime<Utc> {
    format!("{text}:00+08:00")
        .parse::<DateTime<chrono::FixedOffset>>()
        .expect("an instant")
        .to_utc()
}

fn person(id: &str) -> Person {
    Person {
        id: PersonId::new(id),
        name: id.to_uppercase(),
        email: Some(format!("{id}@example.org")),
        locale: Locale::En,
        channels: vec![ChannelId::new("mail")],
        handles: BTreeMap::new(),
        deputy: None,
        away: Vec::new(),
    }
}

fn channel(id: &str, kind: ChannelKind) -> (ChannelId, ChannelFacts) {
    let id = ChannelId::new(id);
    (
        id.clone(),
        ChannelFacts {
            endpoint: id.to_string(),
            id,
            kind,
            members: Vec::new(),
        },
    )
}

/// Someone to plan for: the world of these tests, to be changed by each.
#[derive(Clone)]
struct World {
    task: Task,
    state: TaskState,
    ladder: Ladder,
    almanac: Almanac,
    people: People,
    told: ToldBook,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "due {} hours {:?} lead {:?}",
            self.state.due,
            self.almanac.timing.hours,
            self.people.persons[&PersonId::new("lead")].away
        )?;
        for step in &self.ladder.steps {
            write!(
                f,
                "\n  {} > {:?} every {:?} times {:?}",
                step.name(),
                step.to,
                step.every,
                step.times
            )?;
        }
        Ok(())
    }
}

impl World {
    fn new(due: &str, steps: &[&str]) -> Self {
        let persons = ["owner", "head", "lead", "room", "clerk", "second"].map(|id| (PersonId::new(id), person(id)));
        let unit = |id: &str, head: Option<&str>, contacts: &[&str]| Unit {
            id: UnitId::new(id),
            name: id.to_uppercase(),
            aliases: Vec::new(),
            head: head.map(PersonId::new),
            contacts: contacts.iter().map(|id| PersonId::new(*id)).collect(),
            supervisor: Some(Party::Person(PersonId::new("room"))),
            group: Some(ChannelId::new("group")),
        };
        let people = People {
            persons: persons.into(),
            units: [unit("edu", Some("head"), &["owner"]), unit("office", None, &["clerk"])]
                .map(|unit| (unit.id.clone(), unit))
                .into(),
            channels: [
                channel("mail", ChannelKind::Email),
                channel("group", ChannelKind::Webhook),
            ]
            .into(),
            office: Party::Unit(UnitId::new("office")),
            default_group: None,
            locale: Locale::En,
        };
        let task = Task {
            id: TaskId::new("1"),
            order: 0,
            title: "classes".into(),
            area: String::new(),
            problem: String::new(),
            measures: String::new(),
            lead: Party::Person(PersonId::new("lead")),
            lead_copies: Vec::new(),
            unit: UnitId::new("edu"),
            assisting: String::new(),
            owner: Vec::new(),
            supervisor: None,
            opened: Some("2021-11-14".parse().expect("a date")),
            due: due.parse().expect("a date"),
            kind: String::new(),
            evidence: String::new(),
            ladder: LadderId::new("standard"),
            status: None,
            progress: String::new(),
            closed: None,
            batch: String::new(),
            note: String::new(),
        };
        let loaded = Fact::Loaded {
            due: task.due,
            opened: task.opened,
            ladder_print: String::new(),
        };
        let state = progress::apply(None, &loaded, at("2021-11-14T08:00")).expect("loaded");
        let ladder = Ladder {
            id: LadderId::new("standard"),
            kinds: Vec::new(),
            steps: steps.iter().map(|s| step(s)).collect(),
        };
        Self {
            task,
            state,
            ladder,
            almanac: Almanac {
                calendar: calendar(),
                timing: timing(),
            },
            people,
            told: ToldBook::default(),
        }
    }

    fn ground(&self) -> Ground<'_> {
        Ground {
            task: &self.task,
            state: &self.state,
            ladder: &self.ladder,
            almanac: &self.almanac,
            people: &self.people,
        }
    }

    fn plan(&self, from: &str, until: &str) -> Plan {
        plan(&self.ground(), &self.told, at(from), at(until))
    }

    /// Plans and takes what is planned as told.
    fn go(&mut self, from: &str, until: &str) -> Vec<String> {
        let plan = self.plan(from, until);
        self.take(&plan.told);
        lines(&plan)
    }

    fn take(&mut self, told: &[Told]) {
        for told in told {
            self.told.note(told.key.clone(), told.occurrence, told.level);
        }
    }

    fn happens(&mut self, when: &str, fact: &Fact) {
        self.state = progress::apply(Some(self.state.clone()), fact, at(when)).expect("a state");
    }
}

/// The calendar of these tests: 2022-01-29 and -30 are make-up days, 01-31 to 02-06 are off.
fn calendar() -> Calendar {
    let off = [
        "2022-01-01",
        "2022-01-02",
        "2022-01-03",
        "2022-01-31",
        "2022-02-01",
        "2022-02-02",
        "2022-02-03",
        "2022-02-04",
    ];
    let work = ["2022-01-29", "2022-01-30"];
    Calendar::mon_fri().overlaid(&off.map(day), &work.map(day))
}

fn timing() -> Timing {
    Timing {
        zone: chrono_tz::Asia::Shanghai,
        send_at: NaiveTime::from_hms_opt(9, 0, 0).expect("a time"),
        close_of_day: NaiveTime::from_hms_opt(18, 0, 0).expect("a time"),
        hours: None,
        due_on_day_off: DueOnDayOff::AsWritten,
        yellow: "5wd".parse().expect("a span"),
    }
}

fn hours() -> Option<Hours> {
    let time = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).expect("a time");
    Some(Hours {
        start: time(8, 30),
        end: time(18, 0),
    })
}

/// `from at level to,to [every=] [times=] [until=] [roll=none]`
fn step(text: &str) -> Step {
    let mut words = text.split_whitespace();
    let mut word = || words.next().expect("a step has four words");
    let anchor = word();
    let from = Anchor::ALL
        .into_iter()
        .find(|a| a.as_str() == anchor)
        .expect("an anchor");
    let at = word().parse().expect("an offset");
    let level = word();
    let level = Level::ALL.into_iter().find(|l| l.as_str() == level).expect("a level");
    let to = word().split(',').map(|role| role.parse().expect("a role")).collect();
    let mut step = Step {
        from,
        at,
        level,
        to,
        every: None,
        times: None,
        until: from.default_until(),
        roll: Roll::WorkingDay,
        via: Via::First,
        channels: Vec::new(),
    };
    for option in words {
        match option.split_once('=').expect("an option") {
            ("every", span) => step.every = Some(span.parse().expect("a span")),
            ("times", times) => step.times = Some(times.parse().expect("a number")),
            ("until", until) => step.until = Until::ALL.into_iter().find(|u| u.as_str() == until).expect("an until"),
            ("roll", _) => step.roll = Roll::None,
            (other, _) => panic!("unknown option {other}"),
        }
    }
    step
}

/// `12-13 09:00 due-3wd/warn > head (late)`
fn lines(plan: &Plan) -> Vec<String> {
    plan.notices
        .iter()
        .map(|notice| {
            let local = notice
                .at
                .with_timezone(&chrono_tz::Asia::Shanghai)
                .format("%m-%d %H:%M");
            let late = if notice.late { " late" } else { "" };
            format!("{local} {} > {}{late}", notice.step_name(), notice.recipient.id)
        })
        .collect()
}

#[test]
fn three_working_days_before_the_deadline_are_counted_without_its_own_day() {
    let world = World::new("2021-12-16", &["due -3wd warn owner"]);
    assert_eq!(
        lines(&world.plan("2021-11-14T08:00", "2022-01-01T00:00")),
        ["12-13 09:00 due-3wd/warn > owner"]
    );
}

#[test]
fn the_reason_can_be_checked_by_hand() {
    let world = World::new("2022-02-08", &["due -3wd warn owner"]);
    let plan = world.plan("2021-11-14T08:00", "2022-03-01T00:00");
    let reasons: Vec<_> = plan.notices.iter().map(|notice| notice.reason.as_str()).collect();
    assert_eq!(
        reasons,
        ["3 working days before 2022-02-08, make-up days 29 January, 30 January counted"]
    );
}

#[test]
fn a_deadline_on_a_day_off_is_due_on_the_working_day_before() {
    let world = World::new("2022-01-31", &["due 0d due owner"]);
    let plan = world.plan("2021-11-14T08:00", "2022-03-01T00:00");
    assert_eq!(lines(&plan), ["01-30 09:00 due/due > owner"]);
    assert_eq!(
        plan.notices[0].reason,
        "on 2022-01-31, the deadline, moved from 2022-01-31, a day off"
    );
}

#[test]
fn roll_none_stays_on_the_day_off() {
    let world = World::new("2022-01-31", &["due 0d due owner roll=none"]);
    assert_eq!(
        lines(&world.plan("2021-11-14T08:00", "2022-03-01T00:00")),
        ["01-31 09:00 due/due > owner"]
    );
}

#[test]
fn an_opening_on_a_sunday_is_told_on_the_monday() {
    let world = World::new("2021-12-16", &["opened 0d remind owner"]);
    assert_eq!(
        lines(&world.plan("2021-11-14T08:00", "2022-03-01T00:00")),
        ["11-15 09:00 opened/remind > owner"]
    );
}

#[test]
fn a_month_before_the_31st_is_the_last_day_of_a_short_month() {
    let world = World::new("2022-03-31", &["due -1mo remind owner roll=none"]);
    assert_eq!(
        lines(&world.plan("2021-11-14T08:00", "2022-04-01T00:00")),
        ["02-28 09:00 due-1mo/remind > owner"]
    );
}

#[test]
fn repeats_count_from_the_unrolled_day_and_the_first_has_no_number() {
    let world = World::new("2021-12-16", &["due +1d overdue owner every=1d times=4"]);
    // 12-17 is a Friday; the 18th and 19th roll to Monday the 20th, where the latest of the three speaks.
    assert_eq!(
        lines(&world.plan("2021-11-14T08:00", "2022-01-01T00:00")),
        [
            "12-17 09:00 due+1d/overdue > owner",
            "12-20 09:00 due+1d/overdue#4 > owner"
        ]
    );
}

#[test]
fn of_steps_that_fall_together_the_loudest_is_sent_and_covers_the_others() {
    let mut world = World::new(
        "2021-12-16",
        &["due +1wd overdue owner,head", "due +1d escalate lead,head"],
    );
    let plan = world.plan("2021-12-17T08:00", "2021-12-18T00:00");
    assert_eq!(
        lines(&plan),
        [
            "12-17 09:00 due+1d/escalate > head",
            "12-17 09:00 due+1d/escalate > lead",
            "12-17 09:00 due+1wd/overdue > owner"
        ]
    );
    world.take(&plan.told);
    assert_eq!(world.go("2021-12-17T09:00", "2022-01-01T00:00"), [""; 0]);
}

#[test]
fn a_person_in_two_roles_gets_one_notice_in_the_first_role() {
    let mut world = World::new("2021-12-16", &["due -3wd warn head,owner"]);
    world
        .people
        .units
        .get_mut(&UnitId::new("edu"))
        .expect("a unit")
        .contacts = vec![PersonId::new("head")];
    let plan = world.plan("2021-11-14T08:00", "2022-01-01T00:00");
    assert_eq!(plan.notices.len(), 1);
    assert_eq!(plan.notices[0].recipient.role, "head");
    assert_eq!(plan.told.len(), 2);
}

#[test]
fn a_first_load_in_the_past_tells_each_role_the_loudest_once_and_says_late() {
    let mut world = World::new(
        "2021-12-16",
        &[
            "due -3wd warn owner,head",
            "due +1wd overdue owner,head every=1wd times=5",
            "due +3wd escalate lead",
            "due +90wd summon lead",
        ],
    );
    assert_eq!(
        world.go("2022-03-01T10:00", "2022-03-01T10:01"),
        [
            "03-01 10:00 due+3wd/escalate > lead late",
            "03-01 10:00 due+1wd/overdue#5 > head late",
            "03-01 10:00 due+1wd/overdue#5 > owner late"
        ]
    );
    assert_eq!(world.go("2022-03-02T10:00", "2022-03-20T10:00"), [""; 0]);
}

#[test]
fn a_quiet_first_load_tells_nothing_of_the_past_and_all_that_comes() {
    let mut world = World::new(
        "2021-12-16",
        &["due -3wd warn owner", "due +1wd overdue owner every=1wd"],
    );
    let told = quieted(&world.ground(), at("2021-12-17T10:00"));
    world.take(&told);
    assert_eq!(
        world.go("2021-12-17T10:00", "2021-12-21T10:00"),
        [
            "12-20 09:00 due+1wd/overdue#2 > owner",
            "12-21 09:00 due+1wd/overdue#3 > owner"
        ]
    );
}

#[test]
fn a_submission_silences_the_deadline_and_a_return_speaks_again() {
    let mut world = World::new(
        "2021-12-16",
        &[
            "due +1wd overdue owner every=1wd",
            "submitted +3wd remind supervisor every=1wd",
        ],
    );
    assert_eq!(
        world.go("2021-12-17T08:00", "2021-12-18T00:00"),
        ["12-17 09:00 due+1wd/overdue > owner"]
    );
    world.happens("2021-12-18T10:00", &Fact::Submitted);
    assert_eq!(
        world.go("2021-12-18T10:00", "2021-12-24T10:00"),
        [
            "12-22 09:00 submitted+3wd/remind > room",
            "12-23 09:00 submitted+3wd/remind#2 > room",
            "12-24 09:00 submitted+3wd/remind#3 > room"
        ]
    );
    world.happens("2021-12-24T11:00", &Fact::Returned { due: None });
    assert_eq!(
        world.go("2021-12-24T11:00", "2021-12-28T00:00"),
        [
            "12-24 11:00 due+1wd/overdue#6 > owner late",
            "12-27 09:00 due+1wd/overdue#7 > owner"
        ]
    );
}

#[test]
fn who_reports_twice_and_is_silent_twice_is_chased_twice() {
    let mut world = World::new("2022-06-30", &["reported +10wd warn owner every=5wd times=2"]);
    world.happens(
        "2021-11-22T10:00",
        &Fact::Reported {
            progress: String::new(),
        },
    );
    assert_eq!(
        world.go("2021-11-22T10:00", "2021-12-07T00:00"),
        ["12-06 09:00 reported+10wd/warn > owner"]
    );
    world.happens(
        "2021-12-07T10:00",
        &Fact::Reported {
            progress: String::new(),
        },
    );
    assert_eq!(
        world.go("2021-12-07T10:00", "2022-01-20T00:00"),
        [
            "12-21 09:00 reported+10wd/warn > owner",
            "12-28 09:00 reported+10wd/warn#2 > owner"
        ]
    );
}

#[test]
fn a_step_until_reported_is_settled_by_a_report_since_its_first_instant_only() {
    let mut world = World::new("2021-12-16", &["due -3wd warn owner until=reported every=1wd"]);
    world.happens(
        "2021-12-01T10:00",
        &Fact::Reported {
            progress: String::new(),
        },
    );
    assert_eq!(
        world.go("2021-12-01T10:00", "2021-12-14T00:00"),
        ["12-13 09:00 due-3wd/warn > owner"]
    );
    world.happens(
        "2021-12-14T08:00",
        &Fact::Reported {
            progress: String::new(),
        },
    );
    assert_eq!(world.go("2021-12-14T08:00", "2022-01-14T00:00"), [""; 0]);
}

#[test]
fn a_later_deadline_starts_its_steps_again_and_does_not_replay_the_past() {
    let mut world = World::new("2021-12-16", &["due -3wd warn owner", "due +1wd overdue owner"]);
    assert_eq!(
        world.go("2021-12-13T08:00", "2021-12-14T00:00"),
        ["12-13 09:00 due-3wd/warn > owner"]
    );
    let (from, to) = (world.state.due, "2021-12-17".parse().expect("a date"));
    world.happens("2021-12-15T10:00", &Fact::DueChanged { from, to });
    // -3wd of the new deadline was 12-14: past, and no louder than what the owner was told.
    assert_eq!(
        world.go("2021-12-15T10:00", "2022-01-01T00:00"),
        ["12-20 09:00 due+1wd/overdue > owner"]
    );
}

#[test]
fn an_earlier_deadline_whose_past_is_louder_than_what_was_told_is_caught_up() {
    let mut world = World::new(
        "2021-12-30",
        &[
            "due -10wd remind owner",
            "due -3wd warn owner",
            "due +1wd overdue owner",
        ],
    );
    assert_eq!(
        world.go("2021-12-16T08:00", "2021-12-17T00:00"),
        ["12-16 09:00 due-10wd/remind > owner"]
    );
    let (from, to) = (world.state.due, "2021-12-17".parse().expect("a date"));
    world.happens("2021-12-17T08:00", &Fact::DueChanged { from, to });
    assert_eq!(
        world.go("2021-12-17T08:00", "2022-01-01T00:00"),
        [
            "12-17 08:00 due-3wd/warn > owner late",
            "12-20 09:00 due+1wd/overdue > owner"
        ]
    );
}

#[test]
fn a_reopening_without_a_deadline_sends_the_first_overdue_step_to_owner_and_supervisor() {
    let mut world = World::new(
        "2021-12-16",
        &[
            "due -3wd warn owner,head",
            "due +1wd overdue owner,head every=1wd times=3",
            "due +3wd escalate lead",
            "reported +10wd warn owner",
        ],
    );
    let first = world.go("2021-12-10T08:00", "2022-01-20T00:00");
    assert!(!first.is_empty());
    world.happens("2022-01-20T09:00", &Fact::Closed { on: None });
    world.happens("2022-02-08T10:00", &Fact::Reopened { due: None });
    assert_eq!(
        world.go("2022-02-08T10:00", "2022-03-01T00:00"),
        [
            "02-08 10:00 due+1wd/overdue > owner late",
            "02-08 10:00 due+1wd/overdue > room late",
            "02-22 09:00 reported+10wd/warn > owner"
        ]
    );
}

#[test]
fn a_reopening_with_a_deadline_climbs_its_ladder_again() {
    let mut world = World::new("2021-12-16", &["due -3wd warn owner", "due +1wd overdue owner"]);
    assert_eq!(world.go("2021-12-10T08:00", "2022-01-20T00:00").len(), 2);
    world.happens("2022-01-20T09:00", &Fact::Closed { on: None });
    world.happens(
        "2022-02-08T10:00",
        &Fact::Reopened {
            due: Some("2022-02-28".parse().expect("a date")),
        },
    );
    assert_eq!(
        world.go("2022-02-08T10:00", "2022-04-01T00:00"),
        [
            "02-23 09:00 due-3wd/warn > owner",
            "03-01 09:00 due+1wd/overdue > owner"
        ]
    );
}

#[test]
fn the_look_back_after_closing_is_silenced_by_a_reopening() {
    let mut world = World::new("2021-12-16", &["closed +30d remind supervisor"]);
    world.happens("2021-12-10T09:00", &Fact::Closed { on: None });
    assert_eq!(
        lines(&world.plan("2021-12-10T09:00", "2022-03-01T00:00")),
        ["01-10 09:00 closed+30d/remind > room"]
    );
    world.happens("2021-12-20T09:00", &Fact::Reopened { due: None });
    assert_eq!(lines(&world.plan("2021-12-20T09:00", "2022-03-01T00:00")), [""; 0]);
}

#[test]
fn quiet_hours_hold_what_is_below_escalate_until_the_next_opening() {
    let mut world = World::new("2021-12-17T20:00", &["due +1h overdue owner", "due +2h escalate lead"]);
    world.almanac.timing.hours = hours();
    let plan = world.plan("2021-11-14T08:00", "2022-01-01T00:00");
    assert_eq!(
        lines(&plan),
        [
            "12-17 22:00 due+2h/escalate > lead",
            "12-20 08:30 due+1h/overdue > owner"
        ]
    );
    assert!(
        plan.notices[1]
            .reason
            .contains("held from 2021-12-17T21:00:00+08:00 by quiet hours")
    );
}

#[test]
fn a_warning_is_not_held_past_the_deadline() {
    let mut world = World::new("2021-12-17T20:00", &["due -1h warn owner"]);
    world.almanac.timing.hours = hours();
    assert_eq!(
        lines(&world.plan("2021-11-14T08:00", "2022-01-01T00:00")),
        ["12-17 19:00 due-1h/warn > owner"]
    );
}

#[test]
fn a_caught_up_notice_waits_for_the_opening_and_wakes_the_planner_then() {
    let mut world = World::new("2021-12-16", &["due +1wd overdue owner"]);
    world.almanac.timing.hours = hours();
    let plan = world.plan("2021-12-18T22:00", "2021-12-18T22:01");
    assert_eq!((lines(&plan), plan.next), (Vec::new(), Some(at("2021-12-20T08:30"))));
    assert_eq!(
        lines(&world.plan("2021-12-20T08:30", "2021-12-20T08:31")),
        ["12-20 08:30 due+1wd/overdue > owner late"]
    );
}

#[test]
fn a_caught_up_notice_that_would_wait_is_covered_by_a_louder_one_to_the_same_person_in_another_role() {
    let mut world = World::new("2021-12-16", &["due +1wd overdue owner,head", "due +1d escalate lead"]);
    world.almanac.timing.hours = hours();
    world.task.lead = Party::Person(PersonId::new("owner"));
    assert_eq!(
        world.go("2021-12-18T22:00", "2021-12-18T22:01"),
        ["12-18 22:00 due+1d/escalate > owner late"]
    );
    assert_eq!(
        world.go("2021-12-18T22:01", "2021-12-21T00:00"),
        ["12-20 08:30 due+1wd/overdue > head late"]
    );
}

#[test]
fn a_deputy_gets_it_marked_for_whom_and_from_escalate_on_the_person_too() {
    let mut world = World::new("2021-12-16", &["due -3wd warn lead", "due +1d escalate lead"]);
    let lead = world.people.persons.get_mut(&PersonId::new("lead")).expect("a lead");
    lead.deputy = Some(PersonId::new("second"));
    lead.away = vec![Away {
        from: day("2021-12-01"),
        until: day("2021-12-31"),
    }];
    let plan = world.plan("2021-11-14T08:00", "2022-01-01T00:00");
    assert_eq!(
        lines(&plan),
        [
            "12-13 09:00 due-3wd/warn > second",
            "12-17 09:00 due+1d/escalate > lead",
            "12-17 09:00 due+1d/escalate > second"
        ]
    );
    assert_eq!(plan.notices[0].for_person, Some(PersonId::new("lead")));
    assert_eq!(plan.notices[1].for_person, None);
}

#[test]
fn without_a_deputy_the_person_and_the_one_above_are_told() {
    let mut world = World::new("2021-12-16", &["due -3wd warn owner,lead"]);
    for id in ["owner", "lead"] {
        let person = world.people.persons.get_mut(&PersonId::new(id)).expect("a person");
        person.away = vec![Away {
            from: day("2021-12-01"),
            until: day("2021-12-31"),
        }];
    }
    assert_eq!(
        lines(&world.plan("2021-11-14T08:00", "2022-01-01T00:00")),
        [
            "12-13 09:00 due-3wd/warn > clerk",
            "12-13 09:00 due-3wd/warn > head",
            "12-13 09:00 due-3wd/warn > lead",
            "12-13 09:00 due-3wd/warn > owner"
        ]
    );
}

#[test]
fn someone_back_from_leave_is_not_told_what_was_told_in_their_place() {
    let mut world = World::new("2021-12-16", &["due -3wd warn lead"]);
    let lead = world.people.persons.get_mut(&PersonId::new("lead")).expect("a lead");
    lead.deputy = Some(PersonId::new("second"));
    lead.away = vec![Away {
        from: day("2021-12-01"),
        until: day("2021-12-14"),
    }];
    assert_eq!(
        world.go("2021-12-13T08:00", "2021-12-14T00:00"),
        ["12-13 09:00 due-3wd/warn > second"]
    );
    assert_eq!(world.go("2021-12-15T08:00", "2021-12-31T00:00"), [""; 0]);
}

#[test]
fn a_new_head_and_another_channel_hear_what_comes_next_and_not_what_was() {
    let mut world = World::new("2021-12-16", &["due -3wd warn head", "due +1wd overdue head"]);
    assert_eq!(
        world.go("2021-12-13T08:00", "2021-12-14T00:00"),
        ["12-13 09:00 due-3wd/warn > head"]
    );
    world.people.units.get_mut(&UnitId::new("edu")).expect("a unit").head = Some(PersonId::new("second"));
    world.people.channels.extend([channel("other", ChannelKind::Email)]);
    world
        .people
        .persons
        .get_mut(&PersonId::new("second"))
        .expect("a person")
        .channels = vec![ChannelId::new("other")];
    assert_eq!(
        world.go("2021-12-14T08:00", "2022-01-01T00:00"),
        ["12-17 09:00 due+1wd/overdue > second"]
    );
}

#[test]
fn before_the_opening_nothing_is_sent() {
    let mut world = World::new("2021-11-18", &["due -10wd remind owner", "due -1wd warn owner"]);
    assert_eq!(
        world.go("2021-11-01T08:00", "2021-12-31T00:00"),
        ["11-17 09:00 due-1wd/warn > owner"]
    );
}

#[test]
fn a_deadline_that_passes_on_the_next_working_day_moves_its_ladder() {
    let mut world = World::new("2022-01-31", &["due 0d due owner"]);
    world.almanac.timing.due_on_day_off = DueOnDayOff::Next;
    let plan = world.plan("2021-11-14T08:00", "2022-03-01T00:00");
    assert_eq!(lines(&plan), ["02-07 09:00 due/due > owner"]);
    assert_eq!(plan.notices[0].anchor_value.to_string(), "2022-01-31");
}

#[test]
fn a_group_gets_one_notice_though_two_roles_lead_to_it() {
    let world = World::new("2021-12-16", &["due 0d due group,channel:group"]);
    let plan = world.plan("2021-11-14T08:00", "2022-01-01T00:00");
    assert_eq!(lines(&plan), ["12-16 09:00 due/due > group"]);
    assert_eq!(plan.notices[0].recipient.role, "group");
}

#[test]
fn a_repeat_every_second_for_years_costs_one_notice_and_no_time() {
    let world = World::new("2010-01-01T00:00", &["due +1s overdue owner every=1s"]);
    let mut world = world;
    world.state.opened = "2009-01-01".parse().expect("a date");
    let plan = world.plan("2021-12-01T00:00", "2021-12-01T00:01");
    assert_eq!(plan.notices.iter().filter(|notice| notice.late).count(), 0);
    assert_eq!(plan.notices.len(), 60);
}

#[test]
fn a_cancelled_and_a_withdrawn_task_are_silent() {
    for fact in [Fact::Cancelled, Fact::Withdrawn] {
        let mut world = World::new(
            "2021-12-16",
            &["due +1wd overdue owner every=1wd", "closed +30d remind supervisor"],
        );
        world.happens("2021-12-01T00:00", &fact);
        assert_eq!(world.plan("2021-12-20T08:00", "2022-12-31T00:00"), Plan::default());
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let offset = prop_oneof![
        (-12..15_i32).prop_map(|n| if n == 0 { "0d".to_owned() } else { format!("{n:+}wd") }),
        (-12..15_i32).prop_map(|n| if n == 0 { "0d".to_owned() } else { format!("{n:+}d") }),
        (-2..3_i32).prop_map(|n| if n == 0 { "0d".to_owned() } else { format!("{n:+}mo") }),
    ];
    let roles = prop::sample::subsequence(vec!["owner", "head", "lead", "supervisor", "office", "group"], 1..4);
    let repeat = prop_oneof![
        Just(String::new()),
        (1..6_u32).prop_map(|n| format!("every={n}wd")),
        (1..9_u32, 1..5_u32).prop_map(|(n, times)| format!("every={n}d times={times}")),
    ];
    let anchor = prop::sample::select(vec!["due", "due", "due", "opened", "reported"]);
    let one = (anchor, offset, 0..6_usize, roles, repeat).prop_map(|(anchor, offset, level, roles, repeat)| {
        let offset = if anchor == "due" {
            offset
        } else {
            offset.replace('-', "+")
        };
        step(&format!(
            "{anchor} {offset} {} {} {repeat}",
            Level::ALL[level].as_str(),
            roles.join(",")
        ))
    });
    prop::collection::vec(one, 1..7).prop_map(|mut steps| {
        let mut names = std::collections::BTreeSet::new();
        steps.retain(|step| names.insert(step.name()));
        steps
    })
}

fn world() -> impl Strategy<Value = World> {
    (steps(), 0..120_i64, any::<bool>(), any::<bool>()).prop_map(|(steps, days, quiet, away)| {
        let due = day("2021-11-20") + TimeDelta::days(days);
        let mut world = World::new(&due.to_string(), &[]);
        world.ladder.steps = steps;
        if quiet {
            world.almanac.timing.hours = hours();
        }
        if away {
            let lead = world.people.persons.get_mut(&PersonId::new("lead")).expect("a lead");
            lead.away = vec![Away {
                from: day("2021-12-10"),
                until: day("2022-01-10"),
            }];
            lead.deputy = Some(PersonId::new("head"));
        }
        world
    })
}

fn stretch(world: &World, from: DateTime<Utc>, cuts: &[DateTime<Utc>]) -> Vec<super::Notice> {
    let mut world = world.clone();
    let mut notices = Vec::new();
    let mut start = from;
    for cut in cuts {
        let plan = plan(&world.ground(), &world.told, start, *cut);
        world.take(&plan.told);
        notices.extend(plan.notices);
        start = *cut;
    }
    notices
}

/// Everything that matters of notices, short enough to compare by eye.
fn shown(notices: &[super::Notice]) -> Vec<String> {
    notices
        .iter()
        .map(|n| {
            let who = (&n.recipient.id, &n.recipient.role, &n.for_person);
            format!("{} {} {who:?} {} {} {}", n.at, n.step_name(), n.late, n.id, n.reason)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn planning_in_one_stretch_equals_planning_in_any_slices(
        world in world(),
        start in 0..2400_i64,
        mut cuts in prop::collection::vec(1..4000_i64, 0..6),
    ) {
        let from = at("2021-11-14T08:00") + TimeDelta::hours(start);
        let end = from + TimeDelta::hours(4000);
        cuts.sort_unstable();
        cuts.dedup();
        let mut instants: Vec<_> = cuts.into_iter().map(|hours| from + TimeDelta::hours(hours)).collect();
        instants.push(end);
        instants.dedup();
        prop_assert_eq!(shown(&stretch(&world, from, &instants)), shown(&stretch(&world, from, &[end])));
    }

    #[test]
    fn waking_at_every_next_instant_tells_what_one_stretch_tells(world in world()) {
        let from = at("2021-11-14T08:00");
        let end = from + TimeDelta::days(150);
        let mut woken = world.clone();
        let mut notices = Vec::new();
        let mut now = from;
        loop {
            let plan = plan(&woken.ground(), &woken.told, now, now + TimeDelta::milliseconds(1));
            woken.take(&plan.told);
            notices.extend(plan.notices);
            match plan.next {
                Some(next) if next < end => {
                    prop_assert!(next > now);
                    now = next;
                }
                _ => break,
            }
        }
        prop_assert_eq!(shown(&notices), shown(&stretch(&world, from, &[end])));
    }

    #[test]
    fn nothing_is_early_and_nothing_is_twice(world in world(), start in 0..2400_i64) {
        let from = at("2021-11-14T08:00") + TimeDelta::hours(start);
        let notices = stretch(&world, from, &[from + TimeDelta::days(30), from + TimeDelta::days(200)]);
        let mut ids = std::collections::BTreeSet::new();
        let mut together = std::collections::BTreeSet::new();
        for notice in &notices {
            prop_assert!(notice.at >= notice.scheduled && notice.at >= from);
            prop_assert!(ids.insert(notice.id.clone()), "{} is told twice", notice.step_name());
            let who = (notice.at, notice.recipient.id.clone());
            prop_assert!(together.insert(who), "two notices at one instant to one person");
        }
    }

    #[test]
    fn a_later_until_only_adds(world in world(), acts in prop::collection::vec(0..4_u8, 0..4)) {
        let mut world = world;
        for (act, day) in acts.iter().zip(1..) {
            let when = format!("2021-12-{:02}T10:00", day * 5);
            let act = match act {
                0 => progress::Act::Acknowledge,
                1 => progress::Act::Report { progress: String::new() },
                2 => progress::Act::Submit,
                _ => progress::Act::Return { due: None },
            };
            if let Ok(fact) = progress::decide(&world.state, &act) {
                world.happens(&when, &fact);
            }
        }
        let from = at("2021-12-25T08:00");
        let mut fewer: Option<Vec<_>> = None;
        for until in [Until::Acknowledged, Until::Reported, Until::Submitted, Until::Closed] {
            let mut world = world.clone();
            // One step alone, so that what is added does not cover what was there.
            world.ladder.steps.truncate(1);
            world.ladder.steps[0].until = until;
            let ids: Vec<_> = stretch(&world, from, &[from + TimeDelta::days(200)]).into_iter().map(|n| n.id).collect();
            if let Some(fewer) = fewer {
                prop_assert!(fewer.iter().all(|id| ids.contains(id)));
            }
            fewer = Some(ids);
        }
    }

    #[test]
    fn the_order_of_steps_in_the_file_does_not_matter(world in world(), start in 0..2400_i64) {
        let from = at("2021-11-14T08:00") + TimeDelta::hours(start);
        let mut reversed = world.clone();
        reversed.ladder.steps.reverse();
        let end = from + TimeDelta::days(200);
        prop_assert_eq!(shown(&stretch(&world, from, &[end])), shown(&stretch(&reversed, from, &[end])));
    }
}

#[test]
fn the_roles_of_a_reopening_are_owner_and_supervisor() {
    assert_eq!(super::REOPENING_ROLES, [Role::Owner, Role::Supervisor]);
}
