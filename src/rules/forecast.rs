//! Which tasks are likely to be late, from what the journal says of their like. No black box: a few reasons with a few
//! points each, all of them told in the line.
//!
//! - The unit: of its tasks of the last twelve months half or more were late (2 points), or three in ten or more (1).
//! - Silence: no word for 20 working days or more (2), or for 10 or more (1).
//! - Time: no progress was reported, and less time is left than half of the closed tasks of its kind took (2), or it has
//!   taken longer than they did (1). Where there are too few of its kind: no progress was reported, and three quarters of
//!   its time have passed (1), or nine tenths (2).
//! - Returns: a submission of it was sent back (1).
//!
//! Three points make a forecast. A share or a duration of fewer than three tasks counts nothing.

mod history;

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};

pub use self::history::{History, Settled};
use super::calendar::Almanac;
use super::compose::standing;
use crate::domain::id::UnitId;
use crate::domain::message::Heard;
use crate::domain::review::{FORECAST_DAYS, Forecast, Reason};
use crate::domain::task::{Phase, Task, TaskState};

/// So many points make a forecast.
pub const SCORE_MIN: u32 = 3;
/// A share or a duration of fewer tasks says nothing.
const SAMPLE_MIN: u32 = 3;
/// A unit's past is this long, in days.
const PAST_DAYS: u64 = 365;

/// What the past says at one present, counted once for all tasks.
#[derive(Clone, Debug)]
pub struct Outlook<'a> {
    almanac: &'a Almanac,
    now: DateTime<Utc>,
    units: BTreeMap<&'a UnitId, (u32, u32)>,
    spans: BTreeMap<&'a str, (i64, u32)>,
}

impl<'a> Outlook<'a> {
    /// Counts a history as of `now`.
    #[must_use]
    pub fn of(history: &'a History, almanac: &'a Almanac, now: DateTime<Utc>) -> Self {
        let today = almanac.today(now);
        let first = today.checked_sub_days(Days::new(PAST_DAYS)).unwrap_or(NaiveDate::MIN);
        let mut units: BTreeMap<&UnitId, (u32, u32)> = BTreeMap::new();
        let mut spans: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for settled in history.settled() {
            if first < settled.on && settled.on <= today {
                let (due, late) = units.entry(&settled.unit).or_default();
                *due += 1;
                *late += u32::from(settled.late);
            }
            if let Some(span) = settled.span {
                spans.entry(settled.kind.as_str()).or_default().push(span);
            }
        }
        let spans = spans
            .into_iter()
            .filter_map(|(kind, mut spans)| {
                spans.sort_unstable();
                let middle = *spans.get(spans.len().saturating_sub(1) / 2)?;
                Some((kind, (middle, u32::try_from(spans.len()).unwrap_or(u32::MAX))))
            })
            .collect();
        Self {
            almanac,
            now,
            units,
            spans,
        }
    }

    /// The forecast for a task; none where it is not open, already late, far off, or has too few points.
    #[must_use]
    pub fn forecast(&self, task: &Task, state: &TaskState) -> Option<Forecast> {
        let standing = standing(state, self.almanac, self.now);
        if !matches!(state.standing(), Phase::Open | Phase::Acknowledged)
            || standing.passed
            || standing.days_left > FORECAST_DAYS
        {
            return None;
        }
        let mut reasons = Vec::new();
        if let Some((due, late)) = self
            .units
            .get(&task.unit)
            .copied()
            .filter(|(due, _)| *due >= SAMPLE_MIN)
        {
            let points = if late * 2 >= due {
                2
            } else {
                u32::from(late * 10 >= due * 3)
            };
            reasons.push(Reason::Unit { due, late, points });
        }
        let days = standing.silent_working_days;
        reasons.push(Reason::Silent {
            days,
            points: u32::from(days >= 10) + u32::from(days >= 20),
        });
        let opened = self.almanac.date_of(state.opened);
        let elapsed = self
            .almanac
            .calendar
            .working_days_between(opened, self.almanac.today(self.now));
        if let Some((needed, of)) = self
            .spans
            .get(task.kind.as_str())
            .copied()
            .filter(|(_, of)| *of >= SAMPLE_MIN)
        {
            let left = standing.working_days_left;
            if standing.heard != Heard::Report && left < needed {
                reasons.push(Reason::Short {
                    left,
                    needed,
                    of,
                    points: 2,
                });
            } else if elapsed > needed {
                reasons.push(Reason::Slow {
                    elapsed,
                    needed,
                    of,
                    points: 1,
                });
            }
        } else if standing.heard != Heard::Report {
            let (elapsed, whole) = (elapsed, elapsed + standing.working_days_left);
            let points = u32::from(elapsed * 4 >= whole * 3) + u32::from(elapsed * 10 >= whole * 9);
            reasons.push(Reason::Spent { elapsed, whole, points });
        }
        if state.returns > 0 {
            reasons.push(Reason::Returned {
                times: state.returns,
                points: 1,
            });
        }
        reasons.retain(|reason| reason.points() > 0);
        let score = reasons.iter().map(Reason::points).sum();
        (score >= SCORE_MIN).then_some(Forecast { score, reasons })
    }
}

#[cfg(test)]
mod tests;
