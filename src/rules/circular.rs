//! The progress circular (通报): what was asked, what was done, how that stands in figures, and what remains.

use chrono::NaiveDate;

use super::calendar::Almanac;
use super::record::{Record, Records};
use crate::domain::id::TaskId;
use crate::domain::people::{Party, People};
use crate::domain::task::{Light, Phase, Task};

/// Everything that a circular says, before it has words. Names and titles, no addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circular {
    /// The heading; none: the usual one.
    pub title: Option<String>,
    /// From what the tasks come; none: only that they stand in the ledger.
    pub source: Option<String>,
    /// To whom it is, where something was said; empty: to everybody.
    pub addressee: Option<String>,
    /// Who signs.
    pub signed: String,
    /// The first day told of.
    pub first: NaiveDate,
    /// The last day told of, which is also the day of signature.
    pub last: NaiveDate,
    /// In the order in which they first stand in the ledger.
    pub areas: Vec<Area>,
    /// Over all areas.
    pub total: Counts,
}

/// A part of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// Its name; empty: the tasks have none.
    pub name: String,
    /// Its figures.
    pub counts: Counts,
    /// Closed in the period, in ledger order.
    pub done: Vec<Done>,
    /// Not closed at its end, in ledger order.
    pub remaining: Vec<Remaining>,
}

/// How many tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Were asked: all that were loaded by the end and neither called off nor taken from the ledger.
    pub tasks: u32,
    /// Are closed at the end.
    pub closed: u32,
    /// Of these, were closed before the period.
    pub closed_before: u32,
    /// Of the closed, were first closed by their first date.
    pub on_time: u32,
    /// Had their deadline moved to a later day.
    pub extended: u32,
    /// Are not closed, not under review, and past the deadline in force.
    pub overdue: u32,
    /// Are under review.
    pub under_review: u32,
    /// Had a submission sent back.
    pub returned: u32,
}

impl Counts {
    fn add(&mut self, other: Self) {
        for (sum, more) in [
            (&mut self.tasks, other.tasks),
            (&mut self.closed, other.closed),
            (&mut self.closed_before, other.closed_before),
            (&mut self.on_time, other.on_time),
            (&mut self.extended, other.extended),
            (&mut self.overdue, other.overdue),
            (&mut self.under_review, other.under_review),
            (&mut self.returned, other.returned),
        ] {
            *sum = sum.saturating_add(more);
        }
    }

    /// Are not closed.
    #[must_use]
    pub fn open(&self) -> u32 {
        self.tasks.saturating_sub(self.closed)
    }

    /// The closed in thousandths of all, rounded half up; none where there is no task.
    #[must_use]
    pub fn closed_per_mille(&self) -> Option<u32> {
        let (closed, tasks) = (u64::from(self.closed), u64::from(self.tasks));
        let rate = (closed * 2000 + tasks).checked_div(tasks * 2)?;
        u32::try_from(rate).ok()
    }
}

/// A task that was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Its id.
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// The responsible unit.
    pub unit: String,
    /// When it was closed.
    pub closed: NaiveDate,
    /// Its first date.
    pub first_due: NaiveDate,
    /// Whether it was first closed by then.
    pub on_time: bool,
    /// The last that was said of it; may be empty.
    pub said: String,
}

/// A task that is not closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// Its id.
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// The responsible unit.
    pub unit: String,
    /// The leader.
    pub lead: String,
    /// The deadline in force.
    pub due: NaiveDate,
    /// Whether that is later than the first.
    pub extended: bool,
    /// Whether it was closed before, and opened again.
    pub relapsed: bool,
    /// How it stands.
    pub stands: Stands,
    /// The last that was said of it; may be empty.
    pub said: String,
}

/// How a task that is not closed stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// Its deadline is to come.
    InTime,
    /// It was handed in and is under review.
    UnderReview,
    /// Its deadline has passed.
    Overdue {
        /// Working days since; 0 on the day itself, or where only days off lie between.
        working_days: u32,
    },
}

/// Composes the circular of the records' period from the tasks, in ledger order.
#[must_use]
pub fn circular<'a>(tasks: impl IntoIterator<Item = &'a Task>, records: &Records<'_>, people: &People) -> Circular {
    let period = records.period();
    let mut areas: Vec<Area> = Vec::new();
    for task in tasks {
        let Some(record) = records.of(&task.id).filter(|record| record.counts()) else {
            continue;
        };
        let name = task.area.trim();
        let place = areas.iter().position(|area| area.name == name);
        let place = place.unwrap_or_else(|| {
            areas.push(Area {
                name: name.to_owned(),
                ..Area::default()
            });
            areas.len() - 1
        });
        if let Some(area) = areas.get_mut(place) {
            enter(area, task, record, records, people);
        }
    }
    let mut total = Counts::default();
    for area in &areas {
        total.add(area.counts);
    }
    Circular {
        title: None,
        source: None,
        addressee: None,
        signed: people.name_of(&people.office).to_owned(),
        first: period.first,
        last: period.as_of(records.almanac()),
        areas,
        total,
    }
}

fn enter(area: &mut Area, task: &Task, record: &Record, records: &Records<'_>, people: &People) {
    let (almanac, period) = (records.almanac(), records.period());
    let unit = Party::Unit(task.unit.clone());
    let unit = people.name_of(&unit).to_owned();
    let closed = record.closings.last().copied().filter(|_| record.is_closed());
    let stands = stands(record, records);
    let one = |is: bool| u32::from(is);
    area.counts.add(Counts {
        tasks: 1,
        closed: one(closed.is_some()),
        closed_before: one(closed.is_some_and(|day| day < period.first)),
        on_time: one(closed.is_some() && record.is_on_time(almanac)),
        extended: one(record.extensions > 0),
        overdue: one(closed.is_none() && matches!(stands, Stands::Overdue { .. })),
        under_review: one(closed.is_none() && stands == Stands::UnderReview),
        returned: one(record.returns > 0),
    });
    match closed {
        Some(day) if day < period.first => {}
        Some(day) => area.done.push(Done {
            task: task.id.clone(),
            title: task.title.clone(),
            unit,
            closed: day,
            first_due: record.first_day(almanac),
            on_time: record.is_on_time(almanac),
            said: said(task, record),
        }),
        None => area.remaining.push(Remaining {
            task: task.id.clone(),
            title: task.title.clone(),
            unit,
            lead: people.name_of(&task.lead).to_owned(),
            due: due(record, almanac),
            extended: record.extensions > 0,
            relapsed: !record.relapses.is_empty(),
            stands,
            said: said(task, record),
        }),
    }
}

fn due(record: &Record, almanac: &Almanac) -> NaiveDate {
    almanac.date_of(almanac.effective_due(record.state.due))
}

fn stands(record: &Record, records: &Records<'_>) -> Stands {
    let (almanac, period) = (records.almanac(), records.period());
    if record.state.phase == Phase::Submitted {
        return Stands::UnderReview;
    }
    if almanac.light(&record.state, period.until) != Light::Red {
        return Stands::InTime;
    }
    let days = almanac
        .calendar
        .working_days_between(due(record, almanac), period.as_of(almanac));
    Stands::Overdue {
        working_days: u32::try_from(days).unwrap_or(0),
    }
}

/// What the journal says last, else what stands in the ledger.
fn said(task: &Task, record: &Record) -> String {
    if record.said.is_empty() {
        task.progress.trim().to_owned()
    } else {
        record.said.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::journal::{Entry, Fact};
    use crate::rules::compose::tests::{almanac, people, task};
    use crate::rules::record::tests::{december, entry, loaded};

    fn composed(entries: &[Entry]) -> Circular {
        let almanac = almanac();
        let mut records = Records::new(december(), &almanac);
        for entry in entries {
            records.read(entry);
        }
        let mut tasks: Vec<Task> = ["1", "2", "3", "4"].map(|id| task(id, "2021-12-24").0).into();
        for (task, area) in tasks.iter_mut().zip(["整改", "教育", "整改", "整改"]) {
            area.clone_into(&mut task.area);
        }
        circular(&tasks, &records, &people())
    }

    fn journal() -> Vec<Entry> {
        let close = Fact::Closed { on: None };
        vec![
            loaded("1", "2021-11-26"),
            loaded("2", "2021-12-24"),
            loaded("3", "2021-12-24"),
            loaded("4", "2021-12-24"),
            entry("2021-11-25 10:00", "1", &close, None),
            entry("2021-12-20 10:00", "3", &Fact::Submitted, Some("附清单")),
            entry("2021-12-27 10:00", "3", &close, None),
            entry("2021-12-28 10:00", "4", &Fact::Cancelled, None),
        ]
    }

    #[test]
    fn areas_stand_in_the_order_of_the_ledger_with_their_figures() {
        let circular = composed(&journal());
        let names: Vec<&str> = circular.areas.iter().map(|area| area.name.as_str()).collect();
        assert_eq!(names, ["整改", "教育"]);
        assert_eq!(
            circular.total,
            Counts {
                tasks: 3,
                closed: 2,
                closed_before: 1,
                on_time: 1,
                extended: 0,
                overdue: 1,
                under_review: 0,
                returned: 0,
            }
        );
    }

    #[test]
    fn what_was_closed_before_the_period_is_counted_and_not_told_again() {
        let circular = composed(&journal());
        let done: Vec<(&str, &str)> = circular
            .areas
            .iter()
            .flat_map(|area| &area.done)
            .map(|done| (done.task.as_str(), done.said.as_str()))
            .collect();
        assert_eq!(done, [("3", "附清单")]);
    }

    #[test]
    fn what_remains_is_told_with_its_holder_and_how_late_it_is() {
        let circular = composed(&journal());
        let rest: Vec<_> = circular.areas.iter().flat_map(|area| &area.remaining).collect();
        let [only] = rest.as_slice() else {
            panic!("one remains: {rest:?}")
        };
        assert_eq!((only.unit.as_str(), only.lead.as_str()), ("市教育局", "副市长"));
        // The 27th to the 31st.
        assert_eq!(only.stands, Stands::Overdue { working_days: 5 });
    }

    #[test]
    fn a_ledger_that_was_not_loaded_yet_gives_no_area_and_no_rate() {
        let circular = composed(&[]);
        assert!(circular.areas.is_empty());
        assert_eq!(circular.total.closed_per_mille(), None);
    }
}
