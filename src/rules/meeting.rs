//! When the meeting of a review takes place, and what is to be told of it now.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::domain::id::PersonId;
use crate::domain::ladder::{Anchor, Offset, Roll, Span};
use crate::domain::meeting::{Attendee, Meeting, MeetingPlan, MeetingState};
use crate::domain::review::Review;
use crate::rules::calendar::Almanac;
use crate::rules::cron;

/// Where a meeting belongs: the day and times of one round of its review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The local day that the cron text names.
    pub day: NaiveDate,
    /// When the review takes place.
    pub review_at: DateTime<Utc>,
    /// When the meeting begins.
    pub starts: DateTime<Utc>,
    /// When it ends.
    pub ends: DateTime<Utc>,
}

/// The meeting of the round that the cron text names as `nominal` and that takes place at `at`; none where a day off
/// cancels the round.
#[must_use]
pub fn slot(
    almanac: &Almanac,
    plan: &MeetingPlan,
    review: &Review,
    nominal: DateTime<Utc>,
    at: DateTime<Utc>,
) -> Option<Slot> {
    if cron::is_skipped(almanac, review, at) {
        return None;
    }
    Some(slot_on(almanac, plan, almanac.today(nominal), at))
}

/// The meeting that is still to come of a review that took place this morning. Where the plan now names a time that is
/// over, it speaks of the next ones.
#[must_use]
pub fn slot_after_review(almanac: &Almanac, plan: &MeetingPlan, known: &Meeting, now: DateTime<Utc>) -> Slot {
    let planned = slot_on(almanac, plan, known.day, known.review_at);
    if planned.starts > now {
        return planned;
    }
    Slot {
        starts: known.starts,
        ends: known.ends,
        ..planned
    }
}

fn slot_on(almanac: &Almanac, plan: &MeetingPlan, day: NaiveDate, review_at: DateTime<Utc>) -> Slot {
    let starts = almanac.instant(almanac.today(review_at).and_time(plan.starts));
    Slot {
        day,
        review_at,
        starts,
        ends: starts.checked_add_signed(plan.length).unwrap_or(starts),
    }
}

/// What is to be done about a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Invite to it.
    Invite,
    /// Tell where and when it is now.
    Change,
    /// Call for agenda items.
    Call,
    /// Send what was collected.
    Collect,
    /// Call it off.
    Cancel,
}

/// When the agenda is asked for and sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgendaTimes {
    /// Items are called for; none: nobody is asked.
    pub call: Option<DateTime<Utc>>,
    /// What was collected goes out.
    pub close: DateTime<Utc>,
}

/// Who comes to a meeting, and what that changes for whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// Everybody who comes.
    pub attendees: Vec<Attendee>,
    /// Those of them who must be told that they do: new ones, and those with another address.
    pub added: BTreeSet<PersonId>,
    /// Those who need not come any more.
    pub gone: Vec<Attendee>,
}

/// Who comes, where `known` were asked before: whoever still may come stays, and `invited` are asked. `entitled` are all
/// who may come, `invited` among them.
#[must_use]
pub fn roster(known: &[Attendee], invited: &[Attendee], entitled: &[Attendee]) -> Roster {
    let mut roster = Roster::default();
    for before in known {
        match entitled.iter().find(|now| now.id == before.id) {
            Some(now) => {
                if now.address != before.address {
                    roster.added.insert(now.id.clone());
                }
                roster.attendees.push(now.clone());
            }
            None => roster.gone.push(before.clone()),
        }
    }
    for now in invited {
        if roster.attendees.iter().all(|other| other.id != now.id) {
            roster.added.insert(now.id.clone());
            roster.attendees.push(now.clone());
        }
    }
    roster
}

/// The next step for a round that is to have a meeting. `known` is how people were last told of it, `has_items` whether
/// anything stands on the agenda.
#[must_use]
pub fn step(
    almanac: &Almanac,
    plan: &MeetingPlan,
    slot: &Slot,
    known: Option<&Meeting>,
    has_items: bool,
    now: DateTime<Utc>,
) -> Option<Step> {
    let Some(known) = known else {
        return (slot.starts > now).then_some(Step::Invite);
    };
    if known.starts.max(slot.starts) <= now {
        return None;
    }
    if known.state == MeetingState::Cancelled {
        return (slot.starts > now).then_some(Step::Invite);
    }
    let is_same = known.starts == slot.starts
        && known.ends == slot.ends
        && known.place == plan.place
        && known.title == plan.title
        && known.organiser.id == plan.organiser;
    if !is_same {
        return Some(Step::Change);
    }
    let times = agenda_times(almanac, plan, known.starts);
    if !known.is_called && times.call.is_some_and(|call| call <= now) && now < times.close {
        return Some(Step::Call);
    }
    // What comes after the agenda went out is for the table; the first item of all is worth a mail.
    let is_first = !known.is_collected || (known.agenda.is_empty() && has_items);
    (is_first && times.close <= now).then_some(Step::Collect)
}

/// What is to be done about a meeting that its review makes no more: nothing where the review has taken place and the
/// meeting is still to come on that day.
#[must_use]
pub fn step_without_slot(known: &Meeting, is_configured: bool, now: DateTime<Utc>) -> Option<Step> {
    let is_over = known.starts <= now || known.state == MeetingState::Cancelled;
    let stands = is_configured && known.review_at <= now;
    (!is_over && !stands).then_some(Step::Cancel)
}

/// When agenda items are called for, and when what was collected goes out.
#[must_use]
pub fn agenda_times(almanac: &Almanac, plan: &MeetingPlan, starts: DateTime<Utc>) -> AgendaTimes {
    let call = plan.call_for_agenda.map(|span| before(almanac, starts, span));
    let close = before(almanac, starts, plan.agenda_closes);
    // Days off can bring the two together: then half of the time is left for items.
    let close = match call {
        Some(call) if close <= call => call + (starts - call) / 2,
        Some(_) | None => close,
    };
    AgendaTimes { call, close }
}

/// A span before an instant: exact units by the clock, day units at the same local time, on a working day.
fn before(almanac: &Almanac, at: DateTime<Utc>, span: Span) -> DateTime<Utc> {
    if let Some(seconds) = span.unit.seconds().filter(|_| span.unit.is_exact()) {
        let distance = TimeDelta::try_seconds(seconds.saturating_mul(span.amount.into())).unwrap_or_default();
        return at.checked_sub_signed(distance).unwrap_or(at);
    }
    let local = almanac.local(at).naive_local();
    let offset = Offset {
        amount: -i32::try_from(span.amount).unwrap_or(i32::MAX),
        unit: span.unit,
    };
    let day = almanac
        .reach(Anchor::Due, local.date(), offset, None, Roll::WorkingDay)
        .day;
    almanac.instant(day.and_time(local.time())).min(at)
}

#[cfg(test)]
mod tests;
