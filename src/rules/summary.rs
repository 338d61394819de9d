//! What a review says: who gets it, which part of the ledger is theirs, and how that part stands.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::calendar::Almanac;
use super::compose::{MINUTE, standing, task_view};
use super::cron::review_at;
use super::roles::{Present, present};
use crate::domain::id::{PersonId, TaskId, UnitId};
use crate::domain::journal::{Entry, Fact};
use crate::domain::message::{Content, Figures, Words};
use crate::domain::notice::{Recipient, RecipientKind};
use crate::domain::people::{Party, People};
use crate::domain::review::{
    Audience, Change, DUE_SOON_DAYS, LINES_MAX, Mismatch, Reader, Review, SILENT_WORKING_DAYS, Scope, Section, Summary,
    SummaryLine, Undelivered, key_of,
};
use crate::domain::task::{Light, Phase, Task, TaskState};

/// A review goes out late from so long after its time on, days off applied.
const LATE_AFTER: TimeDelta = TimeDelta::seconds(60);

/// Everything a review is made from.
#[derive(Clone, Copy, Debug)]
pub struct ReviewInput<'a> {
    /// The review.
    pub review: &'a Review,
    /// Every task that the store knows, in ledger order.
    pub tasks: &'a [(Task, TaskState)],
    /// When the last run of this review looked; none: this is the first.
    pub since: Option<DateTime<Utc>>,
    /// The journal since then, in order; others may stand in it and are left out.
    pub entries: &'a [Entry],
    /// The figures of the last run by [`Summary::key`].
    pub previous: &'a BTreeMap<String, Figures>,
    /// Whom messages did not reach since then.
    pub undelivered: &'a [Undelivered],
    /// Where rows and journal disagree.
    pub mismatches: &'a [Mismatch],
    /// Everyone.
    pub people: &'a People,
    /// The calendar.
    pub almanac: &'a Almanac,
    /// The present.
    pub now: DateTime<Utc>,
    /// When the cron text wanted this run; a day off may have moved it from there.
    pub nominal: DateTime<Utc>,
}

/// Who gets it, each once, in order of id: the widest scope wins, else parts are joined. Nobody without a task that is
/// open or was closed since the last run, except the office.
#[must_use]
pub fn recipients(input: &ReviewInput<'_>) -> Vec<Reader> {
    let mut seating = Seating {
        input,
        counted: counted(input),
        seats: BTreeMap::new(),
    };
    for audience in &input.review.to {
        seating.seat(audience);
    }
    let has_any = !seating.counted.is_empty();
    let counted = seating.counted;
    seating
        .seats
        .into_iter()
        .filter(|(_, seat)| match &seat.scope {
            Scope::Everything => has_any || seat.is_office,
            Scope::Tasks(tasks) => tasks.iter().any(|task| counted.contains(task)),
        })
        .map(|((kind, id), seat)| reader(kind, id, seat, input.people))
        .collect()
}

/// What the review says to one reader.
#[must_use]
pub fn summary(input: &ReviewInput<'_>, reader: &Reader) -> Summary {
    let almanac = input.almanac;
    let minute = |at: DateTime<Utc>| almanac.local(at).format(MINUTE).to_string();
    let mut figures = Figures::default();
    let mut lines = Vec::new();
    for (task, state) in input.tasks.iter().filter(|(task, _)| reader.scope.holds(&task.id)) {
        count(&mut figures, almanac.light(state, input.now));
        lines.push(line(task, state, input));
    }
    let closed_now: BTreeSet<&TaskId> = closed_since(input);
    let section = |wanted: &dyn Fn(&SummaryLine) -> bool, rank: &dyn Fn(&SummaryLine) -> i64| {
        let mut chosen: Vec<SummaryLine> = lines.iter().filter(|line| wanted(line)).cloned().collect();
        chosen.sort_by_key(|line| rank(line));
        let more = u32::try_from(chosen.len().saturating_sub(LINES_MAX)).unwrap_or(u32::MAX);
        chosen.truncate(LINES_MAX);
        Section { lines: chosen, more }
    };
    let is_open = |line: &SummaryLine| matches!(line.task.light, Light::Green | Light::Yellow);
    let (changes, changes_more) = changes(input, reader);
    let wanted = review_at(almanac, input.review, input.nominal);
    Summary {
        review: input.review.id.clone(),
        recipient: reader.recipient.clone(),
        locale: reader.locale,
        as_of: minute(input.now),
        since: input.since.map(minute),
        moved_from: (wanted != input.nominal).then(|| almanac.today(input.nominal).to_string()),
        late_from: (input.now >= wanted + LATE_AFTER).then(|| minute(wanted)),
        for_names: reader.for_names.clone(),
        figures,
        before: input.previous.get(&key_of(&reader.recipient)).copied(),
        overdue: section(&|line| line.task.light == Light::Red, &|line| line.standing.days_left),
        due_soon: section(
            &|line| is_open(line) && line.standing.days_left <= DUE_SOON_DAYS,
            &|line| line.standing.days_left,
        ),
        silent: section(
            &|line| is_open(line) && line.standing.silent_working_days >= SILENT_WORKING_DAYS,
            &|line| -line.standing.silent_working_days,
        ),
        under_review: section(&|line| line.task.state == Phase::Submitted, &|line| {
            -line.standing.submitted_working_days.unwrap_or(0)
        }),
        closed: section(
            &|line| line.task.state == Phase::Closed && closed_now.contains(&TaskId::new(line.task.id.as_str())),
            &|line| line.standing.closed_days.unwrap_or(0),
        ),
        changes,
        changes_more,
        mismatches: if reader.is_office {
            input.mismatches.to_vec()
        } else {
            Vec::new()
        },
        undelivered: if reader.is_office {
            input.undelivered.to_vec()
        } else {
            Vec::new()
        },
        trial_for: None,
    }
}

/// What goes into the outbox for a summary that has its words.
#[must_use]
pub fn content(summary: &Summary, words: Words, now: DateTime<Utc>) -> Content {
    Content {
        recipient: summary.recipient.clone(),
        locale: summary.locale,
        words,
        notices: Vec::new(),
        figures: Some(summary.figures),
        thread: None,
        urgent: false,
        as_of: now,
        whole: None,
    }
}

struct Seat {
    role: &'static str,
    scope: Scope,
    for_names: BTreeSet<String>,
    is_office: bool,
}

struct Seating<'a> {
    input: &'a ReviewInput<'a>,
    counted: BTreeSet<TaskId>,
    seats: BTreeMap<(RecipientKind, String), Seat>,
}

impl Seating<'_> {
    fn seat(&mut self, audience: &Audience) {
        let people = self.input.people;
        match audience {
            Audience::Office => {
                for person in people.members_of(&people.office) {
                    self.person(&person, "office", &Scope::Everything, None);
                }
            }
            Audience::Person(person) => self.person(person, "person", &Scope::Everything, None),
            Audience::Channel(channel) => {
                let key = (RecipientKind::Channel, channel.as_str().to_owned());
                self.sit(key, "channel", &Scope::Everything, None);
            }
            Audience::Leads => self.each_task("lead", |task, _| {
                std::iter::once(&task.lead).chain(&task.lead_copies).cloned().collect()
            }),
            Audience::Heads => self.each_task("head", |task, people| {
                let head = people.units.get(&task.unit).and_then(|unit| unit.head.clone());
                head.into_iter().map(Party::Person).collect()
            }),
            Audience::Supervisors => self.each_task("supervisor", |task, people| {
                let of_unit = || people.units.get(&task.unit).and_then(|unit| unit.supervisor.clone());
                task.supervisor.clone().or_else(of_unit).into_iter().collect()
            }),
            Audience::Owners => self.each_task("owner", |task, _| owners(task)),
            Audience::Unit(unit) => self.each_task("unit", |task, _| {
                (task.unit == *unit)
                    .then(|| Party::Unit(unit.clone()))
                    .into_iter()
                    .collect()
            }),
        }
    }

    fn each_task(&mut self, role: &'static str, parties: impl Fn(&Task, &People) -> Vec<Party>) {
        let people = self.input.people;
        for (task, _) in self.input.tasks {
            let scope = Scope::Tasks(BTreeSet::from([task.id.clone()]));
            for party in parties(task, people) {
                for person in people.members_of(&party) {
                    self.person(&person, role, &scope, Some(&task.unit));
                }
            }
        }
    }

    /// Seats whoever is there for a person: themselves, a deputy, or, where there is none, the person and who stands above.
    fn person(&mut self, person: &PersonId, role: &'static str, scope: &Scope, unit: Option<&UnitId>) {
        let people = self.input.people;
        let today = self.input.almanac.today(self.input.now);
        let key = |id: &PersonId| (RecipientKind::Person, id.as_str().to_owned());
        match present(people, person, today) {
            Present::Here => self.sit(key(person), role, scope, None),
            Present::Deputy(deputy) => self.sit(key(&deputy), role, scope, Some(person)),
            Present::Nobody => {
                self.sit(key(person), role, scope, None);
                let above = match role {
                    "owner" | "unit" | "head" => unit
                        .and_then(|unit| people.units.get(unit))
                        .and_then(|unit| unit.head.clone())
                        .into_iter()
                        .collect(),
                    _ => people.members_of(&people.office),
                };
                for other in above.iter().filter(|other| *other != person) {
                    self.sit(key(other), role, scope, Some(person));
                }
            }
        }
    }

    fn sit(&mut self, key: (RecipientKind, String), role: &'static str, scope: &Scope, instead_of: Option<&PersonId>) {
        let seat = self.seats.entry(key).or_insert_with(|| Seat {
            role,
            scope: scope.clone(),
            for_names: BTreeSet::new(),
            is_office: false,
        });
        match (&mut seat.scope, scope) {
            (Scope::Everything, _) => {}
            (wide @ Scope::Tasks(_), Scope::Everything) => *wide = Scope::Everything,
            (Scope::Tasks(tasks), Scope::Tasks(more)) => tasks.extend(more.iter().cloned()),
        }
        seat.is_office |= role == "office";
        let named = instead_of.map(|id| person_name(self.input.people, id));
        seat.for_names.extend(named);
    }
}

fn reader(kind: RecipientKind, id: String, seat: Seat, people: &People) -> Reader {
    let (name, locale) = match kind {
        RecipientKind::Person => people.persons.get(&PersonId::new(id.as_str())).map_or_else(
            || (id.clone(), people.locale),
            |person| (person.name.clone(), person.locale),
        ),
        RecipientKind::Channel => (id.clone(), people.locale),
    };
    Reader {
        recipient: Recipient {
            kind,
            id,
            name,
            role: seat.role.to_owned(),
        },
        locale,
        scope: seat.scope,
        for_names: seat.for_names.into_iter().collect(),
        is_office: seat.is_office,
    }
}

/// Tasks on whose account somebody gets a review: open ones, and those closed since the last run.
fn counted(input: &ReviewInput<'_>) -> BTreeSet<TaskId> {
    let closed = closed_since(input);
    input
        .tasks
        .iter()
        .filter(|(task, state)| match state.standing() {
            Phase::Open | Phase::Acknowledged | Phase::Submitted => true,
            Phase::Closed => closed.contains(&task.id),
            Phase::Cancelled | Phase::Withdrawn => false,
        })
        .map(|(task, _)| task.id.clone())
        .collect()
}

fn closed_since<'a>(input: &ReviewInput<'a>) -> BTreeSet<&'a TaskId> {
    input
        .entries
        .iter()
        .filter(|entry| entry.kind == "closed")
        .filter_map(|entry| entry.task.as_ref())
        .collect()
}

fn changes(input: &ReviewInput<'_>, reader: &Reader) -> (Vec<Change>, u32) {
    let titles: BTreeMap<&TaskId, &str> = input
        .tasks
        .iter()
        .map(|(task, _)| (&task.id, task.title.as_str()))
        .collect();
    let mut changes: Vec<Change> = input
        .entries
        .iter()
        .rev()
        .filter_map(|entry| {
            let task = entry.task.as_ref().filter(|task| reader.scope.holds(task))?;
            let fact = entry.fact()?;
            let is_first_load = input.since.is_none() && matches!(fact, Fact::Loaded { .. });
            if is_first_load || matches!(fact, Fact::LadderChanged { .. }) {
                return None;
            }
            let at = DateTime::parse_from_rfc3339(&entry.at).ok()?;
            let note = entry
                .data
                .get("note")
                .and_then(|note| note.as_str())
                .unwrap_or_default();
            Some(Change {
                at: input.almanac.local(at.to_utc()).format(MINUTE).to_string(),
                task: task.clone(),
                title: titles.get(task).copied().unwrap_or_default().to_owned(),
                by: entry.by.clone(),
                fact,
                note: note.to_owned(),
            })
        })
        .collect();
    let more = u32::try_from(changes.len().saturating_sub(LINES_MAX)).unwrap_or(u32::MAX);
    changes.truncate(LINES_MAX);
    (changes, more)
}

fn line(task: &Task, state: &TaskState, input: &ReviewInput<'_>) -> SummaryLine {
    let people = input.people;
    let mut holders: Vec<String> = Vec::new();
    for person in owners(task).iter().flat_map(|party| people.members_of(party)) {
        let name = person_name(people, &person);
        if !holders.contains(&name) {
            holders.push(name);
        }
    }
    SummaryLine {
        task: task_view(task, state, input.almanac, people, input.now),
        holders,
        standing: standing(state, input.almanac, input.now),
    }
}

fn owners(task: &Task) -> Vec<Party> {
    if task.owner.is_empty() {
        vec![Party::Unit(task.unit.clone())]
    } else {
        task.owner.clone()
    }
}

fn person_name(people: &People, id: &PersonId) -> String {
    people
        .persons
        .get(id)
        .map_or_else(|| id.as_str().to_owned(), |person| person.name.clone())
}

fn count(figures: &mut Figures, light: Light) {
    let counter = match light {
        Light::Green => &mut figures.green,
        Light::Yellow => &mut figures.yellow,
        Light::Red => &mut figures.red,
        Light::Blue => &mut figures.blue,
        Light::Grey => &mut figures.grey,
    };
    *counter += 1;
}

#[cfg(test)]
mod tests;
