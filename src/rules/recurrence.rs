//! Duties that come round again: when, in cron text or words, and the tasks that follow from one row.
//!
//! An occurrence is a task of its own, `12@2022-03-31`: the row's id and the day the duty falls on before any roll, so that
//! another calendar moves its deadline and not its name. Everything follows from the row, the almanac and the present.

use std::collections::VecDeque;
use std::str::FromStr;

use chrono::{DateTime, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use croner::Cron;
use thiserror::Error;

use crate::domain::id::TaskId;
use crate::domain::task::{Phase, Task, TaskState};
use crate::domain::when::When;
use crate::rules::calendar::Almanac;
use crate::rules::cron;

/// Occurrences are made this far ahead.
pub const MONTHS_AHEAD: u32 = 13;
/// A duty comes round at most so often within [`MONTHS_AHEAD`]: once a week fits.
pub const OCCURRENCES_MAX: usize = 60;
/// A row never makes more tasks than this, however long ago it was opened: the latest. What was made before stays.
const TASKS_MAX: usize = 1000;

/// What a day off does to the day on which a duty falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DayOff {
    /// Nothing here; `due_on_day_off` still holds.
    AsWritten,
    /// 提前: the working day before.
    Previous,
    /// 顺延: the working day after.
    Next,
}

/// How a duty comes round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    cron: String,
    day_off: DayOff,
}

/// Why a text says no repetition.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RepeatError {
    /// It is neither words, a yearly date nor cron text.
    #[error("`{text}` says no repetition: {reason}")]
    Unknown {
        /// What was written.
        text: String,
        /// croner's words.
        reason: String,
    },
    /// There is no such day within the years that can be counted in.
    #[error("`{0}` never comes round after the task is opened")]
    Never(String),
    /// It comes round twice on one day.
    #[error("`{0}` comes round more than once a day")]
    Daily(String),
    /// It comes round too often.
    #[error("`{0}` comes round more than {OCCURRENCES_MAX} times in {MONTHS_AHEAD} months")]
    Often(String),
}

impl RepeatError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unknown { .. } | Self::Never(_) => {
                "write \"last working day of each quarter\", \"每季度最后一个工作日\", a yearly date such as \"12-31\", or \
                 five cron fields such as \"0 0 L 3,6,9,12 *\"; \"12-31 or previous working day\" moves it off a day off"
            }
            Self::Daily(_) => {
                "give one minute and one hour: \"0 0 …\" for the close of the day, \"30 17 …\" for half past five"
            }
            Self::Often(_) => "every occurrence is a task of its own: once a week is the most",
        }
    }
}

/// One time at which a duty falls.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fall {
    /// Before any roll: what it is called by.
    day: NaiveDate,
    /// The deadline.
    due: When,
}

impl Repeat {
    fn of(cron: impl Into<String>, day_off: DayOff) -> Self {
        Self {
            cron: cron.into(),
            day_off,
        }
    }

    fn schedule(&self) -> Option<Cron> {
        cron::parse(&self.cron).ok()
    }

    /// Judges a duty that is opened on a day by the first [`MONTHS_AHEAD`] months after it.
    ///
    /// # Errors
    /// Where it never comes round, twice on one day, or too often.
    pub fn proven(self, text: &str, opened: NaiveDate) -> Result<Self, RepeatError> {
        let Some(cron) = self.schedule() else {
            return Err(RepeatError::Never(text.to_owned()));
        };
        let until = opened.checked_add_months(Months::new(MONTHS_AHEAD)).unwrap_or(opened);
        let mut times = fires(&cron, opened).peekable();
        if times.peek().is_none() {
            return Err(RepeatError::Never(text.to_owned()));
        }
        let days: Vec<NaiveDate> = times
            .map(|at| at.date())
            .take_while(|day| *day < until)
            .take(OCCURRENCES_MAX + 1)
            .collect();
        if days
            .iter()
            .zip(days.iter().skip(1))
            .any(|(first, second)| first == second)
        {
            return Err(RepeatError::Daily(text.to_owned()));
        }
        if days.len() > OCCURRENCES_MAX {
            return Err(RepeatError::Often(text.to_owned()));
        }
        Ok(self)
    }

    /// The times from `opened` until `until`, ends included, in order.
    fn falls(&self, almanac: &Almanac, opened: NaiveDate, until: NaiveDate) -> Vec<Fall> {
        let Some(cron) = self.schedule() else {
            return Vec::new();
        };
        let falls = fires(&cron, opened)
            .take_while(|at| at.date() <= until)
            .map(|at| {
                let day = match self.day_off {
                    DayOff::AsWritten => at.date(),
                    DayOff::Previous => almanac.calendar.rolled(at.date(), true).date,
                    DayOff::Next => almanac.calendar.rolled(at.date(), false).date,
                };
                let due = if at.time() == NaiveTime::MIN {
                    When::Date(day)
                } else {
                    When::Local(day.and_time(at.time()))
                };
                Fall { day: at.date(), due }
            })
            .filter(|fall| almanac.date_of(fall.due) >= opened);
        let mut latest = VecDeque::new();
        for fall in falls {
            if latest.len() == TASKS_MAX {
                latest.pop_front();
            }
            latest.push_back(fall);
        }
        latest.into()
    }
}

/// When cron text fires in local time, from the first moment of a day on.
fn fires(cron: &Cron, from: NaiveDate) -> impl Iterator<Item = NaiveDateTime> {
    let first = cron
        .find_next_occurrence(&from.and_time(NaiveTime::MIN).and_utc(), true)
        .ok();
    std::iter::successors(first, |at| cron.find_next_occurrence(at, false).ok()).map(|at| at.naive_utc())
}

impl FromStr for Repeat {
    type Err = RepeatError;

    /// Words, a yearly date, or cron text; the latter two with what a day off does to them.
    fn from_str(text: &str) -> Result<Self, RepeatError> {
        if let Some(cron) = in_words(text) {
            return Ok(cron);
        }
        let (when, day_off) = without_day_off(text);
        let cron = yearly(when).unwrap_or_else(|| when.to_owned());
        match cron::parse(&cron) {
            Ok(_) => Ok(Self::of(cron, day_off)),
            Err(error) => Err(RepeatError::Unknown {
                text: text.to_owned(),
                reason: error.0,
            }),
        }
    }
}

/// `last working day of each quarter`, `每季度最后一个工作日`.
fn in_words(text: &str) -> Option<Repeat> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split_whitespace()
        .filter(|word| !["the", "each", "every", "a"].contains(word))
        .collect();
    let (is_last, period) = if let [which @ ("first" | "last"), "working" | "business", "day", "of", period] = words[..]
    {
        (which == "last", period)
    } else {
        let rest = lower.strip_prefix('每')?.strip_suffix("个工作日").or_else(|| {
            // 每季度末工作日 needs no measure word.
            lower.strip_prefix('每')?.strip_suffix("工作日")
        })?;
        let (period, is_last) = [("最后一", true), ("末", true), ("第一", false), ("首", false)]
            .into_iter()
            .find_map(|(which, is_last)| Some((rest.strip_suffix(which)?, is_last)))?;
        let period = period.strip_prefix('个').unwrap_or(period);
        (is_last, period.strip_suffix('的').unwrap_or(period))
    };
    let (first_months, last_months) = match period {
        "month" | "月" => ("*", "*"),
        "quarter" | "季度" | "季" => ("1,4,7,10", "3,6,9,12"),
        "half-year" | "半年" => ("1,7", "6,12"),
        "year" | "年" => ("1", "12"),
        _ => return None,
    };
    Some(if is_last {
        Repeat::of(format!("0 0 L {last_months} *"), DayOff::Previous)
    } else {
        Repeat::of(format!("0 0 1 {first_months} *"), DayOff::Next)
    })
}

/// The text without what it says of days off, and that.
fn without_day_off(text: &str) -> (&str, DayOff) {
    for (ending, day_off) in [
        ("or previous working day", DayOff::Previous),
        ("or next working day", DayOff::Next),
        ("遇休息日提前", DayOff::Previous),
        ("遇节假日提前", DayOff::Previous),
        ("遇休息日顺延", DayOff::Next),
        ("遇节假日顺延", DayOff::Next),
    ] {
        if let Some(rest) = text.trim().strip_suffix(ending) {
            return (rest.trim_end_matches(['，', ',', ' ']), day_off);
        }
    }
    (text.trim(), DayOff::AsWritten)
}

/// `12-31`, `12月31日`, `每年12月31日` as cron text.
fn yearly(text: &str) -> Option<String> {
    let plain = text.strip_prefix("每年").unwrap_or(text);
    let (month, day) = match plain.strip_suffix('日') {
        Some(chinese) => chinese.split_once('月')?,
        None => plain.split_once('-')?,
    };
    let (month, day): (u32, u32) = (month.parse().ok()?, day.parse().ok()?);
    // A leap year, so that a duty may fall on the 29th of February.
    NaiveDate::from_ymd_opt(2024, month, day)?;
    Some(format!("0 0 {day} {month} *"))
}

/// A row that repeats: its task, whose deadline stands for none, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    /// What every occurrence takes over; its id is the row's, its opening the first occurrence's.
    pub task: Task,
    /// When it comes round.
    pub repeat: Repeat,
    /// The same, as the row says it.
    pub text: String,
}

/// The tasks of a duty: all from its opening to [`MONTHS_AHEAD`] after `now`. The first is opened with the row, each
/// other on the day after the one before it was due.
#[must_use]
pub fn occurrences(duty: &Duty, almanac: &Almanac, now: DateTime<Utc>) -> Vec<Task> {
    let Some(row_opened) = duty.task.opened else {
        return Vec::new();
    };
    let today = almanac.today(now);
    let until = today.checked_add_months(Months::new(MONTHS_AHEAD)).unwrap_or(today);
    let mut opened = row_opened;
    let mut tasks = Vec::new();
    for fall in duty.repeat.falls(almanac, almanac.date_of(row_opened), until) {
        let due = almanac.date_of(fall.due);
        if almanac.date_of(opened) > due {
            // A roll brought two together.
            opened = When::Date(due);
        }
        tasks.push(Task {
            id: id_of(&duty.task.id, fall.day),
            opened: Some(opened),
            due: fall.due,
            ..duty.task.clone()
        });
        opened = due.checked_add_days(Days::new(1)).map_or(opened, When::Date);
    }
    tasks
}

/// The id of an occurrence.
#[must_use]
pub fn id_of(row: &TaskId, day: NaiveDate) -> TaskId {
    TaskId::new(format!("{row}@{day}"))
}

/// The row and the day that the id of an occurrence tells; none for any other task.
#[must_use]
pub fn parts(id: &TaskId) -> Option<(&str, NaiveDate)> {
    let (row, day) = id.as_str().rsplit_once('@')?;
    // Only as written by `id_of`: other texts that chrono would take name other tasks.
    let date: NaiveDate = day.parse().ok()?;
    (date.to_string() == day).then_some((row, date))
}

/// Whether a task is an occurrence whose history a load leaves alone though no row makes it now: it is over, or its day is
/// past. Days are compared in UTC.
#[must_use]
pub fn stays(id: &TaskId, state: &TaskState, now: DateTime<Utc>) -> bool {
    let Some((_, day)) = parts(id) else { return false };
    is_over(state) || day < now.date_naive()
}

/// Whether a task is an occurrence that was closed or cancelled: changes of its row are for those that come.
#[must_use]
pub fn is_history(id: &TaskId, state: &TaskState) -> bool {
    parts(id).is_some() && is_over(state)
}

fn is_over(state: &TaskState) -> bool {
    match state.standing() {
        Phase::Closed | Phase::Cancelled => true,
        Phase::Open | Phase::Acknowledged | Phase::Submitted | Phase::Withdrawn => false,
    }
}

#[cfg(test)]
mod tests;
