//! Who holds a role for a task, who stands in for them, and on which channels they are told.

use chrono::NaiveDate;

use crate::domain::id::{ChannelId, PersonId};
use crate::domain::ladder::{Level, Role, Step, Via};
use crate::domain::notice::{Recipient, RecipientKind};
use crate::domain::people::{Party, People, Person};
use crate::domain::task::Task;

/// Deputies are followed at most so far.
pub const DEPUTIES_MAX: usize = 5;

/// Whether a person is there on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Present {
    /// They are.
    Here,
    /// They are away; this deputy is there and can be reached.
    Deputy(PersonId),
    /// They are away, and so is everyone who stands in for them.
    Nobody,
}

/// Follows a person's deputies to the first who is present and whom a channel reaches.
#[must_use]
pub fn present(people: &People, person: &PersonId, day: NaiveDate) -> Present {
    let Some(holder) = people.persons.get(person) else {
        return Present::Nobody;
    };
    if !holder.is_away(day) {
        return Present::Here;
    }
    let mut next = holder.deputy.as_ref();
    for _ in 0..DEPUTIES_MAX {
        let Some(deputy) = next.and_then(|id| people.persons.get(id)) else {
            return Present::Nobody;
        };
        if deputy.id == *person {
            return Present::Nobody;
        }
        if !deputy.is_away(day) && !deputy.channels.is_empty() {
            return Present::Deputy(deputy.id.clone());
        }
        next = deputy.deputy.as_ref();
    }
    Present::Nobody
}

/// Somebody, or a group, who is to be told, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    /// Who.
    pub recipient: Recipient,
    /// The person who is away and for whom they are told.
    pub for_person: Option<PersonId>,
    /// Through which channels; not empty.
    pub channels: Vec<ChannelId>,
}

/// The persons who hold a role for a task, before absence; groups and channels hold none.
#[must_use]
pub fn holders(people: &People, task: &Task, role: &Role) -> Vec<PersonId> {
    let unit = people.units.get(&task.unit);
    let all = |parties: &[Party]| {
        parties
            .iter()
            .flat_map(|party| people.members_of(party))
            .collect::<Vec<_>>()
    };
    let mut holders = match role {
        Role::Owner if !task.owner.is_empty() => all(&task.owner),
        Role::Owner => people.members_of(&Party::Unit(task.unit.clone())),
        Role::Contacts => unit.map(|unit| unit.contacts.clone()).unwrap_or_default(),
        Role::Head => unit.and_then(|unit| unit.head.clone()).into_iter().collect(),
        Role::Lead => {
            let mut leads = people.members_of(&task.lead);
            leads.extend(all(&task.lead_copies));
            leads
        }
        Role::Supervisor => match task
            .supervisor
            .as_ref()
            .or_else(|| unit.and_then(|unit| unit.supervisor.as_ref()))
        {
            Some(supervisor) => people.members_of(supervisor),
            None => Vec::new(),
        },
        Role::Office => people.members_of(&people.office),
        Role::Person(id) => vec![id.clone()],
        Role::Unit(id) => people.members_of(&Party::Unit(id.clone())),
        Role::Group | Role::Channel(_) => Vec::new(),
    };
    let mut seen = Vec::new();
    holders.retain(|id| {
        people.persons.contains_key(id) && !seen.contains(id) && {
            seen.push(id.clone());
            true
        }
    });
    holders
}

/// The channel that a role means, where it means one.
#[must_use]
pub fn role_channel(people: &People, task: &Task, role: &Role) -> Option<ChannelId> {
    match role {
        Role::Group => people
            .units
            .get(&task.unit)
            .and_then(|unit| unit.group.clone())
            .or_else(|| people.default_group.clone()),
        Role::Channel(id) => Some(id.clone()),
        Role::Owner
        | Role::Contacts
        | Role::Head
        | Role::Lead
        | Role::Supervisor
        | Role::Office
        | Role::Person(_)
        | Role::Unit(_) => None,
    }
}

/// Everyone who is told when `step` goes out to `role` on `day`: the holders, or those who stand in for them; the
/// holder too from level `escalate` on, or where nobody stands in.
#[must_use]
pub fn addressees(people: &People, task: &Task, role: &Role, step: &Step, day: NaiveDate) -> Vec<Addressee> {
    if let Some(channel) = role_channel(people, task, role) {
        return people
            .channels
            .get(&channel)
            .map(|facts| channel_addressee(&facts.id, role))
            .into_iter()
            .collect();
    }
    let mut told: Vec<(PersonId, Option<PersonId>)> = Vec::new();
    let mut tell = |id: PersonId, away: Option<&PersonId>| match told.iter_mut().find(|(known, _)| *known == id) {
        Some((_, marked)) => *marked = marked.take().or(away.cloned()),
        None => told.push((id, away.cloned())),
    };
    for holder in holders(people, task, role) {
        match present(people, &holder, day) {
            Present::Here => tell(holder, None),
            Present::Deputy(deputy) => {
                tell(deputy, Some(&holder));
                if step.level >= Level::Escalate {
                    tell(holder, None);
                }
            }
            Present::Nobody => {
                for above in above(people, task, role) {
                    if above != holder {
                        let stands = match present(people, &above, day) {
                            Present::Deputy(deputy) => deputy,
                            Present::Here | Present::Nobody => above,
                        };
                        tell(stands, Some(&holder));
                    }
                }
                tell(holder, None);
            }
        }
    }
    told.into_iter()
        .filter_map(|(id, away)| {
            let person = people.persons.get(&id)?;
            let channels = step_channels(person, step);
            let recipient = Recipient {
                kind: RecipientKind::Person,
                id: id.to_string(),
                name: person.name.clone(),
                role: role.to_string(),
            };
            (!channels.is_empty()).then_some(Addressee {
                recipient,
                for_person: away,
                channels,
            })
        })
        .collect()
}

/// Where a role's notices go when nobody who holds it can be told: the unit's head for owner, contacts and head; the
/// office for everyone else.
#[must_use]
pub fn above(people: &People, task: &Task, role: &Role) -> Vec<PersonId> {
    match role {
        Role::Owner | Role::Contacts | Role::Head => people
            .units
            .get(&task.unit)
            .and_then(|unit| unit.head.clone())
            .into_iter()
            .collect(),
        Role::Lead | Role::Supervisor | Role::Office | Role::Person(_) | Role::Unit(_) => {
            people.members_of(&people.office)
        }
        Role::Group | Role::Channel(_) => Vec::new(),
    }
}

fn channel_addressee(channel: &ChannelId, role: &Role) -> Addressee {
    let id = channel.to_string();
    Addressee {
        recipient: Recipient {
            kind: RecipientKind::Channel,
            name: id.clone(),
            id,
            role: role.to_string(),
        },
        for_person: None,
        channels: vec![channel.clone()],
    }
}

/// A person's channels for a step: the step's own reorder and restrict, and never add; where nothing is left, the
/// person's own list holds.
#[must_use]
pub fn step_channels(person: &Person, step: &Step) -> Vec<ChannelId> {
    let mut channels: Vec<ChannelId> = step
        .channels
        .iter()
        .filter(|channel| person.channels.contains(channel))
        .cloned()
        .collect();
    if channels.is_empty() {
        channels.clone_from(&person.channels);
    }
    if step.via == Via::First {
        channels.truncate(1);
    }
    channels
}
