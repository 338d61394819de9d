//! Folds the notices for one recipient into what one message says: each task once, the worst first.

mod shift;
#[cfg(test)]
pub(super) mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use sha2::{Digest as _, Sha256};

use self::shift::Shift;
use super::calendar::Almanac;
use super::roles::{self, Present};
use crate::domain::id::{MessageId, PersonId, TaskId};
use crate::domain::journal::hex;
use crate::domain::ladder::{Anchor, Level};
use crate::domain::message::{
    Content, Digest, Heard, Item, MessageKind, Named, NoticeView, Standing, Tally, TaskView, Words,
};
use crate::domain::notice::{Notice, Recipient, RecipientKind};
use crate::domain::people::{Locale, Party, People};
use crate::domain::task::{Phase, Task, TaskState};
use crate::domain::when::When;

/// How instants stand in messages, in the configured zone.
pub(super) const MINUTE: &str = "%Y-%m-%d %H:%M";

/// A notice with the task it is about, as both are now.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The notice.
    pub notice: &'a Notice,
    /// The ledger's row.
    pub task: &'a Task,
    /// What has become of it.
    pub state: &'a TaskState,
}

/// What one message to `recipient` says of `parts` at `now`: the loudest notice of each task, worst first,
/// `items_max` of them with their items and the rest counted by level.
#[must_use]
pub fn digest(
    parts: &[Part<'_>],
    recipient: &Recipient,
    locale: Locale,
    items_max: usize,
    almanac: &Almanac,
    people: &People,
    now: DateTime<Utc>,
) -> Digest {
    let mut by_task: BTreeMap<&TaskId, Vec<&Part<'_>>> = BTreeMap::new();
    for part in parts {
        by_task.entry(&part.task.id).or_default().push(part);
    }
    let mut ordered: Vec<(u32, DateTime<Utc>, Item)> = by_task
        .into_values()
        .filter_map(|mut of_task| {
            of_task.sort_by_key(|part| (part.notice.level, part.notice.scheduled, &part.notice.id));
            let loudest = *of_task.last()?;
            let item = item(loudest, &of_task, recipient, almanac, people, now);
            Some((loudest.task.order, almanac.due_instant(loudest.state.due), item))
        })
        .collect();
    ordered.sort_by(|(order_a, due_a, a), (order_b, due_b, b)| {
        (b.view.level.cmp(&a.view.level))
            .then(due_a.cmp(due_b))
            .then(order_a.cmp(order_b))
            .then_with(|| a.view.task.id.cmp(&b.view.task.id))
    });
    let mut tally = Tally::default();
    let mut items = Vec::new();
    let mut rest: BTreeMap<Level, u32> = BTreeMap::new();
    for (_, _, item) in ordered {
        tally.add(&item);
        if items.len() < items_max {
            items.push(item);
        } else {
            *rest.entry(item.view.level).or_default() += 1;
        }
    }
    Digest {
        recipient: recipient.clone(),
        locale,
        as_of: almanac.local(now).format(MINUTE).to_string(),
        items,
        rest,
        tally,
        instead_of: None,
        trial_for: None,
    }
}

/// What goes into the outbox for a digest that has its words.
#[must_use]
pub fn content(digest: &Digest, words: Words, now: DateTime<Utc>) -> Content {
    let thread = match digest.items.as_slice() {
        [only] if digest.rest.is_empty() => Some(TaskId::new(only.view.task.id.as_str())),
        _ => None,
    };
    Content {
        recipient: digest.recipient.clone(),
        locale: digest.locale,
        words,
        notices: digest.items.iter().map(|item| item.view.clone()).collect(),
        figures: None,
        thread,
        urgent: digest.items.iter().any(|item| item.view.level >= Level::Overdue),
        as_of: now,
        whole: None,
        attachments: Vec::new(),
        calendar: None,
        until: None,
    }
}

/// The id of a message: from its kind and what it carries, in whatever order that is given.
#[must_use]
pub fn message_id(kind: MessageKind, parts: &[&str]) -> MessageId {
    let mut sorted = parts.to_vec();
    sorted.sort_unstable();
    let mut hash = Sha256::new();
    hash.update(kind.as_str());
    for part in sorted {
        hash.update([0]);
        hash.update(part);
    }
    let digest = hash.finalize();
    MessageId::new(hex(digest.get(..16).unwrap_or(&digest)))
}

/// Where a task stands now, in the figures that words are made from.
#[must_use]
pub fn standing(state: &TaskState, almanac: &Almanac, now: DateTime<Utc>) -> Standing {
    let calendar = &almanac.calendar;
    let today = almanac.today(now);
    let due = almanac.effective_due(state.due);
    let due_date = almanac.date_of(due);
    let due_time = match due {
        When::Date(_) => None,
        When::Local(local) => Some(local.format("%H:%M").to_string()),
        When::Instant(at) => Some(almanac.local(at.to_utc()).format("%H:%M").to_string()),
    };
    let (heard, heard_at) = heard(state);
    let heard_on = heard_at.map_or_else(|| almanac.date_of(state.opened), |at| almanac.today(at));
    let phase = state.standing();
    Standing {
        due: due_time
            .as_ref()
            .map_or_else(|| due_date.to_string(), |time| format!("{due_date} {time}")),
        due_time,
        due_moved: due != state.due,
        passed: now >= almanac.anchor_instant(Anchor::Due, due),
        working_days_left: calendar.working_days_between(today, due_date),
        days_left: due_date.signed_duration_since(today).num_days(),
        silent_working_days: calendar.working_days_between(heard_on, today).max(0),
        submitted_working_days: state
            .submitted
            .filter(|_| phase == Phase::Submitted)
            .map(|at| calendar.working_days_between(almanac.today(at), today).max(0)),
        closed_days: state
            .closed
            .filter(|_| phase == Phase::Closed)
            .map(|on| today.signed_duration_since(almanac.date_of(on)).num_days().max(0)),
        heard,
        reported_on: state.reported.map(|at| almanac.today(at).to_string()),
        progress: state.progress.clone(),
        provisional: !calendar.is_span_known(today, due_date),
    }
}

/// What was heard last of a task, and when; none: nothing since its opening.
fn heard(state: &TaskState) -> (Heard, Option<DateTime<Utc>>) {
    match (state.reported, state.acknowledged, state.reopened) {
        (Some(at), _, _) => (Heard::Report, Some(at)),
        (None, Some(at), _) => (Heard::Acknowledgement, Some(at)),
        (None, None, Some(at)) => (Heard::Reopening, Some(at)),
        (None, None, None) => (Heard::Opening, None),
    }
}

fn item(
    loudest: &Part<'_>,
    of_task: &[&Part<'_>],
    recipient: &Recipient,
    almanac: &Almanac,
    people: &People,
    now: DateTime<Utc>,
) -> Item {
    let Part { notice, task, state } = *loudest;
    let mut standing = standing(state, almanac, now);
    standing.provisional |= notice.provisional;
    let shift = Shift::of(notice, state, almanac);
    let for_names: BTreeSet<&str> = of_task
        .iter()
        .filter_map(|part| part.notice.for_person.as_ref())
        .map(|id| people.persons.get(id).map_or(id.as_str(), |person| &person.name))
        .collect();
    Item {
        view: NoticeView {
            id: notice.id.clone(),
            level: notice.level,
            step: notice.step_name(),
            at: almanac.local(notice.at).to_rfc3339_opts(SecondsFormat::Secs, false),
            late: notice.late,
            reason: notice.reason.clone(),
            task: task_view(task, state, almanac, people, now),
        },
        anchor: notice.anchor,
        standing,
        role: notice.recipient.role.clone(),
        scheduled: almanac.local(notice.scheduled).format(MINUTE).to_string(),
        moved_from: shift.moved_from,
        held_from: shift.held_from,
        for_names: for_names.into_iter().map(str::to_owned).collect(),
        concerned: match recipient.kind {
            RecipientKind::Person => Vec::new(),
            RecipientKind::Channel => concerned(task, of_task, people, almanac.today(now)),
        },
        evidence: task.evidence.clone(),
        problem: task.problem.clone(),
    }
}

/// What messages say of a task now.
#[must_use]
pub fn task_view(task: &Task, state: &TaskState, almanac: &Almanac, people: &People, now: DateTime<Utc>) -> TaskView {
    let unit = Party::Unit(task.unit.clone());
    let lead_id = match &task.lead {
        Party::Person(id) => id.as_str(),
        Party::Unit(id) => id.as_str(),
    };
    TaskView {
        id: task.id.as_str().to_owned(),
        title: task.title.clone(),
        area: task.area.clone(),
        unit: Named {
            id: task.unit.as_str().to_owned(),
            name: people.name_of(&unit).to_owned(),
        },
        lead: Named {
            id: lead_id.to_owned(),
            name: people.name_of(&task.lead).to_owned(),
        },
        due: state.due.to_string(),
        state: state.standing(),
        light: almanac.light(state, now),
    }
}

/// Those whom a group's post is about, with their names: those to whom its notices were meant; where it was meant for the
/// group itself, those who must act: owners or the unit's contacts, its head, and the lead, or who stands in for them.
fn concerned(task: &Task, of_task: &[&Part<'_>], people: &People, today: NaiveDate) -> Vec<(PersonId, String)> {
    let mut ids: Vec<PersonId> = Vec::new();
    for part in of_task {
        match part.notice.recipient.kind {
            RecipientKind::Person => ids.push(PersonId::new(part.notice.recipient.id.as_str())),
            RecipientKind::Channel => {
                ids.extend(
                    answerable(task, people)
                        .into_iter()
                        .map(|id| match roles::present(people, &id, today) {
                            Present::Deputy(deputy) => deputy,
                            Present::Here | Present::Nobody => id,
                        }),
                )
            }
        }
    }
    let mut concerned: Vec<(PersonId, String)> = Vec::new();
    for id in ids {
        if concerned.iter().any(|(known, _)| *known == id) {
            continue;
        }
        let name = people.persons.get(&id).map_or(id.as_str(), |person| &person.name);
        concerned.push((id.clone(), name.to_owned()));
    }
    concerned
}

/// Those who must act on a task.
fn answerable(task: &Task, people: &People) -> Vec<PersonId> {
    let owners = if task.owner.is_empty() {
        vec![Party::Unit(task.unit.clone())]
    } else {
        task.owner.clone()
    };
    let head = people.units.get(&task.unit).and_then(|unit| unit.head.clone());
    owners
        .iter()
        .flat_map(|party| people.members_of(party))
        .chain(head)
        .chain(people.members_of(&task.lead))
        .collect()
}
