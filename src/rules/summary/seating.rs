//! Who gets a review: audiences are people, deputies sit in for who is away, and nobody sits twice.

use std::collections::{BTreeMap, BTreeSet};

use super::{ReviewInput, owners, person_name};
use crate::domain::id::{PersonId, TaskId, UnitId};
use crate::domain::notice::{Recipient, RecipientKind};
use crate::domain::people::{Party, People};
use crate::domain::review::{Audience, Edition, Reader, Scope};
use crate::domain::task::Task;
use crate::rules::roles::{Present, present};

#[derive(Debug)]
pub(super) struct Seat {
    role: &'static str,
    pub(super) scope: Scope,
    parts: BTreeSet<Edition>,
    for_names: BTreeSet<String>,
    pub(super) is_office: bool,
}

#[derive(Debug)]
pub(super) struct Seating<'a> {
    pub(super) input: &'a ReviewInput<'a>,
    pub(super) seats: BTreeMap<(RecipientKind, String), Seat>,
}

impl Seating<'_> {
    pub(super) fn seat(&mut self, audience: &Audience) {
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
        // Each person's tasks are gathered first, so that everyone is seated once for each unit and not for each task.
        let mut parts: BTreeMap<(PersonId, UnitId), BTreeSet<TaskId>> = BTreeMap::new();
        for (task, _) in self.input.tasks {
            for party in parties(task, people) {
                for person in people.members_of(&party) {
                    parts
                        .entry((person, task.unit.clone()))
                        .or_default()
                        .insert(task.id.clone());
                }
            }
        }
        for ((person, unit), tasks) in parts {
            self.person(&person, role, &Scope::Tasks(tasks), Some(&unit));
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
            parts: BTreeSet::new(),
            for_names: BTreeSet::new(),
            is_office: false,
        });
        match (&mut seat.scope, scope) {
            (Scope::Everything, _) => {}
            (wide @ Scope::Tasks(_), Scope::Everything) => *wide = Scope::Everything,
            (Scope::Tasks(tasks), Scope::Tasks(more)) => tasks.extend(more.iter().cloned()),
        }
        seat.parts.insert(edition(role));
        seat.is_office |= role == "office";
        let named = instead_of.map(|id| person_name(self.input.people, id));
        seat.for_names.extend(named);
    }
}

pub(super) fn reader(kind: RecipientKind, id: String, seat: Seat, people: &People) -> Reader {
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
        edition: seat.parts.last().copied().unwrap_or_default(),
        parts: seat.parts.into_iter().collect(),
        for_names: seat.for_names.into_iter().collect(),
        is_office: seat.is_office,
    }
}

/// The edition for a role.
fn edition(role: &str) -> Edition {
    match role {
        "office" => Edition::Office,
        "lead" | "person" => Edition::Lead,
        "supervisor" => Edition::Supervisor,
        "head" | "unit" => Edition::UnitHead,
        "channel" => Edition::Group,
        _ => Edition::Owner,
    }
}
