//! Scores (考核): how well units and leaders kept their dates in a period, from the journal, in sums that add up by hand.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;

use super::record::{Record, Records};
use crate::domain::id::TaskId;
use crate::domain::people::Party;
use crate::domain::task::Task;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Which part of the tasks was done by the first date.
    OnTime,
    /// How many working days late they were on average.
    Lateness,
    /// How often submissions were sent back.
    Returns,
    /// How often a later deadline was granted.
    Extensions,
    /// How often they had to be chased.
    Chasings,
    /// How often a closed task had to be opened again.
    Relapses,
}

impl Measure {
    /// All of them, in the order of the sums.
    pub const ALL: [Self; 6] = [
        Self::OnTime,
        Self::Lateness,
        Self::Returns,
        Self::Extensions,
        Self::Chasings,
        Self::Relapses,
    ];

    /// The key under `[scores]`, and the word in output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnTime => "on_time",
            Self::Lateness => "lateness",
            Self::Returns => "returns",
            Self::Extensions => "extensions",
            Self::Chasings => "chasings",
            Self::Relapses => "relapses",
        }
    }

    /// The weight where none is configured.
    #[must_use]
    pub fn usual_weight(self) -> u32 {
        match self {
            Self::OnTime => 40,
            Self::Lateness => 20,
            Self::Returns | Self::Extensions | Self::Chasings | Self::Relapses => 10,
        }
    }

    /// The average at which nothing is left, where none is configured: working days late, or times for each task.
    #[must_use]
    pub fn usual_worst(self) -> u32 {
        match self {
            Self::Lateness => 20,
            Self::Chasings => 5,
            Self::OnTime | Self::Returns | Self::Extensions | Self::Relapses => 1,
        }
    }
}

/// The sum of all weights.
pub const WEIGHTS_SUM: u32 = 100;

/// How much each measure counts, proven to sum to [`WEIGHTS_SUM`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weights {
    /// Points that a measure can earn.
    pub weight: BTreeMap<Measure, u32>,
    /// The average at which it earns none; at least 1.
    pub worst: BTreeMap<Measure, u32>,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            weight: Measure::ALL.map(|measure| (measure, measure.usual_weight())).into(),
            worst: Measure::ALL.map(|measure| (measure, measure.usual_worst())).into(),
        }
    }
}

/// Whose rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The responsible unit's.
    Unit,
    /// The first named leader's.
    Lead,
}

/// What one task brings into the sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskScore {
    /// The task.
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// Its first deadline.
    pub first_due: NaiveDate,
    /// Its first closing.
    pub closed: Option<NaiveDate>,
    /// How it kept its first date; none: neither closed nor past it.
    pub kept: Option<Kept>,
    /// Submissions sent back.
    pub returns: u32,
    /// Later deadlines granted.
    pub extensions: u32,
    /// Occurrences of steps of level overdue or louder.
    pub chasings: u32,
    /// Reopenings after closing.
    pub relapses: u32,
}

/// How a task kept its first date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It was closed on that day or before.
    OnTime,
    /// It was closed later, or is still open.
    Late {
        /// Working days after the first date; 0 where only days off lie between.
        working_days: u32,
    },
}

/// One line of a sum: points are the weight times one part, or times what such a part leaves of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// What is measured.
    pub measure: Measure,
    /// Points that can be earned.
    pub weight: u32,
    /// What was counted.
    pub count: u32,
    /// Among how many tasks.
    pub tasks: u32,
    /// The average at which nothing is left.
    pub worst: u32,
    /// Hundredths of a point, rounded half up; none: there is nothing to judge.
    pub points: Option<u32>,
}

impl Line {
    fn of(measure: Measure, weights: &Weights, count: u32, tasks: u32) -> Self {
        let pick = |from: &BTreeMap<Measure, u32>, usual| from.get(&measure).copied().unwrap_or(usual);
        let weight = pick(&weights.weight, measure.usual_weight());
        let worst = pick(&weights.worst, measure.usual_worst()).max(1);
        let (full, whole) = (u64::from(weight) * 100, u64::from(tasks) * u64::from(worst));
        let part = match measure {
            Measure::OnTime => u64::from(count).min(whole),
            Measure::Lateness | Measure::Returns | Measure::Extensions | Measure::Chasings | Measure::Relapses => {
                whole.saturating_sub(u64::from(count))
            }
        };
        let points = (full * part * 2 + whole).checked_div(whole * 2);
        Self {
            measure,
            weight,
            count,
            tasks,
            worst,
            points: points.and_then(|points| u32::try_from(points).ok()),
        }
    }
}

/// `40 × 3/4 = 30.00`, `20 × (1 − 9/(4×20)) = 17.75`, `10 × 0 = 0.00 (12/(2×5) is 1 or more)`.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            measure,
            weight,
            count,
            tasks,
            worst,
            points,
        } = *self;
        let Some(points) = points else {
            return f.write_str("nothing to judge yet: no task is closed or past its first date");
        };
        let points = Hundredths(points);
        let whole = match (measure, worst) {
            (Measure::OnTime, _) => return write!(f, "{weight} × {count}/{tasks} = {points}"),
            (_, 1) => format!("{count}/{tasks}"),
            (_, worst) => format!("{count}/({tasks}×{worst})"),
        };
        if u64::from(count) > u64::from(tasks) * u64::from(worst) {
            return write!(f, "{weight} × 0 = {points} ({whole} is more than 1)");
        }
        write!(f, "{weight} × (1 − {whole}) = {points}")
    }
}

/// Hundredths as people read them: `17.75`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hundredths(pub u32);

impl fmt::Display for Hundredths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{:02}", self.0 / 100, self.0 % 100))
    }
}

/// The score of a unit or a leader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Whose.
    pub who: Party,
    /// The tasks that are counted, in ledger order; not empty.
    pub tasks: Vec<TaskScore>,
    /// One for each measure, in the order of [`Measure::ALL`].
    pub lines: Vec<Line>,
    /// The sum of the points, in hundredths, 0 to 10,000; none: there is nothing to judge yet.
    pub total: Option<u32>,
}

impl Row {
    fn of(who: Party, tasks: Vec<TaskScore>, weights: &Weights) -> Self {
        let mut counted: BTreeMap<Measure, u32> = BTreeMap::new();
        let mut judged = 0;
        for task in &tasks {
            let late = match task.kept {
                Some(Kept::Late { working_days }) => working_days,
                Some(Kept::OnTime) | None => 0,
            };
            judged += u32::from(task.kept.is_some());
            for (measure, count) in [
                (Measure::OnTime, u32::from(task.kept == Some(Kept::OnTime))),
                (Measure::Lateness, late),
                (Measure::Returns, task.returns),
                (Measure::Extensions, task.extensions),
                (Measure::Chasings, task.chasings),
                (Measure::Relapses, task.relapses),
            ] {
                let sum = counted.entry(measure).or_default();
                *sum = sum.saturating_add(count);
            }
        }
        let all = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
        let lines: Vec<Line> = Measure::ALL
            .into_iter()
            .map(|measure| {
                let among = match measure {
                    Measure::OnTime | Measure::Lateness => judged,
                    Measure::Returns | Measure::Extensions | Measure::Chasings | Measure::Relapses => all,
                };
                let count = counted.get(&measure).copied().unwrap_or(0);
                Line::of(measure, weights, count, among)
            })
            .collect();
        let total = lines.iter().map(|line| line.points).sum();
        Self {
            who,
            tasks,
            lines,
            total,
        }
    }

    /// What a measure counted, and among how many tasks.
    #[must_use]
    pub fn count(&self, measure: Measure) -> (u32, u32) {
        let line = self.lines.iter().find(|line| line.measure == measure);
        line.map_or((0, 0), |line| (line.count, line.tasks))
    }
}

/// The scores of a period, the best first, equal ones in the order of their ids; those with nothing to judge last.
///
/// A task is counted where its first deadline, one of its closings or one of its relapses falls in the period. What
/// happened to it up to the end of the period is counted with it. Who has no such task has no row.
#[must_use]
pub fn scores<'a>(
    tasks: impl IntoIterator<Item = &'a Task>,
    records: &Records<'_>,
    weights: &Weights,
    by: By,
) -> Vec<Row> {
    let mut counted: BTreeMap<Party, Vec<TaskScore>> = BTreeMap::new();
    for task in tasks {
        let Some(record) = records.of(&task.id).filter(|record| is_counted(record, records)) else {
            continue;
        };
        let who = match by {
            By::Unit => Party::Unit(task.unit.clone()),
            By::Lead => task.lead.clone(),
        };
        counted.entry(who).or_default().push(task_score(task, record, records));
    }
    let mut rows: Vec<Row> = counted
        .into_iter()
        .map(|(who, tasks)| Row::of(who, tasks, weights))
        .collect();
    // The sort is stable, and the rows stand in the order of their ids.
    rows.sort_by_key(|row| std::cmp::Reverse(row.total));
    rows
}

fn is_counted(record: &Record, records: &Records<'_>) -> bool {
    let period = records.period();
    let first = record.first_day(records.almanac());
    let days = std::iter::once(&first).chain(&record.closings).chain(&record.relapses);
    record.counts() && days.into_iter().any(|day| period.holds(*day))
}

fn task_score(task: &Task, record: &Record, records: &Records<'_>) -> TaskScore {
    let (almanac, period) = (records.almanac(), records.period());
    let first_due = record.first_day(almanac);
    let closed = record.closings.first().copied();
    let late = |day| Kept::Late {
        working_days: u32::try_from(almanac.calendar.working_days_between(first_due, day)).unwrap_or(0),
    };
    let kept = match closed {
        Some(_) if record.is_on_time(almanac) => Some(Kept::OnTime),
        Some(day) => Some(late(day)),
        None if almanac.due_instant(record.first_due) <= period.until => Some(late(period.as_of(almanac))),
        None => None,
    };
    let count = |days: &[NaiveDate]| u32::try_from(days.len()).unwrap_or(u32::MAX);
    TaskScore {
        task: task.id.clone(),
        title: task.title.clone(),
        first_due,
        closed,
        kept,
        returns: record.returns,
        extensions: record.extensions,
        chasings: record.chasings,
        relapses: count(&record.relapses),
    }
}

#[cfg(test)]
mod tests;
