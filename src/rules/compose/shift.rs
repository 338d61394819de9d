//! Why a notice stands at another time than its step's words say: days off and quiet hours.

use chrono::{DateTime, TimeDelta, Utc};

use super::MINUTE;
use crate::domain::ladder::{Anchor, Offset, Roll, TimeUnit};
use crate::domain::notice::Notice;
use crate::domain::task::TaskState;
use crate::domain::when::When;
use crate::rules::calendar::Almanac;
use crate::rules::planner::{Anchored, anchored};

/// What moved a notice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shift {
    /// The day off that the step reached, local.
    pub(super) moved_from: Option<String>,
    /// When it would have gone out but for quiet hours, local.
    pub(super) held_from: Option<String>,
}

impl Shift {
    /// Reckoned anew from the step's name, and told only where that leads to the notice's own time. Repeats are told
    /// without it: a name does not say how far apart they are.
    pub(super) fn of(notice: &Notice, state: &TaskState, almanac: &Almanac) -> Self {
        let found = || {
            let offset = offset(notice).filter(|_| notice.occurrence == 0)?;
            let anchored = anchored(almanac, state, notice.anchor)?;
            if anchored.stored != notice.anchor_value {
                return None;
            }
            [Roll::WorkingDay, Roll::None]
                .into_iter()
                .find_map(|roll| Self::with(notice, anchored, offset, roll, almanac))
        };
        found().unwrap_or_default()
    }

    fn with(notice: &Notice, anchored: Anchored, offset: Offset, roll: Roll, almanac: &Almanac) -> Option<Self> {
        let (wanted, moved_from) = wanted(anchored, offset, roll, almanac)?;
        let opening = almanac.opening(wanted);
        let held = notice.scheduled != wanted;
        if held && notice.scheduled != opening {
            return None;
        }
        Some(Self {
            moved_from,
            held_from: held.then(|| almanac.local(wanted).format(MINUTE).to_string()),
        })
    }
}

/// When a first occurrence goes out before quiet hours, and the day off from which it was moved.
fn wanted(
    anchored: Anchored,
    offset: Offset,
    roll: Roll,
    almanac: &Almanac,
) -> Option<(DateTime<Utc>, Option<String>)> {
    let is_act = matches!(anchored.stored, When::Instant(_)) && anchored.anchor != Anchor::Due;
    let clamped = |at: DateTime<Utc>, before: bool| match (before, is_act) {
        (true, _) => at.min(anchored.instant),
        (false, true) => at.max(anchored.instant),
        (false, false) => at,
    };
    if offset.unit.is_exact() {
        let seconds = offset.unit.seconds()?.checked_mul(offset.amount.into())?;
        let at = anchored.instant.checked_add_signed(TimeDelta::try_seconds(seconds)?)?;
        return Some((clamped(at, seconds < 0), None));
    }
    let from = almanac.date_of(anchored.value);
    let reached = almanac.reach(anchored.anchor, from, offset, None, roll);
    let at = almanac.instant(reached.day.and_time(almanac.timing.send_at));
    let moved_from = (reached.unrolled != reached.day).then(|| reached.unrolled.to_string());
    Some((clamped(at, reached.unrolled < from), moved_from))
}

/// The distance in a step's name; `0d` is not written there.
fn offset(notice: &Notice) -> Option<Offset> {
    let (offset, _) = notice.step.strip_prefix(notice.anchor.as_str())?.split_once('/')?;
    if offset.is_empty() {
        return Some(Offset {
            amount: 0,
            unit: TimeUnit::Days,
        });
    }
    offset.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ladder::Level;
    use crate::rules::calendar::Hours;
    use crate::rules::compose::tests::{almanac, at, notice, task};

    fn shift(due: &str, step: &str, scheduled: &str, almanac: &Almanac) -> Shift {
        let (task, state) = task("1", due);
        let notice = Notice {
            step: step.into(),
            occurrence: 0,
            scheduled: at(scheduled),
            ..notice(&task, Level::Due)
        };
        Shift::of(&notice, &state, almanac)
    }

    #[test]
    fn a_notice_for_a_deadline_on_a_day_off_tells_the_day_that_it_was_moved_from() {
        let shift = shift("2021-12-18", "due/due", "2021-12-17 09:00", &almanac());
        assert_eq!(shift.moved_from.as_deref(), Some("2021-12-18"));
        assert_eq!(shift.held_from, None);
    }

    #[test]
    fn a_notice_at_its_own_time_tells_of_no_move() {
        let shift = shift("2021-12-17", "due-1wd/warn", "2021-12-16 09:00", &almanac());
        assert_eq!(shift, Shift::default());
    }

    #[test]
    fn a_notice_held_by_quiet_hours_tells_when_it_would_have_gone_out() {
        let mut almanac = almanac();
        let hour = |hour| chrono::NaiveTime::from_hms_opt(hour, 0, 0).expect("a time");
        almanac.timing.hours = Some(Hours {
            start: hour(8),
            end: hour(17),
        });
        let shift = shift("2021-12-17", "due+1h/overdue", "2021-12-20 08:00", &almanac);
        assert_eq!(shift.held_from.as_deref(), Some("2021-12-17 19:00"));
    }

    #[test]
    fn a_notice_whose_time_cannot_be_explained_tells_of_no_move() {
        let shift = shift("2021-12-18", "due/due", "2021-12-15 09:00", &almanac());
        assert_eq!(shift, Shift::default());
    }
}
