//! Meetings: when they take place, and what is told of them when.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::{AgendaTimes, Roster, Slot, Step, agenda_times, roster, slot, step, step_without_slot};
use crate::domain::id::{PersonId, ReviewId};
use crate::domain::ladder::{Span, TimeUnit};
use crate::domain::meeting::{Attendee, Meeting, MeetingPlan, MeetingState};
use crate::domain::review::{Audience, OnDayOff, Review};
use crate::rules::calendar::{Almanac, Calendar, DueOnDayOff, Timing};
use crate::rules::cron;

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("an instant").to_utc()
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn span(text: &str) -> Span {
    text.parse().expect("a span")
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

fn plan() -> MeetingPlan {
    MeetingPlan {
        title: None,
        starts: NaiveTime::from_hms_opt(9, 30, 0).expect("a time"),
        length: TimeDelta::hours(1),
        place: "301".to_owned(),
        organiser: PersonId::new("wang"),
        invite: vec![Audience::Heads],
        call_for_agenda: Some(span("2d")),
        agenda_closes: span("2h"),
        papers: true,
    }
}

fn review(on_day_off: OnDayOff) -> Review {
    Review {
        id: ReviewId::new("weekly"),
        cron: "30 8 * * MON".to_owned(),
        to: vec![Audience::Office],
        on_day_off,
        late_limit: span("2d"),
        pictures: false,
        attach: Vec::new(),
    }
}

/// The round of Monday, 2 March 2026.
fn monday(off: &[NaiveDate], on_day_off: OnDayOff) -> Option<Slot> {
    let (almanac, review) = (almanac(off), review(on_day_off));
    let nominal = at("2026-03-02T08:30:00+08:00");
    slot(
        &almanac,
        &plan(),
        &review,
        nominal,
        cron::review_at(&almanac, &review, nominal),
    )
}

fn told(slot: &Slot) -> Meeting {
    let organiser = Attendee {
        id: PersonId::new("wang"),
        name: "Wang".to_owned(),
        address: Some("wang@example.org".to_owned()),
    };
    Meeting {
        review: ReviewId::new("weekly"),
        day: slot.day,
        uid: "u".to_owned(),
        sequence: 0,
        review_at: slot.review_at,
        starts: slot.starts,
        ends: slot.ends,
        title: None,
        place: "301".to_owned(),
        organiser: organiser.clone(),
        attendees: vec![organiser],
        agenda: Vec::new(),
        state: MeetingState::Planned,
        is_called: false,
        is_collected: false,
    }
}

fn next(known: Option<&Meeting>, off: &[NaiveDate], has_items: bool, now: &str) -> Option<Step> {
    let slot = monday(off, OnDayOff::NextWorkingDay).expect("a meeting");
    step(&almanac(off), &plan(), &slot, known, has_items, at(now))
}

#[test]
fn a_meeting_is_on_the_day_of_its_review_and_moves_with_it() {
    let slot = monday(&[], OnDayOff::NextWorkingDay).expect("a meeting");
    assert_eq!(
        (slot.starts, slot.ends),
        (at("2026-03-02T09:30:00+08:00"), at("2026-03-02T10:30:00+08:00"))
    );
    let moved = monday(&[day("2026-03-02")], OnDayOff::NextWorkingDay).expect("a meeting");
    assert_eq!((moved.day, moved.starts), (slot.day, at("2026-03-03T09:30:00+08:00")));
    assert_eq!(monday(&[day("2026-03-02")], OnDayOff::Skip), None);
}

#[test]
fn people_are_invited_once_and_not_to_what_has_begun() {
    assert_eq!(next(None, &[], false, "2026-02-24T09:00:00+08:00"), Some(Step::Invite));
    assert_eq!(next(None, &[], false, "2026-03-02T09:30:00+08:00"), None);
    let known = told(&monday(&[], OnDayOff::NextWorkingDay).expect("a meeting"));
    assert_eq!(next(Some(&known), &[], false, "2026-02-24T09:00:00+08:00"), None);
}

#[test]
fn a_new_day_off_is_a_change_and_a_call_off_that_is_taken_back_an_invitation() {
    let known = told(&monday(&[], OnDayOff::NextWorkingDay).expect("a meeting"));
    let off = [day("2026-03-02")];
    assert_eq!(
        next(Some(&known), &off, false, "2026-02-24T09:00:00+08:00"),
        Some(Step::Change)
    );
    let cancelled = Meeting {
        state: MeetingState::Cancelled,
        ..known
    };
    assert_eq!(
        next(Some(&cancelled), &[], false, "2026-02-24T09:00:00+08:00"),
        Some(Step::Invite)
    );
}

#[test]
fn items_are_called_for_on_a_working_day_and_go_out_before_the_meeting_where_there_are_any() {
    let starts = at("2026-03-02T09:30:00+08:00");
    // Two days before Monday is Saturday.
    assert_eq!(
        agenda_times(&almanac(&[]), &plan(), starts),
        AgendaTimes {
            call: Some(at("2026-02-27T09:30:00+08:00")),
            close: at("2026-03-02T07:30:00+08:00"),
        }
    );
    let known = told(&monday(&[], OnDayOff::NextWorkingDay).expect("a meeting"));
    assert_eq!(
        next(Some(&known), &[], false, "2026-02-27T09:30:00+08:00"),
        Some(Step::Call)
    );
    let called = Meeting {
        is_called: true,
        ..known
    };
    assert_eq!(next(Some(&called), &[], true, "2026-02-27T12:00:00+08:00"), None);
    assert_eq!(
        next(Some(&called), &[], true, "2026-03-02T07:30:00+08:00"),
        Some(Step::Collect)
    );
    let collected = Meeting {
        is_collected: true,
        ..called
    };
    assert_eq!(next(Some(&collected), &[], false, "2026-03-02T07:31:00+08:00"), None);
    assert_eq!(
        next(Some(&collected), &[], true, "2026-03-02T07:31:00+08:00"),
        Some(Step::Collect)
    );
    let told = Meeting {
        agenda: vec!["12: who pays? (Wu)".to_owned()],
        ..collected
    };
    assert_eq!(next(Some(&told), &[], true, "2026-03-02T07:31:00+08:00"), None);
}

#[test]
fn whoever_may_come_stays_and_only_those_are_told_for_whom_something_changes() {
    let who = |id: &str, address: &str| Attendee {
        id: PersonId::new(id),
        name: id.to_owned(),
        address: Some(address.to_owned()),
    };
    let (ann, ben, cat, dan) = (
        who("ann", "a@x"),
        who("ben", "b@x"),
        who("cat", "c@x"),
        who("dan", "d@x"),
    );
    let moved = who("cat", "new@x");
    assert_eq!(
        roster(
            &[ann.clone(), ben.clone(), cat],
            &[dan.clone(), moved.clone()],
            // Ann's last task is closed: nobody asks her now, and nobody sends her away.
            &[ann.clone(), moved.clone(), dan.clone()]
        ),
        Roster {
            attendees: vec![ann, moved.clone(), dan.clone()],
            added: [moved.id, dan.id].into(),
            gone: vec![ben],
        }
    );
}

#[test]
fn where_days_off_bring_call_and_closing_together_half_of_the_time_is_left() {
    let plan = MeetingPlan {
        agenda_closes: span("1wd"),
        ..plan()
    };
    let times = agenda_times(&almanac(&[]), &plan, at("2026-03-02T09:30:00+08:00"));
    assert_eq!(
        (times.call, times.close),
        (Some(at("2026-02-27T09:30:00+08:00")), at("2026-02-28T21:30:00+08:00"))
    );
}

#[test]
fn a_meeting_without_its_review_is_called_off_unless_the_review_has_just_taken_place() {
    let known = told(&monday(&[], OnDayOff::NextWorkingDay).expect("a meeting"));
    let (before, between, after) = (
        at("2026-03-01T09:00:00+08:00"),
        at("2026-03-02T08:30:00+08:00"),
        at("2026-03-02T09:30:00+08:00"),
    );
    assert_eq!(step_without_slot(&known, true, before), Some(Step::Cancel));
    assert_eq!(step_without_slot(&known, true, between), None);
    assert_eq!(step_without_slot(&known, false, between), Some(Step::Cancel));
    assert_eq!(step_without_slot(&known, false, after), None);
}
