//! Whether everybody whom a step or a review can lead to exists, and can be told.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::id::{LadderId, PersonId, TaskId};
use crate::domain::ladder::{Role, Step};
use crate::domain::people::{Party, People};
use crate::domain::review::Audience;
use crate::domain::task::Task;

use super::faults::{Faults, Place};
use super::ladders::PlacedLadder;
use super::raw::Raw;
use super::reviews::PlacedReview;

/// What is looked at.
pub(super) struct Scope<'a> {
    pub(super) raw: &'a Raw,
    pub(super) people: &'a People,
    pub(super) ladders: &'a BTreeMap<LadderId, PlacedLadder>,
    pub(super) reviews: &'a [PlacedReview],
    pub(super) tasks: &'a [Task],
    pub(super) places: &'a BTreeMap<TaskId, Place>,
    pub(super) trial: Option<&'a PersonId>,
    pub(super) root: u32,
}

/// Reports roles that no one fills, people whom no channel reaches, and steps whose `channels` leave nothing.
pub(super) fn check(faults: &mut Faults, scope: &Scope<'_>) {
    let mut told: BTreeSet<PersonId> = BTreeSet::new();
    let office = scope.people.members_of(&scope.people.office);
    if office.is_empty() {
        let place = scope
            .raw
            .office
            .as_ref()
            .map_or(Place::whole(scope.root), |name| name.place);
        faults.error_hint(
            place,
            "the office has neither a contact nor a head",
            "name one, so that somebody hears of faults",
        );
    }
    told.extend(office);
    told.extend(scope.trial.cloned());
    let mut restricted: BTreeMap<(LadderId, usize), BTreeSet<PersonId>> = BTreeMap::new();
    check_roles(faults, scope, &mut told, &mut restricted);
    told.extend(scope.reviews.iter().flat_map(|review| readers(scope, review)));
    check_units_of_reviews(faults, scope);
    for ((ladder, number), persons) in restricted {
        let Some(placed) = scope.ladders.get(&ladder) else {
            continue;
        };
        let (Some(step), Some(place)) = (placed.ladder.steps.get(number), placed.places.get(number)) else {
            continue;
        };
        warn_of_nothing_left(faults, scope, step, *place, &persons);
    }
    for (id, person) in &scope.people.persons {
        if !person.channels.is_empty() {
            continue;
        }
        let entry = scope.raw.people.get(id.as_str());
        let Some(entry) = entry.filter(|entry| !entry.value.reach_excused) else {
            continue;
        };
        let text = format!("no channel reaches person `{id}`");
        let hint = "give them an email address, or list a channel in their `channels`";
        if told.contains(id) {
            faults.error_hint(entry.place, text, hint);
        } else {
            faults.warning_hint(entry.place, text, hint);
        }
    }
}

fn check_roles(
    faults: &mut Faults,
    scope: &Scope<'_>,
    told: &mut BTreeSet<PersonId>,
    restricted: &mut BTreeMap<(LadderId, usize), BTreeSet<PersonId>>,
) {
    // The same gap in a thousand tasks is one problem.
    let mut said: BTreeSet<(String, LadderId, Role)> = BTreeSet::new();
    for task in scope.tasks {
        let Some(placed) = scope.ladders.get(&task.ladder) else {
            continue;
        };
        for (number, step) in placed.ladder.steps.iter().enumerate() {
            for role in &step.to {
                match persons(scope.people, task, role) {
                    Filled::Persons(persons) => {
                        if !step.channels.is_empty() {
                            let key = (task.ladder.clone(), number);
                            restricted.entry(key).or_default().extend(persons.iter().cloned());
                        }
                        told.extend(persons);
                    }
                    Filled::Channel => {}
                    Filled::Nobody(whose, why) => {
                        if said.insert((whose, task.ladder.clone(), role.clone())) {
                            let place = scope.places.get(&task.id).copied().unwrap_or(Place::NOWHERE);
                            let text = format!(
                                "task `{}`: step `{}` of ladder `{}` goes to `{role}`, but {why}",
                                task.id,
                                step.name(),
                                task.ladder
                            );
                            faults.error(place, text);
                        }
                    }
                }
            }
        }
    }
}

enum Filled {
    Persons(Vec<PersonId>),
    Channel,
    /// Whose gap it is, and why.
    Nobody(String, String),
}

fn persons(people: &People, task: &Task, role: &Role) -> Filled {
    let unit = people.units.get(&task.unit);
    let unit_word = format!("unit `{}`", task.unit);
    let of = |parties: &[&Party]| {
        let members: Vec<PersonId> = parties.iter().flat_map(|party| people.members_of(party)).collect();
        match parties.first() {
            Some(party) if members.is_empty() => {
                let name = people.name_of(party);
                Filled::Nobody(name.to_owned(), format!("`{name}` has neither a contact nor a head"))
            }
            _ => Filled::Persons(members),
        }
    };
    let own_unit = Party::Unit(task.unit.clone());
    let nobody = |why: &str| Filled::Nobody(unit_word.clone(), format!("{unit_word} has no {why}"));
    match role {
        Role::Owner if !task.owner.is_empty() => of(&task.owner.iter().collect::<Vec<_>>()),
        Role::Owner => of(&[&own_unit]),
        Role::Contacts => match unit.map(|unit| unit.contacts.clone()) {
            Some(contacts) if !contacts.is_empty() => Filled::Persons(contacts),
            _ => nobody("contact"),
        },
        Role::Head => match unit.and_then(|unit| unit.head.clone()) {
            Some(head) => Filled::Persons(vec![head]),
            None => nobody("head"),
        },
        Role::Lead => of(&std::iter::once(&task.lead).chain(&task.lead_copies).collect::<Vec<_>>()),
        Role::Supervisor => match task
            .supervisor
            .as_ref()
            .or(unit.and_then(|unit| unit.supervisor.as_ref()))
        {
            Some(supervisor) => of(&[supervisor]),
            None => nobody("supervisor, and the task names none"),
        },
        Role::Office => of(&[&people.office]),
        Role::Group => match unit
            .and_then(|unit| unit.group.as_ref())
            .or(people.default_group.as_ref())
        {
            Some(_) => Filled::Channel,
            None => nobody("group, and [defaults] names none"),
        },
        Role::Person(id) => Filled::Persons(vec![id.clone()]),
        Role::Unit(id) => of(&[&Party::Unit(id.clone())]),
        Role::Channel(_) => Filled::Channel,
    }
}

/// The persons whom a review can lead to.
fn readers(scope: &Scope<'_>, placed: &PlacedReview) -> Vec<PersonId> {
    let people = scope.people;
    let by_tasks = |role: Role| {
        scope
            .tasks
            .iter()
            .flat_map(move |task| match persons(people, task, &role) {
                Filled::Persons(persons) => persons,
                Filled::Channel | Filled::Nobody(..) => Vec::new(),
            })
    };
    let mut readers = Vec::new();
    for audience in &placed.review.to {
        match audience {
            Audience::Office => readers.extend(people.members_of(&people.office)),
            Audience::Leads => readers.extend(by_tasks(Role::Lead)),
            Audience::Heads => readers.extend(by_tasks(Role::Head)),
            Audience::Supervisors => readers.extend(by_tasks(Role::Supervisor)),
            Audience::Owners => readers.extend(by_tasks(Role::Owner)),
            Audience::Person(id) => readers.push(id.clone()),
            Audience::Unit(id) => readers.extend(people.members_of(&Party::Unit(id.clone()))),
            Audience::Channel(_) => {}
        }
    }
    readers
}

fn check_units_of_reviews(faults: &mut Faults, scope: &Scope<'_>) {
    for placed in scope.reviews {
        for audience in &placed.review.to {
            if let Audience::Unit(id) = audience
                && scope.people.members_of(&Party::Unit(id.clone())).is_empty()
            {
                let text = format!(
                    "review `{}` goes to unit `{id}`, which has neither a contact nor a head",
                    placed.review.id
                );
                faults.error(placed.place, text);
            }
        }
    }
}

fn warn_of_nothing_left(
    faults: &mut Faults,
    scope: &Scope<'_>,
    step: &Step,
    place: Place,
    persons: &BTreeSet<PersonId>,
) {
    let left = |id: &&PersonId| {
        let person = scope.people.persons.get(*id);
        person.is_some_and(|person| {
            !person.channels.is_empty() && !person.channels.iter().any(|c| step.channels.contains(c))
        })
    };
    let lost: Vec<&str> = persons.iter().filter(left).map(PersonId::as_str).collect();
    if let Some(first) = lost.first() {
        let more = if lost.len() > 1 {
            format!(" and {} more", lost.len() - 1)
        } else {
            String::new()
        };
        let text = format!(
            "the `channels` of step `{}` leave none for person `{first}`{more}",
            step.name()
        );
        faults.warning_hint(place, text, "they are told on their own channels all the same");
    }
}
