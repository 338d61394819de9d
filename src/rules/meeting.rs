//! When the meeting of a review takes place, and what is to be told of it now.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::domain::ladder::{Anchor, Offset, Roll, Span};
use crate::domain::meeting::{Meeting, MeetingPlan, MeetingState};
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
    let starts = almanac.instant(almanac.today(at).and_time(plan.starts));
    Some(Slot {
        day: almanac.today(nominal),
        review_at: at,
        starts,
        ends: starts.checked_add_signed(plan.length).unwrap_or(starts),
    })
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

/// The next step for a round that is to have a meeting. `known` is how people were last told of it, `has_news` whether
/// more was put on the agenda since.
#[must_use]
pub fn step(
    almanac: &Almanac,
    plan: &MeetingPlan,
    slot: &Slot,
    known: Option<&Meeting>,
    has_news: bool,
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
    let (call, close) = agenda_times(almanac, plan, known.starts)?;
    if !known.is_called && call <= now && now < close {
        return Some(Step::Call);
    }
    (!known.is_collected && has_news && close <= now).then_some(Step::Collect)
}

/// What is to be done about a meeting that its review makes no more: nothing where the review has taken place and the
/// meeting is still to come on that day.
#[must_use]
pub fn step_without_slot(known: &Meeting, is_configured: bool, now: DateTime<Utc>) -> Option<Step> {
    let is_over = known.starts <= now || known.state == MeetingState::Cancelled;
    let stands = is_configured && known.review_at <= now;
    (!is_over && !stands).then_some(Step::Cancel)
}

/// When agenda items are called for, and when what was collected goes out; none where nothing is called for.
#[must_use]
pub fn agenda_times(
    almanac: &Almanac,
    plan: &MeetingPlan,
    starts: DateTime<Utc>,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let call = before(almanac, starts, plan.call_for_agenda?);
    let close = before(almanac, starts, plan.agenda_closes);
    // Days off can bring the two together: then half of the time is left for items.
    let close = if close <= call {
        call + (starts - call) / 2
    } else {
        close
    };
    Some((call, close))
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
