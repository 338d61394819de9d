//! Every task as it stands, looked at once and found by reader: three thousand readers of ten thousand tasks take no
//! longer than their own parts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

use super::seating::{Seating, reader};
use super::{LATE_AFTER, ReviewInput, owners, person_name};
use crate::domain::id::{PersonId, TaskId};
use crate::domain::journal::{Entry, Fact};
use crate::domain::ladder::Anchor;
use crate::domain::message::Figures;
use crate::domain::people::People;
use crate::domain::review::{
    BatchFigures, CALENDAR_ENDS_SOON_DAYS, CalendarGap, Change, DUE_SOON_DAYS, Events, Reader, Request,
    SILENT_WORKING_DAYS, Scope, Section, StageOf, Summary, SummaryLine, key_of,
};
use crate::domain::task::{Light, Phase, Task, TaskState};
use crate::domain::when::When;
use crate::rules::compose::{MINUTE, standing, task_view};
use crate::rules::cron::review_at;
use crate::rules::forecast::Outlook;
use crate::rules::roles;

/// A step of looking back is followed at most so far.
const LOOKS_BACK_MAX: u32 = 400;

/// Where an event is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Extension,
    Return,
    Relapse,
    /// In the section of closed tasks.
    Closing,
    Other,
}

/// Everything that a review is made from, looked at once.
#[derive(Debug)]
pub struct Board<'a> {
    input: &'a ReviewInput<'a>,
    lines: Vec<SummaryLine>,
    places: HashMap<&'a TaskId, usize>,
    /// The latest first.
    events: Vec<(Sort, Change)>,
    events_of: HashMap<&'a TaskId, Vec<usize>>,
    closed_now: BTreeSet<&'a TaskId>,
}

impl<'a> Board<'a> {
    /// Looks at every task and every entry.
    #[must_use]
    pub fn of(input: &'a ReviewInput<'a>) -> Self {
        let closed_now: BTreeSet<&TaskId> = input
            .entries
            .iter()
            .filter(|entry| entry.kind == "closed")
            .filter_map(|entry| entry.task.as_ref())
            .collect();
        let outlook = Outlook::of(input.history, input.almanac, input.now);
        let places: HashMap<&TaskId, usize> = input
            .tasks
            .iter()
            .enumerate()
            .map(|(place, (task, _))| (&task.id, place))
            .collect();
        let lines = input
            .tasks
            .iter()
            .map(|(task, state)| line(task, state, &places, input, &outlook))
            .collect();
        let mut events = Vec::new();
        let mut events_of: HashMap<&TaskId, Vec<usize>> = HashMap::new();
        for entry in input.entries.iter().rev() {
            let known = entry.task.as_ref().and_then(|id| places.get(id));
            let stored = known.and_then(|place| input.tasks.get(*place));
            if let (Some(id), Some(event)) = (entry.task.as_ref(), event(entry, stored, input)) {
                events_of.entry(id).or_default().push(events.len());
                events.push(event);
            }
        }
        Self {
            input,
            lines,
            places,
            events,
            events_of,
            closed_now,
        }
    }

    /// Who gets the review.
    #[must_use]
    pub fn readers(&self) -> Vec<Reader> {
        let input = self.input;
        let mut seating = Seating {
            input,
            seats: BTreeMap::new(),
        };
        for audience in &input.review.to {
            seating.seat(audience);
        }
        let counts = |task: &TaskId| self.places.get(task).is_some_and(|place| self.counts(*place));
        let has_any = (0..self.lines.len()).any(|place| self.counts(place));
        seating
            .seats
            .into_iter()
            .filter(|(_, seat)| match &seat.scope {
                Scope::Everything => has_any || seat.is_office,
                Scope::Tasks(tasks) => tasks.iter().any(counts),
            })
            .map(|((kind, id), seat)| reader(kind, id, seat, input.people))
            .collect()
    }

    /// Whether somebody gets a review on account of a task: it is open, or was closed since the last run.
    fn counts(&self, place: usize) -> bool {
        self.input
            .tasks
            .get(place)
            .is_some_and(|(task, state)| match state.standing() {
                Phase::Open | Phase::Acknowledged | Phase::Submitted => true,
                Phase::Closed => self.closed_now.contains(&task.id),
                Phase::Cancelled | Phase::Withdrawn => false,
            })
    }

    /// What the review says to one reader.
    #[must_use]
    pub fn summary(&self, reader: &Reader) -> Summary {
        let input = self.input;
        let almanac = input.almanac;
        let minute = |at: DateTime<Utc>| almanac.local(at).format(MINUTE).to_string();
        let wanted = review_at(almanac, input.review, input.nominal);
        let part = Part::of(self, reader);
        let (changes, changes_more) = part.changes();
        let mut summary = Summary {
            review: input.review.id.clone(),
            recipient: reader.recipient.clone(),
            locale: reader.locale,
            edition: reader.edition,
            parts: match reader.scope {
                Scope::Everything => Vec::new(),
                Scope::Tasks(_) => reader.parts.clone(),
            },
            as_of: minute(input.now),
            since: input.since.map(minute),
            moved_from: (wanted != input.nominal).then(|| almanac.today(input.nominal).to_string()),
            late_from: (input.now >= wanted + LATE_AFTER).then(|| minute(wanted)),
            for_names: reader.for_names.clone(),
            figures: part.figures(),
            before: input.previous.get(&key_of(&reader.recipient)).copied(),
            overdue: part.section(reader.edition.overdue_max(), is_overdue, |line| line.standing.days_left),
            due_soon: part.rest(is_due_soon, |line| line.standing.days_left),
            silent: part.rest(is_silent, |line| {
                (-line.standing.silent_working_days, line.standing.days_left)
            }),
            under_review: part.rest(is_under_review, |line| {
                let waited = line.standing.submitted_working_days.unwrap_or(0);
                (-waited, line.standing.days_left)
            }),
            requests: part.requests(),
            extensions: part.events(Sort::Extension),
            returns: part.events(Sort::Return),
            look_backs: part.rest(
                |line| line.look_back.is_some(),
                |line| line.look_back.clone().unwrap_or_default(),
            ),
            relapses: part.events(Sort::Relapse),
            forecast: Section::default(),
            fine: part.fine(),
            batches: part.batches(),
            agenda: Vec::new(),
            closed: part.rest(
                |line| self.is_closed_now(line),
                |line| line.standing.closed_days.unwrap_or(0),
            ),
            changes,
            changes_more,
            mismatches: Vec::new(),
            undelivered: Vec::new(),
            calendar: self.calendar_gap().filter(|_| reader.is_office),
            head: input.head.filter(|_| reader.is_office).cloned(),
            trial_for: None,
        };
        if reader.edition.has_forecast() {
            summary.forecast = part.rest(
                |line| line.forecast.is_some(),
                |line| {
                    let score = line.forecast.as_ref().map_or(0, |forecast| forecast.score);
                    (std::cmp::Reverse(score), line.standing.days_left)
                },
            );
        }
        if reader.is_office {
            summary.mismatches = input.mismatches.to_vec();
            summary.undelivered = input.undelivered.to_vec();
        }
        summary
    }

    /// The row and the state behind a line.
    fn task_of(&self, line: &SummaryLine) -> Option<&'a (Task, TaskState)> {
        let place = self.places.get(&TaskId::new(line.task.id.as_str()))?;
        self.input.tasks.get(*place)
    }

    fn is_closed_now(&self, line: &SummaryLine) -> bool {
        line.task.state == Phase::Closed && self.closed_now.contains(&TaskId::new(line.task.id.as_str()))
    }

    fn calendar_gap(&self) -> Option<CalendarGap> {
        let almanac = self.input.almanac;
        let known = almanac.calendar.known_until()?;
        let days_left = (known - almanac.today(self.input.now)).num_days();
        let mut years: BTreeMap<i32, u32> = BTreeMap::new();
        for (line, (_, state)) in self.lines.iter().zip(self.input.tasks) {
            let due = almanac.date_of(almanac.effective_due(state.due));
            if line.task.light != Light::Grey && due > known {
                *years.entry(due.year()).or_default() += 1;
            }
        }
        (!years.is_empty() || days_left <= CALENDAR_ENDS_SOON_DAYS).then(|| CalendarGap {
            known_until: known.to_string(),
            days_left,
            years: years.into_iter().collect(),
        })
    }
}

/// What one reader sees of the board.
struct Part<'a> {
    board: &'a Board<'a>,
    reader: &'a Reader,
    lines: Vec<&'a SummaryLine>,
}

impl<'a> Part<'a> {
    fn of(board: &'a Board<'a>, reader: &'a Reader) -> Self {
        let lines = match &reader.scope {
            Scope::Everything => board.lines.iter().collect(),
            Scope::Tasks(tasks) => {
                let mut places: Vec<usize> = tasks.iter().filter_map(|id| board.places.get(id)).copied().collect();
                places.sort_unstable();
                places.iter().filter_map(|place| board.lines.get(*place)).collect()
            }
        };
        Self { board, reader, lines }
    }

    fn figures(&self) -> Figures {
        let mut figures = Figures::default();
        for line in &self.lines {
            count(&mut figures, line.task.light);
        }
        figures
    }

    fn section<K: Ord>(
        &self,
        max: usize,
        wanted: impl Fn(&SummaryLine) -> bool,
        rank: impl Fn(&SummaryLine) -> K,
    ) -> Section {
        let mut chosen: Vec<&SummaryLine> = self.lines.iter().copied().filter(|line| wanted(line)).collect();
        chosen.sort_by_cached_key(|line| rank(line));
        let more = u32::try_from(chosen.len().saturating_sub(max)).unwrap_or(u32::MAX);
        Section {
            lines: chosen.into_iter().take(max).cloned().collect(),
            more,
        }
    }

    fn rest<K: Ord>(&self, wanted: impl Fn(&SummaryLine) -> bool, rank: impl Fn(&SummaryLine) -> K) -> Section {
        self.section(self.reader.edition.lines_max(), wanted, rank)
    }

    /// Green tasks of which nothing else is said.
    fn fine(&self) -> u32 {
        let is_fine = |line: &&&SummaryLine| {
            let is_forecast = self.reader.edition.has_forecast() && line.forecast.is_some();
            let is_elsewhere = is_due_soon(line) || is_silent(line) || line.request.is_some();
            line.task.light == Light::Green && !is_elsewhere && !is_forecast
        };
        u32::try_from(self.lines.iter().filter(is_fine).count()).unwrap_or(u32::MAX)
    }

    /// What is asked for and waits for an answer, the longest first.
    fn requests(&self) -> Section {
        let request = |line: &SummaryLine| line.request.as_ref().map(|request| request.at.clone());
        self.rest(|line| line.request.is_some(), request)
    }

    /// How each batch stands, where there are several; what went from the ledger is in none.
    fn batches(&self) -> Vec<BatchFigures> {
        let mut batches: Vec<BatchFigures> = Vec::new();
        for line in &self.lines {
            let task = self.board.task_of(line);
            let Some((task, _)) = task.filter(|(_, state)| !state.withdrawn) else {
                continue;
            };
            let place = batches.iter().position(|known| known.batch == task.batch);
            let place = place.unwrap_or_else(|| {
                batches.push(BatchFigures {
                    batch: task.batch.clone(),
                    figures: Figures::default(),
                });
                batches.len() - 1
            });
            if let Some(batch) = batches.get_mut(place) {
                count(&mut batch.figures, line.task.light);
            }
        }
        if batches.len() < 2 { Vec::new() } else { batches }
    }

    /// The events of one sort, the latest first.
    fn of_sort(&self, sort: Sort) -> Vec<&'a Change> {
        let board = self.board;
        let mut places: Vec<usize> = match &self.reader.scope {
            Scope::Everything => (0..board.events.len()).collect(),
            Scope::Tasks(tasks) => tasks
                .iter()
                .filter_map(|id| board.events_of.get(id))
                .flatten()
                .copied()
                .collect(),
        };
        places.sort_unstable();
        places
            .into_iter()
            .filter_map(|place| board.events.get(place))
            .filter(|(of, _)| *of == sort)
            .map(|(_, change)| change)
            .collect()
    }

    fn events(&self, sort: Sort) -> Events {
        let all = self.of_sort(sort);
        let max = self.reader.edition.lines_max();
        Events {
            more: u32::try_from(all.len().saturating_sub(max)).unwrap_or(u32::MAX),
            lines: all.into_iter().take(max).cloned().collect(),
        }
    }

    fn changes(&self) -> (Vec<Change>, u32) {
        let Events { lines, more } = self.events(Sort::Other);
        (lines, more)
    }
}

fn is_overdue(line: &SummaryLine) -> bool {
    line.task.light == Light::Red
}

fn is_open(line: &SummaryLine) -> bool {
    matches!(line.task.light, Light::Green | Light::Yellow)
}

fn is_due_soon(line: &SummaryLine) -> bool {
    is_open(line) && line.standing.days_left <= DUE_SOON_DAYS
}

fn is_silent(line: &SummaryLine) -> bool {
    is_open(line) && line.standing.silent_working_days >= SILENT_WORKING_DAYS
}

fn is_under_review(line: &SummaryLine) -> bool {
    line.task.state == Phase::Submitted
}

/// What an entry tells, and where; none where it tells readers nothing.
fn event(entry: &Entry, stored: Option<&(Task, TaskState)>, input: &ReviewInput<'_>) -> Option<(Sort, Change)> {
    let task = entry.task.as_ref()?;
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
    if is_waiting(&fact, at.to_utc(), stored) {
        return None;
    }
    let sort = sort(&fact, entry, stored, input);
    let change = Change {
        at: input.almanac.local(at.to_utc()).format(MINUTE).to_string(),
        task: task.clone(),
        title: stored.map(|(task, _)| task.title.clone()).unwrap_or_default(),
        by: entry.by.clone(),
        fact,
        note: note.to_owned(),
    };
    Some((sort, change))
}

/// Whether it is a request that still waits: those stand in a section of their own.
fn is_waiting(fact: &Fact, at: DateTime<Utc>, stored: Option<&(Task, TaskState)>) -> bool {
    let asked = stored.and_then(|(_, state)| state.asked.as_ref());
    matches!(fact, Fact::ExtensionAsked { .. }) && asked.is_some_and(|asked| asked.at == at)
}

fn sort(fact: &Fact, entry: &Entry, stored: Option<&(Task, TaskState)>, input: &ReviewInput<'_>) -> Sort {
    let is_extension = |from: When, to: When| input.almanac.date_of(to) > input.almanac.date_of(from);
    match fact {
        Fact::DueChanged { from, to } if is_extension(*from, *to) => Sort::Extension,
        Fact::ExtensionGranted { .. } | Fact::ExtensionRefused { .. } => Sort::Extension,
        Fact::Returned { .. } => Sort::Return,
        Fact::Reopened { .. } if input.history.is_relapse(entry.seq) => Sort::Relapse,
        Fact::Closed { .. } if stored.is_some_and(|(_, state)| state.standing() == Phase::Closed) => Sort::Closing,
        Fact::Loaded { .. }
        | Fact::Acknowledged
        | Fact::Reported { .. }
        | Fact::Submitted
        | Fact::Closed { .. }
        | Fact::Reopened { .. }
        | Fact::Cancelled
        | Fact::Withdrawn
        | Fact::Restored
        | Fact::DueChanged { .. }
        | Fact::ExtensionAsked { .. }
        | Fact::OpenedChanged { .. }
        | Fact::LadderChanged { .. }
        | Fact::Changed { .. } => Sort::Other,
    }
}

fn line(
    task: &Task,
    state: &TaskState,
    places: &HashMap<&TaskId, usize>,
    input: &ReviewInput<'_>,
    outlook: &Outlook<'_>,
) -> SummaryLine {
    let people = input.people;
    let holders: Vec<PersonId> = owners(task).iter().flat_map(|party| people.members_of(party)).collect();
    let view = task_view(task, state, input.almanac, people, input.now);
    SummaryLine {
        holders: names(people, &holders),
        standing: standing(state, input.almanac, input.now),
        told: input.told.get(&task.id).filter(|_| view.light == Light::Red).cloned(),
        reviewers: if view.state == Phase::Submitted {
            names(people, &reviewers(task, input))
        } else {
            Vec::new()
        },
        look_back: look_back(task, state, input).map(|day| day.to_string()),
        forecast: outlook.forecast(task, state),
        request: request(state, input),
        stage_of: stage_of(task, state, places, input),
        task: view,
    }
}

/// The later deadline that is asked for, of a task that is still in the ledger.
fn request(state: &TaskState, input: &ReviewInput<'_>) -> Option<Request> {
    let almanac = input.almanac;
    let asked = state.asked.as_ref().filter(|_| !state.withdrawn)?;
    let waited = almanac
        .calendar
        .working_days_between(almanac.today(asked.at), almanac.today(input.now));
    Some(Request {
        to: almanac.date_of(asked.to).to_string(),
        at: almanac.local(asked.at).format(MINUTE).to_string(),
        working_days: waited,
        note: asked.note.clone(),
    })
}

/// The task of which a task is a stage.
fn stage_of(
    task: &Task,
    state: &TaskState,
    places: &HashMap<&TaskId, usize>,
    input: &ReviewInput<'_>,
) -> Option<StageOf> {
    let parent = task.id.of_stage().filter(|_| !state.withdrawn)?;
    let (parent, state) = input.tasks.get(*places.get(&parent)?)?;
    Some(StageOf {
        id: parent.id.to_string(),
        title: parent.title.clone(),
        due: standing(state, input.almanac, input.now).due,
    })
}

/// With whom a submission waits: those whom its ladder reminds of it first, else who watches it, else the office.
fn reviewers(task: &Task, input: &ReviewInput<'_>) -> Vec<PersonId> {
    let people = input.people;
    let steps = input.ladders.get(&task.ladder).map(|ladder| ladder.steps.as_slice());
    let first = steps
        .unwrap_or_default()
        .iter()
        .filter(|step| step.from == Anchor::Submitted)
        .min_by_key(|step| step.at.amount);
    let of_ladder: Vec<PersonId> = first
        .iter()
        .flat_map(|step| &step.to)
        .flat_map(|role| roles::holders(people, task, role))
        .collect();
    if !of_ladder.is_empty() {
        return of_ladder;
    }
    let of_unit = people.units.get(&task.unit).and_then(|unit| unit.supervisor.as_ref());
    let supervisor: Vec<PersonId> = task
        .supervisor
        .as_ref()
        .or(of_unit)
        .into_iter()
        .flat_map(|party| people.members_of(party))
        .collect();
    if supervisor.is_empty() {
        people.members_of(&people.office)
    } else {
        supervisor
    }
}

/// The next day on which a closed task is looked at again, where it is within [`DUE_SOON_DAYS`] days.
fn look_back(task: &Task, state: &TaskState, input: &ReviewInput<'_>) -> Option<NaiveDate> {
    let closed = state.closed.filter(|_| state.standing() == Phase::Closed)?;
    let almanac = input.almanac;
    let today = almanac.today(input.now);
    let until = today.checked_add_signed(TimeDelta::days(DUE_SOON_DAYS))?;
    let closed = almanac.date_of(closed);
    let steps = &input.ladders.get(&task.ladder)?.steps;
    let days = steps
        .iter()
        .filter(|step| step.from == Anchor::Closed)
        .filter_map(|step| {
            let last = match (step.every, step.times) {
                (None, _) => 1,
                (Some(_), times) => times.unwrap_or(LOOKS_BACK_MAX).min(LOOKS_BACK_MAX),
            };
            (0..last)
                .map(|k| {
                    let repeat = step.every.map(|every| (every, k));
                    almanac.reach(Anchor::Closed, closed, step.at, repeat, step.roll).day
                })
                .take_while(|day| *day <= until)
                .find(|day| *day >= today)
        });
    days.min()
}

fn names(people: &People, ids: &[PersonId]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for id in ids {
        let name = person_name(people, id);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
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
