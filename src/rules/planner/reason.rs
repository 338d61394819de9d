//! Why a notice is sent, in one English sentence.

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};

use crate::domain::ladder::{Anchor, TimeUnit};
use crate::rules::planner::occurrence::{Count, Occurrences};

/// The rule by which an occurrence falls where it falls; `late` where it is caught up.
pub(super) fn reason(step: &Occurrences<'_>, count: &Count, late: bool) -> String {
    let almanac = step.ground.almanac;
    let mut reason = distance(step);
    if let Some(every) = step.step.every.filter(|_| count.k > 0) {
        reason.push_str(&format!(", repeat {} every {every}", u64::from(count.k) + 1));
        if let Some(times) = step.step.times {
            reason.push_str(&format!(" of {times}"));
        }
    }
    if step.step.at.unit == TimeUnit::WorkingDays
        || step.step.every.is_some_and(|every| every.unit == TimeUnit::WorkingDays)
    {
        let anchor = almanac.date_of(step.anchored.value);
        let (from, to) = if anchor < count.day {
            (next_day(anchor), count.day)
        } else {
            (count.day, day_before(anchor))
        };
        if anchor != count.day {
            let days: Vec<String> = almanac.calendar.make_up_days(from, to).map(day_and_month).collect();
            match days.as_slice() {
                [] => {}
                [day] => reason.push_str(&format!(", make-up day {day} counted")),
                [.., _] => reason.push_str(&format!(", make-up days {} counted", days.join(", "))),
            }
        }
    }
    if step.anchored.stored != step.anchored.value {
        reason.push_str(&format!(
            ", {} is a day off, so the deadline passes on {}",
            step.anchored.stored, step.anchored.value
        ));
    }
    if let Some(unrolled) = count.unrolled {
        reason.push_str(&format!(", moved from {unrolled}, a day off"));
    }
    if count.at != count.unheld {
        reason.push_str(&format!(", held from {} by quiet hours", local(step, count.unheld)));
    }
    if count.provisional {
        reason.push_str(", provisional: a year was counted whose calendar is not published");
    }
    if late {
        reason.push_str(&format!(", late: it was to go out at {}", local(step, count.at)));
    }
    reason
}

fn distance(step: &Occurrences<'_>) -> String {
    let at = step.step.at;
    let anchor = match step.step.from {
        Anchor::Due => step.anchored.value.to_string(),
        Anchor::Opened => format!("the opening on {}", value(step)),
        Anchor::Reported if step.ground.state.reported.is_some() => format!("the last report on {}", value(step)),
        Anchor::Reported if step.ground.state.acknowledged.is_some() => {
            format!("the acknowledgement on {}", value(step))
        }
        Anchor::Reported if step.ground.state.reopened.is_some() => format!("the reopening on {}", value(step)),
        Anchor::Reported => format!("the opening on {}, without a report", value(step)),
        Anchor::Submitted => format!("the submission on {}", value(step)),
        Anchor::Closed => format!("the closing on {}", value(step)),
    };
    if at.amount == 0 {
        return match step.step.from {
            Anchor::Due => format!("on {anchor}, the deadline"),
            Anchor::Opened | Anchor::Reported | Anchor::Submitted | Anchor::Closed => format!("at {anchor}"),
        };
    }
    let unit = match at.unit {
        TimeUnit::WorkingDays => "working day",
        TimeUnit::Days => "day",
        TimeUnit::Weeks => "week",
        TimeUnit::Months => "month",
        TimeUnit::Hours => "hour",
        TimeUnit::Minutes => "minute",
        TimeUnit::Seconds => "second",
    };
    let amount = at.amount.unsigned_abs();
    let plural = if amount == 1 { "" } else { "s" };
    let side = if at.amount < 0 { "before" } else { "after" };
    format!("{amount} {unit}{plural} {side} {anchor}")
}

fn value(step: &Occurrences<'_>) -> NaiveDate {
    step.ground.almanac.date_of(step.anchored.value)
}

fn local(step: &Occurrences<'_>, at: DateTime<Utc>) -> String {
    step.ground.almanac.local(at).to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn day_and_month(day: NaiveDate) -> String {
    format!("{} {}", day.day(), day.format("%B"))
}

fn next_day(day: NaiveDate) -> NaiveDate {
    day.succ_opt().unwrap_or(day)
}

fn day_before(day: NaiveDate) -> NaiveDate {
    day.pred_opt().unwrap_or(day)
}
